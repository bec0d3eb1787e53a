// The foot of the page: which chainrule this is, with which data, and where its runs lie.

import { html, useEffect, useState } from "../vendor/preact.js";
import { get } from "../lib/api.js";
import { countText } from "../lib/number.js";
import { lang, t } from "../lib/words.js";

const LATER = 1000; // milliseconds: what is needed for the foot takes the server long, and the view comes first

export function Footer() {
  const [about, setAbout] = useState(null);
  useEffect(() => {
    const ask = () => get("about").then(setAbout, () => setAbout(null)); // the views say it when the server is gone
    const timer = setTimeout(ask, about ? 0 : LATER);
    return () => clearTimeout(timer);
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
