// The test images that the network finds hardest.

import { html } from "../vendor/preact.js";
import { bytesOf } from "../lib/download.js";
import { roundedText } from "../lib/number.js";
import { t } from "../lib/words.js";
import { Picture } from "./picture.js";

/**
 * @param {{hardest: object, onChoose: (index: number) => void}} props hardest: the answer of /api/digit/hardest
 */
export function Hardest({ hardest, onChoose }) {
  return html`
    <p>${t("page_digit.wrong", { wrong: hardest.wrong, tests: hardest.tests })}</p>
    <ul class="hardest">
      ${hardest.rows.map((row) => {
        const facts = { ...row, loss: roundedText(row.loss, 3) };
        return html`<li key=${row.index}>
          <button type="button" onClick=${() => onChoose(row.index)} aria-label=${t("page_digit.hard_row", facts)}>
            <${Picture} image=${bytesOf(row.image)} />
            <span aria-hidden="true">${row.label} → <b>${row.answer}</b></span>
          </button>
        </li>`;
      })}
    </ul>
  `;
}
