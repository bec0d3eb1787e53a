// "Predict, then reveal": a gradient stays hidden until the reader has guessed it, and then the guess is judged.

import { effect, signal } from "../vendor/preact.js";
import { readNumber } from "../lib/number.js";
import { gradientSinceOf } from "./lookup.js";
import { answer, goTo, known, predicting, step, steps } from "./state.js";

/** What was typed for each line, by its id; "" where the reader gave up. @type {{value: Record<string, string>}} */
export const guesses = signal({});

let about = "";

/** Other numbers are other questions. @returns {() => void} to stop */
export function forgetWithTheNumbers() {
  return effect(() => {
    const asked = answer.value?.asked;
    const now = JSON.stringify([asked?.expression, Object.values(asked?.values ?? {}), predicting.value]);
    if (now !== about) guesses.value = {};
    about = now;
  });
}

/** Begin to predict, or end it. From behind the last step it goes back to where the backward pass begins. */
export function setPredicting(value) {
  predicting.value = value;
  const first = known.peek().steps.find((each) => each.pass === "backward");
  if (value && first && step.peek() === steps.peek()) goTo(first.number);
}

/** @param {string} id of a line @param {string} typed "" to be told without a guess */
export function guess(id, typed) {
  guesses.value = { ...guesses.peek(), [id]: typed };
}

/** Whether a line's gradient is a single number, so that it can be asked for. @param {object} edge */
export const isAskable = (edge) => edge.gradient !== null && known.value.gradientOn(edge) !== null && !isStart(edge);

/** The gradient behind the last gate is 1, and no question. */
const isStart = (edge) => known.value.nodes.get(edge.target)?.kind === "output";

/** @param {object} edge */
export const isHidden = (edge) => predicting.value && !(edge.id in guesses.value) && isAskable(edge);

/** Whether some of a circle's gradient is still hidden. @param {string} id */
export const isNodeHidden = (id) => predicting.value && known.value.edgesOut(id).some(isHidden);

/** Whether the step that is shown asks something. */
export const asksNow = () =>
  predicting.value &&
  [...known.value.edges.values()].some((edge) => gradientSinceOf(edge) === step.value && isHidden(edge));

/**
 * How a guess compares with the truth, and what probably happened: a key of the catalogue, with its facts.
 * @param {string} typed
 * @param {{truth: number, upstream: number, others: {name: string, gradient: number}[]}} facts
 *   upstream  the gradient that came to the gate
 *   others    what the gate hands back on its other lines
 */
export function judged(typed, { truth, upstream, others }) {
  const number = readNumber(typed);
  if (isSame(typed, number, truth)) return { isRight: true, key: "right", facts: {} };
  const local = upstream === 0 ? null : truth / upstream;
  const other = others.find(({ gradient }) => isSame(typed, number, gradient));
  const reasons = [
    ["guess_sign", truth !== 0 && isSame(typed, number, -truth)],
    ["guess_local", local !== null && isSame(typed, number, local)],
    ["guess_upstream", isSame(typed, number, upstream)],
    ["guess_other", other !== undefined],
  ];
  const [reason] = reasons.find(([, holds]) => holds) ?? ["guess_off"];
  return { isRight: false, key: reason, facts: { other: other?.name, upstream }, off: number - truth };
}

/** Whether a number is the other: to a thousandth, or rounded to the digits that were typed, which are two or more. */
function isSame(typed, number, other) {
  const digits = typed.replace(/e.*$/i, "").replace(/\D/g, "").replace(/^0+/, "").length;
  const isNear = Math.abs(number - other) <= 1e-3 * Math.abs(other);
  return isNear || (digits >= 2 && digits <= 12 && Number(other.toPrecision(digits)) === number);
}
