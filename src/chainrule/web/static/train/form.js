// What to train with. The address is where the choices are kept, so any of them can be sent as a link.

import { html } from "../vendor/preact.js";
import { address, hashOf, patch } from "../lib/address.js";
import { countText } from "../lib/number.js";
import { Button, NumberBox, Panel, Select, TextBox } from "../lib/parts.js";
import { t } from "../lib/words.js";
import { about, isAlive, run } from "./run.js";
import { chosenIn, completed, paramsOf } from "./settings.js";
import { withTerms } from "./terms.js";

const UNITS_OF_NEXT = 50;

/** The form. While a run is alive it shows the run's settings. */
export function Form() {
  const known = about.value;
  const disabled = isAlive.value;
  const chosen = disabled ? run.value.settings : chosenIn(address.value.params);
  const settings = completed(chosen, known);
  const choose = (changes) => patch(paramsOf({ ...chosenIn(address.peek().params), ...changes }, known));
  const box = (name, how) =>
    html`<${NumberBox}
      label=${t(`page_train.${name}`)}
      value=${settings[name]}
      disabled=${disabled}
      onInput=${(value) => choose({ [name]: value })}
      ...${how}
    />`;
  const select = (name, options, how) =>
    html`<${Select}
      label=${t(`page_train.${name}`)}
      value=${settings[name]}
      options=${options}
      disabled=${disabled}
      onInput=${(value) => choose({ [name]: value })}
      ...${how}
    />`;
  const { choices, limits } = known;

  return html`<${Panel} title=${t("page_train.settings")} class="settings">
    ${disabled && html`<p class="hint">${t("page_train.not_while_alive")}</p>`}
    <${Layers} hidden=${settings.hidden} choose=${choose} disabled=${disabled} />
    <div class="fields">
      ${select("activation", withTerms(choices.activations))}
      ${select("initial", initials(choices.initials), { hint: settings.initial === "auto" ? t("page_train.initial_hint") : "" })}
      ${select("optimizer", withTerms(Object.keys(choices.optimizers)))}
      ${box("lr", { min: Number.MIN_VALUE, step: stepOf(settings.lr) })}
      <${Decay} value=${chosen.weight_decay} disabled=${disabled} choose=${choose} />
      ${box("batch_size", { min: 1, max: limits.batch_size, whole: true, step: 10 })}
      ${box("epochs", { min: 1, max: limits.epochs, whole: true })}
      ${box("seed", { min: 0, max: limits.seed, whole: true })}
      ${select("engine", engines(), { hint: unusable() })}
    </div>
    <p class="links">
      <a href=${hashOf("source", paramsOf(chosen, known))}>${t("page_train.see_source")}</a>
      ${
        !disabled &&
        Object.keys(chosen).length > 0 &&
        html`<${Button} label=${t("page_train.usual_settings")} quiet onClick=${() => patch(nothingChosen())} />`
      }
    </p>
  <//>`;
}

const nothingChosen = () => Object.fromEntries(Object.keys(chosenIn(address.peek().params)).map((name) => [name, ""]));

/** One digit of the number up or down: 0.05 by 0.01. */
const stepOf = (value) => 10 ** Math.floor(Math.log10(value || 0.1));

const initials = (names) =>
  withTerms(names).map((one) => (one.value === "auto" ? { ...one, label: t("page_train.initial_auto") } : one));

function engines() {
  const names = ["auto", ...Object.keys(about.value.engines)];
  return names.map((name) => ({
    value: name,
    label: name === "auto" ? t("page_train.engine_auto") : name,
    disabled: Boolean(about.value.engines[name]),
  }));
}

const unusable = () => Object.values(about.value.engines).filter(Boolean).join(" ");

/** Empty where the optimizer's own is meant. */
function Decay({ value, disabled, choose }) {
  const isWrong = value !== undefined && !(value >= 0);
  return html`<${TextBox}
    label=${t("page_train.weight_decay")}
    value=${value === undefined ? "" : String(value)}
    placeholder=${t("page_train.decay_usual")}
    disabled=${disabled}
    error=${isWrong ? t("page_train.decay_wrong") : ""}
    onInput=${(text) => choose({ weight_decay: text.trim() === "" ? undefined : Number(text) })}
  />`;
}

/** The hidden layers in their order, between what goes in and what comes out. */
function Layers({ hidden, choose, disabled }) {
  const { data, limits } = about.value;
  const changed = (at, units) => choose({ hidden: hidden.with(at, units) });
  const without = (at) => choose({ hidden: hidden.filter((_, other) => other !== at) });
  const isFull = hidden.length >= limits.layers;
  return html`<fieldset class="layers">
    <legend>${t("page_train.hidden")}</legend>
    <ol>
      <li class="end">
        <span>${t("page_train.inputs")}</span><b class="number-text">${countText(data.inputs)}</b>
      </li>
      ${hidden.map(
        (units, at) =>
          html`<li key=${at}>
            <${NumberBox}
              label=${t("page_train.hidden_layer", { number: at + 1 })}
              value=${units}
              min=${1}
              max=${limits.units}
              step=${10}
              whole
              disabled=${disabled}
              onInput=${(now) => changed(at, now)}
            />
            <${Button}
              label=${t("page_train.remove_layer", { number: at + 1 })}
              icon="close"
              iconOnly
              quiet
              disabled=${disabled}
              onClick=${() => without(at)}
            />
          </li>`,
      )}
      <li class="end">
        <span>${t("page_train.classes")}</span><b class="number-text">${data.classes}</b>
      </li>
    </ol>
    <${Button}
      label=${t("page_train.add_layer")}
      icon="plus"
      disabled=${disabled || isFull}
      title=${isFull ? t("page_train.most_layers", { most: limits.layers }) : undefined}
      onClick=${() => choose({ hidden: [...hidden, hidden.at(-1) ?? UNITS_OF_NEXT] })}
    />
  </fieldset>`;
}
