// Controls: buttons, fields, and everything that takes a value from the reader.

import { html, useId, useRef, useState } from "../vendor/preact.js";
import { countText, numberText, readNumber } from "./number.js";
import { Icon } from "./icons.js";
import { t } from "./words.js";

const classes = (...names) => names.filter(Boolean).join(" ");

/**
 * A button.
 * @param {object} props
 * @param {string} props.label what it does; read aloud always, shown unless `iconOnly`
 * @param {string} [props.icon]
 * @param {boolean} [props.iconOnly]
 * @param {(event: Event) => void} [props.onClick]
 * @param {boolean} [props.primary] the one thing to do here
 * @param {boolean} [props.quiet] without a frame
 * @param {boolean} [props.pressed] makes it a switch that is on or off
 * @param {boolean} [props.disabled] it stays in the tab order, so that the focus is not lost under the finger
 * @param {string} [props.title] more about it, and its key
 */
export function Button({ label, icon, iconOnly, onClick, primary, quiet, pressed, disabled, title, ...rest }) {
  const kind = classes("button", primary && "primary", quiet && "quiet", iconOnly && "icon-only", rest.class);
  return html`<button
    type="button"
    ...${rest}
    class=${kind}
    onClick=${disabled ? undefined : onClick}
    aria-pressed=${pressed === undefined ? undefined : String(pressed)}
    aria-disabled=${disabled ? "true" : undefined}
    aria-label=${iconOnly ? label : undefined}
    title=${title ?? (iconOnly ? label : undefined)}
  >
    ${icon && html`<${Icon} name=${icon} />`}${!iconOnly && html`<span>${label}</span>`}
  </button>`;
}

/**
 * A label above something, with a hint and what is wrong below it.
 * @param {{label: string, hint?: string, error?: string, for?: string, children: unknown}} props
 *   for  the id of the control, where it is not inside a component that makes its own
 */
export function Field({ label, hint, error, for: id, children, ...rest }) {
  return html`<div class=${classes("field", error && "wrong", rest.class)}>
    <label for=${id}>${label}</label>
    ${children} ${hint && html`<p class="hint" id=${id && `${id}-hint`}>${hint}</p>`}
    ${error && html`<p class="error" id=${id && `${id}-error`}><${Icon} name="warning" /> ${error}</p>`}
  </div>`;
}

const described = (id, hint, error) => classes(hint && `${id}-hint`, error && `${id}-error`) || undefined;

/**
 * A choice among several.
 * @param {object} props
 * @param {string} props.label
 * @param {string} props.value
 * @param {({value: string, label: string, disabled?: boolean} | string)[]} props.options
 * @param {(value: string) => void} props.onInput
 * @param {string} [props.hint]
 * @param {string} [props.error]
 * @param {boolean} [props.disabled]
 */
export function Select({ label, value, options, onInput, hint, error, disabled }) {
  const id = useId();
  const all = options.map((option) => (typeof option === "string" ? { value: option, label: option } : option));
  return html`<${Field} label=${label} hint=${hint} error=${error} for=${id}>
    <select
      id=${id}
      value=${value}
      disabled=${disabled}
      aria-describedby=${described(id, hint, error)}
      onInput=${(event) => onInput(event.currentTarget.value)}
    >
      ${all.map(
        (option) =>
          html`<option value=${option.value} disabled=${option.disabled} selected=${option.value === value}>
            ${option.label}
          </option>`,
      )}
    </select>
  <//>`;
}

/**
 * A line of text.
 * @param {{label: string, value: string, onInput: (text: string) => void, hint?: string, error?: string,
 *   disabled?: boolean, placeholder?: string, mono?: boolean}} props
 */
export function TextBox({ label, value, onInput, hint, error, disabled, placeholder, mono }) {
  const id = useId();
  return html`<${Field} label=${label} hint=${hint} error=${error} for=${id}>
    <input
      id=${id}
      type="text"
      class=${mono ? "mono" : undefined}
      value=${value}
      placeholder=${placeholder}
      disabled=${disabled}
      spellcheck=${false}
      autocomplete="off"
      aria-invalid=${error ? "true" : undefined}
      aria-describedby=${described(id, hint, error)}
      onInput=${(event) => onInput(event.currentTarget.value)}
    />
  <//>`;
}

/**
 * A box for a number. What is no number, or out of bounds, is marked, said to be wrong, and not handed on.
 * @param {{label: string, value: number, onInput: (value: number) => void, min?: number, max?: number,
 *   step?: number, whole?: boolean, hint?: string, error?: string, disabled?: boolean}} props
 */
