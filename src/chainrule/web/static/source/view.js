// The view of what really runs: a whole step as one compiled function, beside the network it trains.

import { html, useEffect, useState } from "../vendor/preact.js";
import { address, hashOf } from "../lib/address.js";
import { get, isAbort, post } from "../lib/api.js";
import { save } from "../lib/download.js";
import { Button, Empty, Message, Panel } from "../lib/parts.js";
import { lang, t } from "../lib/words.js";
import { chosenIn, summaryOf } from "../train/settings.js";
import { Code } from "./code.js";
import { Network } from "./network.js";
import { found } from "./state.js";
import { Phases, Statement, StatementTable } from "./statement.js";

/** The whole view. */
export function SourceView() {
  const { line, ...params } = address.value.params;
  const error = useSource(params);
  if (error) return html`<div class="source-view"><${Message} error=${error} action=${html`<${Change} params=${params} />`} /></div>`;
  if (!found.value) {
    return html`<div class="source-view" aria-busy="true"><${Empty} title=${t("page_source.loading")} /></div>`;
  }
  const { settings, data, rows, threads, unusable, text } = found.value;
  const download = html`<${Button}
    label=${t("page_source.download")}
    icon="download"
    onClick=${() => save("step.py", "text/x-python", text)}
  />`;
  return html`<div class="source-view">
    <p class="soft">${t("page_source.intro", { rows, threads })}</p>
    ${unusable && html`<${Message} kind="warning"><p>${t("page_source.unusable", { reason: unusable })}</p><//>`}
    ${
      !unusable &&
      ["eager", "xla"].includes(settings.engine) &&
      html`<${Message} kind="note"><p>${t(`page_source.${settings.engine}`)}</p><//>`
    }
    <${Panel} title=${summaryOf(settings, { data })} class="network-panel" actions=${html`<${Change} params=${params} />`}>
      <${Network} />
    <//>
    <div class="columns">
      <${Panel} title=${t("page_source.title")} class="code-panel" actions=${download}>
        <${Phases} />
        <${Code} />
        <p class="hint">${t("page_source.code_hint")}</p>
        <${StatementTable} />
      <//>
      <${Statement} />
    </div>
  </div>`;
}

const Change = ({ params }) => html`<a href=${hashOf("train", params)}>${t("page_source.change")}</a>`;

/** The step of the settings in the address, or else of the run of now. */
function useSource(params) {
  const [error, setError] = useState(null);
  const chosen = chosenIn(params);
  const asked = JSON.stringify(chosen);
  useEffect(() => {
    const stop = new AbortController();
    const how = { signal: stop.signal };
    const answer = asked === "{}" ? get("source", {}, how) : post("source", { settings: chosen }, how);
    answer.then(
      (source) => ((found.value = source), setError(null)),
      (refused) => isAbort(refused) || setError(refused),
    );
    return () => stop.abort();
  }, [asked, lang.value]);
  return error;
}
