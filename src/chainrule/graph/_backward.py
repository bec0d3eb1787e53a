"""The backward pass: one iterative walk over the gate applications, in falling order of their numbers.

Everything that is true of all gates is done here and nowhere else: gradients of a value used twice are added,
broadcasting is undone, and a gradient gets the dtype of its variable.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from operator import attrgetter
from typing import Any

import numpy as np
from numpy import ndarray

from .. import gates
from ..errors import DTypeError, GraphError, ShapeError
from ..gates import Gate, Rule
from ._quiet import quiet
from ._recording import apply, baked_in, check_unchanged, is_tracing, new_variable
from ._values import as_float, constant, has_gradient, namespace_of
from ._variable import Variable, describe

_by_number = attrgetter("number")
_NUMPYS = (float, ndarray, np.float64, np.float32)


def reachable(outputs: Iterable[Variable]) -> list[Variable]:
    """All variables that the outputs depend on, themselves included, the newest first.

    >>> x = Variable(3.0, name="x")
    >>> y = x * x
    >>> [v.number - x.number for v in reachable([y])]
    [1, 0]
    """
    seen = set(outputs)
    found = list(seen)
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
        if type(gradient) is ndarray and variable.gate is None:
            gradient = _own(gradient)  # a leaf's is the user's own, to be clipped in place and so on
        if accumulate and variable.grad is not None:
            gradient = variable.grad if gradient is None else variable.grad + gradient
        variable.grad = gradient


def gradients_of(
    output: Variable, wrt: Iterable[Variable], *, seed: Any = None, as_graph: bool = False
) -> list[Any]:
    """The gradients of one output for some variables, leaving every ``grad`` alone.

    output    what is differentiated
    wrt       the variables, leaves or not
    seed      the upstream gradient, of the shape of the output; may be left out for a single number, then 1
    as_graph  hand variables to the rules, so that the gradients are a graph and can be differentiated again
    returns   for each variable its gradient (a `Variable` if `as_graph`), or None when nothing flows
    raises    as `Variable.backward` does

    >>> x = Variable(3.0)
    >>> (dx,) = gradients_of(x * x, [x], as_graph=True)
    >>> dx, gradients_of(dx, [x])
    (Variable(6.0), [2.0])
    """
    if is_tracing() and not as_graph:
        raise baked_in(f"plain gradients of {describe(output)} were asked for", "as_graph=True")
    targets = list(wrt)
    order = reachable([output])
    relevant = set(targets)
    for variable in reversed(order):
        if any(isinstance(i, Variable) and i in relevant for i in variable.inputs):
            relevant.add(variable)
    seed = _seed(output, seed)
    order = [v for v in order if v in relevant]
    if as_graph:
        gradients = {output: new_variable(seed)}
        _walk_as_graph(order, gradients, relevant)
        return [gradients.get(target) for target in targets]
    gradients = quiet.run(_walk, order, {output: seed}, relevant)
    return [_own(gradients.get(target)) for target in targets]


def _own(gradient: Any) -> Any:
    """A gradient whose memory nobody else can hold: it is no view, and was not passed on."""
    if type(gradient) is ndarray and not (gradient.base is None and gradient.flags.writeable):
        return gradient.copy()
    return gradient


def _seed(output: Variable, seed: Any) -> Any:
    value = output._value
    if type(value) is float and seed is None:
        return 1.0
    if not has_gradient(value):
        raise DTypeError(
            f"{describe(output)} holds {output.dtype}, which has no gradient",
            fix="np.where(condition, x, y) lets gradients through to what it chooses",
        )
    xp = namespace_of((value,))
    if seed is None:
        if output.size != 1:
            raise GraphError(
                f"{describe(output)} has shape {output.shape}: backward() needs a seed, "
                "the gradient that comes from above",
                fix="make it one number first, with np.sum or np.mean, or give seed= an array of its shape",
            )
        return type(value)(1) if isinstance(value, np.generic) else xp.ones_like(value)
    if isinstance(seed, Variable):
        raise DTypeError("a seed is plain numbers, not a variable", fix="seed.value")
    seed = constant(seed)
    if np.shape(seed) != output.shape:
        raise ShapeError(f"the seed has shape {np.shape(seed)}; {describe(output)} has shape {output.shape}")
    if type(value) is float:
        return as_float(seed)
    return xp.asarray(seed, dtype=value.dtype, copy=True)


def _walk(
    order: list[Variable], gradients: dict[Variable, Any], relevant: set[Variable] | None = None
) -> dict[Variable, Any]:
    """Fill `gradients` with plain values."""
    for variable in order:
        gate = variable.gate
        if gate is None or variable not in gradients:
            continue
        dout = gradients[variable]
        out, inputs, rules = variable._value, variable.inputs, gate.ordered_rules
        if type(out) is not float:
            if type(dout) is ndarray:
                dout.setflags(write=False)  # other variables may share it, so nobody may write into it
            if variable._watched:
                check_unchanged(variable)
        if relevant is not None:
            inputs = tuple([i if type(i) is Variable and i in relevant else None for i in inputs])
        if gate.simple and type(out) in _NUMPYS:
            # The beginning of what `Gate.environment` lays out: the rules of most gates name nothing else.
            environment = (np, dout, out, *variable._values)
        else:
            environment = _environment(variable, gate, dout)
            if gate.variadic:
                rules = [_at(place, rule) for place, rule in zip(range(len(inputs)), rules, strict=False)]
        for target, rule in zip(inputs, rules):  # noqa: B905 - strict= would cost 0.1 µs a gate
            if type(target) is not Variable or rule is None:
                continue
            try:
                gradient = rule.function(*rule.pick(environment))
            except ArithmeticError:  # Python's 1.0 / 0.0; IEEE 754 has an answer
                gradient = rule.function(*rule.pick(tuple(map(_ieee, environment))))
            value = target._value
            if type(value) is float:
                if type(gradient) is not float:
                    gradient = _as_float(gradient)
            elif (
                type(value) is not ndarray
                or type(gradient) is not ndarray
                or gradient.shape != value.shape
                or gradient.dtype != value.dtype
            ):
                if not has_gradient(value):
                    continue
                gradient = _fit(gradient, value)
            gradients[target] = gradients[target] + gradient if target in gradients else gradient
    return gradients


def _environment(variable: Variable, gate: Gate, dout: Any) -> tuple[Any, ...]:
    """All that rules may name; see `Gate.environment`."""
    values, settings = variable._values, variable.settings
    xp, shapes = namespace_of(values), tuple(map(np.shape, values))
    return gate.environment(xp, dout, variable._value, values, shapes, variable.kept, settings)


def _at(position: int, rule: Rule | None) -> Rule | None:
    """The rule of ``*inputs`` for one of them; its position is the last that an environment holds."""
    if rule is None:
        return None
    return replace(rule, pick=lambda environment: rule.pick((*environment[:-1], position)))


def _ieee(value: Any) -> Any:
    return np.float64(value) if type(value) is float or type(value) is int else value


def _as_float(gradient: Any) -> float:
    """The gradient of a Python float: what was broadcast from it is summed, whatever its dtype."""
    total = namespace_of((gradient,)).sum(gradient) if np.ndim(gradient) else gradient
    return float(total)


def _fit(gradient: Any, value: Any) -> Any:
    """A gradient in the shape and dtype of its variable."""
    xp = namespace_of((value,))
    gradient = xp.asarray(gradient)
    if gradient.shape != value.shape:
        gradient = undo_broadcasting(xp, gradient, value.shape)
    return gradient if gradient.dtype == value.dtype else xp.asarray(gradient, dtype=value.dtype)


def undo_broadcasting(xp: Any, gradient: Any, shape: tuple[int, ...]) -> Any:
    """Sum a gradient over the axes along which its variable was repeated; the one place where this is done.

    >>> undo_broadcasting(np, np.ones((2, 3)), (3,))
    array([2., 2., 2.])
    """
    added, stretched = _repeated_axes(gradient.shape, shape)
    add = np.add.reduce if xp is np else xp.sum  # np.sum takes 2 µs to get there
    if added:
        gradient = add(gradient, axis=added)
    if stretched:
        gradient = add(gradient, axis=stretched, keepdims=True)
    return gradient if gradient.shape == shape else xp.broadcast_to(gradient, shape)


@lru_cache(maxsize=1024)
def _repeated_axes(whole: tuple[int, ...], part: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes that broadcasting `part` to `whole` put in front, and those of length 1 that it stretched."""
    extra = len(whole) - len(part)
    if extra < 0:
        return (), ()
    return tuple(range(extra)), tuple(i for i, n in enumerate(part) if n == 1 != whole[extra + i])


