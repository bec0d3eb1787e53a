// What the units of the first layer look for: their weights as pictures, all on one scale, zero white.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../vendor/preact.js";
import { bytes } from "../lib/api.js";
import { diverging } from "../lib/diverging.js";
import { roundedText } from "../lib/number.js";
import { Details, Panel } from "../lib/parts.js";
import { t } from "../lib/words.js";
import { about, run } from "./run.js";

const MS_BETWEEN = 500;
const MOST_UNITS = 100;
const GAP = 2; // pixels of a picture
const MIDDLE = 128; // what stands for zero, and LARGEST away from it for the scale
const LARGEST = 127;

/** The panel; nothing where the inputs are no pictures. */
export function Weights() {
  const image = about.value.data.image;
  const tiles = useTiles(image !== null && run.value.id !== null && run.value.status !== "preparing");
  if (!image || !tiles) return null;
  return html`<${Panel} title=${t("page_train.weights")} class="weights">
    <p class="soft">${t("page_train.weights_text", { units: tiles.units, width: tiles.width, height: tiles.height })}</p>
    <${Tiles} tiles=${tiles} />
    <${Scale} scale=${tiles.scale} />
    <${UnitTable} tiles=${tiles} />
  <//>`;
}

/** The weights as they are now, asked for again when steps were taken, at most twice a second. */
function useTiles(isThere) {
  const [tiles, setTiles] = useState(null);
  const asked = useRef({ at: 0, busy: false });
  const { id, step, status } = run.value;
  const [tick, setTick] = useState(0);
  useEffect(() => {
    if (!isThere) return setTiles(null);
    if (document.visibilityState !== "visible") return undefined;
    const wait = asked.current.busy ? MS_BETWEEN : asked.current.at + MS_BETWEEN - performance.now();
    if (wait > 0) {
      const timer = setTimeout(() => setTick((now) => now + 1), wait);
      return () => clearTimeout(timer);
    }
    asked.current = { at: performance.now(), busy: true };
    fetched().then(
      (found) => {
        asked.current.busy = false;
        if (run.peek().id === id) setTiles(found);
      },
      () => (asked.current.busy = false), // the run has just gone: there is nothing to show
    );
    return undefined;
  }, [isThere, id, step, status, tick]);
  return isThere ? tiles : null;
}

async function fetched() {
  const { bytes: values, headers } = await bytes("run/weights", { most: MOST_UNITS });
  const [units, width, height, scale] = ["Units", "Width", "Height", "Scale"].map((name) =>
    Number(headers.get(`X-${name}`)),
  );
  return { values, units, width, height, scale };
}

function Tiles({ tiles }) {
  const place = useRef(null);
  const canvas = useRef(null);
  const [room, setRoom] = useState(0);
  const [unit, setUnit] = useState(null);
  const enlarged = room < 480 ? 1.5 : 2;
  const columns = Math.max(1, Math.min(tiles.units, Math.floor(room / ((tiles.width + GAP) * enlarged))));

  useLayoutEffect(() => {
    const sizes = new ResizeObserver(([entry]) => setRoom(entry.contentRect.width));
    sizes.observe(place.current);
    return () => sizes.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (room) draw(canvas.current, tiles, columns);
  }, [tiles, columns, room]);

  function pointed(event) {
    const box = canvas.current.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    const row = Math.floor(((event.clientY - box.top) / box.height) * Math.ceil(tiles.units / columns));
    const at = row * columns + column;
    setUnit(at < tiles.units ? at : null);
  }

  const facts = { units: tiles.units, scale: roundedText(tiles.scale, 3) };
  return html`<div ref=${place} class="tiles">
    <canvas
      ref=${canvas}
      role="img"
      aria-label=${t("page_train.weights_label", facts)}
      style=${{ width: `${columns * (tiles.width + GAP) * enlarged}px` }}
      onPointerMove=${pointed}
      onPointerLeave=${() => setUnit(null)}
    ></canvas>
    <p class="hint number-text">
      ${unit === null ? t("page_train.point_at_unit") : t("page_train.unit", { unit: unit + 1, ...rangeText(tiles, unit) })}
    </p>
  </div>`;
}

function draw(canvas, { values, units, width, height }, columns) {
  const rows = Math.ceil(units / columns);
  canvas.width = columns * (width + GAP);
  canvas.height = rows * (height + GAP);
  const context = canvas.getContext("2d");
  const picture = context.createImageData(width, height);
  for (let unit = 0; unit < units; unit += 1) {
    for (let at = 0; at < width * height; at += 1) {
      picture.data.set(colourOf(values[unit * width * height + at]), at * 4);
    }
    context.putImageData(picture, (unit % columns) * (width + GAP), Math.floor(unit / columns) * (height + GAP));
  }
}

const COLOURS = Array.from({ length: 256 }, (_, value) => diverging((value - MIDDLE) / LARGEST));
const colourOf = (value) => COLOURS[value];

/** What the colours stand for. */
function Scale({ scale }) {
  const end = roundedText(scale, 3);
  return html`<div class="scale">
    <span class="number-text">−${end}</span>
    <div aria-hidden="true"></div>
    <span class="number-text">+${end}</span>
    <span class="off-screen">${t("page_train.scale")}</span>
  </div>`;
}

function rangeOf({ values, width, height, scale }, unit) {
  const own = values.subarray(unit * width * height, (unit + 1) * width * height);
  const weights = Array.from(own, (value) => ((value - MIDDLE) / LARGEST) * scale);
  const square = weights.reduce((sum, weight) => sum + weight * weight, 0);
  return { low: Math.min(...weights), high: Math.max(...weights), size: Math.sqrt(square / weights.length) };
}

function rangeText(tiles, unit) {
  const { low, high, size } = rangeOf(tiles, unit);
  return { low: roundedText(low, 2), high: roundedText(high, 2), size: roundedText(size, 2) };
}

function UnitTable({ tiles }) {
  const [isOpen, setOpen] = useState(false);
  const rows = isOpen ? Array.from({ length: tiles.units }, (_, unit) => rangeText(tiles, unit)) : [];
  return html`<${Details} summary=${t("page_train.as_table")} open=${isOpen} onToggle=${setOpen}>
    <div class="scroll unit-table" tabindex="0" role="region" aria-label=${t("page_train.table_of_units")}>
      <table>
        <thead>
          <tr>
            ${["unit", "low", "high", "size"].map(
              (name) => html`<th scope="col" class="number">${t(`page_train.column_${name}`)}</th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ low, high, size }, unit) =>
              html`<tr>
                <th scope="row" class="number">${unit + 1}</th>
                <td class="number">${low}</td>
                <td class="number">${high}</td>
                <td class="number">${size}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  <//>`;
}
