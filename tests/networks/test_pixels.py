"""Inputs of uint8 are pixels: whatever takes inputs takes them as x / 255, in bounded memory."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.datasets import load_mnist
from chainrule.errors import DTypeError
from chainrule.graph import as_numbers
from chainrule.layers import Affine, ReLU
from chainrule.networks import Network, Sequential, _network
from tests._memory import limited_memory

MEASURING = ["predict", "loss", "accuracy", "evaluate"]
METHODS = [*MEASURING, "gradient", "numerical_gradient"]


def call(name: str, net: Network, x: Any, t: Any) -> Any:
    method = getattr(net, name)
    return method(x) if name == "predict" else method(x, t)


def small(dtype: Any) -> Sequential:
    return Sequential(Affine(6, 5), ReLU(), Affine(5, 3), dtype=dtype, seed=1)


def pixels(rows: int, columns: int = 6) -> np.ndarray[Any, Any]:
    return np.random.default_rng(5).integers(0, 256, (rows, columns), dtype=np.uint8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_pixel_is_the_quotient_rounded_once(dtype: Any) -> None:
    every = np.arange(256, dtype=np.uint8)
    found = as_numbers(every, np.dtype(dtype))
    assert found.dtype == dtype
    for pixel, number in enumerate(found):
        exact = Fraction(pixel, 255)
        error = abs(Fraction(float(number)) - exact)
        for neighbour in (np.nextafter(number, dtype(2)), np.nextafter(number, dtype(-1))):
            assert error < abs(Fraction(float(neighbour)) - exact)


def test_pixels_are_the_numbers_that_the_data_sets_give() -> None:
    (_, _), (x, _) = load_mnist()
    (_, _), (raw, _) = load_mnist(normalize=False)
    assert raw.dtype == np.uint8
    np.testing.assert_array_equal(as_numbers(raw, np.dtype(np.float32)), x, strict=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", METHODS)
def test_every_method_takes_pixels(name: str, dtype: Any) -> None:
    net, x, t = small(dtype), pixels(8), np.arange(8) % 3
    before = x.copy()
    found = call(name, net, x, t)
    expected = call(name, net, x.astype(dtype) / dtype(255), t)
    np.testing.assert_equal(found, expected)  # not one bit
    np.testing.assert_array_equal(x, before, strict=True)


@settings(max_examples=30, deadline=None)
@given(rows=st.integers(1, 300), most=st.integers(1, 20_000), layout=st.sampled_from("CF"))
def test_pixels_in_pieces_give_what_their_numbers_give(rows: int, most: int, layout: Any) -> None:
    net, x, t = small(np.float64), np.asarray(pixels(rows), order=layout), np.arange(rows) % 3
    with pytest.MonkeyPatch.context() as patch:
        for bound in ("_PIECE_BYTES", "_MOST_BYTES"):
            patch.setattr(_network, bound, most)
        loss, accuracy = net.evaluate(x, t)
        scores = net.predict(x)
        assert net.loss(x, t) == pytest.approx(loss, rel=1e-13)
        assert net.accuracy(x, t) == accuracy
    whole = net.compute(net.params, x / 255)
    np.testing.assert_allclose(scores, whole, rtol=1e-12, atol=1e-14)
    assert loss == pytest.approx(float(net.compute_loss(net.params, x / 255, t)), rel=1e-13)
    assert accuracy == np.mean(whole.argmax(axis=1) == t)


def test_one_row_and_pictures_with_channels() -> None:
    net, x = small(np.float32), pixels(5)
    np.testing.assert_array_equal(net.predict(x.reshape(5, 1, 2, 3)), net.predict(x))
    np.testing.assert_array_equal(net.predict(x[0]), net.predict(as_numbers(x[0], net.dtype)))


@pytest.mark.parametrize("name", MEASURING)
def test_many_pixels_are_never_numbers_all_at_once(name: str) -> None:
    net = Sequential(Affine(2000, 3))
    x = pixels(60_000, 2000)
    t = np.zeros(60_000, int)
    with limited_memory(3 * _network._PIECE_BYTES):  # all numbers at once are 480 MB, 28 times that
        call(name, net, x, t)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("dtype", [np.int64, np.int8, np.uint16, bool])
def test_other_whole_numbers_are_refused(name: str, dtype: Any) -> None:
    x = np.zeros((5, 6), dtype)
    t = np.zeros(5, int)
    what = f"x holds {x.dtype}; a network takes float32, float64, or pixels as uint8"
    with pytest.raises(DTypeError) as caught:
        call(name, small(np.float32), x, t)
    assert caught.value.what == what
    assert caught.value.fix == "x.astype(np.float32), or, for pixels from 0 to 255, x.astype(np.uint8)"
