// One image of the data, as a picture with a description.
import { html, useEffect, useRef } from "../vendor/preact.js";
import { paintInk, paintSigned } from "./pixels.js";

/**
 * @param {{image: Uint8Array | number[], scale?: number, label?: string, className?: string}} props
 *   with a scale the image is of numbers of both signs, else of ink; without a label it is decoration
 */
export function Picture({ image, scale, label, className = "" }) {
  const canvas = useRef(null);
  useEffect(() => {
    if (scale === undefined) paintInk(canvas.current, image);
    else paintSigned(canvas.current, image, scale);
  }, [image, scale]);
  const said = label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" };
  return html`<canvas ref=${canvas} class=${`picture ${className}`} ...${said}></canvas>`;
}
