// Inputs that are arrays: a box for each number of a small one, and the text of any.

import { html, useId, useState } from "../vendor/preact.js";
import { readNumber } from "../lib/number.js";
import { t } from "../lib/words.js";

const [MOST_COLUMNS, MOST_BOXES] = [8, 32];

/** @param {{name: string, value: unknown, onInput: (value: unknown) => void}} props */
export function Grid({ name, value, onInput }) {
  const isFlat = Array.isArray(value) && value.every((each) => typeof each === "number");
  const rows = isFlat ? [value] : value;
  if (!isSmall(rows)) return html`<${TextOf} name=${name} value=${value} onInput=${onInput} />`;
  const put = (i, j, number) => {
    const next = rows.map((row, at) => (at === i ? row.map((each, column) => (column === j ? number : each)) : row));
    onInput(isFlat ? next[0] : next);
  };
  return html`<fieldset class="array">
    <legend>${name} <small>${shapeText(value)}</small></legend>
    <div class="boxes" style=${{ "--columns": rows[0].length }}>
      ${rows.map((row, i) =>
        row.map(
          (number, j) =>
            html`<${Box}
              key=${`${i},${j}`}
              label=${`${name}[${isFlat ? j : `${i}, ${j}`}]`}
              number=${number}
              onInput=${(next) => put(i, j, next)}
            />`,
        ),
      )}
    </div>
  </fieldset>`;
}

function Box({ label, number, onInput }) {
  const [text, setText] = useState(null);
  const typed = text === null ? NaN : readNumber(text);
  return html`<input
    type="text"
    inputmode="decimal"
    autocomplete="off"
    class="number"
    aria-label=${label}
    aria-invalid=${text !== null && !Number.isFinite(typed) ? "true" : undefined}
    value=${text ?? String(number)}
    onInput=${(event) => {
      setText(event.currentTarget.value);
      const next = readNumber(event.currentTarget.value);
      if (Number.isFinite(next)) onInput(next);
    }}
    onBlur=${() => setText(null)}
  />`;
}

/** A number or an array as text, which can change its shape. */
export function TextOf({ name, value, onInput }) {
  const id = useId();
  const [text, setText] = useState(null);
  const isWrong = text !== null && parsed(text) === undefined;
  return html`<div class="field as-json">
    <label for=${id}>${name} <small>${shapeText(value)}</small></label>
    <textarea
      id=${id}
      class="mono"
      rows="2"
      spellcheck=${false}
      value=${text ?? JSON.stringify(value)}
      aria-invalid=${isWrong ? "true" : undefined}
      aria-describedby=${`${id}-hint`}
      onInput=${(event) => {
        setText(event.currentTarget.value);
        const next = parsed(event.currentTarget.value);
        if (next !== undefined) onInput(next);
      }}
      onBlur=${() => isWrong || setText(null)}
    />
    <p class=${isWrong ? "error" : "hint"} id=${`${id}-hint`}>
      ${t(isWrong ? "page_graph.json_wrong" : "page_graph.json_hint")}
    </p>
  </div>`;
}

function parsed(text) {
  try {
    const value = JSON.parse(text.replaceAll("−", "-"));
    return isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isArray = (value) => Number.isFinite(value) || (Array.isArray(value) && value.length > 0 && value.every(isArray));

function isSmall(rows) {
  if (!Array.isArray(rows) || !rows.every((row) => Array.isArray(row) && row.every(Number.isFinite))) return false;
  const columns = rows[0].length;
  return columns <= MOST_COLUMNS && rows.length * columns <= MOST_BOXES && rows.every((row) => row.length === columns);
}

/** (2, 3), as Python writes it; nothing for a number. */
function shapeText(value) {
  const shape = [];
  for (let part = value; Array.isArray(part); part = part[0]) shape.push(part.length);
  return shape.length ? `(${shape.join(", ")}${shape.length === 1 ? "," : ""})` : "";
}
