// A frame around what the tour speaks of. It takes no clicks and follows its target when that moves.

import { html, useEffect, useRef } from "../vendor/preact.js";

const ROOM = 6; // pixels between the target and the frame
const SETTLING = 1500; // ms in which a view may still be loading, and its parts move
const HANDS_ON = ["wheel", "touchstart", "pointerdown", "keydown"];

/**
 * Point at the first of some things that is there, and bring it into sight, unless the reader scrolls.
 * @param {{selectors: string[]}} props
 */
export function Pointer({ selectors }) {
  const frame = useRef(null);

  useEffect(() => {
    const begun = performance.now();
    let isReaders = false;
    let top = null;
    const release = () => (isReaders = true);
    HANDS_ON.forEach((kind) => addEventListener(kind, release, { passive: true }));

    // Views are loaded, graphs drawn anew, pages scrolled: asking on each frame is simpler than listening to all that.
    const follow = () => {
      if (!frame.current) return; // taken away since the last frame
      const target = selectors.map((selector) => document.querySelector(selector)).find(Boolean);
      surround(frame.current, target);
      const now = target && target.getBoundingClientRect().top + scrollY;
      if (now !== top && !isReaders && performance.now() - begun < SETTLING) bringIntoSight(target);
      top = now;
      requestAnimationFrame(follow);
    };
    follow();
    return () => HANDS_ON.forEach((kind) => removeEventListener(kind, release));
  }, [selectors]);

  return html`<div class="tour-pointer" ref=${frame} aria-hidden="true"></div>`;
}

/** Scroll the page no further than needed to see a target between the head and a tour that lies below. */
function bringIntoSight(target) {
  if (!target) return;
  const box = target.getBoundingClientRect();
  const tour = document.querySelector(".tour").getBoundingClientRect();
  const least = document.querySelector(".shell-head").getBoundingClientRect().bottom + 3 * ROOM;
  const most = (tour.left > 0 ? innerHeight : tour.top) - 3 * ROOM;
  const fits = box.height <= most - least;
  const over = fits ? Math.max(0, box.bottom - most) : box.top - least;
  const by = box.top < least ? box.top - least : over;
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (by) scrollBy({ top: by, behavior: isCalm ? "auto" : "smooth" });
}

function surround(frame, target) {
  const box = target?.getBoundingClientRect();
  frame.hidden = !box?.width;
  if (frame.hidden) return;
  frame.style.translate = `${box.left - ROOM}px ${box.top - ROOM}px`;
  frame.style.width = `${box.width + 2 * ROOM}px`;
  frame.style.height = `${box.height + 2 * ROOM}px`;
}
