// Asking the server: JSON in, JSON out, and every refusal as a sentence in the reader's language.

import { lang, t } from "./words.js";

/** A refusal: what was wrong, and what to do about it. */
export class ApiError extends Error {
  /** @param {{code: string, message: string, fix?: string, facts?: object}} error @param {number} status */
  constructor({ code, message, fix = "", facts = {} }, status) {
    super(message);
    Object.assign(this, { name: "ApiError", code, fix, facts, status });
  }
}

/**
 * What the server has at a path.
 * @param {string} path such as "/api/gallery" or "gallery"
 * @param {Record<string, unknown>} [params]
 * @param {{signal?: AbortSignal}} [how]
 */
export async function get(path, params = {}, how = {}) {
  const answer = await request(withParams(path, { lang: lang.peek(), ...params }), how);
  return answer.json();
}

/**
 * Have the server do or compute something.
 * @param {string} path
 * @param {object} [body]
 * @param {{signal?: AbortSignal}} [how] the signal gives up an answer that is no longer wanted (throws AbortError)
 */
export async function post(path, body = {}, { signal } = {}) {
  const answer = await request(full(path), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ lang: lang.peek(), ...body }),
    signal,
  });
  return answer.json();
}

/**
 * The bytes at a path, with the headers that describe them.
 * @param {string} path
 * @param {Record<string, unknown>} [params]
 * @param {{signal?: AbortSignal}} [how]
 * @returns {Promise<{bytes: Uint8Array, headers: Headers}>}
 */
export async function bytes(path, params = {}, how = {}) {
  const answer = await request(withParams(path, { lang: lang.peek(), ...params }), how);
  return { bytes: new Uint8Array(await answer.arrayBuffer()), headers: answer.headers };
}

/** Whether a caught error only says that the answer was no longer wanted. @param {unknown} error */
export const isAbort = (error) => error instanceof DOMException && error.name === "AbortError";

/** The address of a path for a link or an EventSource. @param {string} path @param {Record<string, unknown>} params */
export function withParams(path, params) {
  const known = Object.entries(params).filter(([, value]) => value !== undefined && value !== null);
  const query = new URLSearchParams(known.map(([name, value]) => [name, String(value)])).toString();
  return full(path) + (query && `?${query}`);
}

const full = (path) => (path.startsWith("/") ? path : `/api/${path}`);

async function request(url, init) {
  let answer;
  try {
    answer = await fetch(url, { credentials: "same-origin", ...init });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ApiError({ code: "unreachable", message: t("page.unreachable"), fix: t("page.unreachable_fix") }, 0);
  }
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => null);
  const unknown = { code: "unknown", message: t("page.refused", { status: answer.status }), fix: "" };
  throw new ApiError(told?.error ?? unknown, answer.status);
}
