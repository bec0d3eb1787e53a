"""Layers of images against PyTorch, against loops that look at one window after the other, and by hand."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given as law
from hypothesis import settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import ArgumentError, DTypeError, ShapeError
from chainrule.layers import AvgPool, Conv2D, Flatten, MaxPool
from tests.layers._close import assert_close


def _seen(x: Any, size: Any, stride: Any, padding: Any) -> Any:
    """Every window of one image after the other: what the definitions say, in Python's loops."""
    (height, width), (down, across) = size, stride
    margin = [(0, 0), (padding[0],) * 2, (padding[1],) * 2]
    x = np.pad(x, margin, constant_values=np.nan)
    tops = range(0, x.shape[1] - height + 1, down)
    lefts = range(0, x.shape[2] - width + 1, across)
    for (i, top), (j, left) in product(enumerate(tops), enumerate(lefts)):
        bottom, right = top + height, left + width
        yield i, j, x[:, top:bottom, left:right]


PAIRS = st.tuples(st.integers(1, 3), st.integers(1, 3))
SEEDS = st.integers(0, 2**32 - 1)


@law(PAIRS, PAIRS, st.integers(0, 1), SEEDS)
@settings(max_examples=30)
def test_a_window_at_a_time_gives_the_same(size: Any, stride: Any, padded: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    padding = tuple(padded * (n // 2) for n in size)
    x = rng.normal(size=(2, 2, 5, 4))
    W = rng.normal(size=(3, 2, *size))
    b = rng.normal(size=3)
    convolved = Conv2D(W, b, stride=stride, padding=padding).forward(x)
    largest = MaxPool(size, stride, padding).forward(x)
    mean = AvgPool(size, stride, padding).forward(x)
    for n in range(2):
        for i, j, window in _seen(x[n], size, stride, padding):
            place = n, slice(None), i, j
            filled = np.nan_to_num(window)
            wanted = np.sum(filled * W, axis=(1, 2, 3)) + b
            assert_close(convolved[place], wanted, 1e-12)
            highest = np.nanmax(window, axis=(1, 2))
            np.testing.assert_array_equal(largest[place], highest)
            assert_close(mean[place], filled.mean(axis=(1, 2)), 1e-12)


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (2, 1), ((1, 2), (0, 2))])
def test_a_convolution_is_that_of_pytorch(stride: Any, padding: Any, rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch")
    x = rng.normal(size=(2, 3, 6, 7))
    W = rng.normal(size=(4, 3, 3, 2))
    b = rng.normal(size=4)
    conv = Conv2D(W, b, stride=stride, padding=padding)
    out = conv.forward(x)
    dout = rng.normal(size=out.shape)
    dx = conv.backward(dout)
    found = [out, dx, conv.dW, conv.db]
    leaves = [torch.tensor(value) for value in (x, W, b)]
    for leaf in leaves:
        leaf.requires_grad_()
    wanted = torch.nn.functional.conv2d(*leaves, stride=stride, padding=padding)
    gradients = torch.autograd.grad(wanted, leaves, torch.tensor(dout))
    right = [wanted.detach(), *gradients]
    for one, other in zip(found, right, strict=True):
        assert_close(one, other.numpy(), 1e-12)


def test_of_equal_numbers_the_first_takes_the_gradient() -> None:
    pool = MaxPool(2)
    x = np.array([[[[1.0, 3.0, 0.0, 0.0], [3.0, 3.0, 0.0, 0.0]]]])
    out = pool.forward(x)
    assert out.tolist() == [[[[3, 0]]]]
    dout = np.array([[[[5.0, 7.0]]]])
    dx = pool.backward(dout)
    first = [0, 5, 7, 0]
    assert dx.tolist() == [[[first, [0] * 4]]]


def test_overlapping_windows_add_up() -> None:
    pool = MaxPool(2, stride=1)
    x = np.zeros((1, 1, 3, 3))
    x[..., 1, 1] = 9
    pool.forward(x)
    dx = pool.backward(np.array([[[[1.0, 2.0], [3.0, 4.0]]]]))
    middle = np.zeros((1, 1, 3, 3))
    middle[..., 1, 1] = 10
    np.testing.assert_array_equal(dx, middle)


def test_flatten_and_back() -> None:
    layer = Flatten()
    x = np.arange(12.0).reshape(2, 3, 2, 1)
    out = layer.forward(x)
    np.testing.assert_array_equal(out, x.reshape(2, 6))
    dx = layer.backward(2 * out)
    np.testing.assert_array_equal(dx, 2 * x)


def test_first_weights_have_the_spread_of_what_goes_into_a_sum() -> None:
    conv = Conv2D(20, 50, (3, 4), init="he", seed=0)
    assert conv.W.shape == (50, 20, 3, 4)
    assert not conv.b.any()
    assert conv.W.std() == pytest.approx(np.sqrt(2 / (20 * 3 * 4)), rel=0.02)
    layers = Conv2D(5, 99, 3), MaxPool(2), cr.ReLU(), cr.Affine(99, 2)
    net = cr.Sequential(*layers, input_shape=(5, 4, 4))
    he = np.sqrt(2 / 45)  # a pool lies before the ReLU, but no sum
    assert net.params["W1"].std() == pytest.approx(he, rel=0.03)


def test_windows_are_refused_with_a_reason(rng: np.random.Generator) -> None:
    images = rng.normal(size=(1, 2, 4, 4))
    with pytest.raises(ShapeError, match=r"a window of 5 × 5 does not fit into an image of 4 × 4"):
        Conv2D(2, 1, 5).forward(images)
    channels = r"the same number C of channels; x is \(1, 2, 4, 4\), W is \(1, 3, 2, 2\)"
    with pytest.raises(ShapeError, match=channels):
        Conv2D(3, 1, 2).forward(images)
    with pytest.raises(ShapeError, match=r"images have shape \(N, C, height, width\), not \(4, 4\)"):
        MaxPool(2).forward(images[0, 0])
    windows = np.ones((1, 1, 2, 2, 2, 2))
    with pytest.raises(ShapeError, match=r"windows of images of shape .* have shape .*, not"):
        cr.fold(windows, shape=(1, 1, 4, 4))


REFUSED = {
    "Conv2D needs the size of its filters": lambda: Conv2D(1, 2),
    "at least one channel and one filter, not 0 and 2": lambda: Conv2D(0, 2, 3),
    r"size is a whole number from 1 up, or a pair .* not \(3, 0\)": lambda: Conv2D(1, 2, (3, 0)),
    "stride is a whole number from 1 up": lambda: Conv2D(1, 2, 3, stride=0),
    "padding=2 is more than half of the window 2": lambda: MaxPool(2, padding=2),
    "size is a whole number from 1 up, or a pair .* not True": lambda: AvgPool(True),
    r"are for Conv2D\(channels, filters, size\)": lambda: Conv2D(FILTER, np.ones(1), 2),
}
FILTER = np.ones((1, 1, 2, 2))


@pytest.mark.parametrize("message", REFUSED)
def test_arguments_that_make_no_layer(message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        REFUSED[message]()


def test_arrays_that_make_no_filters() -> None:
    with pytest.raises(ShapeError, match=r"W is \(2, 2\), b is \(2,\)"):
        Conv2D(FILTER[0, 0], np.ones(2))
    with pytest.raises(DTypeError, match="W holds float32 or float64, not int64"):
        Conv2D(FILTER.astype(int), np.ones(1))
