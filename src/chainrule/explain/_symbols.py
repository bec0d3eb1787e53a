"""The mathematics of a gate in symbols: what its own forward and its own rules make of arrays without numbers.

They run as for the fused engine, and what is shown is made of the primitive operations that it compiles. Nothing is
differentiated here, and no formula is written down.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, wraps
from typing import Any, NamedTuple

import numpy as np

from .. import gates
from ..engines._abstract import AbstractArray, xp
from ..engines._calls import call_nodes
from ..engines._node import ELEMENTWISE, REDUCTIONS, Node, Shape, in_order, input_node, number_node
from ..errors import UnsupportedError
from ..gates import Gate, formula_value
from ..graph import quiet
from ..graph._backward import _undo_broadcasting
from ._algebra import operation, settled, without_nan
from ._expression import Array, Expression, Name, Number, Operation, substituted

__all__ = ["forward_formula", "local_derivative", "rule_formula", "settled"]

Settings = tuple[tuple[str, Any], ...]


class _Given(NamedTuple):
    """All that a formula depends on of an input: its shape and kind of numbers, or itself if it is a constant."""

    shape: Shape = ()
    kind: str = "f"
    number: Any = None


def forward_formula(
    gate: Gate, names: Sequence[Expression], values: Sequence[Any], settings: Mapping[str, Any]
) -> Expression:
    """What a gate computes: its textbook formula if it has one, otherwise what its forward does.

    names     what its inputs are called; a `Number` for a constant
    values    what they are, arrays or numbers, of which shape and kind count
    settings  of the gate
    returns   a formula of those names; the gate as a call where it is not made of primitive operations

    >>> forward_formula(gates.multiply, [Name("x"), Name("m")], [100.0, 2.0], {})
    Operation(op='multiply', args=(Name(text='x', shape=None), Name(text='m', shape=None)), settings=())
    """
    given = _of_one_element(gate, _given(gate, names, values))
    return substituted(_forward(gate, given, tuple(settings.items())), _by_place(names))


def local_derivative(
    gate: Gate,
    input_position: int,
    names: Sequence[Expression],
    out_name: Expression,
    values: Sequence[Any],
    out: Any,
    settings: Mapping[str, Any],
) -> Expression:
    """The derivative of an elementwise gate for one of its inputs: its rule, given an upstream gradient of 1.

    out_name, out  the gate's result
    raises         UnsupportedError when nothing flows back to that input, or the gate is not elementwise

    >>> local_derivative(gates.multiply, 0, [Name("x"), Name("m")], Name("z"), [100.0, 2.0], 200.0, {})
    Name(text='m', shape=None)
    """
    if gate.kind != "elementwise":
        what = (
            f"{gate.name} is of the kind {gate.kind}: each element of its result depends on many of its input"
        )
        raise UnsupportedError(what, fix="rule_formula takes every gate that has rules")
    given = _of_one_element(gate, _given(gate, names, values))
    formula = _rule(gate, input_position, given, _Given(), (), tuple(settings.items()), True)
    return substituted(formula, {**_by_place(names), _OUT: out_name})


def rule_formula(
    gate: Gate,
    input_position: int,
    dout: Expression,
    names: Sequence[Expression],
    out_name: Expression,
    values: Sequence[Any],
    out: Any,
    kept: Sequence[Any],
    settings: Mapping[str, Any],
) -> Expression:
    """The gradient that a gate hands back to one of its inputs, from the upstream gradient.

    What was broadcast is summed, as the backward pass does it behind every rule.

    dout    what stands for the upstream gradient
    kept    the values that the gate keeps, named as in `Gate.keeps`
    raises  UnsupportedError when nothing flows back to that input

    >>> x, dout = Name("x"), Name("dout")
    >>> rule_formula(gates.negate, 0, dout, [x], Name("y"), [3.0], -3.0, (), {})
    Operation(op='negative', args=(Name(text='dout', shape=None),), settings=())
    """
    given = _given(gate, names, values)
    after = tuple(map(_of, kept))
    formula = _rule(gate, input_position, given, _of(out), after, tuple(settings.items()), False)
    by = {**_by_place(names), _OUT: out_name, _DOUT: dout}
    by.update({_kept(place): Name(name) for place, name in enumerate(gate.keeps)})
    return substituted(formula, by)


# Running a gate on symbols ---------------------------------------------------------------------------

_OUT, _DOUT = Name("out"), Name("dout")


def _place(position: int) -> Name:
    return Name(f"input {position}")


def _kept(position: int) -> Name:
    return Name(f"kept {position}")


def _by_place(names: Sequence[Expression]) -> dict[Expression, Expression]:
    return {_place(position): name for position, name in enumerate(names)}


def _of(value: Any) -> _Given:
    return _Given(np.shape(value), np.asarray(value).dtype.kind)


def _given(gate: Gate, names: Sequence[Expression], values: Sequence[Any]) -> tuple[_Given, ...]:
    """What the inputs are. Rules of elementwise gates ask for plain numbers: x² has a simpler one than xʸ."""
    may_be_plain = gate.kind in ("elementwise", "comparison")
    return tuple(
        _Given(number=np.asarray(value).item()) if may_be_plain and isinstance(name, Number) else _of(value)
        for name, value in zip(names, values, strict=True)
    )


def _of_one_element(gate: Gate, given: tuple[_Given, ...]) -> tuple[_Given, ...]:
    """Of an elementwise gate one element stands for all."""
    return tuple(g._replace(shape=()) for g in given) if gate.kind == "elementwise" else given


def _symbol(name: Name, given: _Given) -> Any:
    if given.number is not None:
        return given.number
    dtype = {"f": np.float64, "b": np.bool_}.get(given.kind, np.int64)
    return AbstractArray(input_node(name.text, given.shape, dtype))


def _symbols(given: Iterable[_Given], name: Callable[[int], Name] = _place) -> tuple[Any, ...]:
    return tuple(_symbol(name(position), g) for position, g in enumerate(given))


def _kept_for_next_time(function: Callable[..., Expression]) -> Callable[..., Expression]:
    """A cache that lets arguments pass which cannot be looked up: an array as the setting of a gate."""
    cached = lru_cache(maxsize=4096)(function)

    @wraps(function)
    def look_up(*args: Any) -> Expression:
        try:
            hash(args)
        except TypeError:
            return function(*args)
        return cached(*args)

    return look_up


@_kept_for_next_time
def _forward(gate: Gate, given: tuple[_Given, ...], settings: Settings) -> Expression:
    inputs, chosen = _symbols(given), dict(settings)
    if gate.formula is not None:
        return _shown(_textbook(gate, inputs, {**gate.defaults, **chosen}))
    out = xp.run_gate(gate, inputs, chosen)
    return _shown(out[0] if gate.keeps else out)


@_kept_for_next_time
def _rule(
    gate: Gate, position: int, given: tuple[_Given, ...], out: _Given, kept: tuple[_Given, ...], settings: Settings,
    local: bool,
) -> Expression:  # fmt: skip
    rule = gate.rules.get(gate.inputs[0 if gate.variadic else position])
    if rule is None:
        name = gate.inputs[position]
        raise UnsupportedError(f"the gate {gate.name} has no rule for {name}: nothing flows back to it")
    upstream = AbstractArray(number_node(1.0, np.float64, weak=True)) if local else _symbol(_DOUT, out)
    environment = gate.environment(
        _door,
        upstream,
        _symbol(_OUT, out),
        _symbols(given),
        tuple(g.shape for g in given),
        _symbols(kept, _kept),
        dict(settings),
        position,
    )
    gradient = xp.asarray(quiet.run(rule, environment))
    shape = given[position].shape
    return _shown(gradient if gradient.shape == shape else _undo_broadcasting(_door, gradient, shape))


class _Door:
    """The namespace of arrays without numbers, in which gates that are not primitive operations are calls."""

    def __getattr__(self, name: str) -> Any:
        if name in gates.ALL and not hasattr(xp, name):
            return lambda *values, **settings: _call(gates.ALL[name], values, settings)
        return getattr(xp, name)


_door = _Door()


def _call(gate: Gate, values: tuple[Any, ...], settings: Mapping[str, Any]) -> AbstractArray:
    return AbstractArray(*call_nodes(gate, tuple(xp.asarray(v).node for v in values), settings))


def _textbook(gate: Gate, inputs: tuple[Any, ...], settings: Mapping[str, Any]) -> Any:
    """The textbook formula; in that of a gate that goes over an axis, sums do too."""
    over = {
        "axis": settings.get("axis"),
        "keepdims": gate.kind == "row-wise" or settings.get("keepdims", False),
    }

    def run(part: Gate, *values: Any) -> Any:
        if part.formula is not None:
            return _call(part, values, {})
        return part.forward(_door, *values, **(over if part is gates.sum else {}))

    x, *others = inputs
    if (
        gate.kind == "loss" and others[0].ndim == x.ndim - 1
    ):  # class numbers, as the row of weights that they mean
        others[0] = others[0][..., None] == xp.arange(x.shape[-1])
    names = dict(zip(gate.inputs, (x, *others), strict=True))
    rows = math.prod(getattr(x, "shape", ())[:-1])
    return formula_value(gate.formula or "", _door, {**names, **settings, "rows": rows}, run)


# From primitive operations to formulas ---------------------------------------------------------------


def _shown(result: Any) -> Expression:
    """The formula of a result, in the shape of the result; a number stands for an array full of it."""
    root = xp.asarray(result).node
    tree = _Tree()
    for node in in_order([root]):
        tree.add(node)
    shown = without_nan(tree.of[root])
    return shown if isinstance(shown, Number) else tree.in_shape(shown, root.shape)


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
        if op in ("astype", "copy", "broadcast"):  # the same numbers
            return args[0]
        if op == "equal" and (classes := self._classes(*args)):
            return classes
        if op in ELEMENTWISE:
            return operation(op, *args)
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


def _frozen(settings: Mapping[str, Any]) -> Settings:
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
