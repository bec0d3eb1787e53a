// A formula of the server, with its terms linked to the drawing, values and gradients in their colours.

import { html, useMemo } from "../vendor/preact.js";
import { Tree } from "../lib/tree.js";
import { pointed } from "./state.js";

/** @param {{tree: unknown, about: "value" | "gradient" | "both"}} props about: what its terms stand for */
export function Formula({ tree, about }) {
  const dressed = useMemo(() => coloured(tree, about), [tree, about]);
  return html`<div class="scroll">
    <${Tree} tree=${dressed} onTerm=${(term) => (pointed.value = term)} active=${pointed.value} />
  </div>`;
}

/** Of a formula in several rows the first: in symbols, before any number stands in it. */
export function inSymbols([name, attributes, children]) {
  const [table] = children;
  if (table?.[0] !== "mtable") return [name, attributes, children];
  return [name, attributes, [[table[0], table[1], table[2].slice(0, 1)]]];
}

/** ∂output/∂name, in a line of text. @param {{output: string, name: string}} props */
export function Derivative({ output, name }) {
  return html`<math>
    <mfrac>
      <mrow><mo>∂</mo>${named(output)}</mrow>
      <mrow><mo>∂</mo>${named(name)}</mrow>
    </mfrac>
  </math>`;
}

/** As the formulas of the server write it: a letter with figures has them lower. */
function named(text) {
  const [, letter, figures] = /^([A-Za-z])(\d+)$/.exec(text) ?? [];
  return letter ? html`<msub><mi>${letter}</mi><mn>${figures}</mn></msub>` : html`<mi>${text}</mi>`;
}

// A line stands for its value and for its gradient. A term in symbols says itself which of them it means; a number
// means what stood in its place in the row above; and a number that is all of a row means what stands on the left.

function coloured(tree, about) {
  if (about !== "both") return dressed(tree, () => about);
  const [table] = tree[2];
  const kinds = table?.[0] === "mtable" ? kindsIn(table) : new Map();
  return dressed(tree, (term) => kinds.get(term) ?? kindInSymbols(term));
}

function kindsIn([, , rows]) {
  const [left] = termsOf(rows[0][2][0]);
  const kinds = new Map();
  let above = new Map();
  for (const [, , [, right]] of rows) {
    const terms = termsOf(right);
    const here = new Map();
    for (const term of terms) {
      const before = here.get(idOf(term)) ?? [];
      const isResult = terms.length === 1 && left && idOf(left) === idOf(term);
      const same = isResult ? kindInSymbols(left) : above.get(idOf(term))?.[before.length];
      const kind = hasSymbols(term) ? kindInSymbols(term) : (same ?? "value");
      kinds.set(term, kind);
      here.set(idOf(term), [...before, kind]);
    }
    above = here;
  }
  return kinds;
}

const idOf = ([, attributes]) => attributes["data-term"];

function termsOf(tree) {
  if (!Array.isArray(tree)) return [];
  return idOf(tree) ? [tree] : tree[2].flatMap(termsOf);
}

const textOf = (tree) => (Array.isArray(tree) ? tree[2].map(textOf).join(" ").trim() : tree);
const isNumber = (text) => text === "∞" || text === "NaN"; // MathML has no <mn> for them
const hasSymbols = (tree) =>
  Array.isArray(tree) && ((tree[0] === "mi" && !isNumber(textOf(tree))) || tree[2].some(hasSymbols));

/** ∂L/∂x, and of an array dx. */
const kindInSymbols = (term) => (/∂|^d \S/.test(textOf(term)) ? "gradient" : "value");

function dressed(tree, kindOf) {
  if (!Array.isArray(tree)) return tree;
  const [name, attributes, children] = tree;
  const own = idOf(tree) ? { ...attributes, class: `of-${kindOf(tree)}` } : attributes;
  return [name, own, children.map((child) => dressed(child, kindOf))];
}
