"""Decisions: what a gate does where its slope jumps, and how those that tie share the gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.gates import ALL
from chainrule.graph import Variable, apply, functions
from tests.gates._examples import Example
from tests.gates._run import run

TINY = float(np.finfo(np.float64).smallest_subnormal)
BOTH = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def slope_at(name: str, x: Any, **options: Any) -> Any:
    """The gradient for one input, where 1 flows in everywhere."""
    result = run(ALL[name], Example((x,), options), np.ones_like(apply(ALL[name], x, **options)))
    return result.gradients[0]


# Kinks -----------------------------------------------------------------------------------------------


@BOTH
def test_relu_passes_nothing_at_zero_and_everything_above(dtype: Any) -> None:
    tiny = np.finfo(dtype).smallest_subnormal
    x = np.array([-1.0, -tiny, -0.0, 0.0, tiny, 1.0], dtype)
    np.testing.assert_array_equal(functions.relu(x), [0, 0, 0, 0, tiny, 1])
    np.testing.assert_array_equal(slope_at("relu", x), [0, 0, 0, 0, 1, 1])


def test_relu_of_python_numbers() -> None:
    slopes = [slope_at("relu", x) for x in (-TINY, -0.0, 0.0, TINY)]
    assert slopes == [0, 0, 0, 1]


ACROSS_ZERO = """
    gate        alpha    −TINY   −0     0      TINY
    abs         -        -1      0      0      1
    leaky_relu  0.01     0.01    0.01   0.01   1
    leaky_relu  0.25     0.25    0.25   0.25   1
    elu         1        1       1      1      1
    elu         0.5      0.5     0.5    0.5    1
    softplus    -        0.5     0.5    0.5    0.5
    silu        -        0.5     0.5    0.5    0.5
    gelu        -        0.5     0.5    0.5    0.5
    sigmoid     -        0.25    0.25   0.25   0.25
"""


@pytest.mark.parametrize("row", ACROSS_ZERO.strip().splitlines()[1:])
def test_slopes_on_both_sides_of_zero(row: str) -> None:
    name, alpha, *slopes = row.split()
    options = {} if alpha == "-" else {"alpha": float(alpha)}
    x = np.array([-TINY, -0.0, 0.0, TINY])
    np.testing.assert_array_equal(slope_at(name, x, **options), np.array(slopes, float))


CLIPPED = """
    low  high   -1.5  -1   0    1    1.5
    -1   1      0     1    1    1    0
    -1   none   0     1    1    1    1
    none 1      1     1    1    1    0
    1    1      0     0    0    1    0
    none none   1     1    1    1    1
"""


@pytest.mark.parametrize("row", CLIPPED.strip().splitlines()[1:])
def test_clip_passes_on_its_bounds(row: str) -> None:
    low, high, *slopes = (None if word == "none" else float(word) for word in row.split())
    x = np.array([-1.5, -1.0, 0.0, 1.0, 1.5])
    y = functions.clip(x, low=low, high=high)
    lowest = -np.inf if low is None else low
    highest = np.inf if high is None else high
    np.testing.assert_array_equal(y, np.clip(x, lowest, highest))
    np.testing.assert_array_equal(slope_at("clip", x, low=low, high=high), slopes)


def test_the_exponent_of_zero_has_no_slope_though_its_power_jumps_at_zero() -> None:
    for zero in (0.0, np.array(0.0)):
        for exponent, value in ((0.0, 1.0), (0.5, 0.0), (2.0, 0.0)):
            result = run(ALL["power"], Example((zero, np.array(exponent)), {}))
            assert result.value == value
            assert result.gradients[1] == 0


# Ties ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_two_that_tie_get_half_each(name: str, rng: np.random.Generator) -> None:
    x, upstream = np.array([1.0, -0.0, np.inf]), rng.normal(size=3)
    result = run(ALL[name], Example((x, x + 0.0), {}), upstream)
    np.testing.assert_array_equal(result.gradients, [upstream / 2, upstream / 2])


def test_a_variable_against_a_number_it_ties_with_gets_half() -> None:
    x = Variable(np.array([-1.0, 0.0, 1.0]))
    y: Any = np.maximum(x, 0)
    y.backward(np.ones(3))
    np.testing.assert_array_equal(x.grad, [0, 0.5, 1])


@pytest.mark.parametrize(("name", "sign"), [("max", 1), ("min", -1)])
@pytest.mark.parametrize(
    ("row", "shares"),
    [
        ([3.0, 3.0, 1.0], [0.5, 0.5, 0]),
        ([2.0, 2.0, 2.0], [1 / 3, 1 / 3, 1 / 3]),
        ([0.0, -0.0, -1.0], [0.5, 0.5, 0]),
        ([np.inf, 0.0, np.inf], [0.5, 0, 0.5]),
    ],
)
def test_all_that_tie_share_equally(name: str, sign: int, row: list[float], shares: list[float]) -> None:
    x = sign * np.array([row, row[::-1]])
    wanted = np.array([shares, shares[::-1]])
    np.testing.assert_array_equal(slope_at(name, x, axis=1), wanted)
    np.testing.assert_array_equal(slope_at(name, x), wanted / 2)
