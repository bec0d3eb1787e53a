// The emitted text, statement by statement, each in the colour of its phase.

import { html, useEffect, useMemo, useRef } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { amountText, linesText, shapeText } from "./amounts.js";
import { tokensOf } from "./python.js";
import { choose, chosen, found, pointed, pointedNode } from "./state.js";

/** The listing: arrows choose a statement, the pointer only looks. */
export function Code() {
  const place = useRef(null);
  const { text, statements } = found.value;
  const { opening, blocks } = useMemo(() => blocksOf(text, statements), [text, statements]);
  const most = Math.max(...statements.map(({ flops }) => flops));
  const at = chosen.value;

  useEffect(() => {
    if (at !== null) show(place.current, place.current.querySelector(`#statement-${at}`));
  }, [at, found.value]);

  function pressed(event) {
    const last = blocks.length - 1;
    const next = { ArrowDown: (at ?? -1) + 1, ArrowUp: (at ?? 1) - 1, Home: 0, End: last }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    choose(Math.min(last, Math.max(0, next)));
  }

  return html`<div class="code" ref=${place}>
    <div class="opening">${opening.map((line) => html`<${Line} key=${line.number} line=${line} shapes=${{}} />`)}</div>
    <div
      role="listbox"
      tabindex="0"
      aria-label=${t("page_source.statements")}
      aria-activedescendant=${at === null ? undefined : `statement-${at}`}
      onKeyDown=${pressed}
      onPointerLeave=${() => (pointed.value = null)}
    >
      ${blocks.map((block, number) => html`<${Block} key=${number} number=${number} block=${block} most=${most} />`)}
    </div>
  </div>`;
}

/** A statement with the comment above it. */
function Block({ number, block: { statement, lines }, most }) {
  const node = pointedNode.value;
  const isAbout = node !== null && statement.nodes.includes(node);
  const isNear = node !== null && statement.touched.includes(node);
  // The same nodes each time, so that pointing somewhere costs no more than two changes of a class.
  const inside = useMemo(
    () => lines.map((line) => html`<${Line} key=${line.number} line=${line} shapes=${statement.shapes} />`),
    [lines, statement],
  );
  const classes = ["block", statement.phase, isAbout && "about", isNear && "near", pointed.value === number && "pointed"];
  return html`<div
    id=${`statement-${number}`}
    class=${classes.filter(Boolean).join(" ")}
    role="option"
    aria-selected=${String(chosen.value === number)}
    aria-label=${spoken(statement)}
    onClick=${() => choose(number)}
    onPointerEnter=${() => (pointed.value = number)}
  >
    <div class="heat" aria-hidden="true"><div style=${{ width: `${(100 * statement.flops) / (most || 1)}%` }}></div></div>
    <div class="lines">${inside}</div>
  </div>`;
}

function Line({ line: { number, text }, shapes }) {
  return html`<div class="line">
    <span class="gutter" aria-hidden="true">${number}</span>
    <code>${tokensOf(text).map(({ kind, text: word }) => token(kind, word, shapes[word]))}</code>
  </div>`;
}

function token(kind, text, shape) {
  if (shape) return html`<span class="token-array" title=${`${text}: ${shapeText(shape)}`}>${text}</span>`;
  return kind === "space" || kind === "name" || kind === "sign" ? text : html`<span class=${`token-${kind}`}>${text}</span>`;
}

function spoken(statement) {
  const gates = statement.gates.map((gate) => found.value.gates[gate]).join(", ");
  return t("page_source.spoken", {
    lines: linesText(statement),
    phase: t(`page_source.phase_${statement.phase}`),
    names: statement.names.join(", ") || t("page_source.no_names"),
    gates: gates || t("page_source.no_gates"),
    flops: amountText(statement.flops),
  });
}

/** The lines before the first statement, and then each statement with all that is above it. */
function blocksOf(text, statements) {
  const lines = text.trimEnd().split("\n").map((line, at) => ({ number: at + 1, text: line }));
  const start = headOf(lines, statements[0].first);
  let next = start;
  const blocks = statements.map((statement, at) => {
    const end = at === statements.length - 1 ? lines.length : statement.last;
    const own = lines.slice(next, end);
    next = end;
    return { statement, lines: own };
  });
  return { opening: lines.slice(0, start), blocks };
}

/** Where the comments above a line begin. */
function headOf(lines, first) {
  let at = first - 1;
  while (at > 0 && /^\s*(#.*)?$/.test(lines[at - 1].text)) at -= 1;
  return at;
}

/** Scroll the listing, and not the page, so far that a statement is seen. */
function show(place, block) {
  if (!block) return;
  const [outer, inner] = [place.getBoundingClientRect(), block.getBoundingClientRect()];
  if (inner.top < outer.top) place.scrollTop += inner.top - outer.top - 8;
  else if (inner.bottom > outer.bottom) place.scrollTop += Math.min(inner.bottom - outer.bottom + 8, inner.top - outer.top);
}
