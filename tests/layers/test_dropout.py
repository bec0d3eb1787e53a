"""Dropout: what it drops, when, and that its gradient is that of what was kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError
from chainrule.layers import Dropout, layer_from_config, layer_to_config

X = np.arange(1.0, 13).reshape(3, 4)


def test_it_is_the_books_but_that_it_scales_in_training() -> None:
    """Saito, Deep Learning from Scratch, section 6.4.3: out = x * mask, dx = dout * mask."""
    layer = Dropout(0.25, seed=4)
    out = layer.forward(X, training=True)
    mask = out > 0
    assert 0 < mask.sum() < X.size
    np.testing.assert_allclose(out, X * mask / 0.75, rtol=1e-15)
    np.testing.assert_allclose(layer.backward(np.full_like(X, 3.0)), 3 * mask / 0.75, rtol=1e-15)


def test_in_use_it_changes_nothing() -> None:
    layer = Dropout(0.9)
    np.testing.assert_array_equal(layer.forward(X), X)
    np.testing.assert_array_equal(layer.backward(X), X)


def test_pytorch_with_the_same_mask_gives_the_same() -> None:
    torch = pytest.importorskip("torch")
    layer, dout = Dropout(0.4, seed=1), np.cos(X)
    mask = cr.dropout_mask(layer.state["key"], 1, shape=X.shape, rate=0.4, dtype=np.float64)
    x = torch.tensor(X, requires_grad=True)
    y = x * torch.tensor(mask)
    y.backward(torch.tensor(dout))
    np.testing.assert_array_equal(layer.forward(X, training=True), y.detach().numpy())
    np.testing.assert_array_equal(layer.backward(dout), x.grad.numpy())


def test_each_step_and_each_layer_has_a_mask_of_its_own() -> None:
    one, same, other = Dropout(seed=1), Dropout(seed=1), Dropout(seed=2)
    masks = [[layer.forward(X, training=True) for _ in range(3)] for layer in (one, same, other)]
    assert np.array_equal(masks[0], masks[1])
    assert len({mask.tobytes() for mask in (*masks[0], *masks[2])}) == 6


def test_a_network_has_the_same_parameters_with_dropout_and_without() -> None:
    def layers(*between: cr.Layer) -> list[cr.Layer]:
        return [cr.Affine(4, 5), cr.ReLU(), *between, cr.Affine(5, 2)]

    with_it, without = (
        cr.Sequential(*layers(Dropout(), Dropout())),
        cr.Sequential(*layers()),
    )
    assert list(with_it.params) == list(without.params)
    for name, w in without.params.items():
        np.testing.assert_array_equal(with_it.params[name], w)
    keys = [int(key[0]) for key in with_it.state.values()]
    assert list(with_it.state) == ["key1", "key2"]
    assert keys[0] != keys[1]
    again = cr.Sequential(*layers(Dropout(), Dropout()))
    assert keys == [int(key[0]) for key in again.state.values()]
    assert Dropout(seed=3).state["key"] == cr.Sequential(*layers(Dropout(seed=3)), seed=9).state["key1"]


@pytest.mark.parametrize("rate", [1.0, -0.1, float("nan"), "half", True])
def test_a_rate_that_is_none(rate: Any) -> None:
    with pytest.raises(
        ArgumentError,
        match="the rate of dropout is a number from 0 up to but not including 1",
    ):
        Dropout(rate)


def test_a_seed_that_is_none() -> None:
    with pytest.raises(ArgumentError, match="seed=-1 is no seed"):
        Dropout(seed=-1)


def test_it_is_made_again_from_text() -> None:
    again = layer_from_config(layer_to_config(Dropout(0.3)))
    assert isinstance(again, Dropout)
    assert again.rate == 0.3


def test_the_explanation_shows_the_mask_in_both_languages() -> None:
    net = cr.Sequential(cr.Affine(2, 3), Dropout(0.5), cr.Affine(3, 2), dtype=np.float64)
    loss = net.record(np.ones((2, 2)), np.array([0, 1]), training=True)
    for lang, title in (("en", "dropout mask"), ("ko", "드롭아웃 마스크")):
        said = str(cr.explain(loss, lang=lang))
        assert title in said
        assert "Dropout1 (2, 3) = Affine1 (2, 3) × dropout_mask1 (2, 3)" in said
    assert "mask" in cr.draw(loss).mermaid()


def test_gradient_flow_looks_at_training_when_it_is_told() -> None:
    net = cr.Sequential(cr.Affine(2, 40), Dropout(0.5), cr.Affine(40, 2), dtype=np.float64)
    x, t = np.ones((3, 2)), np.array([0, 1, 0])
    zeros = [cr.gradient_flow(net, x, t, training=training).layers[1].zeros for training in (False, True)]
    assert zeros[0] == 0
    assert 0.3 < zeros[1] < 0.7


def test_gradients_of_gradients_go_through_it() -> None:
    layer = Dropout(0.5, seed=0)
    key = layer.state["key"]

    def f(x: Any) -> Any:
        out, _ = layer.compute_training(x, key, step=1.0)
        return cr.sum(out * out * out)

    x = np.array([1.0, 2.0, 3.0])
    mask = cr.dropout_mask(key, 1, shape=(3,), rate=0.5, dtype=np.float64)
    np.testing.assert_allclose(cr.hessian(f)(x), np.diag(6 * x * mask**3), rtol=1e-14)
