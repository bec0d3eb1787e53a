// The inputs: a slider or a grid for each, its gradient, and what +1 really does against what the gradient predicts.

import { html, useState } from "../vendor/preact.js";
import { numberText, roundedText } from "../lib/number.js";
import { Button, Panel, Slider } from "../lib/parts.js";
import { t } from "../lib/words.js";
import { Grid, TextOf } from "./arrays.js";
import { Derivative } from "./formula.js";
import { isNodeHidden } from "./guess.js";
import { answer, expression, known, pointed, problem, ranges, set, step, values } from "./state.js";

export function Inputs() {
  const names = namesOfInputs();
  if (names.length === 0) return null;
  return html`<${Panel} class="inputs" title=${t("page_graph.inputs")}>
    <p class="hint">${t("page_graph.inputs_hint")}</p>
    <ul>
      ${names.map((name) => html`<${Input} key=${name} name=${name} />`)}
    </ul>
  <//>`;
}

function Input({ name }) {
  const graph = known.value;
  const input = graph?.inputs.find((each) => each.name === name);
  const value = values.value[name] ?? input?.value ?? 1;
  const isArray = typeof value !== "number";
  const [asText, setAsText] = useState(false);
  const onInput = (next) => set(name, next);
  const point = (id) => () => (pointed.value = id);
  const id = input?.node ? `input-${input.node}` : undefined;
  return html`<li class="input" id=${id} onPointerEnter=${point(input?.node ?? null)} onPointerLeave=${point(null)}>
    <div class="giving">
      ${
        asText
          ? html`<${TextOf} name=${name} value=${value} onInput=${onInput} />`
          : isArray
            ? html`<${Grid} name=${name} value=${value} onInput=${onInput} />`
            : html`<${Slider} label=${name} value=${value} ...${rangeOf(name, value)} onInput=${onInput} />`
      }
      <${Button}
        quiet
        iconOnly
        class="as-text"
        icon="pen"
        label=${t("page_graph.as_text", { name })}
        pressed=${asText}
        onClick=${() => setAsText(!asText)}
      />
    </div>
    ${input && html`<${Effect} input=${input} />`}
  </li>`;
}

/** The gradient, and what it says about adding 1; as far as the backward pass has come. */
function Effect({ input }) {
  const graph = known.value;
  const since = input.node === null ? Infinity : graph.gradientSince(input.node);
  const isHere = since <= step.value && !isNodeHidden(input.node);
  return html`<div class="effect">
    <p class="gradient-of">
      <${Derivative} output=${graph.output} name=${input.name} /> <span class="faint">=</span> ${
        isHere
          ? html`<span class="gradient-text number-text">${gradientText(graph, input)}</span>`
          : html`<span class="faint">${t(`page_graph.${whyNot(since)}`)}</span>`
      }
    </p>
    ${isHere && input.plus_one && html`<${PlusOne} change=${input.plus_one} />`}
  </div>`;
}

function whyNot(since) {
  if (since === Infinity) return "no_gradient";
  return since > step.value ? "not_yet" : "to_be_guessed";
}

function gradientText(graph, input) {
  if (typeof input.gradient === "number") return numberText(input.gradient);
  return graph.rows.get(input.node)?.text_gradient ?? "–";
}

function PlusOne({ change: { actual, predicted, exact } }) {
  const most = Math.max(Math.abs(actual ?? 0), Math.abs(predicted ?? 0));
  const isKnown = actual !== null && predicted !== null; // else one of them is not finite
  const note = exact ? t("page_graph.exact") : t("page_graph.off_by", { off: signed(actual - predicted) });
  const change = (size, mark) =>
    html`<span class=${`bar ${mark}`} style=${{ "--share": most > 0 ? Math.abs(size ?? 0) / most : 0 }}></span>
      <span class=${`${mark}-text number-text`}>${signed(size)}</span>`;
  return html`<dl class="plus-one">
    <div>
      <dt>${t("page_graph.plus_one_predicted")}</dt>
      <dd>${change(predicted, "gradient")}</dd>
    </div>
    <div>
      <dt>${t("page_graph.plus_one_actual")}</dt>
      <dd>
        ${change(actual, "value")} ${isKnown && html`<small>${note}</small>`}
      </dd>
    </div>
  </dl>`;
}

/** With its sign, as short as on the lines, and without the last digits that rounding leaves: 109.99999999999997. */
function signed(x) {
  return (x > 0 ? "+" : "") + roundedText(x, Math.abs(x) < 1000 ? 4 : 6);
}

// Ranges stay as they are while a thumb is under the finger; a number typed from outside makes its range wider.

const widened = new WeakMap(); // for the ranges of an example those that were made since, by name

function rangeOf(name, value) {
  const made = widened.get(ranges.value) ?? new Map();
  const before = [made.get(name), ranges.value[name]].filter(Boolean);
  const fitting = before.find((range) => value >= range.min && value <= range.max);
  if (fitting) return fitting;
  const most = roundUp(Math.max(5, Math.abs(value) * 2));
  const isNeverNegative = ranges.value[name]?.min >= 0 && value >= 0;
  const range = { min: isNeverNegative ? ranges.value[name].min : -most, max: most, step: most / 50 };
  widened.set(ranges.value, made.set(name, range));
  return range;
}

/** 1, 2 or 5 times a power of ten, no smaller than a number. */
function roundUp(x) {
  const power = 10 ** Math.floor(Math.log10(x));
  return [1, 2, 5, 10].map((digit) => digit * power).find((size) => size >= x);
}

/** Of a graph that the server could draw it knows them; of one that is not right yet they are read from the text. */
function namesOfInputs() {
  const names = answer.value?.inputs.map((input) => input.name) ?? [];
  if (answer.value && (!problem.value || answer.value.asked.expression === expression.value)) return names;
  const made = new Set([...expression.value.matchAll(/^\s*([\p{L}_][\p{L}\p{N}_]*)\s*=/gmu)].map(([, name]) => name));
  const found = [...expression.value.matchAll(/(?<![\p{L}\p{N}_.])[\p{L}][\p{L}\p{N}_]*(?![\p{L}\p{N}_]*\s*\()/gu)];
  return [...new Set(found.map(([name]) => name))].filter((name) => !made.has(name));
}
