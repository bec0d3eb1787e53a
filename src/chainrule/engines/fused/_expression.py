"""The text of one element of an expression, inside the loops that compute it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...graph import Dimension
from .._node import Node, Shape
from ._index import Index, Term, arguments
from ._place import Array
from ._units import is_alias, source, start_in_memory

LOOPS = "ijklmopq"  # the variable of each loop; n is the number of rows

_INFIX = {
    "equal": ("==", 1), "not_equal": ("!=", 1), "less": ("<", 1), "less_equal": ("<=", 1), "greater": (">", 1),
    "greater_equal": (">=", 1), "logical_or": ("|", 2), "logical_and": ("&", 3), "add": ("+", 4),
    "subtract": ("-", 4), "multiply": ("*", 5), "divide": ("/", 5),
}  # fmt: skip
_COMPARISON, _UNARY, _ATOM = 1, 6, 7

Text = tuple[str, int]  # and how strongly its operator binds


def literal(value: Any, dtype: np.dtype[Any]) -> str:
    """A number as it is written: in the precision in which it is used."""
    if dtype.kind == "b":
        return str(bool(value))
    if isinstance(value, Dimension):
        return f"{dtype.name}({value})"
    if dtype.kind != "f":
        return f"{dtype.name}({value})" if dtype != np.int64 else str(int(value))
    value = float(value)
    text = (
        repr(value) if math.isfinite(value) else ("-inf" if value < 0 else "inf") if value == value else "nan"
    )
    if dtype == np.float64:
        return text if text.lstrip("-") not in ("inf", "nan") else f"float64({text})"
    return f"{dtype.name}({text.removesuffix('.0')})"


def position(term: Term, variables: str = LOOPS) -> str:
    """An index term as text."""
    parts = [variables[loop] if step == 1 else f"{step} * {variables[loop]}" for loop, step in term.loops]
    return " + ".join([*parts, *([str(term.start)] if term.start or not parts else [])])


class Expressions:
    """Writes the expressions of one stretch of code in which variables keep their values.

    arrays     what lies in memory
    variables  what has a variable already: units, and nodes at an index
    view       the name of an array counted otherwise, in a shape of its own, from one of its numbers on
    is_short   whether the innermost loop is so short that LLVM unrolls it before it would vectorise it; what is chosen
               between is then loaded before the choice, which stays a branch otherwise
    """

    def __init__(
        self,
        arrays: Mapping[Node, Array],
        variables: dict[Any, str],
        view: Callable[[Array, Shape, int], str],
        *,
        is_short: bool = False,
    ) -> None:
        self.arrays, self.variables, self._view, self._is_short = arrays, variables, view, is_short

    def element(self, node: Node, index: Index) -> str:
        return self._of(node, index)[0]

    def result(self, node: Node, index: Index) -> str:
        """The operation of a unit itself, though it may have memory or a variable for its result."""
        return self._operation(node, index)[0]

    def _of(self, node: Node, index: Index) -> Text:
        for key in ((node, index), node):
            if key in self.variables:
                return self.variables[key], _ATOM
        if node.op == "number":
            text = literal(node.settings["value"], node.dtype)
            return text, _UNARY if text.startswith("-") else _ATOM
        if node.op == "arange":
            return position(index[0]), 4
        if node in self.arrays or is_alias(node):
            return self.load(node, index), _ATOM
        return self._operation(node, index)

    def load(self, node: Node, index: Index) -> str:
        places = [position(term) for term in index] or ["0"]
        if node.settings.get("gathered"):
            places[0] = "r" if places[0] == "i" else f"rows[{places[0]}]"
        return f"{self.whole(node)}[{', '.join(places)}]"

    def whole(self, node: Node) -> str:
        """An array in memory, perhaps counted otherwise."""
        array = self.arrays[source(node)]
        if node.shape == source(node).shape:
            return array.name
        return self._view(array, node.shape, start_in_memory(node))

    def _operation(self, node: Node, index: Index) -> Text:
        parts = [self._of(arg, at) for arg, at in arguments(node, index)]
        if node.op in _INFIX:
            sign, binds = _INFIX[node.op]
            (left, left_binds), (right, right_binds) = parts
            left = left if left_binds > binds or (left_binds == binds != _COMPARISON) else f"({left})"
            right = right if right_binds > binds else f"({right})"
            return f"{left} {sign} {right}", binds
        if node.op == "where" and self._is_short and any("[" in text for text, _ in parts[1:]):
            return f"where({', '.join(text for text, _ in parts)})", _ATOM
        if node.op == "where":
            condition, x, y = (text if binds > 0 else f"({text})" for text, binds in parts)
            return f"{x} if {condition} else {y}", 0
        if node.op == "negative":
            ((text, binds),) = parts
            return f"-{text if binds > _UNARY else f'({text})'}", _UNARY
        if node.op == "logical_not":
            ((text, binds),) = parts
            return f"not {text if binds >= _COMPARISON else f'({text})'}", 0
        if node.op == "copy":
            return parts[0]
        if node.op in ("maximum", "minimum") and node.dtype.kind != "f":
            return f"{node.op[:3]}({', '.join(text for text, _ in parts)})", _ATOM
        if node.op == "astype":
            if node.dtype.kind == "b":
                return f"{parts[0][0] if parts[0][1] >= 4 else f'({parts[0][0]})'} != 0", _COMPARISON
            return f"{node.dtype.name}({parts[0][0]})", _ATOM
        return f"{node.op}({', '.join(text for text, _ in parts)})", _ATOM


def shared(roots: list[tuple[Node, Index]], stop: Callable[[Node, Index], bool]) -> list[tuple[Node, Index]]:
    """What several expressions, or several places of one, have in common, in an order in which it can be computed.

    roots  nodes whose arguments are looked at
    stop   whether a node is no part of the expressions: it is read from somewhere
    """
    count: dict[tuple[Node, Index], int] = {}
    order: list[tuple[Node, Index]] = []
    todo = [(pair, False) for pair in dict.fromkeys(roots)]
    starts = set(roots)
    while todo:
        pair, after = todo.pop()
        if after:
            if pair not in starts:
                order.append(pair)
            continue
        todo.append((pair, True))
        for argument in arguments(*pair):
            if stop(*argument):
                continue
            count[argument] = count.get(argument, 0) + 1
            if count[argument] == 1:
                todo.append((argument, False))
    return [pair for pair in order if count[pair] > 1]
