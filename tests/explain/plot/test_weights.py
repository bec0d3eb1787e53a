"""Weight images: read back from the grid they are the columns of W."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import ArgumentError, ShapeError
from chainrule.explain.plot import weights
from tests.explain.plot._axes import needs_hangul, new_axes, png

pytest.importorskip("matplotlib")


def images_of(axes: Any, rows: int, columns: int) -> list[Any]:
    """The images in the grid: what a masked gap, or the frame, surrounds."""
    (image,) = axes.images
    grid = image.get_array()
    there = ~np.ma.getmaskarray(grid)
    tops = [r for r in range(len(there)) if there[r].any() and (r == 0 or not there[r - 1].any())]
    lefts = [c for c in range(there.shape[1]) if there[:, c].any() and (c == 0 or not there[:, c - 1].any())]
    corners = [(top, left) for top in tops for left in lefts if there[top, left]]
    return [np.asarray(grid[top : top + rows, left : left + columns]) for top, left in corners]


def test_each_unit_is_its_column_of_the_first_weights() -> None:
    net = cr.TwoLayerNet(784, 50, 10, seed=1)
    images = images_of(weights(net), 28, 28)
    np.testing.assert_array_equal(np.array(images), net.params["W1"].T.reshape(50, 28, 28))


def test_a_layer_that_is_named_and_a_shape_that_is_given() -> None:
    net = cr.TwoLayerNet(4, 6, 3, seed=1)
    axes = weights(net, "Affine2", shape=(2, 3))
    np.testing.assert_array_equal(images_of(axes, 2, 3), net.params["W2"].T.reshape(3, 2, 3))
    assert axes.get_title(loc="left") == "Affine2: weights of 3 units"


@given(
    st.integers(1, 6), st.integers(1, 6), st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**32 - 1)
)
@settings(max_examples=30, deadline=None)
def test_no_weight_is_lost_or_moved(rows: int, columns: int, units: int, most: int, seed: int) -> None:
    array = np.random.default_rng(seed).normal(size=(rows * columns, units))
    axes = weights(array, shape=(rows, columns), most=most)
    expected = array[:, :most].T.reshape(-1, rows, columns)
    np.testing.assert_array_equal(np.array(images_of(axes, rows, columns)), expected)


def test_one_scale_for_all_and_the_same_on_both_sides_of_zero() -> None:
    array = np.array([[0.5, -2.0], [0.1, 0.0], [0.0, 0.0], [1.0, 1.5]])
    (image,) = weights(array).images
    assert image.get_clim() == (-2.0, 2.0)
    red, green, blue, _ = image.to_rgba(np.array([[0.0]]))[0, 0]
    assert min(red, green, blue) > 0.95  # 0 is white
    assert image.colorbar is not None


def test_weights_that_are_all_zero_are_white() -> None:
    axes = weights(np.zeros((4, 2), np.float32))
    assert axes.images[0].get_clim() == (-1.0, 1.0)
    png(axes)


def test_most_says_how_many_are_shown() -> None:
    axes = weights(np.ones((4, 7)), most=3)
    assert len(images_of(axes, 2, 2)) == 3
    assert axes.get_title(loc="left") == "W: weights of the first 3 of 7 units"


def test_in_korean() -> None:
    needs_hangul()
    axes = weights(cr.TwoLayerNet(4, 6, 3, seed=1), most=2, lang="ko")
    assert axes.get_title(loc="left") == "Affine1: 유닛 6개 중 처음 2개의 가중치"
    (bar,) = axes.child_axes
    assert bar.get_ylabel() == "가중치"
    png(axes)


def test_bad_input_gets_a_sentence() -> None:
    net = cr.TwoLayerNet(4, 6, 3, seed=1)
    with pytest.raises(
        ArgumentError, match=r"no layer 'Relu1' has weights .*; Affine1, Affine2 have"
    ) as found:
        weights(net, "Relu1")
    assert found.value.fix == "layer='Affine1'"
    with pytest.raises(ArgumentError, match="an array has no layer 'Affine1'"):
        weights(np.eye(4), "Affine1")
    with pytest.raises(ArgumentError, match=r"array of shape \(inputs, units\); weights are .* shape \(4,\)"):
        weights(np.ones(4))
    with pytest.raises(ArgumentError, match=r"shape \(inputs, units\); weights are a str"):
        weights("W1")
    with pytest.raises(ArgumentError, match="weights hold numbers that are not finite"):
        weights(np.array([[1.0, np.nan]]))
    with pytest.raises(ArgumentError, match="most is a number of units, 1 or more; it is 0"):
        weights(net, most=0)


def test_weights_that_are_no_picture_of_the_shape_are_refused() -> None:
    with pytest.raises(ShapeError, match="6 weights of a unit are no square picture") as caught:
        weights(cr.TwoLayerNet(4, 6, 3), "Affine2", new_axes())
    assert caught.value.fix == "shape=(rows, columns), whose product is 6, such as (2, 3)"
    with pytest.raises(ShapeError, match="4 weights of a unit are no picture of 3 rows and 2 columns"):
        weights(np.eye(4), shape=(3, 2))
    with pytest.raises(ArgumentError, match="shape is \\(rows, columns\\), not 28"):
        weights(np.eye(4), shape=28)  # type: ignore[arg-type]
