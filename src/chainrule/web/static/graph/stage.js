// Where the graph stands: as large as it is readable, in a box of its own that scrolls where it must.

import { html, signal, useEffect, useRef, useState } from "../vendor/preact.js";
import { Button } from "../lib/parts.js";
import { t } from "../lib/words.js";
import { Drawing } from "./drawing.js";
import { current, known } from "./state.js";

const [LEAST, MOST] = [0.25, 3];
const READABLE = [0.85, 1.5]; // how far a graph is scaled by itself to fit

/** How large the graph is drawn: "auto", "fit" (all of it in view), or a factor. */
const size = signal("auto");
/** The factor that comes of it, and the one that would show all. */
const scale = signal({ now: 1, fit: 1 });

export function Stage() {
  const box = useRef(null);
  const width = useWidth(box);
  const { drawing } = known.value;
  const fit = width / drawing.width;
  const zoom = zoomOf(size.value, fit);
  useEffect(() => {
    scale.value = { now: zoom, fit };
  }, [zoom, fit]);
  useEffect(() => {
    size.value = "auto";
  }, [drawing.width]);
  const node = current.value?.node;
  useEffect(() => keepInView(box.current, node), [node, zoom, width]);
  return html`<div class="stage" ref=${box} tabindex="0" role="region" aria-label=${t("page_graph.stage")}>
    ${width > 0 && html`<${Drawing} zoom=${zoom} />`}
  </div>`;
}

/** The buttons that make it larger and smaller. */
export function Zoom() {
  const { now, fit } = scale.value;
  const by = (factor) => () => (size.value = Math.min(MOST, Math.max(LEAST, now * factor)));
  const isFit = size.value === "fit";
  const button = (icon, key, factor, disabled) =>
    html`<${Button}
      quiet
      iconOnly
      icon=${icon}
      label=${t(`page_graph.${key}`)}
      onClick=${by(factor)}
      disabled=${disabled}
    />`;
  return html`<div class="zoom" role="group" aria-label=${t("page_graph.zoom")}>
    ${button("zoomOut", "smaller", 1 / 1.25, now <= LEAST)} ${button("zoomIn", "larger", 1.25, now >= MOST)}
    <${Button}
      quiet
      iconOnly
      icon="fit"
      label=${t("page_graph.fit")}
      pressed=${isFit}
      onClick=${() => (size.value = isFit ? "auto" : "fit")}
      disabled=${!isFit && now <= fit}
    />
  </div>`;
}

function zoomOf(wanted, fit) {
  if (wanted === "fit") return Math.min(fit, READABLE[1]);
  if (wanted === "auto") return Math.min(READABLE[1], Math.max(READABLE[0], fit));
  return wanted;
}

function useWidth(element) {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry.contentRect.width)));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return width;
}

/** Scroll the box, and never the page, so that a gate stands well inside. */
function keepInView(box, id) {
  const node = id && box.querySelector(`[data-id="${id}"]`);
  if (!node) return;
  const [inner, outer] = [node.getBoundingClientRect(), box.getBoundingClientRect()];
  const left = scrolledTo(inner.left - outer.left, inner.width, outer.width, box.scrollLeft);
  const top = scrolledTo(inner.top - outer.top, inner.height, outer.height, box.scrollTop);
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (left !== box.scrollLeft || top !== box.scrollTop) box.scrollTo({ left, top, behavior: isCalm ? "auto" : "smooth" });
}

/** Along one side: as it is where the gate is well inside, else with the gate in the middle. */
function scrolledTo(start, size, room, now) {
  const edge = room * 0.3;
  return start >= edge && start + size <= room - edge ? now : now + start + size / 2 - room / 2;
}
