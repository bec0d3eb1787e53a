// Numbers as the drawings and texts of chainrule write them.

const WHOLE = 2 ** 53; // below it a whole number is that number and no other
const LONG = 1e6; // from here on a rounded whole number has a power of ten

/**
 * A number as people write it, to some digits: as chainrule.explain writes it, and a test compares the two.
 * @param {number | null | undefined} x null is what JSON makes of a number that is not finite
 * @param {number} [digits] whole numbers have all of theirs
 * @param {number} [whole] below it
 * @returns {string} "219", "0.733333", "−1.25×10⁻⁷", "∞"; never "-0"
 */
export function numberText(x, digits = 6, whole = WHOLE) {
  if (x === null || x === undefined) return "–";
  if (Number.isNaN(x)) return "NaN";
  if (Math.abs(x) === Infinity) return x > 0 ? "∞" : "−∞";
  if (x === 0) return "0";
  const sign = x < 0 ? "−" : "";
  const size = Math.abs(x);
  if (Number.isInteger(x) && size < whole) return sign + String(size);
  if (size >= 1e-4 && size < 10 ** digits) return sign + withoutZeros(positional(size, digits));
  const [mantissa, exponent] = scientific(size, digits).split("e");
  return `${sign}${withoutZeros(mantissa)}×10${superscript(String(Number(exponent)))}`;
}

/**
 * A measured number, of which no more than some digits are of interest, be it a whole one: 5×10⁹ for 5000012345.
 * @param {number | null | undefined} x
 * @param {number} [digits]
 */
export function roundedText(x, digits = 6) {
  const rounded = Number.isFinite(x) ? Number(x.toPrecision(digits)) : x;
  return numberText(rounded, digits, LONG);
}

/**
 * A number as people type it: 2.2, −0.5, 2,2 or 1,100. NaN where it is none.
 * @param {string} typed
 */
export function readNumber(typed) {
  const text = typed.trim().replace(/[−–]/g, "-");
  if (text === "") return NaN;
  const isGrouped = /^[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?$/.test(text);
  return Number(isGrouped ? text.replaceAll(",", "") : text.replace(",", "."));
}

/** A share in percent: 0.934 is "93.4%". @param {number} share @param {number} [decimals] */
export const percentText = (share, decimals = 1) => `${(share * 100).toFixed(decimals)}%`;

/** A whole number with its thousands apart: 60,000. @param {number} count */
export const countText = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, ",");

/** "-7" as "⁻⁷". @param {string} whole */
export const superscript = (whole) => whole.replace(/[-\d]/g, (sign) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(sign)] ?? "⁻");

function positional(size, digits) {
  const text = size.toPrecision(digits);
  return text.includes("e") ? String(Number(text)) : text; // 999999.6 to six digits is 1.00000e+6
}

/** The smallest numbers have few digits, and more would be made up: 5e-324, not 4.94066e-324. */
function scientific(size, digits) {
  const all = size.toExponential();
  return all.indexOf("e") <= digits ? all : size.toExponential(digits - 1);
}

const withoutZeros = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
