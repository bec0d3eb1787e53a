"""From primitive operations on arrays without numbers to formulas that people read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .. import gates
from ..engines._abstract import xp
from ..engines._node import ELEMENTWISE, REDUCTIONS, Node, Shape, in_order
from ..gates import Gate
from ._algebra import operation, without_nan
from ._expression import Array, Expression, Name, Number, Operation


def shown(result: Any) -> Expression:
    """The formula of a result, in the shape of the result; a number stands for an array full of it."""
    root = xp.asarray(result).node
    tree = _Tree()
    for node in in_order([root]):
        tree.add(node)
    formula = without_nan(tree.of[root])
    return formula if isinstance(formula, Number) else tree.in_shape(formula, root.shape)


def called(gate: Gate, inputs: Iterable[Any], settings: Mapping[str, Any]) -> Expression:
    """A gate as a call of itself."""
    return Operation(gate.name, tuple(map(shown, inputs)), _frozen(settings))


class _Tree:
    """Formulas of nodes. A formula may be smaller than its node where what it goes into broadcasts it again."""

    def __init__(self) -> None:
        self.of: dict[Node, Expression] = {}
        self._shapes: dict[Expression, Shape] = {}

    def add(self, node: Node) -> None:
        self.of[node] = self._formula(node)

    def in_shape(self, e: Expression, shape: Shape) -> Expression:
        if self._shape(e) == shape:
            return e
        same = math.prod(self._shape(e)) == math.prod(shape)
        return self._new("reshape" if same else "broadcast", (e,), shape, shape=shape)

    def _fits(self, e: Expression, shape: Shape) -> bool:
        """Whether broadcasting makes that shape of it. Of a product with a vector it may not: (n,) is no (n, 1)."""
        return np.broadcast_shapes(self._shape(e), shape) == shape

    def _shape(self, e: Expression) -> Shape:
        if e in self._shapes:
            return self._shapes[e]
        match e:
            case Name(shape=shape):
                return shape or ()
            case Array():
                return np.shape(e.rows)
            case Operation(args=args):
                return np.broadcast_shapes(*map(self._shape, args))
        return ()

    def _new(self, op: str, args: tuple[Expression, ...], of_shape: Shape, /, **settings: Any) -> Expression:
        e = Operation(op, args, _frozen(settings))
        self._shapes[e] = of_shape
        return e

    def _formula(self, node: Node) -> Expression:
        op, settings = node.op, node.settings
        args = tuple(self.of[a] for a in node.args)
        if op in (
            "astype",
            "copy",
            "broadcast",
            "part",
        ):  # the same numbers; of the parts of a call, its result
            return args[0]
        if op == "equal" and (classes := self._classes(*args)):
            return classes
        if op in ELEMENTWISE:
            fitting = zip(args, node.args, strict=True)
            return operation(
                op, *(e if self._fits(e, a.shape) else self.in_shape(e, a.shape) for e, a in fitting)
            )
        match op:
            case "input":
                return Name(settings["name"], node.shape)
            case "number":
                return Number(float(settings["value"]) if node.dtype.kind == "f" else settings["value"])
            case "constant":
                return Array(_nested(settings["value"].tolist()))
            case "arange":
                return self._new(op, (), node.shape, stop=node.shape[0])
            case "matmul":
                return self._product(node)
            case "reshape" if self._shape(args[0]) == node.shape:  # of what was not broadcast yet
                return args[0]
        args = tuple(self.in_shape(e, a.shape) for a, e in zip(node.args, args, strict=True))
        match op:
            case "reshape":
                return self._reshaped(args[0], node)
            case "slice":
                index = zip(settings["start"], node.shape, node.args[0].shape, strict=True)
                spans = tuple(_span(start, step, n, length) for (start, step), n, length in index)
                return self._new(op, args, node.shape, index=spans)
            case "place" if len(args) == 1:  # images with a margin
                _, _, (down, _), (across, _) = settings["at"][0]
                return self._new("pad", args, node.shape, padding=(down, across), value=settings["value"])
            case "windows":
                return self._new(op, args, node.shape, size=node.shape[2:4], stride=settings["stride"])
            case "fold":
                return self._new(op, args, node.shape, shape=node.shape, stride=settings["stride"])
            case "transpose" if settings["axes"] == tuple(range(len(node.shape))):
                return args[0]
            case "call" if settings["gate"] is gates.getitem:
                return self._new("slice", args, node.shape, **settings["settings"])
            case "call":
                return self._new(settings["gate"].name, args, node.shape, **settings["settings"])
            case op if op in REDUCTIONS:
                axes = settings["axes"]
                axis = None if len(axes) == len(node.shape) else axes[0] if len(axes) == 1 else axes
                return self._new(op, args, node.shape, axis=axis, keepdims=True)
        return self._new(op, args, node.shape, **settings)

    def _product(self, node: Node) -> Expression:
        """A matrix product; a vector is one, without the axis that makes a matrix of it."""
        factors: list[Expression] = []
        for arg, single in zip(node.args, (-2, -1), strict=True):
            e = self.of[arg]
            match e:
                case Operation("reshape", (vector,)) if (
                    arg.shape[single] == 1 and len(self._shape(vector)) == 1
                ):
                    e = vector
            shape = self._shape(e)
            is_vector = len(shape) == 1 and arg.shape[single] == 1 and shape[0] == math.prod(arg.shape[-2:])
            factors.append(e if is_vector or shape[-2:] == arg.shape[-2:] else self.in_shape(e, arg.shape))
        x, y = map(self._shape, factors)
        lead = np.broadcast_shapes(x[:-2], y[:-2])
        return self._new("matmul", tuple(factors), (*lead, *x[-2:-1], *(y[-1:] if len(y) > 1 else ())))

    def _reshaped(self, e: Expression, node: Node) -> Expression:
        before, after = node.args[0].shape, node.shape
        if after == (1,) * (len(after) - len(before)) + before:  # broadcasting puts axes in front by itself
            return e
        match e:
            case Operation(op, args, (("axis", axis), ("keepdims", True))) if op in REDUCTIONS:
                axes = range(len(before)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
                if after == tuple(n for i, n in enumerate(before) if i not in axes):
                    return self._new(op, args, after, axis=axis, keepdims=False)
            case Operation("slice", args, (("index", index),)):
                places = [i for i, n in enumerate(before) if n == 1 and index[i][:1] != (None,)]
                if after == tuple(n for i, n in enumerate(before) if i not in places):
                    chosen = tuple(part[0] if i in places else part for i, part in enumerate(index))
                    return self._new("slice", args, after, index=chosen)
        return self._new("reshape", (e,), after, shape=after)

    def _classes(self, labels: Expression, numbers: Expression) -> Expression | None:
        """Class numbers compared with all classes: rows with a 1 at the right class."""
        match labels, numbers:
            case Operation("reshape", (t,), (("shape", (*rows, 1)),)), Operation(
                "arange", _, (("stop", classes),)
            ):
                return self._new("one_hot", (t,), (*rows, classes), classes=classes)
            case Name() as t, Operation("arange", _, (("stop", classes),)):
                return self._new("one_hot", (t,), (classes,), classes=classes)
        return None


def _nested(rows: Any) -> Any:
    return tuple(map(_nested, rows)) if isinstance(rows, list) else rows


def _span(start: int, step: int, count: int, length: int) -> tuple[int | None, int | None, int | None]:
    """Start, stop and step of a slice, as Python writes them."""
    if (start, step, count) == (0, 1, length):
        return None, None, None
    stop = start + step * count
    return start, None if stop < 0 else stop, None if step == 1 else step


def _frozen(settings: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Settings that can be looked up and read."""
    return tuple((k, _index(v) if k == "index" else _fixed(v)) for k, v in settings.items())


def _index(index: Any) -> tuple[Any, ...]:
    """What stands between [ and ], part by part: places, spans as (start, stop, step), and others as written."""
    return tuple(map(_part, index if isinstance(index, tuple) else (index,)))


def _part(part: Any) -> Any:
    if isinstance(part, slice):
        return part.start, part.stop, part.step
    return part if isinstance(part, int | tuple) else "..." if part is Ellipsis else str(_fixed(part))


def _fixed(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_fixed, value))
    if isinstance(value, np.ndarray | list):
        return str(np.asarray(value).tolist())
    return value.__name__ if isinstance(value, type) else value
