// Bytes and numbers as pixels: base64, grey images, and gradients in blue, white and red.

import { diverging } from "../lib/diverging.js";

/** @param {Uint8Array} bytes @returns {string} base64 */
export function encoded(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/**
 * Paint a square image: ink on paper, as people write, though the data have it the other way round.
 * @param {HTMLCanvasElement} canvas gets one pixel for each of the image
 * @param {Uint8Array} image
 */
export function paintInk(canvas, image) {
  paint(canvas, image, (value) => [26, 26, 26, value]);
}

/**
 * Paint numbers of both signs: blue below zero, white at zero, red above.
 * @param {HTMLCanvasElement} canvas
 * @param {number[]} numbers
 * @param {number} scale the number that gets the full colour
 */
export function paintSigned(canvas, numbers, scale) {
  paint(canvas, numbers, (value) => diverging(scale > 0 ? value / scale : 0));
}

function paint(canvas, values, colourOf) {
  const side = Math.round(Math.sqrt(values.length));
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  const picture = context.createImageData(side, side);
  for (let at = 0; at < values.length; at++) picture.data.set(colourOf(values[at]), 4 * at);
  context.putImageData(picture, 0, 0);
}
