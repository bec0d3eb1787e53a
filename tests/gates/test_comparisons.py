"""Comparisons and logic: the truth, of numbers and arrays alike, and nothing flows back."""

from __future__ import annotations

import operator
from itertools import product
from typing import Any

import numpy as np
import pytest

from chainrule.gates import ALL
from chainrule.graph import Variable, apply, functions

COMPARISONS = {
    "equal": operator.eq,
    "not_equal": operator.ne,
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
}
LEFT = np.array("1 2 2 0 inf nan 1".split(), float)
RIGHT = np.array("2 1 2 -0.0 inf nan nan".split(), float)


@pytest.mark.parametrize("name", COMPARISONS)
def test_python_numbers_compare_as_python_compares_them(name: str) -> None:
    compare = COMPARISONS[name]
    for x, y in zip(LEFT.tolist(), RIGHT.tolist(), strict=True):
        assert apply(ALL[name], Variable(x), y).value is compare(x, y)


@pytest.mark.parametrize("name", COMPARISONS)
def test_arrays_compare_as_numpy_compares_them(name: str) -> None:
    wanted = getattr(np, name)(LEFT, RIGHT)
    by_gate = apply(ALL[name], LEFT, RIGHT)
    by_operator = COMPARISONS[name](Variable(LEFT), RIGHT)
    np.testing.assert_array_equal(by_gate, wanted, strict=True)
    np.testing.assert_array_equal(by_operator.value, wanted, strict=True)


@pytest.mark.parametrize("kind", [bool, np.bool_, np.array])
def test_logic_of_single_truths(kind: Any) -> None:
    for x in (False, True):
        assert bool(apply(ALL["logical_not"], kind(x))) is not x
    for x, y in product((False, True), repeat=2):
        both = apply(ALL["logical_and"], kind(x), kind(y))
        either = apply(ALL["logical_or"], kind(x), kind(y))
        assert bool(both) is (x and y)
        assert bool(either) is (x or y)


def test_forward_itself_negates_the_truths_of_python() -> None:
    assert ALL["logical_not"].forward(np, False)
    assert not ALL["logical_not"].forward(np, True)


def test_logic_of_comparisons_of_python_numbers() -> None:
    x = Variable(1.0)
    assert ~(x > 2)
    assert not ~(x < 2)
    assert (x > 0) & (x < 2)
    assert (x > 1) | (x < 2)


@pytest.mark.parametrize("name", ["isnan", "isfinite"])
def test_kinds_of_numbers(name: str) -> None:
    x = np.array([0.0, -1e308, np.inf, -np.inf, np.nan])
    wanted = getattr(np, name)(x)
    np.testing.assert_array_equal(apply(ALL[name], x), wanted, strict=True)
    assert [bool(apply(ALL[name], number)) for number in x.tolist()] == wanted.tolist()


@pytest.mark.parametrize(
    "name", [name for name, gate in ALL.items() if not gate.rules and gate.kind != "shape"]
)
def test_a_gate_without_rules_stops_the_gradient(name: str) -> None:
    gate = ALL[name]
    x = Variable(np.array([1.0, -2.0]))
    given = x > 0 if name.startswith("logical") else x
    steps = apply(gate, *[given] * len(gate.inputs))
    y: Any = functions.where(steps, x, 0.0)
    if name == "sign":
        y = steps * x
    y.backward(np.ones(2))
    np.testing.assert_array_equal(x.grad, np.asarray(steps.value, float))
