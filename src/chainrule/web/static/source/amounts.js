// Shapes and amounts as short texts.

const PREFIXES = ["", "k", "M", "G", "T"];

/** An amount in three digits: 7840000 is "7.84 M". @param {number} amount @param {string} [unit] */
export function amountText(amount, unit = "") {
  if (amount === 0) return "0";
  const [mantissa, exponent] = amount.toExponential(2).split("e").map(Number);
  const thousands = Math.min(PREFIXES.length - 1, Math.max(0, Math.floor(exponent / 3)));
  const digits = Number((mantissa * 10 ** (exponent - 3 * thousands)).toPrecision(3));
  return `${digits} ${PREFIXES[thousands]}${unit}`.trim();
}

/** [784, 50] is "784 × 50". @param {number[]} shape */
export const shapeText = (shape) => shape.join(" × ") || "1";

/** The lines of a statement: "23" or "23–29". */
export const linesText = ({ first, last }) => (first === last ? String(first) : `${first}–${last}`);
