"""Numerical gradients: right, in every layout and precision, and never at the price of the caller's array."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.lib.stride_tricks import as_strided

import chainrule as cr
from chainrule.errors import ArgumentError, DTypeError
from chainrule.verify import numerical_gradient

sympy = pytest.importorskip("sympy")

FINITE = hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=4), elements=st.floats(-3, 3))


@pytest.mark.parametrize(
    "text", ["exp(sin(x))", "x**3*log(x)", "tanh(x)/x", "sqrt(x)*cos(3*x)", "1/(1+exp(-x))", "x**x"]
)
@pytest.mark.parametrize("x", [0.3, 1.0, 2.5])
def test_it_agrees_with_the_derivative_that_sympy_finds(text: str, x: float) -> None:
    symbol = sympy.Symbol("x")
    expression = sympy.sympify(text)
    derivative = float(sympy.diff(expression, symbol).subs(symbol, x))
    f = sympy.lambdify(symbol, expression, "numpy")
    assert numerical_gradient(f, x) == pytest.approx(derivative, rel=1e-14)  # by complex steps

    def real_only(x: float) -> float:
        assert not isinstance(x, complex)
        return float(f(x))

    assert numerical_gradient(real_only, x) == pytest.approx(derivative, rel=1e-9)


@given(FINITE)
def test_it_is_2x_for_the_sum_of_squares_of_any_array(x: np.ndarray) -> None:
    before = x.tobytes()
    found = numerical_gradient(lambda x: np.sum(x * x), x)
    np.testing.assert_allclose(found, 2 * x, rtol=1e-12, atol=1e-12)
    assert x.tobytes() == before


def test_the_lessons_way_of_writing_it_works() -> None:
    net = cr.TwoLayerNet(4, 3, 2, 0.5, seed=0)
    x, t = np.random.default_rng(0).normal(size=(5, 4)), np.array([0, 1, 1, 0, 1])
    for name, dW in net.gradient(x, t).items():
        found = numerical_gradient(lambda W: net.loss(x, t), net.params[name])
        np.testing.assert_allclose(found, dW, rtol=1e-7, atol=1e-10)


def test_a_number_gives_a_number() -> None:
    assert numerical_gradient(lambda x: x**3, 2) == 12.0
    assert numerical_gradient(lambda x: x**3, np.float32(2)) == 12.0
    assert type(numerical_gradient(lambda x: x**3, 2)) is float


@pytest.mark.parametrize("at", [0, 1, 5, 11])
@pytest.mark.parametrize("closes_over", [True, False])
def test_x_is_unchanged_bit_for_bit_when_f_raises_in_the_middle(at: int, closes_over: bool) -> None:
    x = np.array([1.5, -0.0, np.nan, 1e308, -np.inf, 5e-324])
    before = x.tobytes()
    calls = 0

    def f(argument: Any) -> float:
        nonlocal calls
        calls += 1
        if calls > at:
            raise ZeroDivisionError
        return float(np.sum((x if closes_over else argument)[:2]))

    with pytest.raises(ZeroDivisionError):
        numerical_gradient(f, x)
    assert x.tobytes() == before


def test_x_is_unchanged_even_if_f_writes_into_it() -> None:
    x = np.array([1.0, 2.0])

    def f(x: Any) -> Any:
        x += 1
        return np.sum(x.real)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        numerical_gradient(f, x)
    assert x.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    "x", [np.array([3, 4]), np.array([True]), np.array([7], np.uint8), np.array(["a"]), 1 + 2j, True]
)
def test_what_has_no_small_steps_is_refused(x: Any) -> None:
    with pytest.raises(DTypeError, match="needs floating-point numbers"):
        numerical_gradient(lambda x: np.sum(x * x), x)


def test_the_integer_trap_of_the_book() -> None:
    # With integers a step of 1e-4 is lost or rounded up to a whole number: 25000 and 35000 instead of 6 and 8.
    def f(x: Any) -> Any:
        return np.sum(x**2)

    with pytest.raises(DTypeError, match="int64") as caught:
        numerical_gradient(f, np.array([3, 4]))
    assert caught.value.fix == "x.astype(float)"
    assert numerical_gradient(f, [3, 4]).tolist() == [6.0, 8.0]


@pytest.mark.parametrize(
    "make",
    [
        lambda x: np.asfortranarray(x),
        lambda x: x[::-1, ::2],
        lambda x: x.T,
        lambda x: x.astype(np.float32),
        lambda x: x.reshape(-1)[:1].reshape(()),
        lambda x: x[:0],
    ],
    ids=["Fortran", "strided", "transposed", "float32", "no axes", "empty"],
)
@pytest.mark.parametrize("writable", [True, False])
def test_every_layout_gives_the_same(make: Callable[[Any], Any], writable: bool) -> None:
    x = make(np.random.default_rng(0).normal(size=(3, 4)))
    x.setflags(write=writable)
    before = x.copy()
    found = numerical_gradient(lambda x: np.sum(np.exp(x)), x)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, np.exp(before.astype(float)), rtol=1e-14)
    assert np.array_equal(x, before)


def test_elements_that_share_memory_are_moved_one_at_a_time() -> None:
    base = np.array([1.0, 2.0, 3.0])
    windows = as_strided(base, (2, 2), (8, 8))
    assert numerical_gradient(lambda x: np.sum(x * x), windows).tolist() == [[2, 4], [4, 6]]
    row = np.broadcast_to(np.array([1.0, 2.0]), (2, 2))
    assert numerical_gradient(lambda x: np.sum(x * x), row).tolist() == [[2, 4], [2, 4]]


@pytest.mark.parametrize("kind", ["float32", "read-only"])
def test_a_copy_that_f_ignores_is_an_error_and_not_a_gradient_of_zeros(kind: str) -> None:
    x: Any = np.ones(3, dtype=np.float32 if kind == "float32" else np.float64)
    x.setflags(write=kind != "read-only")
    with pytest.raises(ArgumentError, match="f does not use its argument"):
        numerical_gradient(lambda _: np.sum(x * x), x)


def test_float32_can_be_asked_for_and_is_good_for_three_digits() -> None:
    net = cr.TwoLayerNet(4, 3, 2, 0.5, seed=0, dtype=np.float32)
    x, t = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32), np.array([0, 1, 1, 0, 1])
    W = net.params["W1"]
    found = numerical_gradient(lambda W: net.loss(x, t), W, dtype=np.float32)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, net.gradient(x, t)["W1"], atol=1e-3)


def test_other_precisions_are_refused() -> None:
    with pytest.raises(DTypeError, match="float16"):
        numerical_gradient(np.sum, np.ones(2), dtype=np.float16)


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (lambda x: np.sum(np.abs(x) + x * x), [-3.0, 5.0]),
        (lambda x: np.sum(np.maximum(x, 0)), [0.0, 1.0]),
        (lambda x: np.sum(np.where(x > 0, x * x, -x)), [-1.0, 4.0]),
        (lambda x: np.sum(np.real(x) ** 2), [-2.0, 4.0]),
        (lambda x: np.sum((x * np.conj(x)).real), [-2.0, 4.0]),
        (lambda x: np.abs(x[0]) + x[1] ** 2, [-1.0, 4.0]),
        (lambda x: cr.sum(cr.sigmoid(x)), [0.19661193324148185, 0.10499358540350662]),
    ],
)
def test_functions_that_mean_something_else_for_complex_numbers_are_not_silently_wrong(
    f: Callable[[Any], Any], slope: list[float]
) -> None:
    np.testing.assert_allclose(numerical_gradient(f, np.array([-1.0, 2.0])), slope, rtol=1e-8)


def test_a_function_that_computes_in_float32_inside_is_noticed() -> None:
    with pytest.warns(RuntimeWarning, match=r"unreliable at \[\d\]: .* not computed in float64"):
        numerical_gradient(lambda x: np.sum(np.asarray(x, np.float32) ** 2), np.array([1.1, 2.2, 3.3]))


def test_a_kink_near_the_point_is_noticed() -> None:
    with pytest.warns(RuntimeWarning, match=r"unreliable at \[1\]"):
        numerical_gradient(lambda x: np.sum(np.abs(x)), np.array([1.0, 3e-6]))


@pytest.mark.parametrize("result", [np.ones(2), None, "three", 1j], ids=repr)
def test_f_must_return_one_number(result: Any) -> None:
    with pytest.raises(ArgumentError, match="needs one real number"):
        numerical_gradient(lambda x: result, np.ones(2))


def test_a_variable_is_refused() -> None:
    with pytest.raises(ArgumentError, match="not variables"):
        numerical_gradient(np.sum, cr.Variable(np.ones(2)))


def test_infinities_and_nan_stay_where_they_are() -> None:
    found = numerical_gradient(lambda x: np.sum(x * x), np.array([2.0, np.nan, 3.0]))
    assert np.isnan(found).all()  # the sum is NaN wherever it is measured
