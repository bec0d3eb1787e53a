"""Gates that are not made of primitive operations: they are run as they are, with NumPy."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..gates import Gate
from ..graph import Dimension, fitted, length_at, quiet, shape_at
from ._node import Node


class _Room(threading.local):
    """How many numbers may be made at once. No context variable: gates run in a context of their own, `quiet`."""

    most: float = math.inf


_room = _Room()


@contextmanager
def at_most(numbers: int) -> Iterator[None]:
    """Within it no more than so many numbers are made at once, however large the shapes that are asked about."""
    before, _room.most = _room.most, numbers
    try:
        yield
    finally:
        _room.most = before


def check_room(*shapes: tuple[int, ...]) -> None:
    """Refuse to make arrays of these shapes where `at_most` says so: ValueError."""
    if sum(map(math.prod, shapes)) > _room.most:
        raise ValueError(f"arrays of shape {', '.join(map(str, shapes))} are too large to be made for a look")


def call_nodes(gate: Gate, args: tuple[Node, ...], settings: Mapping[str, Any]) -> tuple[Node, ...]:
    """A gate as an operation of its own: its result, and what it keeps.

    Shapes and dtypes come from running it on ones, for two and for three rows.
    """

    if gate.kind == "collective":  # running it here would wait for processes that do not look
        (arg,) = args
        return (Node("call", args, arg.shape, arg.dtype, {"gate": gate, "settings": settings}),)

    def results(rows: int) -> tuple[Any, ...]:
        check_room(*(shape_at(arg.shape, rows) for arg in args))
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
