// Where the reader is in the tour. It is remembered, so that a tour can be left at any time and taken up again.

import { effect, signal } from "../vendor/preact.js";

const KEPT = "chainrule.tour";

/** @type {{value: {open: boolean, step: number, greeted: boolean}}} greeted: the invitation was answered */
export const place = signal({ open: false, step: 0, greeted: false, ...kept() });

export const toggle = () => (place.value.open ? leave() : start());

/** Open the tour where it was left. */
export function start() {
  place.value = { ...place.value, open: true, greeted: true };
}

/** Leave the tour; the views stay as they are. */
export function leave() {
  place.value = { ...place.value, open: false, greeted: true };
}

/** @param {number} step */
export function show(step) {
  place.value = { ...place.value, step };
}

/** End the tour: the next one begins at its beginning. */
export function finish() {
  place.value = { open: false, step: 0, greeted: true };
}

function kept() {
  try {
    const { step = 0, greeted = false } = JSON.parse(localStorage.getItem(KEPT)) ?? {};
    return { step, greeted };
  } catch {
    return {}; // storage can be forbidden or hold something else; the tour begins at its beginning
  }
}

effect(() => {
  const { step, greeted } = place.value;
  try {
    localStorage.setItem(KEPT, JSON.stringify({ step, greeted }));
  } catch {
    // as above
  }
});
