"""Opening gates: a graph of compound gates as the same graph of elementary ones, of arrays or of single numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from .. import gates
from ..errors import ArgumentError, GraphError, UnsupportedError
from ..gates import Gate, are_class_numbers, formula_value
from ..graph import (
    Graph,
    Variable,
    apply,
    describe,
    functions,
    gradients_of,
    new_variable,
    quiet,
    rebuild,
)
from ._backpropagation import element_name

MOST = 500  # scalars that a graph may be opened to
_CLOSE = {"float64": 1e-10, "float32": 1e-5}  # how near an opened gate comes to the gate, by precision
_PAIRWISE: Mapping[Gate, Gate] = {gates.max: gates.maximum, gates.min: gates.minimum}


def expand(output: Variable, *, elements: bool = False) -> Variable:
    """The same computation with its compound gates opened into elementary ones, as a new graph.

    A gate with a textbook formula is opened by it: sigmoid into −, exp, + and ÷; softmax_with_loss into exp, Σ, 1/x,
    ×, log, ×, Σ and −, with class numbers as the rows of 0 and 1 that they mean. Others are opened by what their own
    forward does; what does nothing but itself is elementary. Many numbers divided by one are multiplied by its 1/x.
    Value and gradients stay the same: where the textbook formula would not give them (exp overflows, digits are
    lost), the safe form of the forward is used; and where that has other gradients, as `maximum` has at the kink of
    `relu`, the gate stays closed.

    output    a variable with a past
    elements  open arrays too, to a graph of single numbers: a matrix product becomes × and +, a sum +. Leaves that
              are arrays become leaves ``x[0]``, ``W[1, 2]`` (``Graph(…)`` lists them); a maximum over an axis goes by
              pairs, so three equal largest elements share its gradient in another way
    returns   what the output is in the new graph; unless `elements`, its leaves are those of the old one
    raises    ArgumentError for what is no variable, and for `elements` of a graph of more than 500 single numbers;
              GraphError for `elements` of an output that is no single number; UnsupportedError for those of a gate
              that takes arrays only
    source    Saito, Deep Learning from Scratch, appendix A

    >>> x = Variable(0.0, name="x")
    >>> y = expand(cr.sigmoid(x))
    >>> print(Graph(y))
                             value
    x                          0
    negate1 = −x               0
    exp1 = exp(negate1)        1
    add1 = 1 + exp1            2
    divide1 = 1 ÷ add1         0.5
    """
    if not isinstance(output, Variable):
        raise ArgumentError(
            f"expand opens the graph of a Variable; this is a {type(output).__name__}",
            fix="give it the result of a computation with variables: cr.expand(L)",
        )
    opened: Variable = rebuild([output], lambda leaf: leaf, _open)[output]
    return _to_elements(opened) if elements else opened


def _open(gate: Gate, *inputs: Any, **settings: Any) -> Any:
    """What stands for an application of a gate: the elementary gates it is made of, or itself."""
    alone = tuple(new_variable(i._value) if isinstance(i, Variable) else i for i in inputs)
    opened = _opened(gate, alone, settings)
    if opened is None:
        return apply(gate, *inputs, **settings)
    given = {a: i for a, i in zip(alone, inputs, strict=True) if isinstance(a, Variable)}
    return rebuild([opened], given.__getitem__, _open)[opened]


def _opened(gate: Gate, inputs: tuple[Any, ...], settings: Mapping[str, Any]) -> Variable | None:
    """One application of a gate made of others; None if it is elementary, or none gives the same."""
    closed = apply(gate, *inputs, **settings)
    for way in (_by_formula, _by_reciprocal, _by_forward):
        try:
            opened = quiet.run(way, gate, inputs, settings)
        except Exception:  # the code of a gate may do anything that variables cannot
            continue
        # No gate at all: an identity. It stays, as a value of its own in the graph.
        if isinstance(opened, Variable) and opened.gate not in (gate, None) and _same(opened, closed, inputs):
            return opened
    return None


def _by_formula(gate: Gate, inputs: tuple[Any, ...], settings: Mapping[str, Any]) -> Any:
    """By the textbook formula, in which the same gate of the same values is one application."""
    if gate.formula is None:
        return None
    settings = {**gate.defaults, **settings}
    over = {
        "axis": settings.get("axis"),
        "keepdims": gate.kind == "row-wise" or settings.get("keepdims", False),
    }
    found: dict[tuple[Any, ...], tuple[Any, Any]] = {}

    def run(part: Gate, *values: Any) -> Any:
        key = (part, *map(id, values))
        if key not in found:  # with the values, so that none of them makes room for another of the same id
            found[key] = apply(part, *values, **(over if part is gates.sum else {})), values
        return found[key][0]

    names = dict(zip(gate.inputs, inputs, strict=True))
    rows = math.prod(np.shape(inputs[0])[:-1])
    if gate.kind == "loss" and "t" in names:
        names["t"] = _weights(inputs[0], names["t"])
    formula = gate.formula.removesuffix(" / rows") if rows == 1 else gate.formula
    return formula_value(formula, functions, {**names, **settings, "rows": rows}, run)


def _weights(x: Any, t: Any) -> Any:
    """Labels as the rows of weights that they mean."""
    t = t if isinstance(t, Variable) else np.asarray(t)
    if not are_class_numbers(x, t):
        return t
    hits = t[..., None] == np.arange(x.shape[-1])
    return functions.where(hits, np.ones((), x.dtype), np.zeros((), x.dtype))


def _by_reciprocal(gate: Gate, inputs: tuple[Any, ...], settings: Mapping[str, Any]) -> Any:
    """Many numbers divided by few: 1/x of the few, and a product."""
    if gate is not gates.divide:
        return None
    x, y = inputs
    return x * (1.0 / y) if isinstance(y, Variable) and np.size(x) > np.size(y) else None


def _by_forward(gate: Gate, inputs: tuple[Any, ...], settings: Mapping[str, Any]) -> Any:
    """By what forward does to variables."""
    out = gate.forward(_door, *inputs, **settings)
    return out[0] if gate.keeps else out


class _Door:
    """The namespace of variables, with what forwards ask of one beside gates."""

    def __getattr__(self, name: str) -> Any:
        return getattr(functions, name)

    def asarray(self, x: Any, dtype: Any = None) -> Any:
        if not isinstance(x, Variable):
            return np.asarray(x, dtype)
        return x if dtype in (None, x.dtype) else functions.astype(x, dtype=dtype)


_door = _Door()


def _same(opened: Variable, closed: Variable, inputs: Sequence[Any]) -> bool:
    """Whether two results are the same, and hand the same gradients back, but for rounding."""
    if opened.shape != closed.shape or opened.dtype != closed.dtype:
        return False
    rtol = _CLOSE.get(str(closed.dtype))
    if rtol is None:  # a truth value
        return np.array_equal(opened._value, closed._value)
    if not np.allclose(opened._value, closed._value, rtol=rtol, atol=0, equal_nan=True):
        return False
    # Numbers that differ along every axis: of equal ones softmax sends nothing back, right or wrong.
    seed = np.cos(np.arange(closed.size)).astype(closed.dtype).reshape(closed.shape)[()]
    wrt = [i for i in inputs if isinstance(i, Variable) and i.dtype.kind == "f"]
    pairs = zip(gradients_of(opened, wrt, seed=seed), gradients_of(closed, wrt, seed=seed), strict=True)
    return all(_near(0.0 if a is None else a, 0.0 if b is None else b, rtol) for a, b in pairs)


def _near(a: Any, b: Any, rtol: float) -> bool:
    """Whether two gradients are the same: they come of subtractions, whose rounding is that of the larger numbers."""
    largest = float(np.max(np.abs(b), initial=0, where=np.isfinite(b)))
    return np.allclose(a, b, rtol=rtol, atol=rtol * max(largest, 1e-3), equal_nan=True)


def _to_elements(output: Variable) -> Variable:
    """The graph of the single numbers of a graph of arrays."""
    if output.size != 1:
        raise GraphError(
            f"{describe(output)} has shape {output.shape}; a graph of single numbers leads to one of them",
            fix="sum it, or take one element: cr.sum(y), y[0, 1]",
        )
    graph = Graph(output)
    count = sum(map(_scalars, (node.variable for node in graph)))
    if count > MOST:
        what = f"opened to its elements, the graph would have {count:,} gates and inputs; at most {MOST} can be read"
        raise ArgumentError(what, fix="take a smaller example: fewer rows, columns and units")
    names = {node.variable: node.name for node in graph}
    now = rebuild([output], lambda leaf: _leaf(leaf, names[leaf]), _on_elements)
    for variable, scalars in now.items():
        for index, scalar in np.ndenumerate(scalars):
            if variable.name and isinstance(scalar, Variable) and scalar.gate and scalar.name is None:
                scalar.name = element_name(variable.name, index)
    scalar = now[output].flat[0]
    if not np.allclose(_plain(scalar), output._value, rtol=1e-5, equal_nan=True):
        raise UnsupportedError(
            f"a gate of {describe(output)} gives other numbers for single elements than for arrays"
        )
    return scalar if isinstance(scalar, Variable) else Variable(scalar)


def _scalars(variable: Variable) -> int:
    """How many gates or inputs of single numbers a variable becomes."""
    gate, inputs = variable.gate, variable.inputs
    match gate.kind if gate else None:
        case "shape":
            return 0
        case "matrix":
            return variable.size * (2 * int(np.shape(inputs[0])[-1]) - 1)
        case "reduction":
            return max(int(np.size(variable._values[0])) - variable.size, 0)
    return variable.size


def _leaf(leaf: Variable, name: str) -> Any:
    """A leaf as an array of leaves; a single number is itself."""
    if leaf.shape == ():
        return _boxed(leaf)
    value = np.asarray(leaf._value)
    scalars = np.empty(leaf.shape, object)
    for index in np.ndindex(leaf.shape):
        scalar = float(value[index]) if value.dtype == np.float64 else value[index]
        scalars[index] = new_variable(scalar, element_name(name, index))
    return scalars


def _on_elements(gate: Gate, *inputs: Any, **settings: Any) -> Any:
    """A gate on arrays of variables that are single numbers."""
    try:
        if gate.kind in ("elementwise", "comparison"):
            return _boxed(np.frompyfunc(partial(apply, gate, **settings), len(inputs), 1)(*inputs))
        if gate in _PAIRWISE:
            pair = np.frompyfunc(partial(apply, _PAIRWISE[gate]), 2, 1, identity=None)
            return _boxed(pair.reduce(inputs[0], **{**gate.defaults, **settings}))
        # NumPy moves, adds and multiplies whatever is in its arrays.
        out = gate.forward(np, *inputs, **settings)
        return _boxed(out[0] if gate.keeps else out)
    except Exception as problem:  # the code of a gate may do anything that single numbers cannot
        raise UnsupportedError(
            f"the gate {gate.name} cannot be opened to single numbers: {problem}",
            fix="elements=False opens arrays",
        ) from problem


def _boxed(scalars: Any) -> Any:
    """An array, of no axes for one variable or number."""
    if isinstance(scalars, np.ndarray):
        return scalars
    box = np.empty((), object)
    box[()] = scalars
    return box


def _plain(scalar: Any) -> Any:
    return scalar._value if isinstance(scalar, Variable) else scalar
