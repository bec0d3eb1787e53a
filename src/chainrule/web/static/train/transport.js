// Start, pause, step, stop, and how far the run has come.

import { html } from "../vendor/preact.js";
import { address } from "../lib/address.js";
import { countText, roundedText, percentText } from "../lib/number.js";
import { Button, Message, Progress, Status } from "../lib/parts.js";
import { lang, t } from "../lib/words.js";
import { epochs, flow, isAlive, isLost, order, refusal, run, start, stepOnce, steps } from "./run.js";
import { chosenIn } from "./settings.js";

/** The bar of buttons with the numbers of the run. */
export function Transport() {
  const { status, asked, error, note } = run.value;
  return html`<section class="panel transport" aria-label=${t("page_train.run")}>
    <div class="row">
      <${Buttons} />
      <p class=${`state ${status}`}>
        <span class="dot" aria-hidden="true"></span>${t(`page_train.status_${asked ? "waiting" : status}`)}
      </p>
    </div>
    ${run.value.id && html`<${Numbers} />`}
    <${Status} quiet text=${announced()} />
    ${isLost.value && html`<${Message} kind="warning" title=${t("page_train.lost")}><p>${t("page_train.lost_text")}</p><//>`}
    ${refusal.value && html`<${Message} error=${refusal.value} />`}
    ${note && html`<${Message} kind="note"><p>${note[lang.value]}</p><//>`}
    ${error && html`<${Message} error=${{ message: error.message[lang.value], fix: error.fix?.[lang.value] }} />`}
  </section>`;
}

function Buttons() {
  const { id, status, asked } = run.value;
  const chosen = () => chosenIn(address.peek().params);
  const first = isAlive.value
    ? status === "paused"
      ? { label: t("page_train.continue"), icon: "play", onClick: () => order("continue") }
      : { label: t("page_train.pause"), icon: "pause", onClick: () => order("pause"), disabled: Boolean(asked) }
    : { label: t("page_train.start"), icon: "play", onClick: () => start(chosen()) };
  const canStep = !isAlive.value || status === "paused";
  return html`<div class="row buttons">
    <${Button} primary ...${first} />
    <${Button}
      label=${t("page_train.step")}
      icon="step"
      disabled=${!canStep}
      title=${canStep ? t("page_train.step_title") : t("page_train.step_paused")}
      onClick=${() => stepOnce(chosen())}
    />
    <${Button} label=${t("page_train.stop")} icon="stop" disabled=${!isAlive.value} onClick=${() => order("stop")} />
    <${Button}
      label=${t("page_train.reset")}
      icon="reset"
      disabled=${!id}
      title=${t("page_train.reset_title")}
      onClick=${() => order("reset")}
    />
  </div>`;
}

function Numbers() {
  const { step, steps_per_epoch: perEpoch, epochs: wanted, epoch, rate } = run.value;
  const best = epochs.value.at(-1);
  const facts = [
    [t("page_train.epoch"), t("page_train.of", { now: countText(epoch), all: countText(wanted) })],
    [t("page_train.steps"), t("page_train.of", { now: countText(step), all: countText(perEpoch * wanted) })],
    [t("page_train.rate"), rate ? t("page_train.per_second", { rate: countText(Math.round(rate)) }) : "–"],
    [t("page_train.of_batches"), steps.value.length ? roundedText(steps.value.at(-1).loss, 3) : "–"],
    [t("page_train.test_accuracy"), best ? percentText(best.validation_accuracy, 2) : "–"],
  ];
  const inEpoch = step - epoch * perEpoch;
  const shown = run.value.status === "finished" ? perEpoch : Math.min(perEpoch, inEpoch);
  return html`<dl class="facts">
      ${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd class="number-text">${value}</dd></div>`)}
    </dl>
    <${Progress}
      label=${t("page_train.in_epoch", { epoch: Math.min(epoch + 1, wanted) })}
      value=${run.value.status === "preparing" ? undefined : shown}
      max=${perEpoch}
      text=${t("page_train.of", { now: countText(shown), all: countText(perEpoch) })}
    />`;
}

/** What is read aloud: where the run stands, and each epoch; not each step. */
function announced() {
  const { status, ended, epochs: wanted } = run.value;
  const last = epochs.value.at(-1);
  const told = last
    ? t("page_train.told_epoch", { epoch: last.epoch, epochs: wanted, accuracy: percentText(last.validation_accuracy) })
    : "";
  const why = ended ? t(`page_train.ended_${ended}`) : "";
  return [t(`page_train.status_${status}`), why, told, flow.value && !told ? flow.value.text[lang.value] : ""]
    .filter(Boolean)
    .join(" ");
}
