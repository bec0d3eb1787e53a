// The head of the page: its name, the four views, the tour, help, and the language.

import { html } from "../vendor/preact.js";
import { address, hashLeft, patchLanguage, VIEWS } from "../lib/address.js";
import { Button, Icon } from "../lib/parts.js";
import { lang, speak, t } from "../lib/words.js";
import { place, toggle } from "../tour/state.js";
import { helpOpen } from "./help.js";

const LANGUAGES = { ko: "한국어", en: "English" };

export function Header() {
  const isLeft = place.value.step > 0 && !place.value.open;
  return html`<header class="shell-head">
    <a
      class="skip"
      href=${hashLeft(address.value.view)}
      onClick=${(event) => {
        event.preventDefault(); // #main would be another address
        document.getElementById("main").focus();
      }}
      >${t("page.skip")}</a
    >
    <${Brand} />
    <nav aria-label=${t("page.views")}>
      <ul>
        ${VIEWS.map((view) => html`<li key=${view}><${ViewLink} view=${view} /></li>`)}
      </ul>
    </nav>
    <div class="shell-tools">
      <${Button}
        quiet
        class="tour-button"
        icon="tour"
        label=${t(isLeft ? "page.tour_resume" : "page.tour")}
        pressed=${place.value.open}
        onClick=${toggle}
      />
      <${Button} quiet iconOnly icon="keyboard" label=${t("page.keys")} onClick=${() => (helpOpen.value = true)} />
      <${LanguageSwitch} />
    </div>
  </header>`;
}

function Brand() {
  return html`<a class="brand" href=${hashLeft("graph")} aria-label="chainrule">
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <path class="ahead" d="M2 11.5h9.5M20.5 16H30" />
      <path class="behind" d="M2 20.5h9.5" />
      <circle cx="16" cy="16" r="5.8" />
      <path class="ahead" d="M14 14l4 4M18 14l-4 4" />
    </svg>
    <span>chainrule</span>
  </a>`;
}

function ViewLink({ view }) {
  const isOpen = address.value.view === view;
  return html`<a href=${hashLeft(view)} aria-current=${isOpen ? "page" : undefined}>
    <${Icon} name=${view} /><span>${t(`page.view.${view}`)}</span>
  </a>`;
}

function LanguageSwitch() {
  return html`<div class="languages" role="group" aria-label=${t("page.language")}>
    ${Object.entries(LANGUAGES).map(
      ([code, name]) =>
        html`<button type="button" key=${code} lang=${code} aria-pressed=${String(lang.value === code)} onClick=${() => choose(code)}>
          ${name}
        </button>`,
    )}
  </div>`;
}

async function choose(language) {
  await speak(language, { keep: true });
  patchLanguage(language);
}
