// A gradient that the reader is asked for, and what came of the guess.

import { html, useId, useState } from "../vendor/preact.js";
import { numberText, readNumber } from "../lib/number.js";
import { Button, Icon } from "../lib/parts.js";
import { t } from "../lib/words.js";
import { Formula, inSymbols } from "./formula.js";
import { guess, guesses, judged } from "./guess.js";
import { partsOf } from "./lookup.js";
import { current, known, pointed } from "./state.js";

/** @param {{edge: object, caption: string, tree: unknown}} props */
export function Question({ edge, caption, tree }) {
  const id = useId();
  const [typed, setTyped] = useState("");
  const [hinted, setHinted] = useState(false);
  const [wrong, setWrong] = useState(false);
  function submit(event) {
    event.preventDefault();
    if (Number.isFinite(readNumber(typed))) answerWith(typed);
    else setWrong(true);
  }
  function answerWith(text) {
    guess(edge.id, text);
    pointed.value = null;
    setTimeout(focusNext); // when the box that has the focus is gone
  }
  return html`<form class="question" onSubmit=${submit}>
    <label for=${id}>${caption}</label>
    ${hinted && html`<${Formula} tree=${inSymbols(tree)} about="both" />`}
    <div class="row">
      <input
        id=${id}
        type="text"
        inputmode="decimal"
        autocomplete="off"
        class="number"
        placeholder="?"
        value=${typed}
        aria-invalid=${wrong ? "true" : undefined}
        aria-describedby=${wrong ? `${id}-error` : undefined}
        onInput=${(event) => {
          setTyped(event.currentTarget.value);
          setWrong(false);
        }}
        onFocus=${() => (pointed.value = edge.id)}
        onBlur=${() => (pointed.value = null)}
      />
      <button type="submit" class="button primary">${t("page_graph.check")}</button>
    </div>
    ${wrong && html`<p class="error" id=${`${id}-error`}>${t("page_graph.not_a_number")}</p>`}
    <div class="row">
      ${!hinted && html`<${Button} quiet icon="help" label=${t("page_graph.hint")} onClick=${() => setHinted(true)} />`}
      <${Button} quiet icon="eye" label=${t("page_graph.reveal")} onClick=${() => answerWith("")} />
    </div>
  </form>`;
}

function focusNext() {
  const view = document.querySelector(".graph-view");
  const found = [".question input", ".verdict", ".rule h2"].map((place) => view?.querySelector(place));
  found.find(Boolean)?.focus();
}

/** How good the guess was; nothing where there was none. @param {{edge: object}} props */
export function Verdict({ edge }) {
  const typed = guesses.value[edge.id];
  if (!typed) return null;
  const graph = known.value;
  const truth = graph.gradientOn(edge);
  const upstream = numberOrNaN(graph.rows.get(edge.target).gradient);
  const others = partsOf(graph, current.value)
    .filter((part) => part.edge.id !== edge.id)
    .map((part) => ({ name: graph.rows.get(part.edge.source)?.name, gradient: graph.gradientOn(part.edge) }));
  const { isRight, key, facts, off } = judged(typed, { truth, upstream, others });
  const guessed = numberText(readNumber(typed));
  const distance = { guess: guessed, truth: numberText(truth), off: numberText(Math.abs(off)) };
  const title = t(isRight ? "page_graph.right" : off > 0 ? "page_graph.too_large" : "page_graph.too_small", distance);
  const text = t(isRight ? "page_graph.right_why" : `page_graph.${key}`, {
    ...facts,
    upstream: numberText(facts.upstream),
  });
  return html`<div class=${`verdict ${isRight ? "good" : "bad"}`} role="status" tabindex="-1">
    <${Icon} name=${isRight ? "check" : "close"} />
    <p><strong>${title}</strong> ${text}</p>
  </div>`;
}

const numberOrNaN = (gradient) => (typeof gradient === "number" ? gradient : NaN);
