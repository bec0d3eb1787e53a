// What the network says of an image: the probability of each class, the loss for a label.

import { html } from "../vendor/preact.js";
import { numberText, percentText, superscript } from "../lib/number.js";
import { t } from "../lib/words.js";

/**
 * The probabilities, as bars that choose the label.
 * @param {{probabilities: number[], label: number | null, onLabel: (label: number) => void}} props
 */
export function Probabilities({ probabilities, label, onLabel }) {
  const best = probabilities.indexOf(Math.max(...probabilities));
  return html`<div class="shares" role="radiogroup" aria-label=${t("page_digit.choose_label")}>
    ${probabilities.map(
      (share, digit) => html`<label class=${`share ${digit === best ? "best" : ""} ${digit === label ? "chosen" : ""}`}>
        <input
          type="radio"
          name="digit-label"
          value=${digit}
          checked=${digit === label}
          onChange=${() => onLabel(digit)}
          aria-label=${t("page_digit.share", { digit, share: percentText(share) })}
        />
        <span class="share-digit">${digit}</span>
        <span class="share-bar" aria-hidden="true"><span style=${{ width: `${100 * share}%` }}></span></span>
        <span class="share-text">${percentText(share)}</span>
      </label>`,
    )}
  </div>`;
}

/** The loss with its numbers: −log of the probability of the label. @param {{loss: number, share: number, label: number}} props */
export function Loss({ loss, share, label }) {
  return html`<p class="loss">
    <math>
      <mi>L</mi><mo>=</mo><mo>−</mo><mi>log</mi><mspace width="0.2em" /><msub><mi>p</mi><mn>${label}</mn></msub>
    </math>
    <math>
      <mo>=</mo><mo>−</mo><mi>log</mi><mspace width="0.2em" /><mn>${shareText(share, loss)}</mn>
      <mo>=</mo><mn class="loss-value">${numberText(loss, 4)}</mn>
    </math>
  </p>`;
}

/** A probability; one that is too small for a number of the computer is told from its loss, so that the line is true. */
function shareText(share, loss) {
  if (share !== 0 || !(loss > 0)) return numberText(share, 4);
  const power = -loss / Math.LN10;
  const whole = Math.floor(power);
  return `${numberText(10 ** (power - whole), 2)}×10${superscript(String(whole))}`;
}
