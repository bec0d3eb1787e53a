// Icons: strokes in a square of 24, in the colour of the text around them.

import { html } from "../vendor/preact.js";

const STROKES = {
  back: "M15 5l-7 7 7 7",
  forward: "M9 5l7 7-7 7",
  first: "M18 5l-7 7 7 7M6 5v14",
  last: "M6 5l7 7-7 7M18 5v14",
  play: "M8 5.5v13l10.5-6.5z",
  pause: "M8 5v14M16 5v14",
  stop: "M6.5 6.5h11v11h-11z",
  step: "M6 5.5v13l8.5-6.5zM18 5v14",
  reset: "M5.5 9.5A7 7 0 1 1 5 13M5 4.5v5h5",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  close: "M6 6l12 12M18 6L6 18",
  check: "M5 12.5l4.5 4.5L19 7.5",
  menu: "M6 9l6 6 6-6",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  download: "M12 4v11M7.5 10.5L12 15l4.5-4.5M5 19.5h14",
  link: "M9.5 14.5l5-5M8 11l-2 2a3.54 3.54 0 0 0 5 5l2-2M16 13l2-2a3.54 3.54 0 0 0-5-5l-2 2",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  table: "M4 5h16v14H4zM4 10h16M4 14.5h16M10 10v9",
  graph: "M7 6a2 2 0 1 1-4 0 2 2 0 0 1 4 0zM7 18a2 2 0 1 1-4 0 2 2 0 0 1 4 0zM21 12a2 2 0 1 1-4 0 2 2 0 0 1 4 0zM7 6.6l10 4.6M7 17.4l10-4.6",
  train: "M4 4v16h16M7 8c2 6 5 8 12 9",
  digit: "M8 8c0-5 8-5 8 0 0 4-8 7-8 12h8.5",
  source: "M8.5 7L3.5 12l5 5M15.5 7l5 5-5 5M13.5 5l-3 14",
  tour: "M12 6.5C10 5 7 4.5 3.5 4.5v14c3.5 0 6.5.5 8.5 2 2-1.5 5-2 8.5-2v-14c-3.5 0-6.5.5-8.5 2zM12 6.5v14",
  keyboard: "M3 6.5h18v11H3zM6.5 10h.01M10 10h.01M13.5 10h.01M17 10h.01M8 14h8",
  help: "M9.2 9.2c.3-3.7 6-3.5 5.7.2-.2 2.1-2.9 2.3-2.9 4.6M12 18h.01",
  eye: "M2.5 12c4-7.5 15-7.5 19 0-4 7.5-15 7.5-19 0zM15 12a3 3 0 1 1-6 0 3 3 0 0 1 6 0z",
  pen: "M4 20l1-4.5L16.5 4l3.5 3.5L8.5 19zM14 6.5l3.5 3.5",
  erase: "M8.5 19.5L3.5 14.5 14 4l6.5 6.5-9 9zM9 9l6.5 6.5M7 19.5h13",
  warning: "M12 4L2.5 20h19zM12 10v4.5M12 17.2h.01",
  info: "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0zM12 11v5.5M12 7.5h.01",
  chip: "M7 7h10v10H7zM10 3.5V7M14 3.5V7M10 17v3.5M14 17v3.5M3.5 10H7M3.5 14H7M17 10h3.5M17 14h3.5",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  zoomIn: "M17 10.5a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0zM15.5 15.5L20 20M10.5 8v5M8 10.5h5",
  zoomOut: "M17 10.5a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0zM15.5 15.5L20 20M8 10.5h5",
  fit: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  shuffle: "M3 7h3.5c5 0 5 10 10 10H21M3 17h3.5c1.5 0 2.6-.9 3.5-2M14 9c.8-1.2 1.5-2 2.5-2H21M18.5 4.5L21 7l-2.5 2.5M18.5 14.5L21 17l-2.5 2.5",
};

const FILLED = new Set(["play", "stop"]);

/**
 * An icon. It says nothing to a screen reader: what it stands beside, or the label of its button, does.
 * @param {{name: keyof typeof STROKES}} props
 */
export function Icon({ name }) {
  return html`<svg class=${`icon ${FILLED.has(name) ? "filled" : ""}`} viewBox="0 0 24 24" aria-hidden="true">
    <path d=${STROKES[name] ?? STROKES.info} />
  </svg>`;
}
