// Taking a graph along: as a link, as a program, as a picture, or as text for other tools.

import { html, signal, useEffect } from "../vendor/preact.js";
import { link } from "../lib/address.js";
import { post } from "../lib/api.js";
import { bytesOf, copy, save } from "../lib/download.js";
import { Menu, Status } from "../lib/parts.js";
import { t } from "../lib/words.js";
import { answer } from "./state.js";

const FILES = [
  ["svg", "download"],
  ["png", "download"],
  ["python", "source"],
  ["latex", "source"],
  ["tikz", "source"],
  ["mermaid", "source"],
  ["dot", "source"],
];
const SECONDS = 4;

const told = signal({ text: "", isWrong: false });

export function Share() {
  useEffect(() => {
    const timer = setTimeout(() => (told.value = { text: "", isWrong: false }), SECONDS * 1000);
    return () => clearTimeout(timer);
  }, [told.value]);
  const items = [
    { label: t("page_graph.copy_link"), hint: t("page_graph.copy_link_hint"), icon: "link", onClick: copyLink },
    ...FILES.map(([form, icon]) => ({
      label: t(`page_graph.export_${form}`),
      hint: t(`page_graph.export_${form}_hint`),
      icon,
      onClick: () => exportAs(form),
    })),
  ];
  const { text, isWrong } = told.value;
  return html`<div class="share">
    <${Menu} alignEnd icon="download" label=${t("page_graph.export")} items=${items} disabled=${!answer.value} />
    <div class=${`toast${text ? " shown" : ""}${isWrong ? " wrong" : ""}`}><${Status} text=${text} /></div>
  </div>`;
}

async function copyLink() {
  const done = await copy(link());
  told.value = { text: t(done ? "page_graph.link_copied" : "page_graph.link_not_copied"), isWrong: !done };
}

async function exportAs(form) {
  const { expression, values } = answer.peek().asked;
  try {
    const file = await post("graph/export", { expression, values, form });
    save(file.name, file.media, file.text ?? bytesOf(file.base64));
    told.value = { text: t("page_graph.saved", { name: file.name }), isWrong: false };
  } catch (error) {
    told.value = { text: [error.message, error.fix].filter(Boolean).join(" "), isWrong: true };
  }
}
