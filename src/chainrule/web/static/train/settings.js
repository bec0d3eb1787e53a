// The settings of a run, as the address carries them, the form has them, and a line of text tells them.
//
// The address holds what the reader chose, and only that: the rest is what the server takes by itself.

import { numberText } from "../lib/number.js";
import { t } from "../lib/words.js";
import { termOf } from "./terms.js";

const WORDS = ["activation", "initial", "optimizer", "engine"];
const NUMBERS = ["lr", "weight_decay", "batch_size", "epochs", "seed"];
const NO_HIDDEN = "none";

/**
 * What the reader chose.
 * @param {Record<string, string>} params of the address
 * @returns {Record<string, unknown>} for POST /api/run/start
 */
export function chosenIn(params) {
  const words = WORDS.filter((name) => params[name]).map((name) => [name, params[name]]);
  const numbers = NUMBERS.filter((name) => params[name]).map((name) => [name, numberIn(params[name])]);
  const hidden = params.hidden ? [["hidden", sizesIn(params.hidden)]] : [];
  return Object.fromEntries([...hidden, ...words, ...numbers]);
}

/**
 * What the address carries for some settings; undefined, which takes a name out of it, where it is usual.
 * @param {Record<string, any>} settings
 * @param {Record<string, any>} about what GET /api/about said
 */
export function paramsOf(settings, about) {
  const usual = completed({ optimizer: settings.optimizer }, about);
  const names = [...WORDS, ...NUMBERS].filter((name) => settings[name] !== undefined);
  const params = names.map((name) => [name, settings[name] === usual[name] ? undefined : settings[name]]);
  const hidden = settings.hidden && String(settings.hidden) !== String(usual.hidden) ? settings.hidden : undefined;
  return { ...Object.fromEntries(params), hidden: hidden && (hidden.join("-") || NO_HIDDEN) };
}

/** Chosen settings with the usual ones; a rate that nobody chose is the optimizer's own. */
export function completed(chosen, about) {
  const optimizer = chosen.optimizer ?? about.defaults.optimizer;
  return { ...about.defaults, lr: about.choices.optimizers[optimizer] ?? about.defaults.lr, ...chosen };
}

/** A line that tells a run from others: "784-50-10 · ReLU · SGD 0.1 · …". */
export function summaryOf(settings, about) {
  const { inputs, classes } = about?.data ?? {};
  const sizes = [inputs, ...settings.hidden, classes].filter((size) => size !== undefined).join("-");
  const rate = `${termOf(settings.optimizer)} ${numberText(settings.lr)}`;
  const decay = settings.weight_decay ? [t("page_train.with_decay", { decay: numberText(settings.weight_decay) })] : [];
  const batch = t("page_train.with_batch", { size: settings.batch_size });
  return [sizes, termOf(settings.activation), rate, ...decay, batch, t("page_train.with_seed", { seed: settings.seed })].join(
    " · ",
  );
}

const sizesIn = (text) => (text === NO_HIDDEN ? [] : text.split("-").map(numberIn));

/** What is no number stays as it is: the server says what it should be. */
const numberIn = (text) => (text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text);
