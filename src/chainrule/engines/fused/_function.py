"""Compiled functions of arrays: a step graph, or any function made of gates, as one native call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...errors import ArgumentError, DTypeError
from ...graph import Variable, constant, value_and_grad
from ...graph import functions as F
from .._step import StepGraph, trace
from ..eager import check_inputs
from ._emit import Source
from ._stepper import Stepper

Step = Callable[[Mapping[str, Any]], dict[str, Any]]


def build(step: StepGraph) -> Step:
    """A function from the inputs of a step graph, by name, to its outputs, by name; see `engines.eager.build`.

    Arrays are taken in the dtype that they had when the step was recorded.
    """
    return _Outputs(step)


class _Outputs:
    """Runs a step graph once for each call; what it is given is never changed."""

    def __init__(self, step: StepGraph) -> None:
        self._step = step
        examples = {
            name: 0.0
            if step.dtypes[name] is None
            else np.broadcast_to(np.zeros((), step.dtypes[name]), shape)
            for name, shape in step.shapes.items()
        }
        self._stepper = Stepper(lambda values: step, examples, gathered=())

    @property
    def source(self) -> Source:
        return self._stepper.source(1)

    def __call__(self, values: Mapping[str, Any]) -> dict[str, Any]:
        check_inputs(self._step, values)
        placement = self._stepper.compiled(1).placement
        written = {array.given for array in placement.outputs.values()}
        arrays = {}
        numbers = {}
        for name, dtype in self._step.dtypes.items():
            if dtype is None:
                numbers[name] = [float(values[name])]
            else:  # NumPy has no zero axes in memory: a number is an array of one
                array = np.array(
                    values[name], dtype, copy=True if name in written else None, order="C", ndmin=1
                )
                arrays[name] = array
        results = self._stepper.run(arrays, {}, np.zeros((1, 1), np.int64), numbers)
        found = {}
        for name, place in placement.outputs.items():
            node = placement.schedule.units.program.outputs[name]
            value = arrays[place.given] if place.given is not None else results.outputs[name].copy()
            value = value.reshape(node.shape)
            found[name] = float(value) if node.weak else value if node.shape else value[()]
        return found


class CompiledFunction:
    """What `compile` returns: call it as the function itself.

    source  the text of what ran last, one Python function
    """

    def __init__(self, f: Callable[..., Any], wrt: int | tuple[int, ...]) -> None:
        self._f, self._wrt = f, wrt
        self._known: dict[Any, tuple[_Outputs, Any]] = {}
        self._last: _Outputs | None = None

    @property
    def source(self) -> str:
        if self._last is None:
            raise ArgumentError(
                "the function has not run yet", fix="call it once: its text depends on the shapes"
            )
        return self._last.source.text

    def __call__(self, *args: Any) -> Any:
        values = {f"x{at}" if len(args) > 1 else "x": _plain(a) for at, a in enumerate(args)}
        key = tuple((np.shape(v), getattr(v, "dtype", None)) for v in values.values())
        if key not in self._known:
            self._known[key] = self._compiled(values)
        run, form = self._known[key]
        self._last = run
        outputs = run(values)
        return form(outputs)

    def _compiled(self, values: dict[str, Any]) -> tuple[_Outputs, Any]:
        examples = tuple(values.values())
        only = isinstance(self._wrt, int)
        positions: tuple[int, ...] = (self._wrt,) if isinstance(self._wrt, int) else tuple(self._wrt)
        names = {at: "gradient" if only else f"gradient{at}" for at in positions}

        def function(v: dict[str, Variable]) -> dict[str, Any]:
            args = tuple(v.values())
            if not positions:
                return {"value": self._f(*args)}
            value, found = value_and_grad(self._f, self._wrt)(*args)
            found = (found,) if only else found
            for at in positions:
                Variable(examples[at])  # which refuses what has no gradient
            # A gradient that is the same everywhere depends on its argument in form, as an output must.
            gradients = (F.where(np.False_, args[at], g) for at, g in zip(positions, found, strict=True))
            return {"value": value, **dict(zip(names.values(), gradients, strict=True))}

        def form(outputs: Mapping[str, Any]) -> Any:
            if not positions:
                return outputs["value"]
            found = tuple(
                float(outputs[name]) if type(examples[at]) is float else outputs[name]
                for at, name in names.items()
            )
            return outputs["value"], found[0] if only else found

        return _Outputs(trace(function, values)), form


def compile(f: Callable[..., Any], wrt: int | tuple[int, ...] = 0) -> CompiledFunction:
    """A function that returns what `value_and_grad` returns, compiled into one native function.

    f        a function of numbers and arrays, made of gates, that returns one number; with ``wrt=()`` any array
    wrt      which positional argument the gradient is for, or several; () for the value alone
    returns  a function with the arguments of f, which returns (value, gradient), a tuple of gradients for several
             `wrt`; it is compiled for the shapes and dtypes of each call when they first come
    raises   MissingExtraError without Numba and SciPy; otherwise as `value_and_grad`

    >>> f = compile(lambda x, m: np.sum(x * x) * m)
    >>> f(np.array([1.0, 2.0]), 3.0)
    (np.float64(15.0), array([ 6., 12.]))
    """
    return CompiledFunction(f, wrt)


def _plain(value: Any) -> Any:
    if isinstance(value, Variable):
        raise DTypeError("a compiled function takes numbers and arrays, not variables", fix="x.value")
    if isinstance(value, bool | int | float) and not isinstance(value, np.generic):
        return float(value)
    return np.asarray(constant(value))
