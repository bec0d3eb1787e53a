// What the graph view shows. All of it that can be sent as a link stands in the address as well.

import { batch, computed, effect, signal } from "../vendor/preact.js";
import { get } from "../lib/api.js";
import { address, patch } from "../lib/address.js";
import { lang } from "../lib/words.js";
import { indexed } from "./lookup.js";

// The examples in each language: {id, title, text, expression, values, sliders}; they differ in words and names alone.
const galleries = signal({ en: [], ko: [] });

/** The examples in the language of the page. */
export const gallery = computed(() => galleries.value[lang.value]);
/** The id of the example that is shown as it is, or "". */
export const example = signal("");
export const expression = signal("");
/** What was given to each input: a number, or nested lists. @type {{value: Record<string, unknown>}} */
export const values = signal({});
/** Sliders that the example fixes, by name: {min, max, step}. */
export const ranges = signal({});
/** How many steps are done; null: all of them. */
export const wanted = signal(null);
export const predicting = signal(false);
export const tab = signal("graph");

/** The server's latest good answer, and what is wrong with what was asked since. */
export const answer = signal(null);
export const problem = signal(null);
/** Ids of the lines and circles that are pointed at, with spaces between, or null. */
export const pointed = signal(null);

/** The answer, arranged for looking things up. */
export const known = computed(() => (answer.value ? indexed(answer.value) : null));
export const steps = computed(() => known.value?.steps.length ?? 0);
/** How many steps are done, as a number. */
export const step = computed(() => Math.min(wanted.value ?? Infinity, steps.value));
/** The step that was done last: {number, pass, node, formulas, …}; null at the start. */
export const current = computed(() => known.value?.steps[step.value - 1] ?? null);
export const shownExample = computed(() => gallery.value.find((each) => each.id === example.value));

/** Do so many steps, and no others. @param {number} number */
export function goTo(number) {
  wanted.value = number >= steps.peek() ? null : Math.max(0, number);
}

/** Show an example from its beginning to its end. @param {string} id */
export function choose(id) {
  const chosen = gallery.peek().find((each) => each.id === id) ?? gallery.peek()[0];
  batch(() => {
    example.value = chosen.id;
    expression.value = chosen.expression;
    values.value = chosen.values;
    ranges.value = chosen.sliders;
    wanted.value = null;
  });
}

/** @param {string} text */
export function type(text) {
  batch(() => {
    example.value = "";
    expression.value = text;
    wanted.value = null;
  });
}

/** Forget all values: the server takes 1 for each input. */
export function startAnew() {
  batch(() => {
    values.value = {};
    ranges.value = {};
  });
}

/** @param {string} name @param {unknown} value a number, or nested lists */
export function set(name, value) {
  values.value = { ...values.peek(), [name]: value };
}

// The address

let written = null;

/** Begin: fetch the gallery, show what the address says, and follow both from then on. */
export async function begin() {
  const [en, ko] = await Promise.all(["en", "ko"].map((language) => get("gallery", { lang: language })));
  galleries.value = { en, ko };
  effect(() => {
    const { view, params } = address.value;
    if (view === "graph" && textOf(params) !== written) read(params);
  });
  effect(write);
  let spoken = lang.peek();
  effect(() => {
    translate(spoken, lang.value);
    spoken = lang.value;
  });
}

function write() {
  const params = toParams();
  if (address.value.view !== "graph" || textOf(params) === written) return;
  written = textOf(params);
  const gone = Object.keys(address.peek().params).filter((name) => !(name in params));
  patch({ ...Object.fromEntries(gone.map((name) => [name, null])), ...params });
}

const textOf = (params) => JSON.stringify(Object.entries(params).sort());

function toParams() {
  const chosen = shownExample.value;
  const params = chosen ? { g: chosen.id } : { e: expression.value };
  // Before the first answer it is not known which of the values are inputs; none is lost for that.
  const inputs = known.value ? known.value.inputs.map((input) => input.name) : Object.keys(values.value);
  const names = chosen ? Object.keys(chosen.values) : inputs;
  for (const name of names) {
    const text = JSON.stringify(values.value[name]);
    if (text !== undefined && text !== JSON.stringify(chosen?.values[name])) params[`v.${nameInAddress(name)}`] = text;
  }
  if (wanted.value !== null) params.step = String(wanted.value);
  if (predicting.value) params.mode = "predict";
  if (tab.value !== "graph") params.tab = tab.value;
  return params;
}

function read(params) {
  written = textOf(params);
  batch(() => {
    if (params.e === undefined) choose(params.g ?? "apple");
    else type(params.e);
    const given = Object.entries(params)
      .filter(([name]) => name.startsWith("v."))
      .map(([name, text]) => [nameOnPage(name.slice(2)), valueOf(text)]);
    if (params.e !== undefined) ranges.value = {};
    values.value = { ...(params.e === undefined ? values.peek() : {}), ...Object.fromEntries(given) };
    wanted.value = /^\d+$/.test(params.step ?? "") ? Number(params.step) : null;
    predicting.value = params.mode === "predict";
    tab.value = params.tab === "table" ? "table" : "graph";
  });
}

function valueOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text; // the server says what is wrong with it
  }
}

// An example's inputs have other names in the other language. In the address they are English, so that a link shows the
// same to everybody.

const nameInAddress = (name) => renamed(name, lang.peek(), "en");
const nameOnPage = (name) => renamed(name, "en", lang.peek());

function renamed(name, from, to) {
  const [before, after] = [from, to].map((language) => exampleIn(language)?.values ?? {});
  const place = Object.keys(before).indexOf(name);
  return Object.keys(after)[place] ?? name;
}

const exampleIn = (language) => galleries.peek()[language].find((each) => each.id === example.peek());

function translate(from, to) {
  const after = exampleIn(to);
  if (from === to || !after) return;
  batch(() => {
    expression.value = after.expression;
    ranges.value = after.sliders;
    const given = Object.entries(values.peek()).map(([name, value]) => [renamed(name, from, to), value]);
    values.value = Object.fromEntries(given);
  });
}
