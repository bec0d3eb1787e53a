// Curves over the steps of a run, with a cursor that the pointer or the arrow keys move and that is read out as text.

import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/preact.js";
import uPlot from "../vendor/uplot.js";
import { countText } from "../lib/number.js";
import { t } from "../lib/words.js";
import { useMedia } from "./media.js";

const HEIGHT = 232;
const MOVED_BY_PAGE = 0.1; // of all points
const GROUP = "chainrule-steps"; // cursors of charts side by side go together

/**
 * @typedef {object} Curve
 * @property {string} label
 * @property {string} colour name of a custom property, "--value"
 * @property {number} [width]
 * @property {number[]} [dash]
 * @property {boolean} [faint]
 * @property {boolean} [marked] with a dot at each point
 * @property {number[]} x steps
 * @property {(number | null)[]} y
 */

/**
 * A chart with its read-out, which is its legend as well.
 * @param {{label: string, curves: Curve[], valueText: (y: number) => string, tickText: (y: number) => string,
 *   range?: (low: number, high: number) => [number, number], isLog?: boolean}} props
 */
export function Chart({ label, curves, valueText, tickText, range, isLog = false }) {
  const place = useRef(null);
  const plot = useRef(null);
  const [at, setAt] = useState(null); // step under the cursor
  const data = useMemo(() => tableOf(curves), [curves]);
  const isDark = useMedia("(prefers-color-scheme: dark)");
  const shape = JSON.stringify([isDark, isLog, curves.map(({ x, y, ...look }) => look)]);

  useLayoutEffect(() => {
    const style = getComputedStyle(place.current);
    const moved = (u) => setAt(u.cursor.idx === null || u.cursor.left < 0 ? null : u.data[0][u.cursor.idx]);
    const options = optionsOf({ curves, style, width: place.current.clientWidth, tickText, range, isLog, moved });
    plot.current = new uPlot(options, data, place.current);
    const sizes = new ResizeObserver(([entry]) => {
      plot.current.setSize({ width: Math.floor(entry.contentRect.width), height: HEIGHT });
    });
    sizes.observe(place.current);
    return () => {
      sizes.disconnect();
      plot.current.destroy();
    };
  }, [shape]);

  useEffect(() => {
    plot.current.setData(data);
  }, [data]);

  const own = curves.filter((curve) => !curve.faint);
  const steps = useMemo(() => (own.some(({ x }) => x.length) ? tableOf(own) : data)[0], [curves]);
  const known = at ?? steps[steps.length - 1] ?? 0;
  const told = own.map((curve) => ({ curve, value: valueAt(curve, known) }));
  const spoken = told
    .filter(({ value }) => value !== null)
    .map(({ curve, value }) => `${curve.label} ${valueText(value)}`)
    .join(", ");

  function pressed(event) {
    const from = at === null ? steps.length - 1 : indexUpTo(steps, at);
    const page = Math.max(1, Math.round(steps.length * MOVED_BY_PAGE));
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1, PageDown: -page, PageUp: page }[event.key];
    const to = { Home: 0, End: steps.length - 1 }[event.key] ?? (by === undefined ? undefined : from + by);
    if (to === undefined || steps.length === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const index = Math.min(steps.length - 1, Math.max(0, to));
    plot.current.setCursor({ left: plot.current.valToPos(steps[index], "x"), top: HEIGHT / 3 }, true, true);
  }

  return html`<figure class="chart">
    <figcaption>
      <h3>${label}</h3>
      <p class="number-text faint">${t("page_train.at_step", { step: countText(known) })}</p>
    </figcaption>
    <ul class="read-out">
      ${told.map(
        ({ curve, value }) =>
          html`<li>
            <${Swatch} curve=${curve} />
            <span>${curve.label}</span>
            <output class="number-text">${value === null ? "–" : valueText(value)}</output>
          </li>`,
      )}
    </ul>
    <div
      class="plot"
      ref=${place}
      role="slider"
      tabindex="0"
      aria-label=${t("page_train.cursor", { chart: label })}
      aria-valuemin=${steps[0] ?? 0}
      aria-valuemax=${steps[steps.length - 1] ?? 0}
      aria-valuenow=${known}
      aria-valuetext=${`${t("page_train.at_step", { step: countText(known) })}: ${spoken || t("page_train.nothing_yet")}`}
      onKeyDown=${pressed}
      onBlur=${() => plot.current.setCursor({ left: -10, top: -10 })}
    ></div>
  </figure>`;
}

/** A piece of the line as it is drawn. */
function Swatch({ curve }) {
  return html`<svg class="line-swatch" viewBox="0 0 26 10" aria-hidden="true" style=${{ color: `var(${curve.colour})` }}>
    <line x1="1" y1="5" x2="25" y2="5" stroke-width=${curve.width ?? 2} stroke-dasharray=${curve.dash?.join(" ")} />
    ${curve.marked && html`<circle cx="13" cy="5" r="3" />`}
  </svg>`;
}

/** All curves in one table: a column of steps, and one for each curve with holes where it has no point. */
function tableOf(curves) {
  return curves.length ? uPlot.join(curves.map(({ x, y }) => [x, y])) : [[]];
}

/** What a curve was at its last point up to a step. */
function valueAt({ x, y }, step) {
  const at = indexUpTo(x, step);
  return at < 0 ? null : y[at];
}

/** The last place of a sorted list whose step is not behind this one; -1 where all are. */
function indexUpTo(steps, step) {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle] <= step) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function optionsOf({ curves, style, width, tickText, range, isLog, moved }) {
  const colour = (name) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour("--ink-faint"),
    font: `12px ${style.fontFamily}`,
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    padding: [8, 18, 0, 0], // to the right for half of the last number below
    cursor: {
      y: false,
      drag: { x: false, y: false },
      sync: { key: GROUP, scales: ["x", null] },
      points: { size: 8 },
    },
    scales: {
      x: { time: false, range: (u, low, high) => [0, Math.max(high ?? 1, 1)] },
      y: isLog
        ? { distr: 3, range: (u, low, high) => decades(low ?? 0.1, high ?? 1) }
        : { range: (u, low, high) => (range ?? around)(low ?? 0, high ?? 1) },
    },
    axes: [
      { ...axis, size: 28, space: 70, values: (u, ticks) => ticks.map((tick) => countText(tick)) },
      {
        ...axis,
        size: (u, texts) => widthOf(texts),
        gap: 6,
        values: (u, ticks) => ticks.map((tick) => (tick === null ? "" : tickText(tick))),
      },
    ],
    series: [{}, ...curves.map((curve) => seriesOf(curve, colour))],
    hooks: { setCursor: [moved] },
  };
}

function seriesOf(curve, colour) {
  const stroke = colour(curve.colour);
  return {
    label: curve.label,
    stroke: curve.faint ? `color-mix(in srgb, ${stroke} 38%, transparent)` : stroke,
    width: curve.width ?? 2,
    dash: curve.dash,
    spanGaps: true,
    points: { show: Boolean(curve.marked), size: 6, fill: stroke, stroke },
  };
}

/** Of an axis, in pixels: a loss that explodes has long numbers. */
const widthOf = (texts) => Math.max(52, 12 + 7.5 * Math.max(0, ...(texts ?? []).map((text) => text.length)));

const around = (low, high) => {
  const room = (high - low || 1) * 0.06;
  return [Math.max(0, low - room), high + room];
};

/** For a log axis, on which there is no zero. */
const decades = (low, high) => [Math.max(low, high * 1e-6) / 1.2, high * 1.2];
