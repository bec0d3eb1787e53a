// The digit view: draw one or pick one, see what the network thinks, and how the error flows back to the pixels.

import { html, signal, useEffect, useRef, useState } from "../vendor/preact.js";
import { address, go, patch } from "../lib/address.js";
import { get, isAbort, post } from "../lib/api.js";
import { bytesOf } from "../lib/download.js";
import { percentText } from "../lib/number.js";
import { Button, Empty, Message, NumberBox, Panel, Select } from "../lib/parts.js";
import { lang, t } from "../lib/words.js";
import { Loss, Probabilities } from "./answer.js";
import { FlowBack } from "./back.js";
import { Hardest } from "./hardest.js";
import { Pad } from "./pad.js";
import { Picture } from "./picture.js";
import { encoded } from "./pixels.js";

// What is looked at outlives the view, so that coming back to it finds the drawing again.
const seenNow = signal(null); // the answer for the image
const chosenNow = signal(null); // the label that the reader chose

export function DigitView() {
  const [about, setAbout] = useState(null);
  const [row, setRow] = useState(0); // of the test data, looked at last
  const [flow, setFlow] = useState(null);
  const [hardest, setHardest] = useState(null);
  const [error, setError] = useState(null);
  const [cleared, setCleared] = useState(0);
  const looking = useLatest(setError);
  const flowing = useLatest(setError);
  const { test, run } = address.value.params;
  const seen = seenNow.value;
  const chosen = chosenNow.value;
  const label = chosen ?? seen?.label ?? seen?.answer ?? null;
  const language = lang.value;

  useEffect(() => {
    setError(null);
    get("digit", { run }).then(setAbout, (error) => (setAbout(null), setError(error)));
    get("digit/hardest", { run }).then(setHardest, () => setHardest(null)); // the first says why
  }, [language, run]);

  useEffect(() => {
    if (test === undefined || !about) return;
    looking(async (signal) => {
      const found = await get("digit/test", { index: test, run }, { signal });
      const { label: given } = address.peek().params;
      setCleared((times) => times + 1);
      chosenNow.value = given === undefined ? null : Number(given);
      setRow(found.index);
      seenNow.value = found;
    });
  }, [test, about]);

  useEffect(() => {
    if (!seen || seen.empty || label === null) return setFlow(null);
    flowing(async (signal) => setFlow(await post("digit/back", { image: seen.image, label, run }, { signal })));
  }, [seen, label]);

  function draw(pixels, side) {
    patch({ test: undefined, label: undefined });
    if (test !== undefined) chosenNow.value = null;
    looking(async (signal) =>
      (seenNow.value = await post("digit", { pixels: encoded(pixels), width: side, height: side, run }, { signal })),
    );
  }

  function clear() {
    looking(async () => undefined);
    patch({ test: undefined, label: undefined });
    setCleared((times) => times + 1);
    seenNow.value = null;
    chosenNow.value = null;
  }

  function choose(digit) {
    chosenNow.value = digit;
    if (test !== undefined) patch({ label: digit === seen?.label ? undefined : digit });
  }

  function pick(index) {
    patch({ test: index, label: undefined });
  }

  if (!about && error) return html`<div class="digit-view without"><${NoNetwork} error=${error} /></div>`;
  if (!about) return html`<div class="digit-view" aria-busy="true"></div>`;
  const answered = seen && !seen.empty;
  return html`<div class="digit-view">
    <${Panel} class="area-draw" title=${t("page_digit.draw")} actions=${html`<${Button} label=${t("page_digit.clear")} onClick=${clear} />`}>
      <${Pad}
        key=${run}
        onDraw=${draw}
        onClear=${clear}
        cleared=${cleared}
        isLookedAt=${test === undefined && Boolean(answered)}
      />
      <p class="hint" id="pad-keys">${t("page_digit.keys")}</p>
      <div class="digit-pick">
        <${NumberBox}
          label=${t("page_digit.test_row")}
          value=${row}
          min=${0}
          max=${about.tests - 1}
          whole
          onInput=${pick}
        />
        <${Button} label=${t("page_digit.any")} onClick=${() => pick(Math.floor(Math.random() * about.tests))} />
      </div>
    <//>
    <${Panel} class="area-answer" title=${t("page_digit.answer")}>
      <${Select} label=${t("page_digit.network")} value=${run ?? ""} options=${networks(about.runs)} onInput=${(run) => patch({ run })} />
      <p class="network-line">${networkText(seen?.network ?? about.network)}</p>
      ${answered
        ? html`<div class="seen">
              <figure>
                <${Picture} image=${bytesOf(seen.image)} className="large" label=${t("page_digit.seen_label")} />
                <figcaption>${t("page_digit.as_seen")}</figcaption>
              </figure>
              <div class="verdict" role="status">
                <span class="verdict-digit">${seen.answer}</span>
                ${"label" in seen && html`<span>${t(seen.answer === seen.label ? "page_digit.right" : "page_digit.is_wrong", { label: seen.label })}</span>`}
              </div>
            </div>
            <p class="hint">${t("page_digit.choose_label")}</p>
            <${Probabilities} probabilities=${seen.probabilities} label=${label} onLabel=${choose} />
            ${flow && html`<${Loss} loss=${flow.loss} share=${flow.probabilities[label]} label=${label} />`}`
        : html`<p class="hint waiting">${t("page_digit.nothing_yet")}</p>`}
      ${error && html`<${Message} kind="error" title=${error.message}>${error.fix}<//>`}
    <//>
    ${answered &&
    flow &&
    html`<${Panel} class="area-flow" title=${t("page_digit.flow")}>
      <p class="hint">${t("page_digit.flow_hint")}</p>
      <${FlowBack} flow=${flow} label=${label} />
    <//>`}
    ${hardest &&
    html`<${Panel} class="area-hardest" title=${t("page_digit.hardest")}>
      <${Hardest} hardest=${hardest} onChoose=${pick} />
    <//>`}
  </div>`;
}

const WAYS_OUT = {
  no_network: { label: "page_digit.train_one", take: () => go("train") },
  no_such_run: { label: "page_digit.latest", take: () => patch({ run: undefined }) },
};

function NoNetwork({ error }) {
  const way = WAYS_OUT[error.code];
  const action = way && html`<${Button} primary label=${t(way.label)} onClick=${way.take} />`;
  return html`<${Empty} title=${error.message} text=${error.fix} action=${action} />`;
}

function networks(runs) {
  const named = ({ run, accuracy }) =>
    accuracy === null ? run : t("page_digit.run_accuracy", { run, accuracy: percentText(accuracy) });
  return [
    { value: "", label: t("page_digit.latest") },
    ...runs.map((about) => ({ value: about.run, label: named(about) })),
  ];
}

function networkText({ run, step, shape }) {
  return step === null
    ? t("page_digit.network_over", { run, shape })
    : t("page_digit.network_now", { run, shape, step });
}

/**
 * Ask one thing after another so that only the latest answer counts.
 * @param {(error: Error | null) => void} onError
 * @returns {(ask: (signal: AbortSignal) => Promise<void>) => void}
 */
function useLatest(onError) {
  const running = useRef(null);
  useEffect(() => () => running.current?.abort(), []);
  return (ask) => {
    running.current?.abort();
    const { signal } = (running.current = new AbortController());
    ask(signal).then(
      () => signal.aborted || onError(null),
      (error) => isAbort(error) || signal.aborted || onError(error),
    );
  };
}
