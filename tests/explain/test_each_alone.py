"""Each input moved alone: the same scenarios as `what_if` gives one by one."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.explain import what_if
from chainrule.explain._backpropagation import backpropagation
from chainrule.explain._what_if import each_alone


def test_it_is_what_if_for_each_input() -> None:
    x, m, t = cr.variables(x=100.0, m=2.0, t=1.1)
    L = 0.5 * (x * m * t - 219) ** 2
    found = each_alone(backpropagation(L), {"x": 1.0, "m": 1.0, "t": 0.01})
    for (name, run), step in zip(found.items(), (1.0, 1.0, 0.01), strict=True):
        (expected,) = what_if(L, {name: step}).scenarios
        assert (run.change, run.predicted) == (expected.change, expected.predicted)
    assert [round(run.change, 6) for run in found.values()] == [4.62, 6160.0, 4.0]


@pytest.mark.parametrize("largest", [1.0, 1e12])
def test_what_rounding_alone_makes_is_exact(largest: float) -> None:
    x, m = cr.variables(x=largest, m=1 / 3)
    found = each_alone(backpropagation(x * m), {"x": 1.0})
    assert found["x"].is_exact


def test_arrays_and_numbers_that_are_not_finite_have_a_rounding() -> None:
    x = cr.Variable(np.array([1.0, 2.0], dtype=np.float32), name="x")
    m = cr.Variable(0.0, name="m")
    run = each_alone(backpropagation(cr.sum(x) * cr.log(m)), {"m": 1.0})["m"]
    assert not np.isfinite(run.change)
    assert np.isfinite(run.rounding)
    assert not run.is_exact
