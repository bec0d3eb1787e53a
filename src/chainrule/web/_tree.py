"""A formula as a tree of MathML elements in JSON, which the page turns into nodes without ever reading markup."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

from ..explain._expression import Equation, Gradient, Name
from ..explain.notation import mathml_sides

Tree = list[Any]
"""An element: its name, its attributes, its children, each of them an element or a text."""

_CLASS_OF_STYLE = {"text-align:left": "left"}  # a strict policy lets no markup carry styles


Memory = dict[Any, Any]
"""What need not be made again while nothing but numbers changes."""


def tree_of(
    equation: Equation, language: str, terms: Mapping[Name | Gradient, str], memory: Memory, key: Any
) -> Tree:
    """An equation; one of more than two sides as a table with a row for each side but the first.

    terms   ids of the lines and circles that a name or a gradient is about, as it and its value carry them in
            ``data-term``
    memory  where the sides in symbols are kept, and by which key

    >>> from ..explain._expression import Number
    >>> tree_of(Equation((Name("x"), Number(2.0))), "en", {Name("x"): "e0"}, {}, "x")
    ['math', {}, [['mi', {'data-term': 'e0'}, ['x']], ['mo', {}, ['=']], ['mn', {}, ['2']]]]
    """
    known: list[list[Tree]] | None = memory.get(key)
    if known:
        stand_in = Name(
            "", getattr(equation.sides[0], "shape", None)
        )  # whether arrays are multiplied shows in it
        rest = Equation((stand_in, *equation.sides[equation.symbols :]), equation.exact)
        sides = known + _sides(rest, language, terms)[1:]
    else:
        sides = _sides(equation, language, terms)
        memory[key] = sides[: equation.symbols]
    first, *others = sides
    if len(others) < 2:
        return ["math", {}, [*first, *(element for side in others for element in side)]]
    rows = [["mtr", {}, [["mtd", {}, left], ["mtd", {}, side]]] for left, side in _beside(first, others)]
    return ["math", {}, [["mtable", {"class": "equation"}, rows]]]


def _sides(equation: Equation, language: str, terms: Mapping[Name | Gradient, str]) -> list[list[Tree]]:
    return [_elements(side) for side in mathml_sides(equation, language=language, terms=terms)]


def _beside(first: list[Tree], others: list[list[Tree]]) -> list[tuple[list[Tree], list[Tree]]]:
    return [(first if side is others[0] else [], side) for side in others]


@lru_cache(maxsize=4096)  # while one value changes, most sides of most equations stay as they are
def _elements(markup: str) -> list[Tree]:
    return [_tree(element) for element in ElementTree.fromstring(f"<math>{markup}</math>")]


def _tree(element: ElementTree.Element) -> Tree:
    """In MathML an element has either one text or elements."""
    children: list[Any] = [_tree(child) for child in element]
    attributes = element.attrib
    if element.tag == "mrow" and len(children) == 1 and not attributes:
        only: Tree = children[0]
        return only
    if "style" in attributes:
        attributes["class"] = _CLASS_OF_STYLE[attributes.pop("style")]
    return [element.tag, attributes, children or ([element.text] if element.text else [])]
