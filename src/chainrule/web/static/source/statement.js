// What a statement computes and costs; and all of them, as a bar and as a table.

import { html } from "../vendor/preact.js";
import { percentText } from "../lib/number.js";
import { Details, Panel } from "../lib/parts.js";
import { t } from "../lib/words.js";
import { amountText, linesText, shapeText } from "./amounts.js";
import { chosen, found, told } from "./state.js";

const PHASES = ["data", "forward", "backward", "update"];

/** The statement that is pointed at, or chosen. */
export function Statement() {
  const statement = told.value;
  if (!statement) {
    return html`<${Panel} title=${t("page_source.statement")} class="statement">
      <p class="soft">${t("page_source.point")}</p>
    <//>`;
  }
  const { names, gates, shapes, flops, bytes, phase } = statement;
  const arrays = Object.entries(shapes);
  return html`<${Panel} title=${headingOf(statement)} class="statement">
    <p><${Phase} phase=${phase} /></p>
    <dl>
      <div>
        <dt>${t("page_source.computes")}</dt>
        <dd class="names">
          ${names.length ? names.map((name) => html`<code>${name}</code>`) : t("page_source.no_names")}
        </dd>
      </div>
      <div>
        <dt>${t("page_source.gates")}</dt>
        <dd>${gates.length ? gates.map((gate) => found.value.gates[gate]).join(", ") : t("page_source.no_gates")}</dd>
      </div>
      <div class="cost">
        <dt>${t("page_source.flops")}</dt>
        <dd class="number-text">${amountText(flops)}</dd>
      </div>
      <div class="cost">
        <dt>${t("page_source.bytes")}</dt>
        <dd class="number-text">${amountText(bytes, "B")}</dd>
      </div>
    </dl>
    ${
      arrays.length > 0 &&
      html`<table>
        <thead>
          <tr><th scope="col">${t("page_source.array")}</th><th scope="col" class="number">${t("page_source.shape")}</th></tr>
        </thead>
        <tbody>
          ${arrays.map(
            ([name, shape]) =>
              html`<tr><th scope="row"><code>${name}</code></th><td class="number">${shapeText(shape)}</td></tr>`,
          )}
        </tbody>
      </table>`
    }
  <//>`;
}

function headingOf(statement) {
  const { first, last } = statement;
  return first === last ? t("page_source.line", { line: first }) : t("page_source.lines", { lines: linesText(statement) });
}

function Phase({ phase }) {
  return html`<span class=${`phase ${phase}`}>${t(`page_source.phase_${phase}`)}</span>`;
}

/** What each phase costs: its share of all operations, and its traffic. */
export function Phases() {
  const { statements } = found.value;
  const sums = PHASES.map((phase) => {
    const own = statements.filter((statement) => statement.phase === phase);
    return { phase, flops: sum(own, "flops"), bytes: sum(own, "bytes") };
  });
  const all = sum(statements, "flops") || 1;
  return html`<div class="phases">
    <div class="phase-bar" aria-hidden="true">
      ${sums.map(({ phase, flops }) => html`<div class=${phase} style=${{ flexGrow: flops / all }}></div>`)}
    </div>
    <ul>
      ${sums.map(
        ({ phase, flops, bytes }) =>
          html`<li>
            <${Phase} phase=${phase} />
            <span class="number-text">${t("page_source.phase_flops", { flops: amountText(flops), share: percentText(flops / all, 0) })}</span>
            <span class="number-text faint">${amountText(bytes, "B")}</span>
          </li>`,
      )}
    </ul>
  </div>`;
}

const sum = (statements, name) => statements.reduce((total, statement) => total + statement[name], 0);

/** All statements. */
export function StatementTable() {
  const { statements, gates } = found.value;
  return html`<${Details} summary=${t("page_source.as_table")}>
    <div class="scroll" tabindex="0" role="region" aria-label=${t("page_source.as_table")}>
      <table class="all">
        <thead>
          <tr>
            ${["column_lines", "phase", "computes", "gates", "arrays"].map(
              (key) => html`<th scope="col">${t(`page_source.${key}`)}</th>`,
            )}
            <th scope="col" class="number">${t("page_source.flops")}</th>
            <th scope="col" class="number">${t("page_source.bytes")}</th>
          </tr>
        </thead>
        <tbody>
          ${statements.map(
            (statement, at) =>
              html`<tr aria-current=${at === chosen.value ? "true" : undefined}>
                <th scope="row">${linesText(statement)}</th>
                <td><${Phase} phase=${statement.phase} /></td>
                <td>${statement.names.join(", ") || "–"}</td>
                <td>${statement.gates.map((gate) => gates[gate]).join(", ") || "–"}</td>
                <td>
                  ${Object.entries(statement.shapes).map(([name, shape]) => `${name} (${shapeText(shape)})`).join(", ") || "–"}
                </td>
                <td class="number">${amountText(statement.flops)}</td>
                <td class="number">${amountText(statement.bytes, "B")}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  <//>`;
}
