"""A function and the point it is checked at: what backprop answers, and what differences answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..errors import GraphError
from ..gates import Gate
from ..graph import Variable, apply, gradients_of, no_grad
from ._compare import compare, upstream
from ._report import GradientReport, InputCheck
from ._slopes import Array


class Question(NamedTuple):
    """Are the gradients of f right at these inputs?

    inputs     our own copies
    chosen     positions of the inputs whose gradients are meant
    names      of the inputs
    tolerance  relative, or None for the usual one
    function   what f is called
    """

    f: Callable[..., Any]
    inputs: tuple[Any, ...]
    chosen: tuple[int, ...]
    names: tuple[str, ...]
    tolerance: float | None = None
    function: str = ""

    def answer(self, seed: int) -> tuple[GradientReport, Any]:
        """The report, and the result that backprop started from."""
        rng = np.random.default_rng(seed)
        output, variables = self._graph()
        value = _plain(output)
        dout = upstream(rng, np.shape(value))
        gradients: list[Any] = [None] * len(variables)
        if isinstance(output, Variable):
            gradients = gradients_of(output, variables, seed=dout)
        names = [self.names[i] for i in self.chosen]
        inputs = [self.inputs[i] for i in self.chosen]
        with no_grad():
            checks = compare(names, inputs, gradients, self._run, value, dout, rng, self.tolerance)
        found = dict(zip(self.chosen, checks, strict=True))
        reports = (found.get(i) or self._constant(i) for i in range(len(self.inputs)))
        return GradientReport(self.function, seed, tuple(reports)), output

    def nearby(self, rng: np.random.Generator) -> Question:
        """The same question a little aside, where no kink is unless it is everywhere."""
        inputs = list(self.inputs)
        for i in self.chosen:
            value = inputs[i]
            distance = 0.01 * upstream(rng, np.shape(value))
            is_number = type(value) is float
            inputs[i] = value + float(distance) if is_number else (value + distance).astype(value.dtype)
        return self._replace(inputs=tuple(inputs))

    def in_float64(self) -> Question:
        """The same question in the highest precision."""
        return self._replace(inputs=tuple(map(_in_float64, self.inputs)))

    def _graph(self) -> tuple[Any, list[Variable]]:
        """The result as backprop sees it, in the inputs' own precision."""
        own = {i: Variable(self.inputs[i]) for i in self.chosen}
        output = self.f(*(own.get(i, value) for i, value in enumerate(self.inputs)))
        if not isinstance(output, Variable | int | float | np.ndarray | np.generic):
            fix = "return one of its parts, or join them with np.concatenate"
            raise GraphError(f"f returned {type(output).__name__}; expected one number or array", fix=fix)
        return output, list(own.values())

    def _run(self, values: Sequence[Array]) -> Any:
        """The result in float64 for other values of the chosen inputs."""
        given = list(map(_in_float64, self.inputs))
        for i, value in zip(self.chosen, values, strict=True):
            is_number = type(self.inputs[i]) is float
            given[i] = Variable(float(value) if is_number else value)
        return _plain(self.f(*given))

    def _constant(self, i: int) -> InputCheck:
        value = self.inputs[i]
        kind = str(getattr(value, "dtype", type(value).__name__))
        return InputCheck(self.names[i], np.shape(value), kind, "not checked", reason="integers")


def about_gate(
    gate: Gate,
    inputs: Sequence[Any],
    settings: Mapping[str, Any],
    asked: Sequence[bool] | None = None,
) -> Question:
    """The question whether the rules of one gate are right.

    asked  for each input whether its gradient is meant; if left out, of all that are made of floating-point numbers
    """
    asked = list(map(is_float, inputs)) if asked is None else asked
    rules = zip(gate.ordered_rules, asked, strict=False)
    chosen = tuple(i for i, (rule, yes) in enumerate(rules) if rule and yes)
    names = gate.inputs
    if gate.variadic:
        names = tuple(f"{names[0]}[{i}]" for i in range(len(inputs)))
    return Question(partial(apply, gate, **settings), tuple(inputs), chosen, names, function=gate.name)


def is_float(value: Any) -> bool:
    """Whether a value is made of floating-point numbers."""
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind == "f"
    return isinstance(value, float)


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Variable) else value


def _in_float64(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic) and is_float(value):
        return value.astype(np.float64)
    return value
