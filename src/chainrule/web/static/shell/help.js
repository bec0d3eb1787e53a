// Which keys do what. The dialog opens with "?".

import { html, signal, useEffect, useRef } from "../vendor/preact.js";
import { Button } from "../lib/parts.js";
import { t } from "../lib/words.js";

export const helpOpen = signal(false);

// Keys as they are printed on the board, by what they are for.
const KEYS = {
  page: { tab: ["Tab"], enter: ["Enter"], help: ["?"], close: ["Esc"] },
  graph: { back: ["←"], forward: ["→"], first: ["Home"], last: ["End"], play: ["Space"] },
  controls: { change: ["↑", "↓"], choose: ["←", "→"] },
  tour: { next: ["Enter"], leave: ["Esc"] },
};

export function Help() {
  const dialog = useRef(null);

  useEffect(() => {
    const pressed = (event) => {
      if (event.key !== "?" || isTyping(event.target)) return;
      event.preventDefault();
      helpOpen.value = true;
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);

  const open = helpOpen.value;
  useEffect(() => {
    if (open && !dialog.current.open) dialog.current.showModal();
  }, [open]);

  return html`<dialog
    class="help"
    ref=${dialog}
    aria-labelledby="help-title"
    onClose=${() => (helpOpen.value = false)}
    onClick=${(event) => event.target === dialog.current && dialog.current.close()}
  >
    <div>
      <header>
        <h2 id="help-title">${t("page.keys")}</h2>
        <${Button} quiet iconOnly icon="close" label=${t("page.close")} onClick=${() => dialog.current.close()} />
      </header>
      <div class="help-groups">${Object.keys(KEYS).map((group) => html`<${Group} key=${group} group=${group} />`)}</div>
    </div>
  </dialog>`;
}

function Group({ group }) {
  return html`<section>
    <h3>${t(`page.keys_for.${group}`)}</h3>
    <dl>
      ${Object.entries(KEYS[group]).map(
        ([name, keys]) =>
          html`<div key=${name}>
            <dt>${keys.map((key) => html`<kbd key=${key}>${key}</kbd>`)}</dt>
            <dd>${t(`page.key.${group}_${name}`)}</dd>
          </div>`,
      )}
    </dl>
  </section>`;
}

const isTyping = (target) => target.matches?.("input:not([type=range], [type=checkbox], [type=radio]), textarea, select");
