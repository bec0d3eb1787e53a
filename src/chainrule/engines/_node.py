"""Primitive operations on arrays that have a shape and a dtype and no numbers: what gates are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Any

import numpy as np

from ..gates import Gate

Shape = tuple[int, ...]

ELEMENTWISE = frozenset(
    "add subtract multiply divide power negative absolute exp expm1 log log1p sqrt sin cos tanh erf sign maximum "
    "minimum where equal not_equal less less_equal greater greater_equal logical_and logical_or logical_not isfinite "
    "isnan astype copy murmur3".split()
)
REDUCTIONS = frozenset(("sum", "max", "min"))
VIEWS = frozenset(("transpose", "broadcast", "slice", "reshape", "windows"))
PLACEMENTS = frozenset(("place", "fold"))

_numbers = count()


@dataclass(frozen=True, eq=False, slots=True)
class Node:
    """One primitive operation, and its result.

    op        a name out of the sets above (of images: "windows" looks at them, "fold" adds windows back to where they
              come from, "place" puts arrays of one shape at different places of a larger one), or "input", "number"
              (one number), "constant" (an array), "arange" (0, 1, … along its only axis), "matmul", "concat", "call"
              (a gate that is not made of primitives: it is run as it is), "part" (one of the results of a call)
    args      what it is applied to; of an elementwise operation all of one dtype and shape (but the condition's dtype)
    shape     lengths of the axes, which may be a `Dimension`
    settings  axes, index, value and so on
    weak      made of Python's numbers alone, which take the precision of whatever they meet
    number    nodes are numbered in the order in which they are made
    """

    op: str
    args: tuple[Node, ...]
    shape: Shape
    dtype: np.dtype[Any]
    settings: Mapping[str, Any] = field(default_factory=dict)
    weak: bool = False
    number: int = field(default_factory=lambda: next(_numbers))

    def __str__(self) -> str:
        given = [f"%{a.number}" for a in self.args]
        given += [f"{k}={v.name if isinstance(v, Gate) else v!r}" for k, v in self.settings.items()]
        return f"%{self.number} = {self.op}({', '.join(given)}): {self.dtype}{list(self.shape)}"

    def with_args(self, args: tuple[Node, ...]) -> Node:
        """The same operation on other arguments, under the same number."""
        return Node(self.op, args, self.shape, self.dtype, self.settings, self.weak, self.number)


def input_node(name: str, shape: Shape, dtype: Any, *, weak: bool = False, gathered: bool = False) -> Node:
    """An input; one that is gathered is read through the row numbers of a mini-batch."""
    settings = {"name": name, "gathered": True} if gathered else {"name": name}
    return Node("input", (), shape, np.dtype(dtype), settings, weak)


def number_node(value: Any, dtype: Any, *, weak: bool = False) -> Node:
    return Node("number", (), (), np.dtype(dtype), {"value": value}, weak)


def in_order(outputs: Iterable[Node], by: Mapping[Node, Node] | None = None) -> list[Node]:
    """All nodes that the outputs need, each after its arguments and otherwise by number.

    by  nodes that stand for others: where there is one, its arguments count
    source  Kahn, Topological sorting of large networks, CACM 5 (1962)
    """
    found = list(dict.fromkeys(outputs))
    users: dict[Node, list[Node]] = {node: [] for node in found}
    for node in found:  # grows while it is walked
        for arg in (by.get(node, node) if by else node).args:
            if arg not in users:
                users[arg] = []
                found.append(arg)
            users[arg].append(node)
    missing = dict.fromkeys(found, 0)
    for node in found:
        for user in users[node]:
            missing[user] += 1
    ready = [(node.number, id(node), node) for node in found if not missing[node]]
    heapify(ready)
    order = []
    while ready:
        node = heappop(ready)[2]
        order.append(node)
        for user in users[node]:
            missing[user] -= 1
            if not missing[user]:
                heappush(ready, (user.number, id(user), user))
    return order
