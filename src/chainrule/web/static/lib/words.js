// What people read, in their language: the same catalogues, places and Korean particles as chainrule.words.

import { batch, signal } from "../vendor/preact.js";
import { languageInAddress } from "./address.js";

const KEPT = "chainrule.language";
const LANGUAGES = ["en", "ko"];

/** The language of the page: "en" or "ko". @type {{value: "en" | "ko"}} */
export const lang = signal(firstLanguage());

/** @type {{value: Record<string, string>}} */
const templates = signal({});
const catalogues = new Map();

/**
 * The text of a key in the language of the page.
 * @param {string} key such as "page_graph.play"
 * @param {Record<string, unknown>} [facts] what stands in the places {name}, {name:은/는}, {name:,} and {name:.1%}
 * @returns {string}
 */
export function t(key, facts = {}) {
  const template = templates.value[key];
  return template === undefined ? key : filled(template, facts);
}

/** Whether there is a text of this key. @param {string} key */
export const hasText = (key) => key in templates.value;

/**
 * Show the page in a language: its texts are fetched first, so nothing is seen half translated.
 * @param {"en" | "ko"} language
 * @param {{keep?: boolean}} [how] keep: remember it as the reader's choice
 */
export async function speak(language, { keep = false } = {}) {
  const wanted = LANGUAGES.includes(language) ? language : "en";
  if (!catalogues.has(wanted)) {
    const answer = await fetch(`/api/words?lang=${wanted}`);
    if (!answer.ok) throw new Error(`no words: ${answer.status}`);
    catalogues.set(wanted, await answer.json());
  }
  batch(() => {
    templates.value = catalogues.get(wanted);
    lang.value = wanted;
  });
  document.documentElement.lang = wanted;
  if (keep) remember(wanted);
}

/** The reader's own choice, what the command was started with, or what the browser asks for. */
function firstLanguage() {
  const started = document.documentElement.dataset.lang;
  const asked = [languageInAddress.peek(), remembered(), started, ...navigator.languages];
  const known = asked.map((language) => language?.slice(0, 2)).find((language) => LANGUAGES.includes(language));
  return /** @type {"en" | "ko"} */ (known ?? "en");
}

function remembered() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null; // storage can be forbidden; the page works without
  }
}

function remember(language) {
  try {
    localStorage.setItem(KEPT, language);
  } catch {
    // as above
  }
}

const PLACE = /\{\{|\}\}|\{(\w+)(?::([^}]*))?\}/g;

/** A template with its places filled. @param {string} template @param {Record<string, unknown>} facts */
export function filled(template, facts) {
  return template.replace(PLACE, (whole, name, format) => {
    if (name === undefined) return whole[0];
    const value = facts[name];
    if (!format) return String(value);
    return format.includes("/") ? withParticle(String(value), format.split("/")) : formatted(Number(value), format);
  });
}

/** A number in one of Python's formats that the catalogues use: `,`, `.2f`, `,.0f`, `.1%`, `g`. */
function formatted(value, format) {
  const [, comma, digits, kind] = /^(,?)(?:\.(\d+))?([f%g]?)$/.exec(format) ?? [];
  if (kind === "g") return String(Number(value.toPrecision(digits ?? 6)));
  const scaled = kind === "%" ? value * 100 : value;
  const text = digits === undefined ? String(scaled) : scaled.toFixed(Number(digits));
  const [whole, rest] = text.split(".");
  const grouped = comma ? whole.replace(/\B(?=(\d{3})+$)/g, ",") : whole;
  return grouped + (rest ? `.${rest}` : "") + (kind === "%" ? "%" : "");
}

// How the last sound of a name decides the particle: chainrule/words/_words.py says why, and a test compares the two.
const IN_RIEUL = "LRlr178";
const IN_CONSONANT = `${IN_RIEUL}MNmn036ΕΟΥεου`;
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const WORD = /(?=[A-Za-z]*[aeiouy])[A-Za-z]?[a-z]+$/;
const CLOSED = /(?:[lmn]e?|ng|(?<![aeiou])(?:[aeiou]|ou)(?:ck|[kpt]))$/;

function withParticle(text, [afterConsonant, afterVowel]) {
  const [consonant, rieul] = ending(text);
  const takesFirst = consonant && !(rieul && afterConsonant === "으로"); // 1로, but 6으로
  return text + (takesFirst ? afterConsonant : afterVowel);
}

/** Whether a text, read aloud, ends in a consonant, and whether that is ㄹ. @returns {[boolean, boolean]} */
function ending(text) {
  const spoken = text.replace(/[^\p{L}\p{N}%‰°]+$/u, "");
  if (spoken && RAISED.includes(spoken.slice(-1))) return [true, false];
  const read = spoken.normalize("NFKC");
  const last = read.slice(-1);
  if (last >= "가" && last <= "힣") {
    const final = (last.charCodeAt(0) - "가".charCodeAt(0)) % 28;
    return [final !== 0, final === 8];
  }
  const word = WORD.exec(read)?.[0] ?? "";
  if (word.length <= 1) return [last !== "" && IN_CONSONANT.includes(last), last !== "" && IN_RIEUL.includes(last)];
  const closed = CLOSED.exec(word)?.[0] ?? "";
  return [closed !== "", closed.startsWith("l")];
}
