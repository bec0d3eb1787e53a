// Where a digit is drawn: with a mouse, a finger or a pen, or with the keys.
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { t } from "../lib/words.js";

const SIDE = 280; // of the pad, in its own units
const SENT = 112; // pixels of the drawing that is sent
const BRUSH = 22;
const CELLS = 28; // steps of the keys
const CELL = SIDE / CELLS;
let paper = null; // what was on the pad when it was left

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * @param {{onDraw: (pixels: Uint8Array, side: number) => void, onClear: () => void, cleared: number,
 *   isLookedAt: boolean}} props
 *   onDraw gets the ink of each pixel, 0 to 255, whenever it changes, and when a drawing that is looked at is there
 *   again; the pad is emptied when `cleared` changes
 */
export function Pad({ onDraw, onClear, cleared, isLookedAt }) {
  const canvas = useRef(null);
  const last = useRef(null); // where the pen was
  const pending = useRef(0);
  const [cursor, setCursor] = useState(null);

  useEffect(() => {
    if (!cleared) return; // as it was left
    cancelAnimationFrame(pending.current); // what is not told yet is gone
    pen().clearRect(0, 0, SIDE, SIDE);
    last.current = null;
  }, [cleared]);
  useEffect(() => {
    const context = canvas.current.getContext("2d"); // the reference is gone when the view is
    if (paper) context.putImageData(paper, 0, 0);
    if (paper && isLookedAt) tell(); // the network may have learned meanwhile
    return () => {
      cancelAnimationFrame(pending.current);
      paper = context.getImageData(0, 0, SIDE, SIDE);
    };
  }, []);

  function pen() {
    const context = canvas.current.getContext("2d");
    context.lineWidth = BRUSH;
    context.lineCap = context.lineJoin = "round";
    context.strokeStyle = context.fillStyle = "#1a1a1a";
    return context;
  }

  function tell() {
    cancelAnimationFrame(pending.current); // once a frame is enough
    pending.current = requestAnimationFrame(() => onDraw(inkOf(canvas.current), SENT));
  }

  function stroke(to) {
    const from = last.current ?? to;
    const context = pen();
    context.beginPath();
    context.moveTo(from.x, from.y);
    context.lineTo(to.x, to.y + (from === to ? 0.01 : 0)); // a line of no length leaves no dot everywhere
    context.stroke();
    last.current = to;
    tell();
  }

  function place(event) {
    const box = canvas.current.getBoundingClientRect();
    return { x: ((event.clientX - box.left) * SIDE) / box.width, y: ((event.clientY - box.top) * SIDE) / box.height };
  }

  function press(event) {
    if (event.button > 0) return;
    canvas.current.setPointerCapture(event.pointerId);
    last.current = null;
    stroke(place(event));
    event.preventDefault();
  }

  function move(event) {
    if (!canvas.current.hasPointerCapture(event.pointerId)) return;
    // Between two frames a fast hand leaves several places.
    for (const part of event.getCoalescedEvents?.() ?? [event]) stroke(place(part));
  }

  function key(event) {
    const at = cursor ?? { column: CELLS / 2, row: CELLS / 4 };
    if (event.key in MOVES) {
      const [across, down] = MOVES[event.key];
      const next = { column: within(at.column + across), row: within(at.row + down) };
      setCursor(next);
      if (event.shiftKey) {
        last.current = middle(at);
        stroke(middle(next));
      }
    } else if (event.key === " ") {
      setCursor(at);
      last.current = null;
      stroke(middle(at));
    } else if (event.key === "Delete" || event.key === "Backspace") {
      cancelAnimationFrame(pending.current);
      onClear();
    } else {
      return;
    }
    event.preventDefault();
  }

  return html`<div class="pad">
    <canvas
      ref=${canvas}
      class="pad-paper"
      width=${SIDE}
      height=${SIDE}
      tabindex="0"
      role="application"
      aria-label=${t("page_digit.pad")}
      aria-describedby="pad-keys"
      onPointerDown=${press}
      onPointerMove=${move}
      onKeyDown=${key}
      onFocus=${() => setCursor((now) => now)}
      onBlur=${() => setCursor(null)}
    ></canvas>
    ${cursor &&
    html`<span
      class="pad-cursor"
      aria-hidden="true"
      style=${{ left: `${(100 * cursor.column) / CELLS}%`, top: `${(100 * cursor.row) / CELLS}%` }}
    ></span>`}
  </div>`;
}

function within(cell) {
  return Math.max(0, Math.min(CELLS - 1, cell));
}

function middle({ column, row }) {
  return { x: (column + 0.5) * CELL, y: (row + 0.5) * CELL };
}

function inkOf(canvas) {
  const small = document.createElement("canvas");
  small.width = small.height = SENT;
  const context = small.getContext("2d");
  context.drawImage(canvas, 0, 0, SENT, SENT);
  const colours = context.getImageData(0, 0, SENT, SENT).data;
  return Uint8Array.from({ length: SENT * SENT }, (_, at) => colours[4 * at + 3]);
}
