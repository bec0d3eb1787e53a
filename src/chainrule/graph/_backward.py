"""The backward pass: one iterative walk over the gate applications, in falling order of their numbers.

Everything that is true of all gates is done here and nowhere else: gradients of a value used twice are added,
broadcasting is undone, and a gradient gets the dtype of its variable.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from operator import attrgetter
from typing import Any

import numpy as np
from numpy import ndarray

from .. import gates
from ..errors import GraphError, ShapeError
from ._variable import Variable, apply, check_unchanged, describe, namespace_of, new_variable, quiet

_by_number = attrgetter("number")
_NUMPYS = (float, ndarray, np.float64, np.float32)


def reachable(outputs: Iterable[Variable]) -> list[Variable]:
    """All variables that the outputs depend on, themselves included, the newest first.

    >>> x = Variable(3.0, name="x")
    >>> y = x * x
    >>> [v.number - x.number for v in reachable([y])]
    [1, 0]
    """
    found = list(outputs)
    seen = set(found)
    for variable in found:  # grows while it is walked
        for i in variable.inputs:
            if type(i) is Variable and i not in seen:
                seen.add(i)
                found.append(i)
    found.sort(key=_by_number, reverse=True)
    return found


def set_gradients(output: Variable, seed: Any, *, accumulate: bool) -> None:
    """`Variable.backward`."""
    order = reachable([output])
    gradients = quiet.run(_walk, order, {output: _seed(output, seed)})
    for variable in order:
        gradient = gradients.get(variable)
        if type(gradient) is ndarray and variable.gate is None and not _is_private(gradient):
            gradient = gradient.copy()  # a leaf's gradient is the user's own, to be clipped in place and so on
        if accumulate and variable.grad is not None:
            gradient = variable.grad if gradient is None else variable.grad + gradient
        variable.grad = gradient


def _is_private(array: np.ndarray[Any, Any]) -> bool:
    """Whether nobody else can hold the memory of a gradient: it is no view, and was not passed on."""
    return array.base is None and array.flags.writeable


def gradients_of(output: Variable, wrt: Iterable[Variable], *, seed: Any = None, as_graph: bool = False) -> list[Any]:
    """The gradients of one output for some variables, leaving every ``grad`` alone.

    as_graph  hand variables to the rules, so that the gradients are a graph and can be differentiated again
    returns   for each variable its gradient (a `Variable` if `as_graph`), or None when nothing flows
    """
    targets = list(wrt)
    order = reachable([output])
    relevant = set(targets)
    for variable in reversed(order):
        if any(isinstance(i, Variable) and i in relevant for i in variable.inputs):
            relevant.add(variable)
    gradients = {output: _seed(output, seed)} if output in relevant else {}
    order = [v for v in order if v in relevant]
    if as_graph:
        gradients = {key: new_variable(value) for key, value in gradients.items()}
        _walk_as_graph(order, gradients, relevant)
    else:
        quiet.run(_walk, order, gradients, relevant)
    return [gradients.get(target) for target in targets]


def _seed(output: Variable, seed: Any) -> Any:
    value = output._value
    if seed is None:
        if type(value) is float:
            return 1.0
        if output.size != 1:
            raise GraphError(
                f"{describe(output)} has shape {output.shape}: backward() needs a seed, the gradient that comes from above",
                fix="make it one number first, with np.sum or np.mean, or give seed= an array of its shape",
            )
        return namespace_of((value,)).ones_like(value)
    if np.shape(seed) != output.shape:
        raise ShapeError(f"the seed has shape {np.shape(seed)}; {describe(output)} has shape {output.shape}")
    if type(value) is float:
        return float(seed)
    seed = namespace_of((value,)).asarray(seed, dtype=value.dtype)
    return seed.copy() if type(seed) is np.ndarray else seed


def _walk(order: list[Variable], gradients: dict[Variable, Any], relevant: set[Variable] | None = None) -> dict[Variable, Any]:
    """Fill `gradients` with plain values."""
    for variable in order:
        gate = variable.gate
        dout = gradients.get(variable)
        if gate is None or dout is None:
            continue
        out = variable._value
        if type(dout) is ndarray:
            dout.setflags(write=False)  # it may be shared with other variables, so nobody may write into it
        if variable._watched:
            check_unchanged(variable)
        # The names in the order of `Gate.environment`; the short way spares what the rules of most gates do not name.
        environment = (np, dout, out, *variable._values) if gate.simple and type(out) in _NUMPYS else None
        position = -1
        for target, rule in zip(variable.inputs, gate.ordered_rules):
            position += 1
            if type(target) is not Variable or rule is None or (relevant is not None and target not in relevant):
                continue
            if environment is None or gate.variadic:
                environment = _environment(variable, gate, dout, position)
            try:
                gradient = rule.function(*rule.pick(environment))
            except ArithmeticError:  # Python's 1.0 / 0.0; IEEE 754 has an answer
                gradient = rule.function(*rule.pick(tuple(map(_ieee, environment))))
            value = target._value
            if type(value) is float:
                if type(gradient) is not float:
                    gradient = _as_float(gradient)
            elif gradient.shape != value.shape or gradient.dtype != value.dtype:
                gradient = _fit(gradient, value)
            gradients[target] = gradients[target] + gradient if target in gradients else gradient
    return gradients


def _environment(variable: Variable, gate: gates.Gate, dout: Any, position: int) -> tuple[Any, ...]:
    values = variable._values
    xp, shapes = namespace_of(values), tuple(map(np.shape, values))
    return gate.environment(xp, dout, variable._value, values, shapes, variable.kept, variable.settings, position)


def _ieee(value: Any) -> Any:
    return np.float64(value) if type(value) is float or type(value) is int else value


def _as_float(gradient: Any) -> float:
    """The gradient of a Python float: what was broadcast from it is summed, whatever its dtype."""
    return float(gradient if np.ndim(gradient) == 0 else np.sum(gradient))


def _fit(gradient: Any, value: Any) -> Any:
    xp = namespace_of((gradient,))
    if gradient.shape != value.shape:
        gradient = _undo_broadcasting(xp, gradient, value.shape)
    return gradient if gradient.dtype == value.dtype else xp.asarray(gradient, dtype=value.dtype)


def _undo_broadcasting(xp: Any, gradient: Any, shape: tuple[int, ...]) -> Any:
    """Sum a gradient over the axes along which its variable was repeated; the one place where this is done."""
    if len(gradient.shape) < len(shape):
        return xp.broadcast_to(gradient, shape)
    added, stretched = _repeated_axes(gradient.shape, shape)
    if added:
        gradient = xp.sum(gradient, axis=added)
    return xp.sum(gradient, axis=stretched, keepdims=True) if stretched else gradient


@lru_cache(maxsize=1024)
def _repeated_axes(whole: tuple[int, ...], part: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes that broadcasting `part` to `whole` put in front, and those of length 1 that it stretched."""
    extra = len(whole) - len(part)
    return tuple(range(extra)), tuple(i for i, n in enumerate(part) if n == 1 != whole[extra + i])


