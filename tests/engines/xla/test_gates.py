"""Every gate, forward and backward, traced by JAX: what the eager engine gives."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from chainrule import gates
from chainrule.engines import eager, trace
from chainrule.engines.xla import computing
from chainrule.engines.xla._gates import outputs_of
from chainrule.verify._examples import examples
from tests.engines.fused.test_gates import applied, values_of
from tests.gates._examples import EXAMPLES

GATES = [gates.ALL[name] for name in sorted(gates.ALL)]
RTOL = {"float64": 1e-12, "float32": 5e-6}


def compared(gate: Any, applications: list[Any], rng: Any) -> None:
    """Record each application with its gradients, run all in one compiled function, compare with eager."""
    given = [values_of(gate, a, rng) for a in applications]
    steps = [
        trace(applied(gate, len(a.inputs), **a.settings), v) for a, v in zip(applications, given, strict=True)
    ]
    numbers = [{name for name, v in values.items() if type(v) is float} for values in given]

    def function(all_values: Any) -> Any:
        return [outputs_of(s, v, n).values for s, v, n in zip(steps, all_values, numbers, strict=True)]

    with computing():
        # Most of the time is for the compiler; the numbers are those of what it does not optimize either.
        quick = {"xla_backend_optimization_level": 0} if jax.default_backend() == "cpu" else {}
        fast = jax.jit(function, compiler_options=quick)
        found = jax.tree.map(np.asarray, fast(given))
    for a, step, values, outputs in zip(applications, steps, given, found, strict=True):
        for name, wanted in eager.build(step)(values).items():
            kind = np.asarray(wanted).dtype.name
            narrow = any(getattr(v, "dtype", None) == np.float32 for v in values.values())
            said = f"{name} of {gate.name}{a.settings} on {[np.shape(x) for x in a.inputs]}"
            assert outputs[name].dtype == kind, said
            rtol = RTOL["float32" if narrow else "float64"]
            np.testing.assert_allclose(outputs[name], wanted, rtol=rtol, atol=rtol / 10, err_msg=said)


def in_both_precisions(applications: list[Any]) -> list[Any]:
    """All in float64, and every third in float32: each costs what its compiling costs."""
    return [
        a.astype(dtype) if type(a.inputs[0]) is not float else a
        for dtype, those in ((np.float64, applications), (np.float32, applications[::3]))
        for a in those
    ]


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
def test_a_gate_and_its_rules_agree_with_the_eager_engine(gate, rng):
    compared(gate, in_both_precisions([*EXAMPLES[gate.name], *examples(0).get(gate.name, [])]), rng)
