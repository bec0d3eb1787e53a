"""The second pass: what nobody asked for, what is computed twice, and what changes nothing.

Only identities that hold for every number are used, NaN, infinities and rounding included: x · 1 is x, but x · 0 is
not 0, and x + 0 is not x (where x is −0).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np

from ...graph import Dimension, quiet
from .._node import ELEMENTWISE, REDUCTIONS, VIEWS, Node, number_node
from ._lower import Program

_NUMPY: Mapping[str, Any] = {
    name: getattr(np, name) for name in ELEMENTWISE - {"erf", "astype", "copy", "murmur3"}
}


def drop(program: Program) -> Program:
    """The same outputs from fewer nodes."""
    known: dict[Any, Node] = {}

    def rewrite(node: Node) -> Node:
        node = _simpler(node)
        return known.setdefault(_identity(node), node)

    return program.rewritten(rewrite)


def _identity(node: Node) -> Any:
    """Equal for two nodes that compute the same."""
    if node.op in ("call", "constant"):
        return node.number
    return (
        node.op, tuple(a.number for a in node.args), tuple(map(repr, node.shape)), node.dtype, node.weak,
        tuple((k, repr(v)) for k, v in node.settings.items()),
    )  # fmt: skip


def _simpler(node: Node) -> Node:
    if node.op in ELEMENTWISE:
        numbers = [_number(a) for a in node.args]
        if node.op != "astype" and None not in numbers and node.op in _NUMPY:
            value = quiet.run(
                _NUMPY[node.op], *(a.dtype.type(v) for a, v in zip(node.args, numbers, strict=True))
            )
            return _spread(number_node(value.item(), node.dtype, weak=node.weak), node)
        return _identity_removed(node, numbers)
    if node.op in REDUCTIONS and all(
        type(n) is int and n == 1 for n in (node.args[0].shape[a] for a in node.settings["axes"])
    ):
        return node.args[0]
    if node.op == "reshape":
        (arg,) = node.args
        if arg.op == "reshape":
            arg = arg.args[0]
            node = node.with_args((arg,))
        return arg if arg.shape == node.shape else node
    if node.op == "fold":
        return _placed(node)
    if node.op == "broadcast" and node.args[0].op == "broadcast":
        return node.with_args(node.args[0].args)
    if node.op == "transpose":
        (arg,) = node.args
        axes = node.settings["axes"]
        if arg.op == "transpose":
            inner = arg.settings["axes"]
            axes = tuple(inner[a] for a in axes)
            node = Node("transpose", arg.args, node.shape, node.dtype, {"axes": axes}, node.weak)
        return node.args[0] if axes == tuple(range(len(axes))) else node
    return node


def _placed(fold: Node) -> Node:
    """Of windows that do not overlap and were stacked place by place, those places, without the stack."""
    (windows,) = fold.args
    stack = windows.args[0] if windows.op == "reshape" else windows
    images, channels, *size, down, across = windows.shape
    stride, each = fold.settings["stride"], (images, channels, down, across)
    apart = all(step >= length for step, length in zip(stride, size, strict=True))
    if not (apart and stack.op == "concat" and stack.settings["axis"] == 2 and len(stack.shape) == 5):
        return fold
    if any(part.shape != (images, channels, 1, down, across) for part in stack.args):
        return fold
    parts = tuple(_simpler(Node("reshape", (part,), each, part.dtype)) for part in stack.args)
    whole = (0, 1), (0, 1)
    at = tuple((*whole, (a, stride[0]), (b, stride[1])) for a, b in product(range(size[0]), range(size[1])))
    settings = {"at": at, "value": 0.0}
    return Node("place", parts, fold.shape, fold.dtype, settings, number=fold.number)


def _identity_removed(node: Node, numbers: list[Any]) -> Node:
    args, op = node.args, node.op
    if op == "multiply" and 1 in numbers:
        return args[1 - numbers.index(1)]
    if op in ("divide", "power") and numbers[1] == 1:
        return args[0]
    if op == "power" and numbers[1] == 2:
        return Node("multiply", (args[0], args[0]), node.shape, node.dtype, {}, node.weak)
    if op == "where" and numbers[0] is not None:
        return args[1] if numbers[0] else args[2]
    if op == "logical_and" and False in numbers:
        return args[numbers.index(False)]
    if op == "negative" and args[0].op == "negative":
        return args[0].args[0]
    return node


def _number(node: Node) -> Any:
    """The number that a node is everywhere, if it is known."""
    while node.op in VIEWS:
        (node,) = node.args
    value = node.settings["value"] if node.op == "number" else None
    return None if isinstance(value, Dimension) else value


def _spread(number: Node, node: Node) -> Node:
    if not node.shape:
        return number
    return Node("broadcast", (number,), node.shape, node.dtype, {}, node.weak)
