"""Every gate, forward and backward, through all passes: the emitted text gives what the eager engine gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule import gates
from chainrule.errors import ArgumentError
from chainrule.graph import apply, gradients_of
from chainrule.graph import functions as F
from chainrule.graph._values import has_gradient
from chainrule.verify._examples import examples
from tests.engines.fused._plain import check
from tests.gates._examples import EXAMPLES, extreme_examples

GATES = [gates.ALL[name] for name in sorted(gates.ALL)]
DTYPES = (np.float64, np.float32)


def applied(gate: Any, count: int, /, **settings: Any) -> Any:
    """The gate, and the gradients of all its inputs for an upstream gradient that is an input too."""

    def function(v: dict[str, Any]) -> dict[str, Any]:
        inputs = [v[f"x{at}"] for at in range(count)]
        out = apply(gate, *inputs, **settings)
        outputs = {"out": out}
        wrt = [
            x for x, rule in zip(inputs, gate.ordered_rules, strict=False) if rule and has_gradient(x._value)
        ]
        if wrt and has_gradient(out._value):
            gradients = gradients_of(F.sum(out * v["dout"]), wrt, as_graph=True)
            outputs |= {f"d{x.name}": g for x, g in zip(wrt, gradients, strict=True) if g is not None}
        return outputs

    return function


def values_of(gate: Any, given: Any, rng: Any) -> dict[str, Any]:
    values = {f"x{at}": x if type(x) is float else np.asarray(x) for at, x in enumerate(given.inputs)}
    out = np.asarray(apply(gate, *given.inputs, **given.settings))
    return values | {"dout": rng.normal(size=out.shape).astype(out.dtype if out.dtype.kind == "f" else float)}


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
def test_a_gate_and_its_rules_agree_with_the_eager_engine(gate, dtype, rng):
    for given in [*EXAMPLES[gate.name], *examples(0).get(gate.name, [])]:
        given = given.astype(dtype) if type(given.inputs[0]) is not float else given
        values = values_of(gate, given, rng)
        check(applied(gate, len(given.inputs), **given.settings), values)


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
def test_extreme_numbers_give_what_the_eager_engine_gives(gate, dtype, rng):
    compiled: dict[Any, Any] = {}  # what differs in numbers alone is one text
    for given in extreme_examples(gate.name, dtype):
        try:
            values = values_of(gate, given, rng)
        except ArgumentError:  # no probabilities
            continue
        form = id(given.settings), *map(np.shape, given.inputs)
        step = compiled.get(form)
        function = applied(gate, len(given.inputs), **given.settings)
        compiled[form] = check(function, values, threads=[1], steps=1, each=True, step=step)
