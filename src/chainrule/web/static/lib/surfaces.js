// What things stand on, and what tells the reader how things stand.

import { html, useErrorBoundary, useId } from "../vendor/preact.js";
import { Button } from "./controls.js";
import { Icon } from "./icons.js";
import { t } from "./words.js";

const classes = (...names) => names.filter(Boolean).join(" ");

/**
 * A part of a view, with a heading.
 * @param {{title?: string, children: unknown, actions?: unknown, class?: string, level?: 2 | 3}} props
 *   actions  buttons beside the heading
 */
export function Panel({ title, children, actions, level = 2, class: extra, ...rest }) {
  const id = useId();
  return html`<section ...${rest} class=${classes("panel", extra)} aria-labelledby=${title ? id : undefined}>
    ${
      (title || actions) &&
      html`<header>
        ${title && html`<${`h${level}`} id=${id}>${title}<//>`}
        ${actions && html`<div class="actions">${actions}</div>`}
      </header>`
    }
    ${children}
  </section>`;
}

/**
 * Several things in one place, one at a time.
 * @param {{label: string, tabs: {id: string, label: string}[], selected: string, onSelect: (id: string) => void,
 *   children: unknown}} props children: what the selected tab shows
 */
export function Tabs({ label, tabs, selected, onSelect, children }) {
  const base = useId();
  function moved(event) {
    const at = tabs.findIndex((tab) => tab.id === selected);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation(); // the arrows are the view's as well
    const tab = tabs[(to + tabs.length) % tabs.length];
    onSelect(tab.id);
    document.getElementById(`${base}-${tab.id}`)?.focus();
  }
  return html`<div class="tabs">
    <div role="tablist" aria-label=${label} onKeyDown=${moved}>
      ${tabs.map(
        (tab) =>
          html`<button
            type="button"
            role="tab"
            id=${`${base}-${tab.id}`}
            aria-selected=${String(tab.id === selected)}
            aria-controls=${`${base}-panel`}
            tabindex=${tab.id === selected ? 0 : -1}
            onClick=${() => onSelect(tab.id)}
          >
            ${tab.label}
          </button>`,
      )}
    </div>
    <div role="tabpanel" id=${`${base}-panel`} aria-labelledby=${`${base}-${selected}`}>${children}</div>
  </div>`;
}

/**
 * A sentence that matters.
 * @param {{kind?: "error" | "warning" | "good" | "note", title?: string, children?: unknown, error?: Error,
 *   action?: unknown}} props error: an ApiError, whose message and remedy are shown
 */
export function Message({ kind = "note", title, children, error, action }) {
  const shown = error ? "error" : kind;
  const icon = { error: "warning", warning: "warning", good: "check", note: "info" }[shown];
  return html`<div class=${`message ${shown}`} role=${shown === "error" ? "alert" : undefined}>
    <${Icon} name=${icon} />
    <div>
      ${title && html`<p class="title">${title}</p>`} ${error && html`<p>${error.message}</p>`}
      ${error?.fix && html`<p class="fix">${error.fix}</p>`} ${children} ${action}
    </div>
  </div>`;
}

/** How much is done. @param {{label: string, value?: number, max?: number, text?: string}} props without value: unknown */
export function Progress({ label, value, max = 1, text }) {
  const id = useId();
  return html`<div class="progress">
    <label for=${id}>${label}</label>
    <progress id=${id} value=${value} max=${max}></progress>
    ${text && html`<span class="number-text">${text}</span>`}
  </div>`;
}

/** A place where there is nothing yet. @param {{title: string, text?: string, action?: unknown}} props */
export function Empty({ title, text, action, icon }) {
  return html`<div class="empty">
    ${icon && html`<${Icon} name=${icon} />`}
    <p class="title">${title}</p>
    ${text && html`<p>${text}</p>`} ${action}
  </div>`;
}

/**
 * What the marks and colours mean.
 * @param {{items: {label: string, mark?: string, colour?: string}[], label?: string}} props
 *   mark  a class of base.css: "value", "gradient", "good", "bad", "warn", "accent", or one of the view's own
 */
export function Legend({ items, label }) {
  return html`<ul class="legend" aria-label=${label}>
    ${items.map(
      (item) =>
        html`<li>
          <span class=${classes("swatch", item.mark)} style=${item.colour ? { background: item.colour } : undefined}></span>
          ${item.label}
        </li>`,
    )}
  </ul>`;
}

/** Something to unfold. @param {{summary: string, open?: boolean, onToggle?: (open: boolean) => void, children: unknown}} props */
export function Details({ summary, open, onToggle, children }) {
  return html`<details class="details" open=${open} onToggle=${(event) => onToggle?.(event.currentTarget.open)}>
    <summary><${Icon} name="forward" />${summary}</summary>
    <div>${children}</div>
  </details>`;
}

/** What happened, also for those who do not see it. @param {{text?: string, quiet?: boolean, children?: unknown}} props */
export function Status({ text, quiet, children }) {
  return html`<div role="status" class=${quiet ? "off-screen" : "status"}>${text ?? children}</div>`;
}

/** Keeps a fault inside one view: a sentence there, and everything else goes on. @param {{children: unknown}} props */
export function Boundary({ children }) {
  const [fault, again] = useErrorBoundary((error) => console.error(error));
  if (!fault) return children;
  const button = html`<${Button} label=${t("page.again")} icon="reset" onClick=${again} />`;
  return html`<${Message} kind="error" title=${t("page.fault")} action=${button}>
    <p>${t("page.fault_fix")}</p>
    <p class="mono">${String(fault.message ?? fault)}</p>
  <//>`;
}
