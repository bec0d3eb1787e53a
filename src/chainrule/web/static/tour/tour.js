// The guided tour: a column beside the views that opens them in the right state and points at what it speaks of.
//
// It is no dialog: everything stays in reach, and it can be left and taken up again at any time.

import { html, useEffect, useRef } from "../vendor/preact.js";
import { address, go, hashOf } from "../lib/address.js";
import { Button, Icon } from "../lib/parts.js";
import { Tree } from "../lib/tree.js";
import { t } from "../lib/words.js";
import { Pointer } from "./pointer.js";
import { finish, leave, place, show, start } from "./state.js";
import { STEPS } from "./steps.js";

const NOTHING = [];

export function Tour() {
  if (place.value.open) return html`<${Column} />`;
  return place.value.greeted ? null : html`<${Invitation} />`;
}

function Invitation() {
  return html`<aside class="tour-invitation" aria-labelledby="tour-invitation">
    <div>
      <h2 id="tour-invitation">${t("page_tour.welcome")}</h2>
      <p>${t("page_tour.welcome_text", { steps: STEPS.length })}</p>
    </div>
    <div class="row">
      <${Button} primary label=${t("page_tour.begin")} onClick=${start} />
      <${Button} quiet label=${t("page_tour.later")} onClick=${leave} />
    </div>
  </aside>`;
}

function Column() {
  const column = useRef(null);
  const title = useRef(null);
  const at = Math.min(place.value.step, STEPS.length - 1);
  const step = STEPS[at];
  const isLast = at === STEPS.length - 1;

  useEffect(() => {
    document.documentElement.classList.add("touring");
    title.current.focus({ preventScroll: true });
    return () => {
      document.documentElement.classList.remove("touring");
      document.querySelector(".tour-button")?.focus();
    };
  }, []);
  useEffect(() => open(step), [step]);
  useEffect(() => column.current.querySelector(".tour-page").scrollTo(0, 0), [step]);

  return html`<aside
    class="tour"
    ref=${column}
    aria-label=${t("page.tour")}
    onKeyDown=${(event) => event.key === "Escape" && leave()}
  >
    <header>
      <p>${t("page_tour.place", { step: at + 1, steps: STEPS.length })}</p>
      <progress max=${STEPS.length} value=${at + 1} aria-label=${t("page_tour.progress")}></progress>
      <${Button} quiet iconOnly icon="close" label=${t("page_tour.leave")} title=${t("page_tour.leave_hint")} onClick=${leave} />
    </header>
    <div class="tour-page" role="group" aria-labelledby="tour-title" aria-live="polite" tabindex="0">
      <h2 id="tour-title" ref=${title} tabindex="-1">${t(`page_tour.${step.id}.title`)}</h2>
      <${Text} step=${step} />
    </div>
    <footer>
      ${at > 0 && html`<${Button} icon="back" label=${t("page_tour.back")} onClick=${() => show(at - 1)} />`}
      ${isAway(step) && html`<${Button} quiet icon="reset" label=${t("page_tour.again")} onClick=${() => open(step)} />`}
      <${Button}
        primary
        class="tour-next"
        label=${t(isLast ? "page_tour.finish" : "page_tour.next")}
        onClick=${isLast ? finish : () => show(at + 1)}
      />
    </footer>
  </aside>
  <${Pointer} key=${step.id} selectors=${step.points ?? NOTHING} />`;
}

function Text({ step }) {
  const { id, formulas, onward } = step;
  const paragraphs = t(`page_tour.${id}.text`).split("\n");
  return html`<div class="tour-text">${paragraphs.map((paragraph) => html`<p key=${paragraph}>${paragraph}</p>`)}</div>
    <div class="tour-doing">
      ${formulas && html`<div class="tour-formulas">${formulas.map(displayed)}</div>`}
      ${onward && html`<${Onward} links=${onward} />`}
      <p class="tour-try"><strong>${t("page_tour.try")}</strong> ${t(`page_tour.${id}.try`)}</p>
    </div>`;
}

const displayed = (formula, place) => html`<${Tree} key=${place} tree=${["math", { display: "block" }, [formula]]} />`;

function Onward({ links }) {
  return html`<ul class="tour-onward">
    ${links.map(
      ({ id, view, params }) =>
        html`<li key=${id}>
          <a href=${hashOf(view, params)}><${Icon} name=${view} />${t(`page_tour.onward.${id}`)}</a>
        </li>`,
    )}
  </ul>`;
}

function open({ view, params }) {
  go(view, params?.());
}

/** Whether the reader has gone on to something else than what the step shows. */
function isAway({ view, params }) {
  const now = address.value;
  const wanted = Object.entries(params?.() ?? {});
  return now.view !== view || wanted.some(([name, value]) => now.params[name] !== value);
}
