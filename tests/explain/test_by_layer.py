"""A network's run, layer by layer: the network's own numbers."""

from __future__ import annotations

import numpy as np

import chainrule as cr
from chainrule.explain._by_layer import run_by_layer

SEED = 6


def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(SEED)
    return rng.random((5, 4)).astype(np.float32), rng.integers(0, 3, 5)


def test_the_loss_and_its_gradients_are_the_networks() -> None:
    network = cr.TwoLayerNet(4, 6, 3, seed=SEED)
    x, t = data()
    runs = run_by_layer(network, x, t)
    assert [run.name for run in runs] == ["Affine1", "Relu1", "Affine2", "SoftmaxWithLoss"]
    assert [list(run.parameters) for run in runs] == [["W1", "b1"], [], ["W2", "b2"], []]
    loss = runs[-1].out
    assert float(loss.value) == network.loss(x, t)
    loss.backward()
    expected = network.gradient(x, t)
    for run in runs:
        for name, variable in run.parameters.items():
            assert variable.name == name
            np.testing.assert_allclose(variable.grad, expected[name], rtol=1e-5)


def test_without_targets_the_scores_come_last() -> None:
    network = cr.Sequential(cr.Affine(4, 3), cr.Sigmoid(), seed=SEED)
    x, _ = data()
    runs = run_by_layer(network, x, None)
    assert len(runs) == 2
    np.testing.assert_allclose(runs[-1].out.value, network.predict(x), rtol=1e-6)


def test_pixels_are_scaled_and_the_data_stay_as_they_are() -> None:
    network = cr.TwoLayerNet(4, 6, 3, seed=SEED)
    pixels = np.arange(8, dtype=np.uint8).reshape(2, 4)
    before = pixels.copy()
    out = run_by_layer(network, pixels, np.array([0, 1]))[0].out
    np.testing.assert_array_equal(pixels, before)
    (x,) = (node.variable for node in cr.Graph(out) if node.name == "x")
    np.testing.assert_allclose(x.value, before / 255, rtol=1e-6)
