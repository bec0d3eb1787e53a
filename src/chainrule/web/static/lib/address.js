// The address says which view is open and in what state: #/graph?e=x*x&step=3. Any state can be sent as a link.

import { batch, signal } from "../vendor/preact.js";

export const VIEWS = ["graph", "train", "digit", "source"];

const AT_MOST_EVERY = 250; // ms: browsers refuse an address that is rewritten with every move of a slider

const start = parsed(location.hash);

/** Where the reader is. @type {{value: {view: string, params: Record<string, string>}}} */
export const address = signal({ view: start.view, params: start.params });

/** The language that the address asks for, or "". @type {{value: string}} */
export const languageInAddress = signal(start.lang);

// What each view's state was when it was left, so that coming back finds it again.
const left = new Map();
let writing = 0;
let known = location.hash; // another one in the bar is a link that was followed a moment ago

/**
 * Open a view, as a new entry of the history.
 * @param {string} view
 * @param {Record<string, unknown>} [params] without them the view opens as it was left
 */
export function go(view, params) {
  write();
  move({ view, params: params === undefined ? (left.get(view) ?? {}) : texts(params) });
  known = hashOf(view, address.peek().params);
  history.pushState(null, "", known);
}

/**
 * Change some of the state of the open view, without a new entry of the history.
 * @param {Record<string, unknown>} params undefined, null and "" remove a name
 */
export function patch(params) {
  const now = address.peek();
  const next = texts({ ...now.params, ...params });
  if (hashOf(now.view, next) === hashOf(now.view, now.params)) return;
  move({ view: now.view, params: next });
  if (!writing) writing = setTimeout(write, AT_MOST_EVERY);
}

/** Have the address ask for a language from now on. @param {string} language */
export function patchLanguage(language) {
  languageInAddress.value = language;
  write();
}

/** The link to a state: "#/graph?e=x*x". @param {string} view @param {Record<string, unknown>} [params] */
export function hashOf(view, params = {}) {
  const query = new URLSearchParams(texts({ ...params, lang: languageInAddress.peek() })).toString();
  return `#/${view}${query && `?${query}`}`;
}

/** The link to a view as it was left. @param {string} view */
export function hashLeft(view) {
  const now = address.value;
  return hashOf(view, view === now.view ? now.params : left.get(view));
}

/** The whole address of the open state, to be sent to somebody. */
export function link() {
  const { view, params } = address.peek();
  return location.origin + location.pathname + hashOf(view, params);
}

function move(next) {
  const now = address.peek();
  left.set(now.view, now.params);
  address.value = next;
}

function write() {
  clearTimeout(writing);
  writing = 0;
  const { view, params } = address.peek();
  const hash = hashOf(view, params);
  if (hash === known || location.hash !== known) return;
  known = hash;
  history.replaceState(null, "", hash);
}

function texts(params) {
  const given = Object.entries(params).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
}

function parsed(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const { lang = "", ...params } = Object.fromEntries(new URLSearchParams(query));
  return { view: VIEWS.includes(path) ? path : VIEWS[0], params, lang };
}

// Links, the back button, and what is typed into the bar of the browser.
addEventListener("hashchange", () => {
  clearTimeout(writing);
  writing = 0;
  known = location.hash;
  const { view, params, lang } = parsed(known);
  batch(() => {
    move({ view, params });
    if (lang) languageInAddress.value = lang;
  });
});
