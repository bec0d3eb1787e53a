// Loss and accuracy while the network learns, in front of those of earlier runs.

import { computed, html, signal } from "../vendor/preact.js";
import { address, patch } from "../lib/address.js";
import { roundedText, percentText } from "../lib/number.js";
import { Details, Panel, Toggle } from "../lib/parts.js";
import { t } from "../lib/words.js";
import { Chart } from "./chart.js";
import { about, earlier, epochs, steps } from "./run.js";
import { summaryOf } from "./settings.js";

const SHOWN_AT_FIRST = 4;
const LEAST_SHARE_SHOWN = 0.02; // of the height of the axis of accuracies

/** Earlier runs that the reader has switched on or off. */
const switched = signal(new Map());

const withEpochs = computed(() => earlier.value.filter((run) => run.epochs.length));
const shown = computed(() => withEpochs.value.filter((run, at) => switched.value.get(run.id) ?? at < SHOWN_AT_FIRST));

export const lossCurves = computed(() => [
  ...shown.value.map((run) => faint(run, "validation_loss")),
  {
    label: t("page_train.of_batches"),
    colour: "--ink-faint",
    width: 1,
    x: steps.value.map(({ step }) => step),
    y: steps.value.map(({ loss }) => loss),
  },
  { label: t("page_train.of_training"), colour: "--accent", dash: [6, 4], marked: true, ...points("train_loss") },
  { label: t("page_train.of_test"), colour: "--value", width: 2.5, marked: true, ...points("validation_loss") },
]);

export const accuracyCurves = computed(() => [
  ...shown.value.map((run) => faint(run, "validation_accuracy")),
  { label: t("page_train.of_training"), colour: "--accent", dash: [6, 4], marked: true, ...points("train_accuracy") },
  { label: t("page_train.of_test"), colour: "--value", width: 2.5, marked: true, ...points("validation_accuracy") },
]);

function points(name, of = epochs.value) {
  return { x: of.map(({ step }) => step), y: of.map((epoch) => epoch[name]) };
}

const faint = (run, name) => ({ label: run.id, colour: "--ink-faint", width: 1.5, faint: true, ...points(name, run.epochs) });

/** Both charts, the earlier runs to switch on and off, and all epochs as a table. */
export function Curves() {
  const isLog = address.value.params.loss === "log";
  const axis = html`<${Toggle}
    label=${t("page_train.log_loss")}
    value=${isLog}
    onInput=${(on) => patch({ loss: on ? "log" : "" })}
  />`;
  return html`<${Panel} title=${t("page_train.curves")} class="curves" actions=${axis}>
    <div class="charts">
      <${Chart}
        label=${t("page_train.loss")}
        curves=${lossCurves.value}
        valueText=${lossText}
        tickText=${lossText}
        isLog=${isLog}
      />
      <${Chart}
        label=${t("page_train.accuracy")}
        curves=${accuracyCurves.value}
        valueText=${percentText}
        tickText=${(y) => `${Number((y * 100).toPrecision(4))}%`}
        range=${shares}
      />
    </div>
    <p class="hint">${t("page_train.curves_hint")}</p>
    <${Earlier} />
    <${EpochTable} />
  <//>`;
}

const lossText = (loss) => roundedText(loss, 3);

/** From a little below the lowest to 100 %. */
function shares(low) {
  return [Math.max(0, Math.min(low, 1 - LEAST_SHARE_SHOWN) - 0.01), 1];
}

function Earlier() {
  if (!withEpochs.value.length) return null;
  const flip = (id) => (on) => (switched.value = new Map(switched.value).set(id, on));
  return html`<${Details} summary=${t("page_train.earlier", { count: withEpochs.value.length })}>
    <fieldset class="earlier">
      <legend class="off-screen">${t("page_train.earlier_legend")}</legend>
      ${withEpochs.value.map((run) => {
        const best = Math.max(...run.epochs.map((epoch) => epoch.validation_accuracy));
        const facts = { accuracy: percentText(best, 2), epochs: run.epochs.length, run: run.id };
        return html`<${Toggle}
          key=${run.id}
          label=${summaryOf(run.settings, about.value)}
          hint=${t("page_train.earlier_run", facts)}
          value=${shown.value.includes(run)}
          onInput=${flip(run.id)}
        />`;
      })}
    </fieldset>
  <//>`;
}

const COLUMNS = ["epoch", "step", "train_loss", "validation_loss", "train_accuracy", "validation_accuracy", "seconds"];
const FORMATS = { train_accuracy: percentText, validation_accuracy: percentText };

function EpochTable() {
  if (!epochs.value.length) return null;
  return html`<${Details} summary=${t("page_train.as_table")}>
    <div class="scroll" tabindex="0" role="region" aria-label=${t("page_train.table_of_epochs")}>
      <table class="epochs">
        <thead>
          <tr>
            ${COLUMNS.map((name) => html`<th scope="col" class="number">${t(`page_train.column_${name}`)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${epochs.value.map(
            (epoch) =>
              html`<tr key=${epoch.epoch}>
                ${COLUMNS.map(
                  (name) => html`<td class="number">${(FORMATS[name] ?? ((x) => roundedText(x, 4)))(epoch[name])}</td>`,
                )}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  <//>`;
}
