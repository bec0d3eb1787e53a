// Formulas and other trees that the server sends: ["math", {attributes}, [children…]], where a child is text or a tree.

import { h, useMemo } from "../vendor/preact.js";

const MATHML = new Set(
  ("math semantics mrow mi mn mo mtext mspace mfrac msqrt mroot msup msub msubsup mover munder munderover mtable mtr " +
    "mtd mstyle mpadded mphantom menclose merror mmultiscripts mprescripts").split(" "),
);
const HTML = new Set("span div p strong em b i code sup sub ol ul li br table thead tbody tr th td".split(" "));
const ATTRIBUTES = new Set(
  ("class id title lang role display displaystyle mathvariant stretchy fence separator form lspace rspace width height " +
    "depth columnalign rowspacing columnspacing accent accentunder linethickness scriptlevel largeop movablelimits " +
    "minsize maxsize symmetric notation rowspan colspan columnspan scope").split(" "),
);

/**
 * A tree, as nodes of the page; a name that is not known for harmless is left out, what it holds stays.
 * @param {{tree: unknown, onTerm?: (term: string | null) => void, active?: string | null, focusable?: boolean}} props
 *   onTerm     called with what the term under the pointer or the focus stands for, and with null behind it
 *   active     a term or several (space between) that are highlighted
 *   focusable  whether the terms can be reached by keyboard
 */
export function Tree({ tree, onTerm, active = null, focusable = Boolean(onTerm) }) {
  const lit = useMemo(() => new Set((active ?? "").split(" ").filter(Boolean)), [active]);
  return node(tree, { lit, onTerm, focusable });
}

function node(tree, how) {
  if (tree === null || tree === undefined) return null;
  if (!Array.isArray(tree)) return String(tree);
  const [name, attributes = {}, children = []] = tree;
  const inside = [children].flat(1).length ? childrenOf(children, how) : null;
  if (!MATHML.has(name) && !HTML.has(name)) return inside;
  return h(name, propsOf(attributes, how), inside);
}

function childrenOf(children, how) {
  // A single tree may stand without the list around it.
  const list = Array.isArray(children) && !isTree(children) ? children : [children];
  return list.map((child) => node(child, how));
}

const isTree = (value) =>
  typeof value[0] === "string" && value.length === 3 && typeof value[1] === "object" && !Array.isArray(value[1]);

function propsOf(attributes, how) {
  const props = Object.fromEntries(
    Object.entries(attributes ?? {}).filter(
      ([name]) => ATTRIBUTES.has(name) || name.startsWith("data-") || name.startsWith("aria-"),
    ),
  );
  const term = props["data-term"];
  return term ? { ...props, ...termProps(term, props, how) } : props;
}

function termProps(term, props, { lit, onTerm, focusable }) {
  const isLit = term.split(" ").some((one) => lit.has(one));
  const className = ["term", props.class, isLit && "lit"].filter(Boolean).join(" ");
  if (!onTerm) return { class: className };
  return {
    class: className,
    tabindex: focusable ? 0 : undefined, // in MathML the letters of an attribute count
    onPointerEnter: () => onTerm(term),
    onPointerLeave: () => onTerm(null),
    onFocus: () => onTerm(term),
    onBlur: () => onTerm(null),
  };
}
