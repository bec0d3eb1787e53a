// Numbers of both signs as colours: blue below zero, white at zero, red above.

const BLUE = [27, 85, 159];
const RED = [180, 35, 24];
const WHITE = 255;

/**
 * The colour of a number.
 * @param {number} share of the number that gets the full colour: -1 to 1, and what lies beyond as these
 * @returns {number[]} red, green, blue and opacity, 0 to 255
 */
export function diverging(share) {
  const size = Math.min(1, Math.abs(share));
  return [...(share < 0 ? BLUE : RED).map((part) => Math.round(WHITE + (part - WHITE) * size)), 255];
}
