// How large activations and gradients are, layer by layer, and what that means for learning.

import { html } from "../vendor/preact.js";
import { countText, roundedText, percentText } from "../lib/number.js";
import { Details, Icon, Legend, Panel } from "../lib/parts.js";
import { lang, t } from "../lib/words.js";
import { axisOf } from "../lib/log_axis.js";
import { AxisLabels, Bar } from "./bars.js";
import { flow } from "./run.js";

/** The panel about the network that learns. */
export function Flow() {
  const now = flow.value;
  if (!now) return null;
  const axis = axisOf(now.layers.flatMap((layer) => [layer.activation, layer.gradient]));
  const items = [
    { label: t("page_train.activation_size"), mark: "value" },
    { label: t("page_train.gradient_size"), mark: "gradient" },
  ];
  return html`<${Panel} title=${t("page_train.flow")} class="flow">
    <${Verdict} of=${now} />
    <${Legend} items=${items} />
    <table class="bars" role="table">
      <thead role="rowgroup">
        <tr role="row">
          <th scope="col" role="columnheader">${t("page_train.layer")}</th>
          <th scope="col" role="columnheader"><span class="off-screen">${t("page_train.sizes")}</span><${AxisLabels} axis=${axis} /></th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${now.layers.map(
          (layer) =>
            html`<tr role="row" key=${layer.name}>
              <th scope="row" role="rowheader">${layer.name}<${Mark} layer=${layer} /></th>
              <td role="cell">
                <${Bar} axis=${axis} size=${layer.activation} label=${t("page_train.activation_size")} kind="value" />
                <${Bar} axis=${axis} size=${layer.gradient} label=${t("page_train.gradient_size")} kind="gradient" />
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
    <p class="hint">${t("page_train.flow_hint", { step: countText(now.step), rows: now.rows })}</p>
    <${Numbers} layers=${now.layers} />
  <//>`;
}

const TONES = { healthy: "good", large: "warning", small: "warning" };

/** The verdict on a whole network, in a sentence. @param {{of: {layers: object[], text: object}}} props */
export function Verdict({ of: { layers, text } }) {
  const tones = layers.map((layer) => TONES[layer.verdict] ?? "error");
  const worst = ["error", "warning", "good"].find((tone) => tones.includes(tone));
  // No alert: it changes twice a second while a network learns.
  return html`<div class=${`verdict ${worst}`}>
    <${Icon} name=${worst === "good" ? "check" : "warning"} />
    <p>${text[lang.value]}</p>
  </div>`;
}

/** The verdict on a layer, in a word. */
export function Mark({ layer }) {
  const tone = TONES[layer.verdict] ?? "error";
  return html`<span class=${`mark ${tone}`}>
    ${tone !== "good" && html`<${Icon} name="warning" />`}<span>${layer.text[lang.value]}</span>
  </span>`;
}

const COLUMNS = ["activation", "zeros", "gradient", "of_last", "saturated", "dead", "update"];
const SHARES = ["zeros", "saturated", "dead"];

function Numbers({ layers }) {
  const cell = (layer, name) => {
    if (layer[name] === null) return "–";
    return SHARES.includes(name) ? percentText(layer[name], 0) : roundedText(layer[name], 3);
  };
  return html`<${Details} summary=${t("page_train.all_numbers")}>
    <div class="scroll" tabindex="0" role="region" aria-label=${t("page_train.all_numbers")}>
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">${t("page_train.layer")}</th>
            ${COLUMNS.map((name) => html`<th scope="col" class="number">${t(`page_train.column_${name}`)}</th>`)}
            <th scope="col">${t("page_train.column_verdict")}</th>
          </tr>
        </thead>
        <tbody>
          ${layers.map(
            (layer) =>
              html`<tr key=${layer.name}>
                <th scope="row">${layer.name}</th>
                ${COLUMNS.map((name) => html`<td class="number">${cell(layer, name)}</td>`)}
                <td>${layer.text[lang.value]}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  <//>`;
}
