// The expression: one of the gallery or one's own, and what is wrong with it, at its place.

import { html, useEffect, useId, useRef } from "../vendor/preact.js";
import { Button, Icon } from "../lib/parts.js";
import { t } from "../lib/words.js";
import { choose, example, expression, gallery, problem, shownExample, startAnew, type } from "./state.js";

export function Editor() {
  const id = useId();
  const wrong = problem.value;
  return html`<section class="editor" aria-label=${t("page_graph.expression")}>
    <${Gallery} />
    <div class="writing">
      <label for=${id}>${t("page_graph.expression")}</label>
      <div class=${`sheet${wrong ? " wrong" : ""}`}>
        <div class="mirror" aria-hidden="true">${marked(expression.value, wrong)}</div>
        <textarea
          id=${id}
          rows="1"
          spellcheck=${false}
          autocapitalize="off"
          autocomplete="off"
          value=${expression.value}
          aria-invalid=${wrong ? "true" : undefined}
          aria-describedby=${`${id}-about`}
          onInput=${(event) => type(event.currentTarget.value)}
        />
      </div>
      <div class="about" id=${`${id}-about`} aria-live="polite">
        ${
          wrong
            ? html`<${Wrong} error=${wrong} />`
            : html`<p class="soft">${shownExample.value?.text ?? t("page_graph.expression_hint")}</p>`
        }
      </div>
    </div>
  </section>`;
}

function Gallery() {
  const row = useRef(null);
  useEffect(() => {
    const chosen = row.current.querySelector('[aria-pressed="true"]');
    if (chosen) row.current.scrollLeft = chosen.offsetLeft - row.current.offsetLeft - 16;
  }, [example.value, gallery.value]);
  return html`<div class="gallery" ref=${row} role="group" aria-label=${t("page_graph.gallery")}>
    ${gallery.value.map(
      (each) =>
        html`<button
          type="button"
          key=${each.id}
          class="chip"
          aria-pressed=${String(each.id === example.value)}
          onClick=${() => choose(each.id)}
        >
          ${each.title}
        </button>`,
    )}
  </div>`;
}

const OF_SHAPES = ["graph_not_one", "parse.shapes"];

function Wrong({ error }) {
  const { line, column } = error.facts;
  // Arrays may be left from another example, whose inputs had the same names.
  const hasArrays = Object.values(error.asked.values).some(Array.isArray);
  return html`<div class="wrong-text">
    <${Icon} name="warning" />
    <div>
      <p>
        ${line > 0 && html`<span class="where">${t("page_graph.at", { line, column })}</span> `}${error.message}
      </p>
      ${error.fix && html`<p class="fix">${error.fix}</p>`}
      ${
        hasArrays &&
        OF_SHAPES.includes(error.code) &&
        html`<${Button} label=${t("page_graph.start_anew")} onClick=${startAnew} />`
      }
    </div>
  </div>`;
}

/** The text once more, behind what is typed, with the place that is wrong marked. */
function marked(text, error) {
  const { line, column } = error?.asked?.expression === text ? error.facts : {};
  if (!(line > 0)) return `${text}\n`;
  const lines = text.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0) + column - 1;
  const [sign] = text.slice(start).split("\n")[0]; // nothing where the line ends
  const rest = text.slice(start + (sign?.length ?? 0));
  return [text.slice(0, start), html`<mark class="caret">${sign ?? " "}</mark>`, `${rest}\n`];
}
