// The words of a Python text by their kinds: as much of the language as the emitted step has.

const KEYWORDS = new Set(
  ("and as assert break class continue def del elif else except finally for from if import in is lambda not or pass " +
    "raise return while with yield").split(" "),
);
const CONSTANTS = new Set(["None", "True", "False", "inf", "nan"]);

const TOKEN =
  /(?<comment>#.*)|(?<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?<number>\b\d[\d_]*(?:\.\d*)?(?:e[-+]?\d+)?)|(?<name>[\p{L}_][\p{L}\p{N}_]*)|(?<space>\s+)|(?<sign>.)/gu;

/**
 * The tokens of a line, in order; together they are the line.
 * @param {string} line
 * @returns {{kind: "comment" | "string" | "number" | "keyword" | "constant" | "call" | "name" | "space" | "sign", text: string}[]}
 */
export function tokensOf(line) {
  return Array.from(line.matchAll(TOKEN), (match) => {
    const [kind, text] = Object.entries(match.groups).find(([, found]) => found !== undefined);
    return { kind: kind === "name" ? kindOf(text, line.slice(match.index + text.length)) : kind, text };
  });
}

function kindOf(name, behind) {
  if (KEYWORDS.has(name)) return "keyword";
  if (CONSTANTS.has(name)) return "constant";
  return behind.startsWith("(") ? "call" : "name";
}