def _walk_as_graph(order: list[Variable], gradients: dict[Variable, Variable], relevant: set[Variable]) -> None:
    """The same walk with variables in place of values: the rules add gates to the graph."""
    from . import functions as xp

    for variable in order:
        gate = variable.gate
        dout = gradients.get(variable)
        if gate is None or dout is None:
            continue
        check_unchanged(variable)
        shapes = tuple(map(np.shape, variable._values))
        kept = tuple(_kept_as_variable(variable, i) for i in range(len(gate.keeps)))
        for position, (target, rule) in enumerate(zip(variable.inputs, gate.ordered_rules, strict=False)):
            if rule is None or not isinstance(target, Variable) or target not in relevant:
                continue
            if target._value is not variable._values[position]:
                raise GraphError(f"{describe(target)} was given a new value after the gate {gate.name} used it")
            environment = gate.environment(
                xp, dout, variable, variable.inputs, shapes, kept, variable.settings, position
            )
            gradient = rule.function(*rule.pick(environment))
            if gradient.shape != target.shape:
                gradient = _undo_broadcasting(xp, gradient, target.shape)
            if gradient.dtype != target.dtype:
                gradient = apply(gates.astype, gradient, dtype=target.dtype)
            before = gradients.get(target)
            gradients[target] = gradient if before is None else before + gradient


def _kept_as_variable(variable: Variable, index: int) -> Variable:
    """A value that a gate kept, as the application of the gate that it is: differentiable, but not computed again."""
    assert variable.gate is not None
    gate = list(variable.gate.keeps.values())[index]
    number = len(gate.inputs)
    kept = new_variable(variable.kept[index])
    kept.gate, kept.inputs, kept._values = gate, variable.inputs[:number], variable._values[:number]
    kept.kept_of = (variable, index)
    return kept
