"""Weights as pictures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.runs import Data
from chainrule.web._training._weights import image_of, tiles


def network(W):
    W = np.asarray(W, np.float64)
    return cr.Sequential(
        cr.Affine(W, np.zeros(W.shape[1])), cr.ReLU(), cr.Affine(W.shape[1], 2), dtype=np.float64
    )


def test_zero_is_the_middle_and_the_largest_weight_the_end():
    W = [[0.0, 2.0], [1.0, -4.0], [-1.0, 0.0], [4.0, 1.0]]
    found = tiles(network(W), width=2, most=9)
    # 128 + 127 · w / 4, rounded, a unit a row
    assert found.pixels.tolist() == [[128, 160, 96, 255], [192, 1, 128, 160]]
    assert (found.width, found.height, found.scale) == (2, 2, 4.0)


def test_only_the_first_units_are_shown_and_decide_on_the_scale():
    found = tiles(network([[0.5, 9.0], [-0.5, 1.0]]), width=2, most=1)
    assert (found.pixels.tolist(), found.scale, found.height) == ([[255, 1]], 0.5, 1)


def test_weights_of_zero_have_a_picture():
    found = tiles(network(np.zeros((4, 3))), width=2, most=3)
    assert (found.pixels == 128).all()
    assert found.scale == 0


@given(st.integers(0, 2**32 - 1), st.floats(1e-30, 1e30))
def test_a_picture_tells_the_weights_to_half_a_shade(seed, size):
    W = np.random.default_rng(seed).normal(size=(9, 5)) * size
    found = tiles(network(W), width=3, most=5)
    back = (found.pixels.astype(float) - 128) / 127 * found.scale
    np.testing.assert_allclose(back, W.T, rtol=0, atol=found.scale / 127 / 2 * (1 + 1e-9))


@pytest.mark.parametrize(
    ("inputs", "dtype", "image"),
    [(784, np.uint8, (28, 28)), (16, np.uint8, (4, 4)), (15, np.uint8, None), (16, np.float32, None)],
)
def test_square_rows_of_pixels_are_pictures(inputs, dtype, image):
    x, t = np.zeros((2, inputs), dtype), np.zeros(2, np.int64)
    assert image_of(Data("d", x, t, x, t, classes=2)) == image