def _walk_as_graph(
    order: list[Variable], gradients: dict[Variable, Variable], relevant: set[Variable]
) -> None:
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
            if rule is None or type(target) is not Variable or target not in relevant:
                continue
            if not has_gradient(target._value):
                continue
            if target._value is not variable._values[position]:
                raise GraphError(
                    f"{describe(target)} was given a new value after the gate {gate.name} used it, "
                    "and a gradient that can be differentiated again goes through the variable itself",
                    fix="run the expression again",
                )
            environment = gate.environment(
                xp, dout, variable, variable.inputs, shapes, kept, variable.settings, position
            )
            gradient = rule.function(*rule.pick(environment))
            if gradient.shape != target.shape:
                gradient = undo_broadcasting(xp, gradient, target.shape)
            if gradient.dtype != target.dtype:
                gradient = apply(gates.astype, gradient, dtype=target.dtype)
            before = gradients.get(target)
            gradients[target] = total = gradient if before is None else before + gradient
            if target.name and total.name is None:
                total.name = f"d{target.name}"


def _kept_as_variable(variable: Variable, index: int) -> Variable:
    """A value that a gate kept, as the application of the gate that it is: differentiable, but not computed again."""
    assert variable.gate is not None
    gate = list(variable.gate.keeps.values())[index]
    number = len(gate.inputs)
    kept = new_variable(variable.kept[index])
    kept.gate, kept.inputs, kept._values = gate, variable.inputs[:number], variable._values[:number]
    kept.kept_of = (variable, index)
    return kept
