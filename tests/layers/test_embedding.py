"""Embedding: rows by id, gradients added up by id, networks of ids on both engines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, DTypeError
from chainrule.layers import (
    Affine,
    Embedding,
    Flatten,
    ReLU,
    layer_from_config,
    layer_to_config,
)


def network() -> cr.Sequential:
    return cr.Sequential(
        Embedding(6, 4),
        Flatten(),
        Affine(12, 8),
        ReLU(),
        Affine(8, 3),
        input_shape=(3,),
        dtype=np.float64,
    )


def data(rng: np.random.Generator) -> tuple[Any, Any]:
    x = rng.integers(5, size=(60, 3))  # id 5 is never used
    return x, x.sum(axis=1) % 3


def test_it_is_pytorchs(rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch")
    layer, ids, dout = (
        Embedding(5, 3, seed=0),
        np.array([[1, 3, 1], [0, 1, 3]]),
        rng.normal(size=(2, 3, 3)),
    )
    weight = torch.tensor(layer.parameters["W"], requires_grad=True)
    y = torch.nn.functional.embedding(torch.tensor(ids), weight)
    y.backward(torch.tensor(dout))
    np.testing.assert_array_equal(layer.forward(ids), y.detach())
    assert layer.backward(dout) is None
    np.testing.assert_allclose(layer.gradients["W"], weight.grad, rtol=1e-15)
    assert not layer.gradients["W"][[2, 4]].any()


@pytest.mark.parametrize("engine", ["eager", "fused"])
def test_100_steps_are_those_of_pytorch(engine: str, rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch")
    if reason := cr.engines.available()[engine]:
        pytest.skip(reason)
    (x, t), net = data(rng), network()
    first = net.params["W1"].copy()
    leaves = {name: torch.tensor(w, requires_grad=True) for name, w in net.params.items()}
    optimizer = torch.optim.SGD(leaves.values(), lr=0.2, momentum=0.9)
    batches, wanted = rng.integers(60, size=(100, 20)), []
    for rows in batches:
        h = leaves["W1"][torch.tensor(x[rows])].reshape(20, 12)
        h = torch.relu(h @ leaves["W2"] + leaves["b2"]) @ leaves["W3"] + leaves["b3"]
        loss = torch.nn.functional.cross_entropy(h, torch.tensor(t[rows]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        wanted.append(loss.item())
    trainer = cr.Trainer(net, cr.Momentum(0.2), engine=engine)
    np.testing.assert_allclose(trainer.run(x, t, batches), wanted, rtol=1e-9)
    for name, leaf in leaves.items():
        np.testing.assert_allclose(net.params[name], leaf.detach(), rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(net.params["W1"][5], first[5])
    np.testing.assert_allclose(trainer.predict(x), net.predict(x), rtol=1e-12)


def test_a_network_of_ids_takes_any_whole_numbers_and_is_saved(
    rng: np.random.Generator, tmp_path: Any
) -> None:
    (x, t), net = data(rng), network()
    scores = net.predict(x)
    np.testing.assert_array_equal(net.predict(x.astype(np.uint8)), scores)  # which are no pixels here
    found, wanted = net.gradient(x, t), net.numerical_gradient(x, t)
    for name, gradient in found.items():
        np.testing.assert_allclose(gradient, wanted[name], rtol=1e-5, atol=1e-8)
    assert "take_rows(W1 (6, 4)" in str(cr.explain(net.record(x[:2], t[:2])))
    assert "Embedding1" in str(cr.gradient_flow(net, x, t))
    assert "Embedding1" in cr.draw(net).mermaid()
    net.save(tmp_path / "net")
    np.testing.assert_array_equal(cr.load(tmp_path / "net").predict(x), scores)
    again = layer_from_config(layer_to_config(Embedding(3, 2, std=0.5)))
    assert again.config() == {"ids": 3, "size": 2, "std": 0.5}


def test_an_id_that_there_is_not_is_named(rng: np.random.Generator) -> None:
    (x, t), net = data(rng), network()
    x[7, 2] = 6
    wrong = r"ids\[7, 2\] is 6; the 6 rows have the numbers 0 to 5"
    for use in (
        net.predict,
        lambda x: net.loss(x, t),
        lambda x: cr.Trainer(net, cr.SGD(0.1)).fit(x, t),
    ):
        with pytest.raises(ArgumentError, match=wrong):
            use(x)
    with pytest.raises(ArgumentError, match="the id is -1; the 4 rows have the numbers 0 to 3"):
        Embedding(4, 2).forward(-1)
    with pytest.raises(DTypeError, match="x holds float64; Embedding takes ids, whole numbers"):
        net.predict(x * 1.0)
    with pytest.raises(
        ArgumentError,
        match="Embedding1 takes rows of ids, and the network does not know how",
    ):
        cr.Sequential(Embedding(4, 2), Affine(2, 2))
    with pytest.raises(ArgumentError, match="an embedding takes ids, which only the inputs are"):
        cr.Sequential(Affine(2, 2), Embedding(4, 2))
    with pytest.raises(ArgumentError, match="size is a whole number from 1, not 0"):
        Embedding(4, 0)
