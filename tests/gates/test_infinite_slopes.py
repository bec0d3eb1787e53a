"""Where a slope is infinite or NaN: nothing flows if nothing flowed in, and what flows is seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from chainrule.graph import Variable

SINGULAR: Mapping[str, Callable[[Any], Any]] = {
    "sqrt(x)": np.sqrt,
    "log(x)": np.log,
    "log1p(x)": np.log1p,
    "1/x": lambda x: 1 / x,
    "x/0": lambda x: x / 0.0,
    "x/x": lambda x: x / x,
    "x/|x|": lambda x: x / abs(x),
    "x**0.5": lambda x: x**0.5,
    "x**-1": lambda x: x**-1,
    "x**0": lambda x: x**0,
    "0**x": lambda x: 0.0**x,
    "(-1)**x": lambda x: (-1.0) ** x,
    "sqrt(log(x))": lambda x: np.sqrt(np.log(x)),
}
INFINITE_AT_0 = ["sqrt(x)", "log(x)", "1/x", "x**0.5", "x**-1"]

# Two points for each where the slope or the value is infinite or NaN.
POINTS = """
    sqrt(x)       0   -1
    log(x)        0   -1
    log1p(x)     -1   -2
    1/x           0   nan
    x/0           0    1
    x/x           0   inf
    x/|x|         0   -0.0
    x**0.5        0   -1
    x**-1         0   nan
    x**0          0   nan
    0**x         -1    0
    (-1)**x      0.5   2
    sqrt(log(x))  0   -1
"""
every_row = pytest.mark.parametrize("row", POINTS.strip().splitlines(), ids=lambda row: row.split()[0])


@every_row
def test_the_branch_that_where_does_not_take_sends_nothing(row: str) -> None:
    name, *points = row.split()
    x = Variable(np.array(points, float))
    y: Any = np.where(np.array([False, False]), SINGULAR[name](x), np.pi)
    y.backward(np.ones(2))
    np.testing.assert_array_equal(y.value, [np.pi, np.pi])
    np.testing.assert_array_equal(x.grad, [0, 0])


@every_row
def test_the_same_of_python_numbers(row: str) -> None:
    name, *points = row.split()
    for point in map(float, points):
        x = Variable(point)
        y: Any = np.where(False, SINGULAR[name](x), np.pi)
        y.backward()
        assert y.value == np.pi
        assert x.grad == 0


@pytest.mark.parametrize("name", INFINITE_AT_0)
def test_an_infinite_slope_is_seen_where_something_flows(name: str) -> None:
    x = Variable(np.array([0.0, 0.0]))
    y = SINGULAR[name](x)
    y.backward(np.array([1.0, 0.0]))
    assert np.isinf(x.grad[0])
    assert x.grad[1] == 0


@pytest.mark.parametrize("name", SINGULAR)
def test_nan_from_above_is_not_silenced(name: str) -> None:
    x = Variable(np.array([0.25, 2.0]))
    y = SINGULAR[name](x)
    y.backward(np.array([np.nan, np.nan]))
    assert np.isnan(x.grad).all() or name == "x**0"


def test_where_as_people_write_it() -> None:
    x = Variable(np.array([-1.0, 0.0, 4.0]))
    y: Any = np.where(x > 0, np.sqrt(x), x)
    y.backward(np.ones(3))
    np.testing.assert_array_equal(y.value, [-1, 0, 2])
    np.testing.assert_array_equal(x.grad, [1, 1, 0.25])


def test_the_norm_of_a_vector_at_zero_in_a_branch_that_is_not_taken() -> None:
    x = Variable(np.zeros(2))
    length: Any = np.sqrt(np.sum(x * x))
    unit: Any = np.where(length > 0, x / length, x)
    unit.backward(np.ones(2))
    np.testing.assert_array_equal(unit.value, [0, 0])
    np.testing.assert_array_equal(x.grad, [1, 1])
