// A button that opens a short list of things to do.

import { html, useEffect, useId, useRef, useState } from "../vendor/preact.js";
import { Icon } from "./icons.js";

const MARGIN = 8;
const LEAST_HEIGHT = 160;

/**
 * A menu: arrows move, Enter does, Escape closes and gives the focus back.
 * @param {object} props
 * @param {string} props.label
 * @param {string} [props.icon]
 * @param {{label: string, hint?: string, icon?: string, onClick: () => void, disabled?: boolean}[]} props.items
 * @param {boolean} [props.alignEnd] the list ends where the button does
 */
export function Menu({ label, icon, items, alignEnd, disabled }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const whole = useRef(null);
  const button = useRef(null);

  useEffect(() => {
    if (!open) return undefined;
    const list = whole.current.querySelector('[role="menu"]');
    const room = innerHeight - list.getBoundingClientRect().top - MARGIN;
    list.style.maxHeight = `${Math.max(LEAST_HEIGHT, room)}px`; // down to the edge of the window, and scrolls within
    list.querySelector('[role="menuitem"]')?.focus();
    const outside = (event) => whole.current?.contains(event.target) || setOpen(false);
    addEventListener("pointerdown", outside);
    return () => removeEventListener("pointerdown", outside);
  }, [open]);

  function close() {
    setOpen(false);
    button.current.focus();
  }

  function moved(event) {
    const all = [...whole.current.querySelectorAll('[role="menuitem"]')];
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) all[(to + all.length) % all.length]?.focus();
    else if (event.key === "Escape") close();
    else if (event.key === "Tab") setOpen(false);
    else return;
    event.stopPropagation(); // the arrows are the view's as well
    if (event.key !== "Tab") event.preventDefault();
  }

  const choose = (item) => () => {
    if (item.disabled) return;
    close();
    item.onClick();
  };

  return html`<div class="menu" ref=${whole}>
    <button
      type="button"
      class="button"
      ref=${button}
      aria-haspopup="menu"
      aria-expanded=${String(open)}
      aria-controls=${open ? id : undefined}
      disabled=${disabled}
      onClick=${() => setOpen(!open)}
      onKeyDown=${(event) => {
        if (event.key !== "ArrowDown" || open) return;
        event.preventDefault();
        event.stopPropagation();
        setOpen(true);
      }}
    >
      ${icon && html`<${Icon} name=${icon} />`}<span>${label}</span><${Icon} name="menu" />
    </button>
    ${
      open &&
      html`<ul role="menu" id=${id} aria-label=${label} class=${alignEnd ? "at-end" : undefined} onKeyDown=${moved}>
        ${items.map(
          (item) =>
            html`<li role="none">
              <button
                type="button"
                role="menuitem"
                tabindex="-1"
                aria-disabled=${item.disabled ? "true" : undefined}
                onClick=${choose(item)}
              >
                ${item.icon && html`<${Icon} name=${item.icon} />`}
                <span>${item.label}${item.hint && html`<small>${item.hint}</small>`}</span>
              </button>
            </li>`,
        )}
      </ul>`
    }
  </div>`;
}
