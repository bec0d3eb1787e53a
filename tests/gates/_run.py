"""How the tests of this room run a gate: as users do, and rule by rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.gates import Gate
from chainrule.graph import Variable, apply
from chainrule.graph._values import has_gradient
from tests.gates._examples import Example


def places(gate: Gate, inputs: Sequence[Any]) -> list[int]:
    """Which of the inputs have a gradient: those that have a rule, but not class numbers and other integers."""
    ruled = zip(inputs, gate.ordered_rules, strict=False)
    return [i for i, (x, rule) in enumerate(ruled) if rule and has_gradient(x)]


def differentiated(gate: Gate, given: Example) -> list[Any]:
    """The inputs that have a gradient."""
    return [given.inputs[i] for i in places(gate, given.inputs)]


class Result(NamedTuple):
    """What a user sees of one application: the value, and the gradient of each input that has one."""

    value: Any
    gradients: list[Any]

    def map(self, change: Callable[[Any], Any]) -> Result:
        """The same with every number changed."""
        return Result(change(self.value), [change(gradient) for gradient in self.gradients])


def run(gate: Gate, given: Example, upstream: Any = None) -> Result:
    """Run a gate as users do, forward and, where it has rules, backward."""
    inputs = list(given.inputs)
    mine = places(gate, inputs)
    for i in mine:
        inputs[i] = Variable(inputs[i])
    out = apply(gate, *inputs, **given.settings)
    if not mine:
        return Result(out, [])
    out.backward(upstream)
    return Result(out.value, [inputs[i].grad for i in mine])


def upstream_for(gate: Gate, given: Example, rng: np.random.Generator) -> Any:
    """A random gradient from above, of the shape and dtype of the result."""
    value = np.asarray(apply(gate, *given.inputs, **given.settings))
    dtype = value.dtype if value.dtype.kind == "f" else float
    return rng.normal(size=value.shape).astype(dtype)[()]


def call_rules(gate: Gate, xp: Any, given: Example, dout: Any) -> tuple[Result, list[Any]]:
    """What forward and every rule themselves return, with an array namespace, and what forward keeps."""
    result = gate.forward(xp, *given.inputs, **given.settings)
    out, *kept = result if gate.keeps else (result,)
    for array in (out, *kept):
        if isinstance(array, np.ndarray):
            array.flags.writeable = False  # as in a graph: a rule that writes into it fails
    shapes = tuple(x.shape for x in given.inputs)
    gradients = []
    for position, rule in zip(range(len(shapes)), gate.ordered_rules, strict=False):
        environment = gate.environment(
            xp,
            dout,
            out,
            given.inputs,
            shapes,
            tuple(kept),
            given.settings,
            position,
        )
        if rule is not None:
            gradients.append(rule(environment))
    return Result(out, gradients), kept


def assert_close(result: Result, wanted: Result, *, rtol: float = 0.0, atol: float = 0.0) -> None:
    """Equal in shape and, up to a tolerance, in numbers."""
    pairs = [(result.value, wanted.value), *zip(result.gradients, wanted.gradients, strict=True)]
    for number, right in pairs:
        assert np.shape(number) == np.shape(right)
        np.testing.assert_allclose(number, right, rtol=rtol, atol=atol)
