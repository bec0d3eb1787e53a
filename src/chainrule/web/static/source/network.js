// The network as chainrule draws it, linked with the statements: pointing at one lights the other.

import { html, useEffect, useRef } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { linesText } from "./amounts.js";
import { choose, chosen, found, lit, pointedNode, statementsOf, told } from "./state.js";

const MARGIN = 12;
const SMALLEST = 0.8; // of its size, where it would be too wide

/** The drawing in a box of its own, which scrolls to what a statement computes. */
export function Network() {
  const place = useRef(null);
  const { drawing } = found.value;
  const statement = told.value;
  useEffect(() => {
    const node = drawing.nodes.find(({ id }) => id === statement?.nodes[0]);
    if (node && chosen.value !== null) bringIn(place.current, node.x / drawing.width);
  }, [chosen.value, drawing]);

  const height = Math.max(...drawing.nodes.map(({ y, height: own }) => y + own / 2)) + MARGIN;
  const top = Math.min(...[...drawing.nodes, ...drawing.edges].flatMap(({ labels }) => labels.map(({ y, size }) => y - size)));
  return html`<div class="scroll network" ref=${place} tabindex="0" role="region" aria-label=${drawing.heading}>
    <svg
      style=${{ width: `max(${drawing.width * SMALLEST}px, min(100%, ${drawing.width}px))` }}
      viewBox=${`0 ${top - MARGIN} ${drawing.width} ${height - top + MARGIN}`}
      role="group"
      aria-label=${drawing.heading}
      class=${statement ? `told ${statement.phase}` : undefined}
    >
      ${drawing.edges.map((edge) => html`<${Edge} key=${edge.id} edge=${edge} />`)}
      ${drawing.nodes.map((node) => html`<${Node} key=${node.id} node=${node} />`)}
    </svg>
  </div>`;
}

function Edge({ edge: { source, target, path, arrow, labels } }) {
  const isLit = lit.value.has(source) && lit.value.has(target);
  return html`<g class=${isLit ? "edge lit" : "edge"}>
    <path d=${path} />
    ${arrow && html`<polygon points=${arrow.map((point) => point.join(",")).join(" ")} />`}
    ${labels.map(({ text, x, y, size }) => html`<text x=${x} y=${y} font-size=${size}>${text}</text>`)}
  </g>`;
}

function Node({ node }) {
  const { id, kind, text, x, y, width, height, labels } = node;
  const own = statementsOf(id);
  const classes = `node ${kind} ${lit.value.get(id) ?? ""} ${pointedNode.value === id ? "pointed" : ""}`;
  const shape = html`<rect
      x=${x - width / 2}
      y=${y - height / 2}
      width=${width}
      height=${height}
      rx=${kind === "group" ? 9 : height / 2}
    />
    ${labels.map((label) => html`<text class=${label.role} x=${label.x} y=${label.y} font-size=${label.size}>${label.text}</text>`)}`;
  if (!own.length) return html`<g class=${classes}>${shape}</g>`;

  // Once more goes on to the next statement about it.
  const open = () => choose(own.find((at) => at > (chosen.peek() ?? -1)) ?? own[0]);
  const lines = own.map((at) => linesText(found.value.statements[at])).join(", ");
  return html`<g
    class=${classes}
    role="button"
    tabindex="0"
    aria-label=${t("page_source.node", { name: text, lines })}
    onClick=${open}
    onKeyDown=${(event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      open();
    }}
    onPointerEnter=${() => (pointedNode.value = id)}
    onPointerLeave=${() => (pointedNode.value = null)}
    onFocus=${() => (pointedNode.value = id)}
    onBlur=${() => (pointedNode.value = null)}
  >
    ${shape}
  </g>`;
}

/** Scroll so that a place, a share of the width, is not at the edge. */
function bringIn(place, share) {
  const { scrollLeft, scrollWidth, clientWidth } = place;
  const x = share * scrollWidth;
  if (x < scrollLeft + clientWidth * 0.15 || x > scrollLeft + clientWidth * 0.85) place.scrollLeft = x - clientWidth / 2;
}
