// The graph view: an expression as a graph that one steps through, changes, questions and takes along.

import { html, useEffect, useState } from "../vendor/preact.js";
import { Empty, Legend, Message, Tabs } from "../lib/parts.js";
import { t } from "../lib/words.js";
import { follow } from "./ask.js";
import { Editor } from "./editor.js";
import { forgetWithTheNumbers } from "./guess.js";
import { Inputs } from "./inputs.js";
import { onKey, Player, playing } from "./player.js";
import { Rule } from "./rule.js";
import { Share } from "./share.js";
import { Stage, Zoom } from "./stage.js";
import { answer, begin, known, problem, tab } from "./state.js";
import { Table } from "./table.js";

let begun = null;

function start() {
  begun ??= begin().then(() => {
    follow();
    forgetWithTheNumbers();
  });
  return begun.catch((error) => {
    begun = null; // the next visit tries again
    throw error;
  });
}

export function GraphView() {
  const [error, setError] = useState(null);
  useEffect(() => {
    start().catch(setError);
    addEventListener("keydown", onKey);
    return () => {
      removeEventListener("keydown", onKey);
      playing.value = false;
    };
  }, []);
  if (error) return html`<${Message} error=${error} />`;
  return html`<div class=${`graph-view${problem.value ? " stale" : ""}`}>
    <${Editor} />
    ${known.value || problem.value ? html`<${Work} />` : html`<${Empty} title=${t("page_graph.loading")} />`}
  </div>`;
}

function Work() {
  return html`<div class="work">
    ${
      known.value
        ? html`<${Figure} /><${Rule} />`
        : html`<section class="panel figure">
            <${Empty} icon="graph" title=${t("page_graph.no_graph")} text=${t("page_graph.no_graph_text")} />
          </section>`
    }
    <${Inputs} />
  </div>`;
}

function Figure() {
  const tabs = ["graph", "table"].map((id) => ({ id, label: t(`page_graph.tab_${id}`) }));
  return html`<section class="panel figure" aria-labelledby="graph-heading">
    <h2 id="graph-heading">${answer.value.heading}</h2>
    <div class="tools">${tab.value === "graph" && html`<${Zoom} />`}<${Share} /></div>
    <${Tabs} label=${t("page_graph.tabs")} tabs=${tabs} selected=${tab.value} onSelect=${(id) => (tab.value = id)}>
      ${tab.value === "graph" ? html`<${Picture} />` : html`<${Table} />`}
    <//>
    <${Player} />
  </section>`;
}

function Picture() {
  const marks = ["value", "gradient"].map((mark) => ({ label: t(`page_graph.legend_${mark}`), mark }));
  return html`<${Stage} /><${Legend} items=${marks} />`;
}
