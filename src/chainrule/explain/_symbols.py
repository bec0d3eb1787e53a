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
from ..engines._node import Shape, in_order, input_node, number_node
from ..errors import UnsupportedError
from ..gates import Gate, Rule, formula_value
from ..graph import quiet, undo_broadcasting
from ._algebra import settled
from ._expression import Expression, Name, Number, Operation, substituted
from ._primitives import called, shown

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

_MOST_OF_A_WINDOW = 12  # operations
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
        try:
            return shown(_textbook(gate, inputs, {**gate.defaults, **chosen}))
        except np.exceptions.AxisError:  # the softmax of a number, which has no axis to add along
            return called(gate, inputs, chosen)
    try:
        out = quiet.run(gate.forward, _door, *inputs, **chosen)
    except Exception:  # somebody's own gate may do anything that needs numbers
        return called(gate, inputs, chosen)
    out = out[0] if gate.keeps else out
    return called(gate, inputs, chosen) if _is_long(gate, out) else shown(out)


@_kept_for_next_time
def _rule(
    gate: Gate, position: int, given: tuple[_Given, ...], out: _Given, kept: tuple[_Given, ...], settings: Settings,
    local: bool,
) -> Expression:  # fmt: skip
    name = gate.inputs[0 if gate.variadic else position]
    rule = gate.rules.get(name)
    if rule is None:
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
    try:
        gradient = xp.asarray(quiet.run(rule, environment))
    except Exception:
        return Operation(f"{gate.name}_d{name}", _known(rule, gate, len(given)))
    shape = given[position].shape
    if _is_long(gate, gradient):
        return Operation(
            f"{gate.name}_d{name}", _known(rule, gate, len(given)), (*settings, ("shape", shape))
        )
    return shown(gradient if gradient.shape == shape else undo_broadcasting(_door, gradient, shape))


def _is_long(gate: Gate, result: Any) -> bool:
    """Whether a pool has so many places in its window that its name says more than what is done with each."""
    nodes = in_order([xp.asarray(result).node]) if gate.kind == "window" else []
    return len(nodes) > _MOST_OF_A_WINDOW or any(node.op == "place" and len(node.args) > 1 for node in nodes)


def _known(rule: Rule, gate: Gate, count: int) -> tuple[Expression, ...]:
    """What a rule names that has a name in a formula."""
    places = tuple(map(_place, range(count)))
    names: dict[str, tuple[Expression, ...]] = {"dout": (_DOUT,), "out": (_OUT,)}
    names.update({kept: (_kept(i),) for i, kept in enumerate(gate.keeps)})
    names.update(
        {gate.inputs[0]: places}
        if gate.variadic
        else {i: (p,) for i, p in zip(gate.inputs, places, strict=True)}
    )
    return tuple(e for need in rule.needs for e in names.get(need, ()))


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
    labels = others[0] if gate.kind == "loss" and others else None
    if labels is not None and labels.dtype.kind == "i" and gates.are_class_numbers(x, labels):
        others[0] = labels[..., None] == xp.arange(
            x.shape[-1]
        )  # the row of weights that a class number means
    names = dict(zip(gate.inputs, (x, *others), strict=True))
    rows = math.prod(getattr(x, "shape", ())[:-1])
    return formula_value(gate.formula or "", _door, {**names, **settings, "rows": rows}, run)
