// The graph as SVG: where everything stands was computed in Python; here it is shown, followed and pointed at.

import { html, useMemo } from "../vendor/preact.js";
import { numberText } from "../lib/number.js";
import { t } from "../lib/words.js";
import { gradientSinceOf } from "./lookup.js";
import { isHidden, isNodeHidden } from "./guess.js";
import { current, goTo, known, pointed, step } from "./state.js";

const MARGIN = 14; // pixels around what is drawn

/** @param {{zoom: number}} props */
export function Drawing({ zoom }) {
  const graph = known.value;
  const box = useMemo(() => boundsOf(graph.drawing), [graph.drawing]);
  const lit = new Set((pointed.value ?? "").split(" "));
  return html`<svg
    class="drawing"
    role="group"
    aria-label=${graph.drawing.heading}
    width=${Math.round(box.width * zoom)}
    height=${Math.round(box.height * zoom)}
    viewBox=${`${box.x} ${box.y} ${box.width} ${box.height}`}
  >
    ${graph.drawing.frames.map((frame) => html`<${Frame} key=${frame.title} frame=${frame} />`)}
    ${graph.drawing.edges.map((edge) => html`<${Edge} key=${edge.id} edge=${edge} isLit=${lit.has(edge.id)} />`)}
    ${graph.drawing.nodes.map((node) => html`<${Node} key=${node.id} node=${node} isLit=${lit.has(node.id)} />`)}
  </svg>`;
}

function Frame({ frame }) {
  return html`<g class="frame">
    <rect x=${frame.x} y=${frame.y} width=${frame.width} height=${frame.height} rx="12" />
    <text x=${frame.x + 14} y=${frame.y + 19}>${frame.title}</text>
  </g>`;
}

function Edge({ edge, isLit }) {
  const now = current.value;
  const touches = now && (edge.source === now.node || edge.target === now.node);
  const computed = now?.edges.includes(edge.id);
  const classes = ["edge", touches && "near", computed && `flowing ${now.pass}`, isLit && "lit"];
  return html`<g
    class=${classes.filter(Boolean).join(" ")}
    data-id=${edge.id}
    role="img"
    aria-label=${spokenEdge(edge)}
    onPointerEnter=${() => (pointed.value = edge.id)}
    onPointerLeave=${() => (pointed.value = null)}
  >
    <path class="reach" d=${edge.path} />
    <path class="halo" d=${edge.path} />
    <path class="line" d=${edge.path} />
    ${edge.arrow && html`<polygon points=${edge.arrow.map((point) => point.join(",")).join(" ")} />`}
    ${computed && html`<path class="flow" d=${edge.path} />`}
    ${edge.labels.map((label) => html`<${Label} key=${label.role} label=${label} hidden=${isHidden(edge)} />`)}
  </g>`;
}

/** A text, from its step on; a gradient that is still to be guessed is a question mark. */
function Label({ label, hidden }) {
  if (label.since > step.value) return null;
  const asks = hidden && (label.role === "gradient" || label.role === "total");
  const text = asks ? "?" : label.text;
  const name = `label ${label.role}${asks ? " asked" : ""}`;
  return html`<text class=${name} x=${label.x} y=${label.y} font-size=${label.size}>${text}</text>`;
}

function Node({ node, isLit }) {
  const now = current.value;
  const isCurrent = now?.node === node.id;
  const isFocusable = node.kind === "gate" || node.kind === "leaf";
  const done = node.kind !== "gate" || node.forward <= step.value;
  const classes = ["node", node.kind, done && "done", isCurrent && `current ${now.pass}`, isLit && "lit"];
  const name = classes.filter(Boolean).join(" ");
  const radius = node.kind === "group" ? 8 : Math.min(node.height, node.width) / 2;
  const inside = html`<rect
      x=${node.x - node.width / 2}
      y=${node.y - node.height / 2}
      width=${node.width}
      height=${node.height}
      rx=${radius}
    />
    ${node.labels.map((label) => html`<${Label} key=${label.role} label=${label} hidden=${isNodeHidden(node.id)} />`)}`;
  if (!isFocusable) return html`<g class=${name} data-id=${node.id}>${inside}</g>`;
  const open = () => (node.kind === "gate" ? jump(node) : focusInput(node));
  return html`<g
    class=${name}
    data-id=${node.id}
    role="button"
    tabindex="0"
    aria-label=${spokenNode(node)}
    aria-current=${isCurrent ? "step" : undefined}
    onClick=${open}
    onKeyDown=${(event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      open();
    }}
    onPointerEnter=${() => (pointed.value = node.id)}
    onPointerLeave=${() => (pointed.value = null)}
    onFocus=${() => (pointed.value = node.id)}
    onBlur=${() => (pointed.value = null)}
  >
    ${inside}
  </g>`;
}

