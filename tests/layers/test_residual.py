"""Residual connections: x + f(x), the fan-out of the gradient, nested names and state."""

from __future__ import annotations

import json

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, ShapeError, UnsupportedError
from chainrule.layers import (
    AddLayer,
    Affine,
    BatchNorm,
    Dropout,
    LayerNorm,
    ReLU,
    Residual,
    SoftmaxWithLoss,
    Tanh,
    layer_from_config,
    layer_to_config,
)


def test_it_adds_and_the_gradient_arrives_by_both_ways(rng: np.random.Generator) -> None:
    W, b, x, dout = (rng.normal(size=shape) for shape in ((3, 3), (3,), (4, 3), (4, 3)))
    inner = Affine(W, b)
    layer = Residual(inner, Tanh())
    y = np.tanh(x @ W + b)
    np.testing.assert_allclose(layer.forward(x), x + y, rtol=1e-14)
    d = dout * (1 - y * y)
    np.testing.assert_allclose(layer.backward(dout), dout + d @ W.T, rtol=1e-13)
    np.testing.assert_allclose(layer.gradients["W1"], x.T @ d, rtol=1e-13)
    assert inner.dW is layer.gradients["W1"]
    assert inner.db is layer.gradients["b1"]


def test_names_go_on_through_nested_layers() -> None:
    within = Residual(BatchNorm(4), Tanh())
    net = cr.Sequential(
        Affine(2, 4),
        Residual(Affine(4, 4), Dropout(), within, Affine(4, 4)),
        LayerNorm(4),
        Affine(4, 3),
        Dropout(),
    )
    assert list(net.params) == "W1 b1 W2 b2 gamma3 beta3 W4 b4 gamma5 beta5 W6 b6".split()
    assert list(net.state) == ["key1", "running_mean3", "running_var3", "key2"]
    assert net.sizes["Residual1"] == 4
    assert dict(net.layers["Residual1"].keys)["gamma2"] == "gamma3"
    assert dict(within.keys) == {
        "gamma1": "gamma3", "beta1": "beta3", "running_mean1": "running_mean3", "running_var1": "running_var3",
    }  # fmt: skip
    x, t = np.ones((3, 2)), np.array([0, 1, 2])
    found = net.gradient(x, t)
    assert list(found) == list(net.params)
    np.testing.assert_array_equal(within.layers[0].gradients["gamma"], found["gamma3"])
    wanted = net.numerical_gradient(x, t)
    for name, gradient in found.items():
        np.testing.assert_allclose(gradient, wanted[name], rtol=1e-3, atol=1e-5)


def test_state_within_follows_in_training(rng: np.random.Generator) -> None:
    norm, x = BatchNorm(3, momentum=0.5), rng.normal(size=(4, 3))
    layer = Residual(ReLU(), norm)
    layer.forward(x)
    assert not norm.state["running_mean"].any()
    layer.forward(x, training=True)
    np.testing.assert_allclose(norm.state["running_mean"], np.maximum(x, 0).mean(axis=0) / 2, rtol=1e-14)
    assert layer.state["running_mean1"] is norm.state["running_mean"]


def test_the_fan_out_shows_in_the_explanation_and_in_the_drawing() -> None:
    net = cr.Sequential(Affine(2, 2), Residual(Affine(2, 2), Tanh()), dtype=np.float64)
    loss = net.record(np.ones((1, 2)), np.array([0]))
    assert "Affine1 is used 2 times" in str(cr.explain(loss))
    assert "Residual1 (1, 2) = Affine1 (1, 2) + tanh1 (1, 2)" in str(cr.explain(loss, lang="ko"))
    edges = [edge for node in cr.Graph(loss) if node.name == "Residual1" for edge in node.variable.inputs]
    assert [edge.name for edge in edges][:1] == ["Affine1"]
    assert "Residual1" in str(cr.gradient_flow(net, np.ones((2, 2)), np.array([0, 1])))


def test_it_is_made_again_from_text() -> None:
    layer = Residual(Affine(3, 3), Residual(ReLU(), Dropout(0.1)))
    again = layer_from_config(json.loads(json.dumps(layer_to_config(layer))))
    assert layer_to_config(again) == layer_to_config(layer)
    own = type("Own", (ReLU,), {})
    with pytest.raises(UnsupportedError, match="Own is no layer of chainrule"):
        layer_to_config(Residual(own()))
    for config in ({}, {"layers": 3}, {"layers": [], "more": 1}):
        with pytest.raises(ArgumentError, match="Residual is described by a list of its layers"):
            layer_from_config({"layer": "Residual", **config})


def test_what_does_not_fit_is_refused() -> None:
    unfit = "Residual1 takes rows that its layers give back in the same shape, but Affine1 gives 4"
    for within in (Affine(4, 2), Affine(5, 4)):
        with pytest.raises(ShapeError, match=unfit):
            cr.Sequential(Affine(3, 4), Residual(within))
    with pytest.raises(ShapeError, match=r"they make \(2, 1\) of \(2, 3\)"):
        Residual(Affine(3, 1)).forward(np.ones((2, 3)))
    with pytest.raises(ArgumentError, match="Residual is made of layers of one input, not of nothing"):
        Residual()
    for kind in (AddLayer, SoftmaxWithLoss):
        with pytest.raises(ArgumentError, match=f"not of ReLU, {kind.__name__}"):
            Residual(ReLU(), kind())
    same = ReLU()
    with pytest.raises(ArgumentError, match="one layer stands at two places of the network"):
        cr.Sequential(Affine(3, 3), same, Residual(same))