export function NumberBox({ label, hint, error, ...rest }) {
  const id = useId();
  const [isGood, setGood] = useState(true);
  const wrong = error || (isGood ? "" : whatIsGood(rest));
  return html`<${Field} label=${label} hint=${hint} error=${wrong} for=${id}>
    <${NumberInput} ...${rest} id=${id} error=${error} onGood=${setGood} describedBy=${described(id, hint, wrong)} />
  <//>`;
}

function whatIsGood({ min, max, whole }) {
  if (whole && min !== undefined && max !== undefined) {
    return t("page.whole_between", { min: countText(min), max: countText(max) });
  }
  return t(min === Number.MIN_VALUE ? "page.positive_number" : "page.some_number");
}

/** The box alone: its text is the reader's while it means the value, so that "1." can be typed on to "1.5". */
function NumberInput({ id, label, value, onInput, onGood, min, max, step, whole, error, disabled, describedBy }) {
  const [text, setTextAlone] = useState(null);
  const shown = text !== null && (readNumber(text) === value || !isGood(text)) ? text : plain(value);

  function isGood(typed) {
    const number = readNumber(typed);
    if (!Number.isFinite(number) || (whole && !Number.isInteger(number))) return false;
    return number >= (min ?? -Infinity) && number <= (max ?? Infinity);
  }

  function setText(typed) {
    setTextAlone(typed);
    onGood?.(typed === null || isGood(typed));
  }

  function typed(event) {
    const now = event.currentTarget.value;
    setText(now);
    if (isGood(now)) onInput(readNumber(now));
  }

  function stepped(event) {
    const direction = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!direction || !Number.isFinite(value)) return;
    event.preventDefault();
    const next = onGrid(value + direction * (step ?? 1), step ?? 1);
    setText(null);
    onInput(Math.min(max ?? Infinity, Math.max(min ?? -Infinity, next)));
  }

  return html`<input
    id=${id}
    type="text"
    inputmode="decimal"
    class="number"
    autocomplete="off"
    value=${shown}
    disabled=${disabled}
    aria-label=${label}
    aria-invalid=${error || !isGood(shown) ? "true" : undefined}
    aria-describedby=${describedBy}
    onInput=${typed}
    onKeyDown=${stepped}
    onBlur=${() => setText(null)}
  />`;
}

const plain = (value) => (Number.isFinite(value) ? String(Number(value.toPrecision(12))) : "");

/** Without the last digits that adding 0.1 leaves: 0.30000000000000004. */
const onGrid = (value, step) => Number((Math.round(value / step) * step).toPrecision(12));

/**
 * A slider with a box for the exact number.
 * @param {{label: string, value: number, min: number, max: number, step: number, onInput: (value: number) => void,
 *   hint?: string, disabled?: boolean}} props the range stays: the thumb must not drift under the finger
 */
export function Slider({ label, value, min, max, step, onInput, hint, disabled }) {
  const id = useId();
  return html`<div class="field slider">
    <label for=${id}>${label}</label>
    <input
      id=${id}
      type="range"
      min=${min}
      max=${max}
      step=${step}
      value=${value}
      disabled=${disabled}
      aria-valuetext=${numberText(value)}
      onInput=${(event) => onInput(onGrid(Number(event.currentTarget.value), step))}
    />
    <${NumberInput} label=${label} value=${value} step=${step} onInput=${onInput} disabled=${disabled} />
    ${hint && html`<p class="hint">${hint}</p>`}
  </div>`;
}

/**
 * A few choices side by side.
 * @param {{label: string, value: string, options: {value: string, label: string, title?: string}[],
 *   onInput: (value: string) => void, hideLabel?: boolean, disabled?: boolean}} props
 */
export function Segmented({ label, value, options, onInput, hideLabel, disabled }) {
  const name = useId();
  return html`<fieldset class="segmented" disabled=${disabled}>
    <legend class=${hideLabel ? "off-screen" : undefined}>${label}</legend>
    <div>
      ${options.map(
        (option) =>
          html`<label title=${option.title}>
            <input
              type="radio"
              name=${name}
              value=${option.value}
              checked=${option.value === value}
              onInput=${() => onInput(option.value)}
            />
            <span>${option.label}</span>
          </label>`,
      )}
    </div>
  </fieldset>`;
}

/** A box to tick. @param {{label: string, value: boolean, onInput: (value: boolean) => void, hint?: string}} props */
export function Toggle({ label, value, onInput, hint, disabled }) {
  const box = useRef(null);
  return html`<label class="toggle">
    <input
      ref=${box}
      type="checkbox"
      checked=${value}
      disabled=${disabled}
      onInput=${(event) => onInput(event.currentTarget.checked)}
    />
    <span>${label}${hint && html`<small>${hint}</small>`}</span>
  </label>`;
}
