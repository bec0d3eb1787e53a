// Bars along an axis of powers of ten, and the labels of the axis.

import { html } from "../vendor/preact.js";
import { shareOf } from "../lib/log_axis.js";
import { roundedText } from "../lib/number.js";

const MOST_LABELS = 6;

/** The labels of the axis; where there are many, every second or third. */
export function AxisLabels({ axis: { low, high } }) {
  const every = Math.ceil((high - low + 1) / MOST_LABELS);
  const exponents = Array.from({ length: high - low + 1 }, (_, at) => low + at);
  return html`<div class="axis-labels" aria-hidden="true">
    <div>
      ${exponents
        .filter((exponent) => (exponent - high) % every === 0)
        .map(
          (exponent) =>
            html`<span style=${{ left: `${(100 * (exponent - low)) / (high - low)}%` }}>
              ${exponent === 0 ? "1" : html`10<sup>${String(exponent).replace("-", "−")}</sup>`}
            </span>`,
        )}
    </div>
  </div>`;
}

/**
 * A bar with its number behind it.
 * @param {{axis: {low: number, high: number}, size: number | null, label: string, kind: string, showLabel?: boolean}} props
 *   label  what it measures
 *   kind   "value", "gradient" or "other": its colour and how its number is set
 */
export function Bar({ axis, size, label, kind, showLabel }) {
  const text = html`<span class=${`number-text ${kind}-text`}>${withPower(roundedText(size, 3))}</span>`;
  return html`<div class=${`log-bar ${kind} ${showLabel ? "labelled" : ""}`}>
    <span class=${showLabel ? "bar-label" : "off-screen"}>${label} </span>
    <div class="track" style=${{ "--decades": axis.high - axis.low }}>
      <div style=${{ width: `${shareOf(axis, size) * 100}%` }}></div>
    </div>
    ${text}
  </div>`;
}

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻";

/** A number with its power of ten in the letters of the number, only higher: few fonts have slanting raised digits. */
function withPower(text) {
  const at = text.indexOf("×10") + 3;
  if (at === 2) return text;
  const power = Array.from(text.slice(at), (sign) => "0123456789−"[RAISED.indexOf(sign)]).join("");
  return html`${text.slice(0, at)}<sup>${power}</sup>`;
}
