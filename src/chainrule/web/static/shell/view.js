// The open view. Each is loaded when it is first opened, so the page is there at once, and a fault in one stays in it.

import { html, signal } from "../vendor/preact.js";
import { address } from "../lib/address.js";
import { Boundary, Button, Empty, Message } from "../lib/parts.js";
import { t } from "../lib/words.js";

// What belongs to a view: its component and its sheets.
const PARTS = {
  graph: { load: () => import("../graph/view.js"), name: "GraphView", sheets: ["graph/graph.css"] },
  train: { load: () => import("../train/view.js"), name: "TrainView", sheets: ["vendor/uplot.css", "train/train.css"] },
  digit: { load: () => import("../digit/view.js"), name: "DigitView", sheets: ["digit/digit.css"] },
  source: { load: () => import("../source/view.js"), name: "SourceView", sheets: ["source/source.css"] },
};

/** The components that are there: by view, or the error that kept one away. */
const loaded = signal({});
const asked = new Set();

export function View() {
  const { view } = address.value;
  return html`<main id="main" tabindex="-1" key=${view} class=${`view ${view}`}>
    <header class="view-head">
      <h1>${t(`page.view.${view}`)}</h1>
      <p>${t(`page.lead.${view}`)}</p>
    </header>
    <${Boundary}><${Opened} view=${view} /><//>
  </main>`;
}

function Opened({ view }) {
  const found = loaded.value[view];
  if (found instanceof Error) return html`<${Failed} view=${view} error=${found} />`;
  if (found) return html`<${found} />`;
  load(view);
  return html`<${Empty} title=${t("page.loading")} />`;
}

function Failed({ view, error }) {
  const button = html`<${Button} label=${t("page.again")} icon="reset" onClick=${() => location.reload()} />`;
  return html`<${Message} kind="error" title=${t("page.no_view", { view: t(`page.view.${view}`) })} action=${button}>
    <p class="mono">${error.message}</p>
  <//>`;
}

async function load(view) {
  if (asked.has(view)) return;
  asked.add(view);
  const { load: module, name, sheets } = PARTS[view];
  let found;
  try {
    const [parts] = await Promise.all([module(), ...sheets.map(styled)]);
    found = parts[name];
  } catch (error) {
    console.error(error);
    found = error;
  }
  loaded.value = { ...loaded.peek(), [view]: found };
}

/** A sheet, applied before what it dresses is shown. */
function styled(sheet) {
  return new Promise((done, failed) => {
    const link = document.createElement("link");
    Object.assign(link, { rel: "stylesheet", href: `/static/${sheet}`, onload: done });
    link.onerror = () => failed(new Error(sheet));
    document.head.append(link);
  });
}

load(address.peek().view); // while the words are still on their way
