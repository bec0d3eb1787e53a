"""A drawing becomes what MNIST's digits are: 20 of 28 pixels high, its mass in the middle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from chainrule.datasets import load_mnist
from chainrule.web._drawn import as_in_mnist

drawings = arrays.arrays(np.uint8, arrays.array_shapes(min_dims=2, max_dims=2, max_side=40))


@given(drawings)
def test_the_strokes_fill_their_box(drawing: np.ndarray) -> None:
    square = as_in_mnist(drawing, 28)
    assert (square.shape, square.dtype) == ((28, 28), np.uint8)
    rows, columns = np.nonzero(square)
    if not drawing.any():
        assert not square.any()
    elif len(rows):  # the faintest ink is rounded away
        assert max(np.ptp(rows), np.ptp(columns)) <= 19


@given(drawings, st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_where_it_was_drawn_makes_no_difference(
    drawing: np.ndarray, above: int, below: int, left: int, right: int
) -> None:
    moved = np.pad(drawing, ((above, below), (left, right)))
    np.testing.assert_array_equal(as_in_mnist(moved, 28), as_in_mnist(drawing, 28))


@given(drawings, st.integers(2, 4))
def test_how_large_it_was_drawn_makes_no_difference(drawing: np.ndarray, times: int) -> None:
    larger = np.kron(drawing, np.ones((times, times), np.uint8))
    there, here = as_in_mnist(larger, 28).astype(int), as_in_mnist(drawing, 28).astype(int)
    np.testing.assert_allclose(there, here, atol=1)


def test_digits_of_mnist_stay_as_they_are() -> None:
    """They were made by the same rules: 1,000 of the test digits come out as they went in, to the last bit."""
    (_, _), (images, _) = load_mnist(normalize=False)
    for image in images[:1000].reshape(-1, 28, 28):
        np.testing.assert_array_equal(as_in_mnist(image, 28), image)


def test_the_centre_of_mass_is_in_the_middle() -> None:
    drawing = np.zeros((280, 280), np.uint8)
    drawing[40:200, 60:80] = 255  # an L
    drawing[180:200, 60:160] = 255
    square = as_in_mnist(drawing, 28).astype(float)
    for axis in (0, 1):
        shares = square.sum(axis=1 - axis) / square.sum()
        assert shares @ np.arange(28) == pytest.approx(14, abs=0.5)


def test_grey_is_kept_and_its_sum_too() -> None:
    """Pixels that become one are averaged: a fifth of the ink is a fifth of the light."""
    drawing = np.zeros((100, 100), np.uint8)
    drawing[::5] = 250
    drawing[:, 0] = drawing[:, -1] = 250  # so that the box is the whole
    inside = as_in_mnist(drawing, 28)[4:24, 8:20]
    assert np.mean(inside) == pytest.approx(50, abs=1)
