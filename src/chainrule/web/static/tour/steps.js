// The tour of the lesson: what each step opens, what it points at, and its formula.
//
// The words are in page_tour.json. A step opens a view in a state, through the address, as a link would: whatever it
// shows can be touched.

import { t } from "../lib/words.js";

// What steps point at: the first of these that is there.
const DRAWING = [".graph-view .stage"];
const RULE = [".graph-view .rule"];
const INPUTS = [".graph-view .inputs"];
const RUN = [".train-view .transport", ".train-view"];
const PAD = [".digit-view .digit-columns", ".digit-view"];

const SQUARE = "((x + h)**2 - (x - h)**2) / (2 * h)";

/**
 * @typedef {object} Step
 * @property {string} id its words are page_tour.ID.title, .text and .try
 * @property {string} view
 * @property {() => Record<string, string>} [params] the state; without it the view opens as it was left
 * @property {string[]} [points] at what, as selectors
 * @property {unknown[]} [formulas]
 * @property {{id: string, view: string, params?: Record<string, string>}[]} [onward] links, page_tour.ID.onward_…
 */

/** @type {Step[]} */
export const STEPS = [
  { id: "forward", view: "graph", params: () => ({ g: "apple", step: "2" }), points: DRAWING },
  {
    id: "backward",
    view: "graph",
    params: () => ({ g: "apple", step: "3" }),
    points: RULE,
    formulas: [equation(partial("L", "x"), times(partial("L", "y"), partial("y", "x")))],
  },
  { id: "meaning", view: "graph", params: () => ({ g: "apple" }), points: INPUTS },
  { id: "add", view: "graph", params: () => ({ g: "fruit", step: "6" }), points: RULE },
  {
    id: "branch",
    view: "graph",
    params: () => ({ g: "fan-out" }),
    points: RULE,
    formulas: [equation(partial("y", "x"), sum(id("x"), id("x")), product(number(2), id("x")))],
  },
  {
    id: "affine",
    view: "graph",
    params: () => ({
      e: "Y = X @ W + b\nL = sum(Y)",
      "v.X": "[[1,2],[3,4]]",
      "v.W": "[[1,0,-1],[2,1,0]]",
      "v.b": "[0.1,0.2,0.3]",
    }),
    points: DRAWING,
    formulas: [
      equation(gradient("X"), times(gradient("Y"), transposed("W"))),
      equation(gradient("W"), times(transposed("X"), gradient("Y"))),
    ],
  },
  {
    id: "activation",
    view: "graph",
    params: () => ({ e: "y = sigmoid(a) + relu(b)", "v.a": "6", "v.b": "-1" }),
    points: INPUTS,
    formulas: [equation(partial("y", "x"), product(id("y"), bracketed(number(1), op("−"), id("y"))))],
  },
  {
    id: "softmax",
    view: "graph",
    params: () => ({ g: "softmax-with-loss" }),
    points: INPUTS,
    formulas: [equation(partial("L", "a"), ["mrow", {}, [id("y"), op("−"), id("t")]])],
  },
  {
    id: "check",
    view: "graph",
    params: () => ({ e: `${t("page_tour.check.name")} = ${SQUARE}`, "v.x": "3", "v.h": "0.001", step: "7" }),
    points: DRAWING,
  },
  {
    id: "train",
    view: "train",
    points: RUN,
    formulas: [["mrow", {}, [id("W"), op("←"), id("W"), op("−"), id("η"), op("·"), partial("L", "W")]]],
  },
  { id: "digit", view: "digit", points: PAD },
  {
    id: "free",
    view: "graph",
    params: () => ({ g: "apple" }),
    onward: [
      { id: "network", view: "graph", params: { g: "network" } },
      { id: "norm", view: "graph", params: { g: "batch-norm" } },
      { id: "predict", view: "graph", params: { g: "softmax-with-loss", mode: "predict", step: "18" } },
      { id: "flow", view: "train", params: { deep: "10" } },
      { id: "source", view: "source" },
    ],
  },
];

// Formulas, as trees of MathML for lib/tree.js.

function id(name) {
  return ["mi", {}, [name]];
}

function number(value) {
  return ["mn", {}, [String(value)]];
}

function op(sign) {
  return ["mo", {}, [sign]];
}

function partial(of, by) {
  return ["mfrac", {}, [["mrow", {}, [op("∂"), id(of)]], ["mrow", {}, [op("∂"), id(by)]]]];
}

function gradient(name) {
  return ["mrow", {}, [id("d"), id(name)]];
}

function transposed(name) {
  return ["msup", {}, [id(name), ["mi", { mathvariant: "normal" }, ["T"]]]];
}

function joined(sign, parts) {
  return ["mrow", {}, parts.flatMap((part, place) => (place ? [op(sign), part] : [part]))];
}

function equation(...sides) {
  return joined("=", sides);
}

function times(...factors) {
  return joined("·", factors);
}

function product(...factors) {
  return ["mrow", {}, factors];
}

function sum(...terms) {
  return joined("+", terms);
}

function bracketed(...inside) {
  return ["mrow", {}, [op("("), ...inside, op(")")]];
}
