// The foot of the page: which chainrule this is, with which data, and where its runs lie.

import { html, useEffect, useState } from "../vendor/preact.js";
import { get } from "../lib/api.js";
import { countText } from "../lib/number.js";
import { lang, t } from "../lib/words.js";

export function Footer() {
  const [about, setAbout] = useState(null);
  useEffect(() => {
    get("about").then(setAbout, () => setAbout(null)); // the views say it when the server is gone
  }, [lang.value]);
  if (!about) return html`<footer class="shell-foot"><p>chainrule</p></footer>`;
  const { name, rows } = about.data;
  return html`<footer class="shell-foot">
    <p>chainrule ${about.version}</p>
    <p>${t("page.data", { name, rows: countText(rows) })}</p>
    <p>${t("page.runs")} <code>${about.folder}</code></p>
    <p>${t("page.local")}</p>
  </footer>`;
}
