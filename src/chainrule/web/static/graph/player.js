// Going through the passes: by button, by key, along the line of all steps, or by itself.

import { html, signal, useEffect } from "../vendor/preact.js";
import { Button, Select } from "../lib/parts.js";
import { t } from "../lib/words.js";
import { asksNow } from "./guess.js";
import { current, goTo, known, step, steps } from "./state.js";

const SPEEDS = ["0.5", "1", "2", "4"];
const PAUSE = 1400; // milliseconds between two steps at speed 1

export const playing = signal(false);
const speed = signal("1");

/** Start or stop; from the end it starts again at the beginning. */
export function togglePlay() {
  if (!playing.peek() && step.peek() >= steps.peek()) goTo(0);
  playing.value = !playing.peek();
}

/** Go somewhere by hand, which stops what plays. @param {number} number */
export function stepTo(number) {
  playing.value = false;
  goTo(number);
}

export function Player() {
  usePlaying();
  const isAtStart = step.value === 0;
  const isAtEnd = step.value === steps.value;
  const say = (key) => t(`page_graph.${key}`);
  const button = (key, number, disabled) =>
    html`<${Button}
      iconOnly
      quiet
      icon=${key}
      label=${say(key)}
      title=${say(`${key}_key`)}
      disabled=${disabled}
      onClick=${() => stepTo(number)}
    />`;
  return html`<div class="player">
    <div class="buttons" role="group" aria-label=${say("steps")}>
      ${button("first", 0, isAtStart)} ${button("back", step.value - 1, isAtStart)}
      <${Button}
        iconOnly
        primary
        class="play"
        icon=${playing.value ? "pause" : "play"}
        label=${say(playing.value ? "pause" : "play")}
        title=${say(playing.value ? "pause_key" : "play_key")}
        onClick=${togglePlay}
      />
      ${button("forward", step.value + 1, isAtEnd)} ${button("last", steps.value, isAtEnd)}
    </div>
    <${Line} />
    <${Select}
      label=${say("speed")}
      value=${speed.value}
      options=${SPEEDS.map((value) => ({ value, label: `${value}×` }))}
      onInput=${(value) => (speed.value = value)}
    />
  </div>`;
}

/** All steps as one line: the forward pass, then the backward pass. */
function Line() {
  const all = known.value.steps;
  const ahead = all.filter((each) => each.pass === "forward").length;
  const pass = current.value?.pass;
  const part = (count) => (all.length ? `${(100 * count) / all.length}%` : "0%");
  return html`<div class="line-of-steps">
    <input
      type="range"
      min="0"
      max=${all.length}
      step="1"
      value=${step.value}
      aria-label=${t("page_graph.step_line")}
      aria-valuetext=${placeText()}
      style=${{ "--done": part(step.value), "--turn": part(ahead) }}
      onInput=${(event) => stepTo(Number(event.currentTarget.value))}
    />
    <p class="where" aria-hidden="true">
      <span class=${pass === "forward" ? "on value-text" : ""}>${t("page_graph.forward_pass")}</span>
      <span class="count number-text">${t("page_graph.count", { step: step.value, steps: steps.value })}</span>
      <span class=${pass === "backward" ? "on gradient-text" : ""}>${t("page_graph.backward_pass")}</span>
    </p>
  </div>`;
}

/** Where one is, in words. */
export function placeText() {
  const now = current.value;
  if (!now) return t("page_graph.at_start", { steps: steps.value });
  const pass = t(`page_graph.${now.pass}_pass`);
  return t("page_graph.at_step", { step: step.value, steps: steps.value, pass, title: now.title });
}

function usePlaying() {
  const isPlaying = playing.value;
  const pause = PAUSE / Number(speed.value);
  useEffect(() => {
    if (!isPlaying) return undefined;
    const timer = setInterval(() => {
      if (step.peek() < steps.peek() && !asksNow()) goTo(step.peek() + 1);
      if (step.peek() >= steps.peek() || asksNow()) playing.value = false;
    }, pause);
    return () => clearInterval(timer);
  }, [isPlaying, pause]);
}

// Keys of the view, wherever the focus is not in something that has a use for them itself.

const TAKEN = "input, select, textarea, [role=tab], [role=menu], [role=menuitem], dialog, [contenteditable]";

/** @param {KeyboardEvent} event */
export function onKey(event) {
  if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented || !known.peek()) return;
  if (event.target.closest?.(TAKEN) || scrolls(event.target)) return;
  const now = step.peek();
  const places = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: steps.peek() };
  if (event.key in places) stepTo(places[event.key]);
  else if (event.key === " " && !event.target.closest?.("button, summary, a, [role=button]")) togglePlay();
  else return;
  event.preventDefault();
}

/** Whether something is focused that the keys scroll. */
const scrolls = (element) => element.matches?.(".graph-view [tabindex]") && element.scrollWidth > element.clientWidth;
