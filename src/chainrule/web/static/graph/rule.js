// What the current step does: the gate's rule in symbols, then with the numbers, and the sum where branches meet.

import { html } from "../vendor/preact.js";
import { Button, Panel, Status, Toggle } from "../lib/parts.js";
import { t } from "../lib/words.js";
import { Formula } from "./formula.js";
import { isHidden, setPredicting } from "./guess.js";
import { partsOf } from "./lookup.js";
import { placeText, stepTo } from "./player.js";
import { Question, Verdict } from "./question.js";
import { current, known, predicting, step, steps } from "./state.js";

export function Rule() {
  const now = current.value;
  return html`<${Panel} class=${`rule ${now?.pass ?? ""}`}>
    ${now ? html`<${Step} now=${now} />` : html`<${Start} />`}
    <${Toggle}
      label=${t("page_graph.predict")}
      hint=${t("page_graph.predict_hint")}
      value=${predicting.value}
      onInput=${setPredicting}
    />
    <${Status} quiet text=${placeText()} />
  <//>`;
}

function Start() {
  return html`<header><h2>${t("page_graph.start_title")}</h2></header>
    <p>${t("page_graph.start_text")}</p>
    <ul class="legend-lines">
      <li><span class="value-text">${t("page_graph.legend_value")}</span></li>
      <li><span class="gradient-text">${t("page_graph.legend_gradient")}</span></li>
    </ul>
    <${Button} primary icon="forward" label=${t("page_graph.first_step")} onClick=${() => stepTo(1)} />`;
}

function Step({ now }) {
  return html`<header>
      <p class=${`pass ${now.pass === "forward" ? "value-text" : "gradient-text"}`}>
        ${now.pass === "backward" && html`<span aria-hidden="true">← </span>`}${t(`page_graph.${now.pass}_pass`)}${
          now.pass === "forward" && html`<span aria-hidden="true"> →</span>`
        }
      </p>
      <h2 tabindex="-1">${now.title}</h2>
    </header>
    ${now.pass === "forward" ? now.formulas.map((each) => formula(each, "value")) : html`<${Backward} now=${now} />`}
    ${step.value === steps.value && html`<${Meaning} />`}`;
}

function Backward({ now }) {
  const parts = partsOf(known.value, now);
  const kept = now.formulas.slice(0, now.formulas.length - parts.length);
  const open = parts.some(({ edge }) => isHidden(edge));
  return html`${kept.map((each) => formula(each, "value"))}
  ${parts.map(({ edge, formula: shown }) => {
    if (isHidden(edge)) return html`<${Question} key=${edge.id} edge=${edge} ...${shown} />`;
    return html`<div class="answered" key=${edge.id}>${formula(shown, "both")}<${Verdict} edge=${edge} /></div>`;
  })}
  ${!open && now.sums.map((sum) => html`<div class="sum">${formula(sum, "gradient")}</div>`)}`;
}

function formula({ caption, tree }, about) {
  return html`<figure class="formula" key=${caption}>
    <figcaption>${caption}</figcaption>
    <${Formula} tree=${tree} about=${about} />
  </figure>`;
}

/** At the end: what the gradients say about the inputs. */
function Meaning() {
  const { meaning } = known.value;
  if (predicting.value || meaning.length === 0) return null;
  return html`<section class="meaning">
    <h3>${t("page_graph.meaning")}</h3>
    <ul>
      ${meaning.map((sentence) => html`<li key=${sentence}>${sentence}</li>`)}
    </ul>
  </section>`;
}
