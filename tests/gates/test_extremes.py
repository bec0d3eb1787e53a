"""Extreme inputs: no gate warns, NaN stays to be seen, and numbers far out, at 0 and at infinity are right."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import product
from operator import attrgetter
from typing import Any

import numpy as np
import pytest

from chainrule.errors import ArgumentError
from chainrule.gates import ALL, Gate
from chainrule.graph import functions
from tests.gates._examples import (
    ELEMENTWISE,
    EXAMPLES,
    SETTINGS,
    Example,
    boolean,
    extreme_examples,
    extremes,
)
from tests.gates._run import assert_close, run, upstream_for

BOTH = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def value_and_slope(name: str, *inputs: Any) -> tuple[Any, Any]:
    """The value of a gate, and its gradient for the first input, where 1 flows in everywhere."""
    value = functions.__dict__[name](*inputs)
    result = run(ALL[name], Example(inputs, {}), np.ones_like(value))
    return result.value, result.gradients[0]


# No warnings, for any gate ---------------------------------------------------------------------------


@pytest.mark.parametrize("gate", ALL.values(), ids=attrgetter("name"))
@BOTH
def test_extremes_give_no_warnings_and_keep_their_precision(
    gate: Gate, dtype: Any, rng: np.random.Generator
) -> None:
    for given in extreme_examples(gate.name, dtype):
        with suppress(ArgumentError):  # extremes are no probabilities, says cross_entropy_error
            result = run(gate, given, upstream_for(gate, given, rng))
            assert all(gradient.dtype == dtype for gradient in result.gradients)


@pytest.mark.parametrize("name", [name for name in ELEMENTWISE if boolean not in ELEMENTWISE[name]])
def test_python_numbers_at_extremes_are_those_of_arrays(name: str) -> None:
    gate, number = ALL[name], len(ELEMENTWISE[name])
    options = SETTINGS.get(name, [{}])[-1]
    for inputs in product(extremes(np.float64).tolist(), repeat=number):
        numbers = run(gate, Example(inputs, options), 0.75)
        arrays = run(gate, Example(tuple(map(np.asarray, inputs)), options), np.asarray(0.75))
        assert_close(numbers, arrays, rtol=1e-15)
        assert all(type(gradient) is float for gradient in numbers.gradients)


# NaN -------------------------------------------------------------------------------------------------

FLOATS = [n for n in ELEMENTWISE if ALL[n].kind == "elementwise" and boolean not in ELEMENTWISE[n]]
PIECEWISE_LINEAR = {"astype", "clip", "elu", "identity", "leaky_relu", "negate", "relu"}


@pytest.mark.parametrize("name", FLOATS)
def test_nan_stays_nan(name: str) -> None:
    number = len(ELEMENTWISE[name])
    inputs = np.where(np.eye(number), np.nan, 0.5)  # NaN in each place
    result = run(ALL[name], Example(tuple(inputs), EXAMPLES[name][0].settings), np.ones(number))
    assert np.isnan(result.value).all()


@pytest.mark.parametrize("name", [n for n in FLOATS if len(ELEMENTWISE[n]) == 1 and ALL[n].rules])
def test_nan_is_seen_in_the_gradient_unless_the_slope_is_a_constant(name: str) -> None:
    result = run(ALL[name], Example((np.array(np.nan),), EXAMPLES[name][0].settings))
    (slope,) = result.gradients
    assert abs(slope) == 1 if name in PIECEWISE_LINEAR else np.isnan(slope)


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_both_inputs_get_the_gradient_of_a_nan(name: str) -> None:
    for inputs in [(np.nan, 1.0), (1.0, np.nan), (np.nan, np.nan)]:
        assert run(ALL[name], Example(inputs, {})).gradients == [1, 1]


@pytest.mark.parametrize("name", ["max", "min", "logsumexp", "sum", "mean", "softmax", "log_softmax"])
def test_one_nan_spoils_its_own_row_only(name: str, rng: np.random.Generator) -> None:
    x = np.array([[1.0, np.nan, 3.0], [1.0, 2.0, 3.0]])
    given = Example((x,), {"axis": -1})
    value, (slope,) = run(ALL[name], given, upstream_for(ALL[name], given, rng))
    assert np.isnan(value[0]).all()
    assert np.isfinite(value[1]).all()
    assert np.isnan(slope[0]).any() or name in ("sum", "mean")
    assert np.isfinite(slope[1]).all()


# By hand ---------------------------------------------------------------------------------------------

# A vector is written with commas.
BY_HAND = """
    gate         first     second    value       slope
    sigmoid      -1e4                0           0
    sigmoid      1e4                 1           0
    sigmoid      -inf                0           0
    sigmoid      inf                 1           0
    tanh         -1e4                -1          0
    tanh         inf                 1           0
    relu         -inf                0           0
    relu         inf                 inf         1
    elu          -inf                -1          0
    elu          inf                 inf         1
    leaky_relu   -inf                -inf        0.01
    gelu         -inf                0           0
    gelu         1e4                 1e4         1
    gelu         inf                 inf         1
    silu         -inf                0           0
    silu         1e4                 1e4         1
    silu         inf                 inf         1
    softplus     -1e4                0           0
    softplus     1e4                 1e4         1
    softplus     inf                 inf         1
    erf          -inf                -1          0
    erf          1e4                 1           0
    exp          -inf                0           0
    exp          1e4                 inf         inf
    expm1        -1e4                -1          0
    log          0                   -inf        inf
    log          inf                 inf         0
    log          -1                  nan         -1
    log1p        -1                  -inf        inf
    sqrt         0                   0           inf
    sqrt         -1                  nan         nan
    sqrt         inf                 inf         0
    abs          -inf                inf         -1
    sin          inf                 nan         nan
    divide       1         0         inf         inf
    divide       1         -0.0      -inf        -inf
    divide       0         0         nan         inf
    divide       1         inf       0           0
    power        0         -1        inf         -inf
    power        0         0.5       0           inf
    power        0         0         1           0
    power        nan       0         1           0
    power        0         2         0           0
    power        -8        3         -512        192
    power        -8        1.5       nan         nan
    power        -8        0.5       nan         nan
    maximum      -inf      inf       inf         0
    logsumexp    1e4,-1e4            1e4         1,0
    logsumexp    -inf,0              0           0,1
    logsumexp    -inf,-inf           -inf        nan,nan
    logsumexp    inf,0               inf         nan,0
    max          -inf,-inf           -inf        0.5,0.5
    softmax      1e4,1e4             0.5,0.5     0,0
    softmax      1e4,-1e4            1,0         0,0
    softmax      -inf,5              0,1         0,0
    softmax      -inf,-inf           nan,nan     nan,nan
    log_softmax  0,1e4               -1e4,0      1,-1
    log_softmax  -inf,5              -inf,0      1,-1
