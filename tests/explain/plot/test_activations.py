"""Histograms of activations: read back they count the values that a forward pass gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, DTypeError, ShapeError
from chainrule.explain.plot import activations
from tests.explain.plot._axes import needs_hangul, png

pytest.importorskip("matplotlib")

X = np.random.default_rng(0).normal(size=(200, 4))


def notes(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.texts]


def by_hand(net: cr.Network, x: Any) -> list[Any]:
    a1 = x @ net.params["W1"] + net.params["b1"]
    h1 = np.maximum(a1, 0)
    return [a1, h1, h1 @ net.params["W2"] + net.params["b2"]]


def test_the_histograms_are_those_of_the_layers_by_hand() -> None:
    net = cr.TwoLayerNet(4, 30, 3, seed=0, dtype=np.float64)
    axes = activations(net, X)
    assert len(axes.patches) == 3
    for place, (patch, out) in enumerate(zip(axes.patches, by_hand(net, X), strict=True)):
        right, edges, left = patch.get_data()
        values = out[out != 0]
        counts, expected = np.histogram(values, bins=len(edges) - 1)
        np.testing.assert_allclose(edges, expected)
        np.testing.assert_allclose(right - left, 0.84 * counts / counts.max())
        np.testing.assert_allclose((right + left) / 2, place)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["Affine1", "Relu1", "Affine2"]


def test_the_share_of_zeros_is_written_above() -> None:
    net = cr.TwoLayerNet(4, 30, 3, seed=0, dtype=np.float64)
    share = np.mean(by_hand(net, X)[1] == 0)
    assert sorted(filter(None, notes(activations(net, X)))) == [f"{100 * share:.0f} %", "zeros"]


def test_in_both_languages() -> None:
    net = cr.TwoLayerNet(4, 30, 3, seed=0)
    axes = activations(net, X)
    assert (axes.get_title(loc="left"), axes.get_ylabel()) == ("Activations in TwoLayerNet", "activation")
    needs_hangul()
    axes = activations(net, X, lang="ko")
    assert (axes.get_title(loc="left"), axes.get_ylabel()) == (
        "TwoLayerNet의 계층별 활성값 분포",
        "활성값",
    )
    assert "0의 비율" in notes(axes)
    png(axes)


def test_dead_constant_and_broken_layers_are_drawn_too() -> None:
    net = cr.TwoLayerNet(4, 30, 3, seed=0)
    net.params["W1"][:] = 0
    net.params["b1"][:] = -1  # constant, and behind it all zeros
    net.params["b2"][0] = np.inf
    axes = activations(net, X)
    (constant,) = axes.patches  # 0 has no bins; of Affine2 the finite rest is 0
    _, edges, _ = constant.get_data()
    assert edges[0] == pytest.approx(-1.01)
    assert edges[-1] == pytest.approx(-0.99)
    assert "100 %" in notes(axes)
    assert "not\nfinite" in notes(axes)
    png(axes)


def test_pixels_are_taken_as_the_network_takes_them() -> None:
    net = cr.TwoLayerNet(4, 30, 3, seed=0, dtype=np.float64)
    pixels = np.arange(80, dtype=np.uint8).reshape(20, 4)
    from_pixels, from_numbers = activations(net, pixels), activations(net, pixels / 255)
    for one, two in zip(from_pixels.patches, from_numbers.patches, strict=True):
        np.testing.assert_array_equal(one.get_data().edges, two.get_data().edges)


def test_bad_input_gets_a_sentence() -> None:
    net = cr.TwoLayerNet(4, 30, 3, seed=0)
    with pytest.raises(ArgumentError, match="plots the layers of a network; this is a dict"):
        activations({}, X)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"x has shape \(0, 4\): there is nothing to run the network on"):
        activations(net, X[:0])
    with pytest.raises(DTypeError, match="x holds int64"):
        activations(net, np.ones((2, 4), np.int64))
    with pytest.raises(ShapeError, match="5"):
        activations(net, np.ones((2, 5)))
