// The same graph as a table: every value with the gate that made it, and its gradient.

import { html } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { isNodeHidden } from "./guess.js";
import { current, known, pointed, step } from "./state.js";

const COLUMNS = ["name", "gate", "from", "value", "gradient", "local"];

export function Table() {
  const graph = known.value;
  return html`<div class="table scroll" tabindex="0" role="region" aria-label=${t("page_graph.table")}>
    <table>
      <caption class="off-screen">${graph.heading}</caption>
      <thead>
        <tr>
          ${COLUMNS.map((column) => html`<th scope="col" key=${column}>${t(`page_graph.column_${column}`)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${graph.table.map((row) => html`<${Row} key=${row.node} row=${row} />`)}
      </tbody>
    </table>
  </div>`;
}

function Row({ row }) {
  const graph = known.value;
  const isLit = (pointed.value ?? "").split(" ").includes(row.node);
  const hidden = isNodeHidden(row.node);
  const valueKnown = graph.valueSince(row.node) <= step.value;
  const gradientKnown = graph.gradientSince(row.node) <= step.value;
  const classes = [row.node === current.value?.node && "current", isLit && "lit"].filter(Boolean).join(" ");
  return html`<tr
    class=${classes}
    onPointerEnter=${() => (pointed.value = row.node)}
    onPointerLeave=${() => (pointed.value = null)}
  >
    <th scope="row">${row.name}</th>
    <td>${row.gate ?? t("page_graph.input")}</td>
    <td>${row.inputs.join(", ")}</td>
    <td class="value-text number-text">${valueKnown ? row.text_value : ""}</td>
    <td class="gradient-text number-text">${gradientKnown ? (hidden ? "?" : (row.text_gradient ?? "–")) : ""}</td>
    <td class="local">
      ${!hidden && row.local.map(({ to, text }) => html`<span><span class="faint">${to}:</span> ${text}</span>`)}
    </td>
  </tr>`;
}