"""


def _numbers(text: str, dtype: Any) -> Any:
    numbers = [float(number) for number in text.split(",")]
    return np.array(numbers if "," in text else numbers[0], dtype)


@pytest.mark.parametrize("row", BY_HAND.strip().splitlines()[1:], ids=lambda row: "_".join(row.split()[:-2]))
@BOTH
def test_values_and_slopes_by_hand(row: str, dtype: Any) -> None:
    name, *numbers = row.split()
    *inputs, value, slope = (_numbers(text, dtype) for text in numbers)
    result, gradient = value_and_slope(name, *inputs)
    np.testing.assert_array_equal(result, value)
    np.testing.assert_array_equal(gradient, slope)


@pytest.mark.parametrize(("base", "exponent"), [(-8.0, 1.5), (-8.0, 0.5), (-8.0, -0.5)])
def test_a_broken_power_of_a_negative_python_number_is_nan(base: float, exponent: float) -> None:
    value, slope = value_and_slope("power", base, exponent)
    assert math.isnan(value)
    assert math.isnan(slope)


@BOTH
def test_what_does_not_fit_is_infinite(dtype: Any) -> None:
    largest = np.finfo(dtype).max
    x = np.array([largest, -largest])
    np.testing.assert_array_equal(functions.square(x), [np.inf, np.inf])
    np.testing.assert_array_equal(functions.add(x, x), [np.inf, -np.inf])
    np.testing.assert_array_equal(functions.multiply(x, x), [np.inf, np.inf])
    assert functions.power(1e200, 2) == np.inf


# By mpmath -------------------------------------------------------------------------------------------

FORMULAS: Mapping[str, Callable[[Any, Any], Any]] = {
    "cos": lambda mp, x: mp.cos(x),
    "elu": lambda mp, x: x if x > 0 else mp.expm1(x),
    "erf": lambda mp, x: mp.erf(x),
    "expm1": lambda mp, x: mp.expm1(x),
    "gelu": lambda mp, x: x * mp.ncdf(x),
    "sigmoid": lambda mp, x: 1 / (1 + mp.exp(-x)),
    "silu": lambda mp, x: x / (1 + mp.exp(-x)),
    "sin": lambda mp, x: mp.sin(x),
    "softplus": lambda mp, x: mp.log1p(mp.exp(x)),
    "tanh": lambda mp, x: mp.tanh(x),
}
POINTS = [-700.0, -100.0, -40.0, -20.0, -6.0, -3.0, -0.46875, -0.3, -1e-3, -1e-20, 5e-324]
EXACT_TAILS = ["elu", "expm1", "sigmoid", "silu", "softplus"]


@pytest.fixture
def mp() -> Iterator[Any]:
    mpmath = pytest.importorskip("mpmath")
    with mpmath.workdps(60):
        yield mpmath.mp


@pytest.mark.parametrize("name", FORMULAS)
def test_values_to_the_last_digits(name: str, mp: Any) -> None:
    for point in [*POINTS, *(-x for x in POINTS)]:
        true = float(FORMULAS[name](mp, mp.mpf(point)))
        lost = 0.0 if name in EXACT_TAILS else 2e-16 * max(1, abs(point))
        assert functions.__dict__[name](point) == pytest.approx(true, rel=1e-15, abs=lost)


@pytest.mark.parametrize("name", FORMULAS)
def test_slopes_to_the_last_digits(name: str, mp: Any) -> None:
    for point in [*POINTS[:-1], *(-x for x in POINTS[:-1])]:
        if name == "expm1" and point > 0:
            continue
        true = float(mp.diff(lambda x: FORMULAS[name](mp, x), mp.mpf(point)))
        _, slope = value_and_slope(name, point)
        assert slope == pytest.approx(true, rel=1e-14, abs=1e-15)


@pytest.mark.parametrize("name", ["sigmoid", "silu", "softplus"])
@pytest.mark.parametrize("point", [-37.0, -40.0, -300.0, -700.0])
def test_lower_tails_keep_their_digits_in_value_and_slope(name: str, point: float, mp: Any) -> None:
    def formula(x: Any) -> Any:
        return FORMULAS[name](mp, x)

    value, slope = value_and_slope(name, np.array(point))
    assert value == pytest.approx(float(formula(mp.mpf(point))), rel=1e-15, abs=0)
    assert slope == pytest.approx(float(mp.diff(formula, mp.mpf(point))), rel=2e-15, abs=0)


def test_sigmoid_of_minus_40_is_exp_of_minus_40() -> None:
    assert functions.sigmoid(-40.0) == pytest.approx(math.exp(-40), rel=1e-15, abs=0)


@pytest.mark.parametrize("point", [-20.0, -50.0, -87.0, -95.0, -103.0])
def test_tails_in_single_precision(point: float) -> None:
    value, slope = value_and_slope("sigmoid", np.float32(point))
    unit = float(np.finfo(np.float32).smallest_subnormal)
    assert float(value) == pytest.approx(math.exp(point), rel=3e-7, abs=unit)
    assert float(slope) == pytest.approx(math.exp(point), rel=3e-7, abs=unit)


@pytest.mark.parametrize("name", ["log", "sqrt", "log1p"])
@pytest.mark.parametrize("point", [5e-324, 1e-310, 1e-20, 1.0, 1e300])
def test_the_whole_range_of_positive_numbers(name: str, point: float, mp: Any) -> None:
    true = float(getattr(mp, name)(mp.mpf(point)))
    assert functions.__dict__[name](point) == pytest.approx(true, rel=1e-15, abs=0)


# Many numbers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sum", "mean", "squared_error", "mean_squared_error"])
def test_sums_in_single_precision_keep_their_digits(name: str, rng: np.random.Generator) -> None:
    x = rng.random(1_000_000, dtype=np.float32)
    inputs = [x] if ALL[name].kind == "reduction" else [x, np.zeros_like(x)]
    single = functions.__dict__[name](*inputs)
    double = functions.__dict__[name](*(i.astype(np.float64) for i in inputs))
    assert float(single) == pytest.approx(float(double), rel=5e-7)
