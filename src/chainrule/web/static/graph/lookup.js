// An answer of the server, arranged for looking things up: what belongs to which circle and line, and since when.

/**
 * @param {object} answer of /api/graph
 * @returns the answer, with nodes and edges by id, and what belongs to them
 */
export function indexed(answer) {
  const { drawing } = answer;
  const nodes = new Map(drawing.nodes.map((node) => [node.id, node]));
  const edges = new Map(drawing.edges.map((edge) => [edge.id, edge]));
  const out = grouped(drawing.edges, (edge) => edge.source);
  const into = grouped(drawing.edges, (edge) => edge.target);
  const stepsOf = grouped(answer.steps, (step) => step.node);
  const rows = new Map(answer.table.map((row) => [row.node, row]));
  const inputs = new Map(answer.inputs.map((input) => [input.node, input]));
  const edgesOut = (id) => out.get(id) ?? [];
  return {
    ...answer,
    nodes,
    edges,
    rows,
    edgesOut,
    edgesInto: (id) => into.get(id) ?? [],
    stepsOf: (id) => stepsOf.get(id) ?? [],
    inputOf: (id) => inputs.get(id),
    /** From which step on the value of a circle is known. */
    valueSince: (id) => nodes.get(id)?.forward ?? 0,
    /** From which step on its whole gradient is known, with all branches; Infinity where none comes back. */
    gradientSince: (id) => {
      const since = edgesOut(id).map(gradientSinceOf).filter(Number.isFinite);
      return since.length ? Math.max(...since) : Infinity;
    },
    /** What one line hands back, as a number; null for an array and for what is not finite. */
    gradientOn: (edge) => {
      const all = edgesOut(edge.source).filter((each) => each.gradient);
      const exact = rows.get(edge.source)?.gradient;
      return all.length === 1 && typeof exact === "number" ? exact : numberOf(edge.gradient);
    },
  };
}

/** From which step on a line has its gradient. @param {object} edge */
export function gradientSinceOf(edge) {
  return edge.labels.find((label) => label.role === "gradient")?.since ?? Infinity;
}

/**
 * The lines on which a step of the backward pass hands something back, each with its formula.
 * @param {object} known @param {object} step
 */
export function partsOf(known, step) {
  const into = step.edges.map((id) => known.edges.get(id)).filter((edge) => edge?.target === step.node);
  const formulas = step.formulas.slice(step.formulas.length - into.length);
  return into.map((edge, place) => ({ edge, formula: formulas[place] }));
}

/** "← −1.25×10⁻⁷" is -1.25e-7; null for what is no finite number. @param {string | null} text */
export function numberOf(text) {
  const plain = (text ?? "")
    .replace(/[←\s]/g, "")
    .replaceAll("−", "-")
    .replace(/×10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)/, (_, raised) => `e${[...raised].map(lowered).join("")}`);
  return plain !== "" && Number.isFinite(Number(plain)) ? Number(plain) : null;
}

const lowered = (sign) => (sign === "⁻" ? "-" : "⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(sign));

function grouped(list, keyOf) {
  const found = new Map();
  for (const item of list) found.set(keyOf(item), [...(found.get(keyOf(item)) ?? []), item]);
  return found;
}
