// Two deep networks side by side, before they have learned anything: where the gradient dies, and where it does not.

import { html, useEffect, useState } from "../vendor/preact.js";
import { address, patch } from "../lib/address.js";
import { isAbort, post } from "../lib/api.js";
import { Button, Message, Panel, Select, Slider } from "../lib/parts.js";
import { axisOf } from "../lib/log_axis.js";
import { t } from "../lib/words.js";
import { Mark, Verdict } from "./flow.js";
import { AxisLabels, Bar } from "./bars.js";
import { about, isAlive } from "./run.js";
import { termOf, withTerms } from "./terms.js";

const UNITS = 50;
const LAYERS = 10;
const SIDES = [
  { param: "left", usual: "sigmoid", kind: "gradient" },
  { param: "right", usual: "relu", kind: "other" },
];

/** The panel: two activations, so many layers, and the gradient that reaches each of them. */
export function Comparison() {
  const { params } = address.value;
  const count = Math.min(about.value.limits.layers, Math.max(1, Math.round(Number(params.deep)) || LAYERS));
  const activations = SIDES.map(({ param, usual }) =>
    about.value.choices.activations.includes(params[param]) ? params[param] : usual,
  );
  const [isOpen, setOpen] = useState(Boolean(params.deep));
  const { flows, error } = useFlows(isOpen, count, activations);

  function open() {
    setOpen(true);
    patch({ deep: count });
  }

  const button = html`<${Button} label=${t("page_train.compare_now", { count })} icon="play" onClick=${open} />`;
  return html`<${Panel} title=${t("page_train.compare")} class="comparison">
    <p class="soft">${t("page_train.compare_text", { count, left: termOf(activations[0]), right: termOf(activations[1]) })}</p>
    ${
      isOpen
        ? html`<div class="compare-controls">
            ${SIDES.map(
              ({ param, usual }, side) =>
                html`<${Select}
                  label=${t(`page_train.compare_${param}`)}
                  value=${activations[side]}
                  options=${withTerms(about.value.choices.activations)}
                  onInput=${(activation) => patch({ [param]: activation === usual ? undefined : activation })}
                />`,
            )}
            <${Slider}
              label=${t("page_train.compare_layers")}
              value=${count}
              min=${1}
              max=${about.value.limits.layers}
              step=${1}
              onInput=${(layers) => patch({ deep: layers })}
            />
          </div>`
        : html`<div>${button}</div>`
    }
    ${error && html`<${Message} error=${error} />`}
    ${isOpen && flows && html`<${Sides} flows=${flows} />`}
  <//>`;
}

/** Ask for both whenever something changes. */
function useFlows(isOpen, count, activations) {
  const [state, setState] = useState({ flows: null, error: null });
  useEffect(() => {
    if (!isOpen) return undefined;
    const stop = new AbortController();
    const asked = activations.map(async (activation) => {
      const settings = { hidden: Array(count).fill(UNITS), activation };
      return { activation, hidden: settings.hidden, ...(await post("flow", { settings }, { signal: stop.signal })) };
    });
    Promise.all(asked).then(
      (flows) => setState({ flows, error: null }),
      (error) => isAbort(error) || setState({ flows: null, error }),
    );
    return () => stop.abort();
  }, [isOpen, count, ...activations]);
  return state;
}

function Sides({ flows }) {
  // A gradient at an affine layer's result is what its weights learn from.
  const rows = flows.map((flow) => flow.layers.filter((layer) => layer.update !== null));
  const axis = axisOf(rows.flat().map((layer) => layer.gradient));
  return html`<div class="verdicts">
      ${flows.map(
        (flow) =>
          html`<section>
            <h3>${termOf(flow.activation)}</h3>
            <${Verdict} of=${flow} />
            <${Button}
              label=${t("page_train.take")}
              disabled=${isAlive.value}
              title=${isAlive.value ? t("page_train.not_while_alive") : undefined}
              onClick=${() => patch({ hidden: flow.hidden.join("-"), activation: flow.activation })}
            />
          </section>`,
      )}
    </div>
    <table class="bars" role="table">
      <thead role="rowgroup">
        <tr role="row">
          <th scope="col" role="columnheader">${t("page_train.layer")}</th>
          <th scope="col" role="columnheader">
            <span class="off-screen">${t("page_train.gradient_size")}</span><${AxisLabels} axis=${axis} />
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${rows[0].map(
          (layer, at) =>
            html`<tr role="row" key=${layer.name}>
              <th scope="row" role="rowheader">${layer.name}</th>
              <td role="cell">
                ${SIDES.map(({ kind }, side) => {
                  const one = rows[side][at];
                  return html`<div class="side">
                    <${Bar} axis=${axis} size=${one.gradient} label=${termOf(flows[side].activation)} kind=${kind} showLabel />
                    <${Mark} layer=${one} />
                  </div>`;
                })}
              </td>
            </tr>`,
        )}
      </tbody>
    </table>`;
}
