// Make the libraries that the page carries, out of their npm packages: the only thing in chainrule that needs Node.
//
//   npm install --prefix DIR preact@11.2.0 htm@3.1.1 @preact/signals@2.11.4 uplot@1.6.32 esbuild@0.28.2
//   node scripts/vendor.mjs DIR
//
// Writes src/chainrule/web/static/vendor/, with VENDOR.md: name, version, licence and SHA-256 of each file.

import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const OUT = join(dirname(fileURLToPath(import.meta.url)), "../src/chainrule/web/static/vendor");

// What goes into each bundle, and what it is made of.
const BUNDLES = {
  "preact.js": {
    packages: ["preact", "htm", "@preact/signals", "@preact/signals-core"],
    source: `
      import { h } from "preact";
      import htm from "htm";
      export { h, Fragment, render, createContext, Component } from "preact";
      export { useCallback, useContext, useEffect, useErrorBoundary, useId, useLayoutEffect, useMemo, useReducer,
               useRef, useState } from "preact/hooks";
      export { batch, computed, effect, signal, untracked, useComputed, useSignal, useSignalEffect }
        from "@preact/signals";
      export const html = htm.bind(h);`,
  },
  "uplot.js": { packages: ["uplot"], source: `export { default } from "uplot";` },
};

const root = resolve(process.argv[2] ?? ".");
const modules = join(root, "node_modules");
const { build, version: esbuild } = createRequire(join(root, "x.js"))("esbuild");

const about = (name) => JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8"));
const sha256 = (file) => createHash("sha256").update(readFileSync(file)).digest("hex");

mkdirSync(join(OUT, "licences"), { recursive: true });
for (const [name, { packages, source }] of Object.entries(BUNDLES)) {
  const parts = packages.map((part) => `${part} ${about(part).version} (${about(part).license})`);
  await build({
    stdin: { contents: source, resolveDir: root },
    outfile: join(OUT, name),
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    legalComments: "none",
    banner: { js: `/* ${parts.join(", ")}; licences/ holds the licences, VENDOR.md how this was made */` },
  });
}
copyFileSync(join(modules, "uplot/dist/uPlot.min.css"), join(OUT, "uplot.css"));

const LICENCE_FILES = { "@preact/signals": "preact-signals", "@preact/signals-core": "preact-signals-core" };
const licences = [];
for (const name of new Set(Object.values(BUNDLES).flatMap((bundle) => bundle.packages))) {
  const file = `licences/${LICENCE_FILES[name] ?? name}.txt`;
  copyFileSync(join(modules, name, "LICENSE"), join(OUT, file));
  licences.push({ name, version: about(name).version, licence: about(name).license, file });
}

const files = [...Object.keys(BUNDLES), "uplot.css", ...licences.map((licence) => licence.file)];
const wanted = licences.filter(({ name }) => name !== "@preact/signals-core");
writeFileSync(
  join(OUT, "VENDOR.md"),
  `# What the page carries

Made by \`scripts/vendor.mjs\`; never edited by hand. A test compares the files with the hashes below.

| package | version | licence | its text |
| --- | --- | --- | --- |
${licences.map((one) => `| ${one.name} | ${one.version} | ${one.licence} | ${one.file} |`).join("\n")}

Made with esbuild ${esbuild} and Node, from the root of the project:

\`\`\`sh
npm install --prefix DIR ${wanted.map((one) => `${one.name}@${one.version}`).join(" ")} esbuild@${esbuild}
node scripts/vendor.mjs DIR
\`\`\`

| file | bytes | SHA-256 |
| --- | --- | --- |
${files.map((file) => `| ${file} | ${readFileSync(join(OUT, file)).length} | ${sha256(join(OUT, file))} |`).join("\n")}
`,
);