/** Give the focus to where an input is changed. */
function focusInput(node) {
  document.getElementById(`input-${node.id}`)?.querySelector("input, textarea")?.focus();
}

/** Go to the step of a gate in the pass that is shown; a second time to the one in the other pass. */
function jump(node) {
  const [forward, backward] = [node.forward, node.backward ?? node.forward];
  const isBackward = current.value?.pass === "backward";
  if (step.value === backward) goTo(forward);
  else if (step.value === forward) goTo(backward);
  else goTo(isBackward ? backward : forward);
}

// What a screen reader says: only what is known by now, and never what is still to be guessed.

function spokenNode(node) {
  const graph = known.value;
  const [first] = graph.stepsOf(node.id);
  const row = graph.rows.get(node.id);
  const what = first?.title ?? t("page_graph.input_node", { name: node.text });
  const parts = [what];
  if (graph.valueSince(node.id) <= step.value) parts.push(t("page_graph.spoken_value", { value: row?.text_value }));
  if (graph.gradientSince(node.id) <= step.value && !isNodeHidden(node.id)) {
    parts.push(t("page_graph.spoken_gradient", { gradient: row?.text_gradient }));
  }
  return parts.join(", ");
}

function spokenEdge(edge) {
  const graph = known.value;
  const nameOf = (id) => graph.rows.get(id)?.name ?? graph.nodes.get(id)?.text ?? "";
  const parts = [t("page_graph.edge", { source: nameOf(edge.source), target: nameOf(edge.target) })];
  if (graph.valueSince(edge.source) <= step.value) parts.push(t("page_graph.spoken_value", { value: edge.value }));
  if (gradientSinceOf(edge) <= step.value && !isHidden(edge)) {
    const gradient = graph.gradientOn(edge);
    const text = gradient === null ? edge.gradient.replace(/^←\s*/, "") : numberText(gradient);
    parts.push(t("page_graph.spoken_gradient", { gradient: text }));
  }
  return parts.join(", ");
}

const WIDE = "\u2e80"; // from here on letters are as wide as they are high
const ROOM = 13; // pixels: a number that becomes a little longer must not move the whole drawing

/** How far a text goes to either side of its middle: beyond its circle and its lines only the small ones do. */
function reachOf({ role, text, size }) {
  if (role !== "total" && role !== "name" && role !== "note") return 0;
  const width = [...text].reduce((sum, letter) => sum + (letter < WIDE ? 0.62 : 1), 0) * size;
  return Math.ceil(width / 2 / ROOM) * ROOM;
}

/** The smallest box around everything that is drawn: what the legend below takes is not needed here. */
function boundsOf({ nodes, edges, frames }) {
  const xs = [];
  const ys = [];
  const add = (x, y) => {
    xs.push(x);
    ys.push(y);
  };
  const labels = [...nodes, ...edges].flatMap((each) => each.labels);
  for (const label of labels) {
    const reach = reachOf(label);
    add(label.x - reach, label.y - label.size) || add(label.x + reach, label.y + label.size * 0.4);
  }
  for (const { x, y, width, height } of nodes) add(x - width / 2, y - height / 2) || add(x + width / 2, y + height / 2);
  for (const { x, y, width, height } of frames) add(x, y) || add(x + width, y + height);
  for (const { path } of edges) {
    const numbers = path.match(/-?[\d.]+/g).map(Number);
    for (let i = 0; i < numbers.length; i += 2) add(numbers[i], numbers[i + 1]);
  }
  const [left, top] = [Math.min(...xs) - MARGIN, Math.min(...ys) - MARGIN];
  return { x: left, y: top, width: Math.max(...xs) + MARGIN - left, height: Math.max(...ys) + MARGIN - top };
}
