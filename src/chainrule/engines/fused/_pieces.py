"""What emitted text is put together from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ...graph import Dimension
from .._node import Node
from .._step import Application
from ._expression import LOOPS, literal, position
from ._hazards import Access
from ._index import Index
from ._place import Array

_HEADS = {"forward": "forward pass", "backward": "backward pass", "update": "update"}
SPLIT_FROM = 16_384  # operations over parameters: fewer are done by one thread


@dataclass(frozen=True, slots=True)
class Rows:
    """A loop over rows of a mini-batch, `head`, with what is done in it for each, before it and after it."""

    head: str
    before: Sequence[str]
    body: Sequence[str]
    after: Sequence[str]

    @property
    def lines(self) -> list[str]:
        return [*self.before, self.head, *(f"    {line}" for line in self.body), *self.after]


@dataclass(slots=True, eq=False)
class Piece:
    """Some lines of the function that belong together.

    about     the gate applications that they do
    comment   lines to stand above
    is_part   whether it only finishes what began elsewhere
    units     what it computes
    rows      the lines, where they are such a loop and nothing else
    flops, bytes  floating-point operations, and bytes read and written; either may hold a `Dimension`
    """

    lines: list[str]
    about: list[Application]
    accesses: list[Access] = field(default_factory=list)
    flops: int = 0
    bytes: int = 0
    comment: list[str] = field(default_factory=list)
    is_part: bool = False
    units: Sequence[Node] = ()
    rows: Rows | None = None

    @property
    def head(self) -> str | None:
        """What part of a step it belongs to; None where that is not worth a heading."""
        if self.is_part:
            return None
        return _HEADS[self.about[0].phase] if self.about else "mini-batch and numbers"


def share_of(length: int) -> tuple[str, str]:
    if isinstance(length, Dimension):
        suffix = "" if repr(length) == "n" else f"_{length.scale}n{length.offset or ''}".replace("-", "_")
    else:
        suffix = f"_{length}"
    return f"first{suffix}", f"last{suffix}"


def places_of(index: Index) -> list[str]:
    return [position(term) for term in index]


def extreme(unit: Node) -> float:
    lowest = unit.op == "max"
    if unit.dtype.kind == "f":
        return -np.inf if lowest else np.inf
    return np.iinfo(unit.dtype).min if lowest else np.iinfo(unit.dtype).max


def start_of(unit: Node) -> str:
    """Sums of many numbers are taken in float64, whatever they are of."""
    if unit.op == "sum":
        return "float64(0)" if unit.dtype.kind == "f" else literal(0, unit.dtype)
    return literal(extreme(unit), unit.dtype)


def accumulate(unit: Node, target: str, text: str) -> str:
    if unit.op in ("sum", "matmul_total"):
        return f"{target} += {text}"
    chosen = unit.op if unit.dtype.kind != "f" else "maximum" if unit.op == "max" else "minimum"
    return f"{target} = {chosen}({target}, {text})"


def finish(unit: Node, name: str) -> list[str]:
    return [f"{name} = {unit.dtype.name}({name})"] if unit.op == "sum" and unit.dtype == np.float32 else []


def nested(lengths: Sequence[int], body: list[str], first: int = 0) -> list[str]:
    """Lines inside a loop over each length.

    first  the number of the outermost loop

    >>> nested((2, 3), ["x[i, j] = 0"])
    ['for i in range(2):', '    for j in range(3):', '        x[i, j] = 0']
    """
    heads = [f"{'    ' * at}for {LOOPS[first + at]} in range({n}):" for at, n in enumerate(lengths)]
    return [*heads, *(f"{'    ' * len(lengths)}{line}" for line in body)]


def by_first(lines: list[str]) -> list[str]:
    """Lines that only the first thread of a team runs."""
    return ["if thread == 0:", *(f"    {line}" for line in lines)]


def bytes_of(array: Array) -> int:
    return math.prod(array.shape) * array.dtype.itemsize
