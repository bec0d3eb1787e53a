"""Gates that are not made of primitive operations: they are run as they are, with NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..gates import Gate
from ..graph import Dimension, fitted, length_at, quiet, shape_at
from ._node import Node


def call_nodes(gate: Gate, args: tuple[Node, ...], settings: Mapping[str, Any]) -> tuple[Node, ...]:
    """A gate as an operation of its own: its result, and what it keeps.

    Shapes and dtypes come from running it on ones, for two and for three rows.
    """

    def results(rows: int) -> tuple[Any, ...]:
        ones = [_example(arg, rows) for arg in args]
        out = quiet.run(gate.forward, np, *ones, **settings_at(settings, rows))
        return out if gate.keeps else (out,)

    found = [
        (tuple(map(fitted, np.shape(two), np.shape(three))), np.asarray(two).dtype)
        for two, three in zip(results(2), results(3), strict=True)
    ]
    call = Node("call", args, *found[0], {"gate": gate, "settings": settings})
    if not gate.keeps:
        return (call,)
    return tuple(
        Node("part", (call,), shape, dtype, {"position": at}) for at, (shape, dtype) in enumerate(found)
    )


def settings_at(settings: Mapping[str, Any], rows: int) -> dict[str, Any]:
    """The settings of a gate, with the number of rows put in."""

    def put_in(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(put_in, value))
        return length_at(value, rows) if isinstance(value, Dimension) else value

    return {name: put_in(value) for name, value in settings.items()}


def _example(node: Node, rows: int) -> Any:
    if node.op in ("number", "constant"):
        return node.settings["value"]
    ones = np.ones(shape_at(node.shape, rows), node.dtype)
    return float(ones) if node.weak else ones if ones.ndim else ones[()]
