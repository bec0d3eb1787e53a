"""Central differences: right, and x is as before whatever happens."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from chainrule.errors import ArgumentError, DTypeError
from chainrule.graph._differences import central_difference, difference_step
from tests.layers._close import assert_close


def test_by_hand() -> None:
    """The book's section 4.3.3: f = x0² + x1² at (3, 4), (0, 2), (3, 0)."""
    for x, expected in (([3.0, 4.0], [6, 8]), ([0.0, 2.0], [0, 4]), ([3.0, 0.0], [6, 0])):
        found = central_difference(lambda x: np.sum(x**2), np.array(x))
        assert_close(found, expected, 1e-9)


@given(
    arrays(
        np.float64,
        array_shapes(min_dims=0, max_dims=3, max_side=3),
        elements=st.floats(-1e6, 1e6),
    )
)
@settings(max_examples=50, deadline=None)
def test_a_quadratic_function_has_no_error_but_rounding(x: Any) -> None:
    weights = np.arange(x.size).reshape(x.shape) - 1.0
    found = central_difference(lambda x: np.sum(weights * x * x), x)
    scale = max(
        1,
        np.sum(np.abs(weights) * x * x),
    ) / np.min(difference_step(x), initial=1)
    np.testing.assert_allclose(found, 2 * weights * x, rtol=1e-7, atol=1e-15 * scale)
    assert found.shape == x.shape


def test_large_numbers_are_moved_far_enough() -> None:
    x = np.array([1e8])
    assert_close(central_difference(lambda x: np.sum(np.log(x)), x), 1e-8, 1e-9)


@pytest.mark.parametrize("view", [lambda x: x.T, lambda x: x[::-1], lambda x: x[:, ::2]])
def test_any_memory_layout(view: Any, rng: np.random.Generator) -> None:
    whole = rng.normal(size=(3, 4))
    x = view(whole)
    assert_close(central_difference(lambda x: np.sum(np.sin(x)), x), np.cos(x), 1e-8)


def test_a_function_that_reads_the_array_from_elsewhere() -> None:
    x = np.array([1.0, 2.0])
    assert_close(central_difference(lambda _: x[0] * x[1], x), [2, 1], 1e-9)


def test_a_step_of_ones_own() -> None:
    assert central_difference(lambda x: x[0] ** 3, np.array([0.0]), step=0.5).tolist() == [0.25]  # h²


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_x_is_as_before_when_f_raises(error: type[BaseException], rng: np.random.Generator) -> None:
    x = rng.normal(size=5)
    before = x.copy()
    calls = iter(range(100))

    def f(x: Any) -> float:
        if next(calls) == 6:
            raise error
        return 0.0

    with pytest.raises(error):
        central_difference(f, x)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize(
    "x",
    [np.array([1, 2]), np.array([1.0], np.float32), np.array([True])],
)
def test_other_dtypes(x: Any) -> None:
    with pytest.raises(DTypeError, match=f"need a float64 array, not a {x.dtype} array"):
        central_difference(np.sum, x)


def test_what_is_no_array_and_what_cannot_be_changed() -> None:
    with pytest.raises(DTypeError, match="need a float64 array, not a list"):
        central_difference(np.sum, [1.0])  # type: ignore[arg-type]
    x = np.ones(2)
    x.flags.writeable = False
    with pytest.raises(ArgumentError, match="this array is read-only") as caught:
        central_difference(np.sum, x)
    assert caught.value.fix == "x.copy()"
