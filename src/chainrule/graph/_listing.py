"""A graph as a list: what an output was made from, in the order it was made, with names to call it by."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..gates import Gate
from ._backward import reachable
from ._tokens import columns_of
from ._variable import Variable

_DIGITS = 9  # of a number in the table: enough to tell any two of float32 apart
_ELEMENTS = 6  # of an array that is shown by its numbers
_INFIX = frozenset("+−×÷·=≠<≤>≥∧∨")
_AROUND = {"negate": "−{}", "abs": "|{}|", "square": "{}²", "logical_not": "¬{}", "matrix_transpose": "{}ᵀ"}
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class Node:
    """A variable in a graph, and what it is called there.

    name       the one that a person gave it; else its gate's with a number, or x1, x2, … for a leaf
    variable   itself: ``node.variable.value``, ``node.variable.grad``
    arguments  of its gate, in order: names of other nodes, and constants as they are written
    """

    name: str
    variable: Variable
    arguments: tuple[str, ...]

    @property
    def formula(self) -> str:
        """The gate with its arguments, as in ``x × m``; empty for a leaf."""
        gate = self.variable.gate
        return _formula(gate, self.arguments, self.variable.settings) if gate else ""

    def __str__(self) -> str:
        return f"{self.name} = {self.formula}" if self.formula else self.name


class Graph:
    """The variables that an output depends on, leaves and results of gates, in the order they were made.

    output       the variable that everything leads to, the last of them
    output_name  what to call it if it has no name, and nothing else is called so
    str          a table: each node with its value and, once there are any, the gradients. Numbers are rounded to nine
                 digits there; of an array with more than six the shape is shown

    >>> x, m, t = cr.variables(x=100.0, m=2, t=1.1)
    >>> L = 0.5 * (x * m * t - 219) ** 2
    >>> L.backward()
    >>> print(Graph(L))
                                 value  gradient
    x                            100         2.2
    m                              2       110
    t                              1.1     200
    multiply1 = x × m            200         1.1
    multiply2 = multiply1 × t    220         1
    subtract1 = multiply2 − 219    1         1
    power1 = subtract1²            1         0.5
    multiply3 = 0.5 × power1       0.5       1
    """

    def __init__(self, output: Variable, output_name: str | None = None) -> None:
        self.output = output
        found = reachable([output])[::-1]
        names = _names(found, output_name)
        self._nodes = tuple(
            Node(names[v], v, tuple(names[i] if isinstance(i, Variable) else _constant(i) for i in v.inputs))
            for v in found
        )

    def __iter__(self) -> Iterator[Node]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    def __repr__(self) -> str:
        leaves = sum(node.variable.gate is None for node in self)
        return f"<Graph of {self._nodes[-1].name}: {leaves} leaves, {len(self) - leaves} gates>"

    def __str__(self) -> str:
        gradients = [node.variable.grad for node in self]
        columns = [
            _left(["", *map(str, self)]),
            _right(["value", *_aligned([_text(node.variable._value) for node in self])]),
        ]
        if any(gradient is not None for gradient in gradients):
            columns.append(_right(["gradient", *_aligned([_text(gradient) for gradient in gradients])]))
        return "\n".join("  ".join(row).rstrip() for row in zip(*columns, strict=True))


def _names(variables: list[Variable], last: str | None = None) -> dict[Variable, str]:
    """A name for each variable, no two the same. Those that a person gave stay, unless given twice.

    last   the name of the last one, if it has none of its own and no other has this one
    """
    taken = {variable.name for variable in variables if variable.name}
    last = None if last in taken else last
    names: dict[Variable, str] = {}
    given: set[str] = set()
    numbers: Counter[str] = Counter()
    for variable in variables:
        name = variable.name or (last if variable is variables[-1] else None) or ""
        if not name or name in given:
            kind = name or (variable.gate.name if variable.gate else "x")
            if name:
                numbers[kind] = max(numbers[kind], 1)  # the first one has no number
            while not name or name in taken:
                numbers[kind] += 1
                name = f"{kind}{numbers[kind]}"
            taken.add(name)
        given.add(name)
        names[variable] = name
    return names


def _formula(gate: Gate, arguments: tuple[str, ...], settings: Mapping[str, Any]) -> str:
    """A gate with its arguments, as mathematics writes it, or as a call."""
    first = arguments[0]
    safe = [f"({a})" if a.startswith("-") else a for a in arguments]
    if gate.name in _AROUND:
        return _AROUND[gate.name].format(first)
    if gate.name == "power":
        base, exponent = safe
        return base + exponent.translate(_SUPERSCRIPT) if exponent.isdecimal() else f"{base} ^ {exponent}"
    if gate.name == "transpose" and settings.get("axes") is None:
        return f"{first}ᵀ"
    if gate.name == "getitem":
        return f"{first}[{_index(settings['index'])}]"
    if gate.symbol in _INFIX and len(arguments) == 2:
        return f" {gate.symbol} ".join(safe)
    chosen = [f"{k}={_setting(v)}" for k, v in settings.items() if v is not gate.defaults.get(k, gate)]
    name = gate.symbol if gate.symbol.isalpha() and gate.name not in ("transpose", "astype") else gate.name
    return f"{name}({', '.join([*arguments, *chosen])})"


def _constant(value: Any) -> str:
    """A constant as it was written; of a large array, its shape."""
    if np.ndim(value) == 0:
        return str(value).removesuffix(".0")
    return _text(value) if 0 < np.size(value) <= _ELEMENTS else _shape_of(value)


def _shape_of(array: Any) -> str:
    return f"array({', '.join(map(str, np.shape(array)))})"


def _setting(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return repr(value.tolist()) if 0 < value.size <= _ELEMENTS else _shape_of(value)
    return value.__name__ if isinstance(value, type) else repr(value)


def _index(index: Any) -> str:
    """What stands between [ and ]."""
    if isinstance(index, tuple):
        return ", ".join(map(_index, index))
    if isinstance(index, slice):
        ends = ["" if end is None else str(end) for end in (index.start, index.stop)]
        return ":".join(ends if index.step is None else [*ends, str(index.step)])
    return "..." if index is Ellipsis else _setting(index)


def _text(value: Any) -> str:
    """A value in the table: a number, a small array by its numbers, a large one by its shape."""
    if value is None:
        return "–"
    if np.ndim(value) == 0:
        return number_text(value[()] if isinstance(value, np.ndarray) else value)
    if not 0 < np.size(value) <= _ELEMENTS:
        return str(np.shape(value))
    return f"[{' '.join(_text(part) for part in value)}]"


def number_text(value: Any, digits: int = _DIGITS) -> str:
    """A number to nine digits, or as many as are wanted, without zeros that say nothing.

    >>> number_text(0.1 + 0.2), number_text(1e-7 / 3, digits=3)
    ('0.3', '3.33e-8')
    """
    if not isinstance(value, float | np.floating):
        return str(value)
    size = abs(float(value))
    if size == 0:
        return "0"
    if 1e-4 <= size < 10**digits:
        return np.format_float_positional(value, precision=digits, fractional=False, trim="-")
    if size < math.inf:
        text = np.format_float_scientific(value, precision=digits - 1, trim="-", exp_digits=1)
        return text.replace(".e", "e")  # NumPy leaves the point of 4.e+9 where it rounded to a whole number
    return str(float(value))  # inf and nan


def _aligned(texts: list[str]) -> list[str]:
    """The same texts with the points of the numbers among them under each other."""
    tails = [0 if text[0] in "[(" else len(text) - len(text.partition(".")[0]) for text in texts]
    longest = max(tails)
    return [
        text if text[0] in "[(" else text + " " * (longest - tail)
        for text, tail in zip(texts, tails, strict=True)
    ]


def _left(texts: list[str]) -> list[str]:
    width = max(map(columns_of, texts))
    return [text + " " * (width - columns_of(text)) for text in texts]


def _right(texts: list[str]) -> list[str]:
    width = max(map(columns_of, texts))
    return [" " * (width - columns_of(text)) + text for text in texts]
