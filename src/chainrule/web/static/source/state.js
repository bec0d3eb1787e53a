// The step that is looked at, and which of its statements and layers are pointed at.

import { computed, signal } from "../vendor/preact.js";
import { address, patch } from "../lib/address.js";

/** What the server made of the settings; null until it is there. */
export const found = signal(null);

/** The statement under the pointer, by number. */
export const pointed = signal(null);

/** The node of the drawing under the pointer or the focus. */
export const pointedNode = signal(null);

/** The chosen statement, by number; its first line is in the address. */
export const chosen = computed(() => {
  const line = Number(address.value.params.line);
  const at = found.value?.statements.findIndex(({ first, last }) => first <= line && line <= last) ?? -1;
  return at < 0 ? null : at;
});

/** The statement that is told about: pointed at, or else chosen. */
export const told = computed(() => found.value?.statements[pointed.value ?? chosen.value] ?? null);

/** Choose a statement. @param {number} at */
export const choose = (at) => patch({ line: found.peek().statements[at].first });

/** How strongly each node is lit: "computed", "touched" or undefined. */
export const lit = computed(() => {
  const { nodes = [], touched = [] } = told.value ?? {};
  return new Map([...touched.map((id) => [id, "touched"]), ...nodes.map((id) => [id, "computed"])]);
});

/** The statements that compute a node or its gradient. @param {string} id */
export const statementsOf = (id) =>
  (found.value?.statements ?? []).map((one, at) => (one.nodes.includes(id) ? at : -1)).filter((at) => at >= 0);
