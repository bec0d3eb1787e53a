// The page: four views behind one header, a tour through them, and the language they speak.

import { effect, html, render } from "./vendor/preact.js";
import { address, languageInAddress } from "./lib/address.js";
import { lang, speak, t } from "./lib/words.js";
import { Footer } from "./shell/footer.js";
import { Header } from "./shell/header.js";
import { Help } from "./shell/help.js";
import { View } from "./shell/view.js";
import { Tour } from "./tour/tour.js";

function Page() {
  return html`<${Header} /><${View} /><${Footer} /><${Tour} /><${Help} />`;
}

const page = document.getElementById("page");

try {
  await speak(lang.peek());
  render(html`<${Page} />`, page);
} catch (error) {
  console.error(error);
  page.textContent = "chainrule does not answer: start `chainrule web` again. chainrule이 응답하지 않습니다. `chainrule web`을 다시 실행하십시오.";
}

effect(() => {
  document.title = `${t(`page.view.${address.value.view}`)} · chainrule`;
});

effect(() => {
  const asked = languageInAddress.value;
  if (asked && asked !== lang.peek()) speak(asked).catch(console.error);
});
