// How the error flows from the loss back to the pixels, layer by layer.

import { html } from "../vendor/preact.js";
import { axisOf, shareOf } from "../lib/log_axis.js";
import { roundedText } from "../lib/number.js";
import { t } from "../lib/words.js";
import { Picture } from "./picture.js";

/**
 * @param {{flow: object, label: number}} props flow: the answer of /api/digit/back
 */
export function FlowBack({ flow, label }) {
  const axis = axisOf(flow.layers.map((layer) => layer.gradient).concat(flow.size));
  const last = flow.layers.at(-1);
  return html`<ol class="back">
    <li class="back-loss">
      <h3>${t("page_digit.at_loss")}</h3>
      <p>${t("page_digit.loss_says", { label, loss: roundedText(flow.loss, 4) })}</p>
    </li>
    ${flow.layers.toReversed().map(
      (layer) => html`<li key=${layer.name}>
        <h3>${layer.name} <small>${t("page_digit.units", { units: layer.units })}</small></h3>
        <${Size} size=${layer.gradient} axis=${axis} />
        ${layer.gradients && html`<${Units} layer=${layer} />`}
        ${layer === last && html`<p class="hint">${t("page_digit.scores_say", { label })}</p>`}
      </li>`,
    )}
    <li class="back-pixels">
      <h3>${t("page_digit.at_pixels")}</h3>
      <${Size} size=${flow.size} axis=${axis} />
      <${Picture} image=${flow.pixels} scale=${flow.largest} className="large" label=${t("page_digit.pixels_label", { label })} />
      <${Scale} largest=${flow.largest} />
      <p class="hint">${t("page_digit.pixels_say", { label })}</p>
    </li>
  </ol>`;
}

function Size({ size, axis }) {
  return html`<p class="size">
    <span class="size-bar" aria-hidden="true"><span style=${{ width: `${100 * shareOf(axis, size)}%` }}></span></span>
    <span class="gradient-text">${t("page_digit.gradient_size", { size: roundedText(size, 3) })}</span>
  </p>`;
}

/** The gradient at each unit of a small layer: blue pulls it up, red pulls it down. */
function Units({ layer }) {
  const largest = Math.max(...layer.gradients.map(Math.abs));
  const few = layer.units <= 10;
  return html`<ol class=${`units ${few ? "few" : ""}`}>
    ${layer.gradients.map((gradient, unit) => {
      const said = t("page_digit.unit", {
        unit,
        value: roundedText(layer.values[unit], 3),
        gradient: roundedText(gradient, 3),
      });
      return html`<li title=${said} style=${{ "--share": largest ? Math.abs(gradient) / largest : 0 }} class=${gradient > 0 ? "up" : "down"}>
        ${few ? html`<span class="unit-name">${unit}</span><span class="unit-gradient">${gradient.toFixed(3).replace("-", "−")}</span>` : html`<span class="off-screen">${said}</span>`}
      </li>`;
    })}
  </ol>`;
}

function Scale({ largest }) {
  return html`<p class="signed-scale">
    <span>${roundedText(-largest, 2)}</span><span class="signed-ramp" aria-hidden="true"></span><span>${roundedText(largest, 2)}</span>
  </p>`;
}
