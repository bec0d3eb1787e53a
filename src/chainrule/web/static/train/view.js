// The view where a network learns, and where one sees how.

import { html, useEffect, useState } from "../vendor/preact.js";
import { address, patch } from "../lib/address.js";
import { get } from "../lib/api.js";
import { copy } from "../lib/download.js";
import { countText } from "../lib/number.js";
import { Button, Empty, Message, Panel } from "../lib/parts.js";
import { lang, t } from "../lib/words.js";
import { Comparison } from "./comparison.js";
import { Curves } from "./curves.js";
import { Flow } from "./flow.js";
import { Form } from "./form.js";
import { useMedia } from "./media.js";
import { about, earlier, isKnown, run, watch } from "./run.js";
import { chosenIn, paramsOf, summaryOf } from "./settings.js";
import { Transport } from "./transport.js";
import { Weights } from "./weights.js";

/** The whole view. */
export function TrainView() {
  const error = useAbout();
  useEffect(watch, []);
  // Where there is one column, what happens to a run is above what it was started with.
  const isFormLast = useMedia("(max-width: 860px)") && run.value.id !== null;
  const isReady = about.value !== null && isKnown.value;
  useEffect(() => {
    if (isReady) adopt();
  }, [isReady]);

  if (error) return html`<div class="train-view"><${Message} error=${error} /></div>`;
  if (!isReady) return html`<div class="train-view" aria-busy="true"><p class="soft">${t("page_train.loading")}</p></div>`;
  return html`<div class="train-view">
    <p class="soft">${t("page_train.intro", dataFacts())}</p>
    <${Transport} />
    <div class="columns">
      ${!isFormLast && html`<${Form} key="form" />`}
      <div class="stack" key="seen">
        ${run.value.id || earlier.value.length ? html`<${Curves} />` : html`<${Nothing} />`}
        <${Weights} /> <${Flow} /> <${Comparison} /> <${Place} />
      </div>
      ${isFormLast && html`<${Form} key="form" />`}
    </div>
  </div>`;
}

/** What can be chosen, in the reader's language. */
function useAbout() {
  const [error, setError] = useState(null);
  useEffect(() => {
    let isOver = false;
    get("about").then(
      (known) => isOver || ((about.value = known), setError(null)),
      (refused) => isOver || setError(refused),
    );
    return () => (isOver = true);
  }, [lang.value]);
  return about.value === null ? error : null;
}

/** A page that is opened without choices of its own starts from those of the run it finds. */
function adopt() {
  const { settings } = run.peek();
  if (settings && Object.keys(chosenIn(address.peek().params)).length === 0) patch(paramsOf(settings, about.peek()));
}

function dataFacts() {
  const { name, rows, test_rows: tests, classes } = about.value.data;
  return { name, rows: countText(rows), tests: countText(tests), classes };
}

function Nothing() {
  return html`<section class="panel">
    <${Empty} icon="train" title=${t("page_train.nothing")} text=${t("page_train.nothing_text", dataFacts())} />
  </section>`;
}

/** Where the run lies, and how it goes on without the page. */
function Place() {
  const { id, folder, resume, settings, ended } = run.value;
  if (!id) return null;
  return html`<${Panel} title=${t("page_train.place")} class="place">
    <p class="soft">${summaryOf(settings, about.value)}${ended ? ` · ${t(`page_train.ended_${ended}`)}` : ""}</p>
    <p>${t("page_train.place_text")}</p>
    <${Copied} text=${folder} label=${t("page_train.copy_folder")} />
    <p>${t(`page_train.${ended === "epochs" ? "more_text" : "resume_text"}`)}</p>
    <${Copied} text=${resume} label=${t("page_train.copy_command")} />
  <//>`;
}

function Copied({ text, label }) {
  const [isDone, setDone] = useState(false);
  return html`<div class="copied">
    <code class="scroll" tabindex="0">${text}</code>
    <${Button}
      label=${isDone ? t("page_train.copied") : label}
      icon=${isDone ? "check" : "copy"}
      iconOnly
      quiet
      onClick=${async () => setDone(await copy(text))}
    />
  </div>`;
}
