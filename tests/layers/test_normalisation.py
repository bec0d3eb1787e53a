"""Batch and layer normalisation: the book's numbers, PyTorch's, and how the running means follow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.engines import compile_step, trace
from chainrule.errors import ArgumentError, ShapeError
from chainrule.graph import functions as F
from chainrule.graph import gradients_of
from chainrule.layers import (
    BatchNorm,
    LayerNorm,
    Normalisation,
    initialise,
    layer_from_config,
    layer_to_config,
)


def made(layer: Normalisation, rng: np.random.Generator, dtype: Any = np.float64) -> Normalisation:
    """With a scale and a shift that are not 1 and 0."""
    initialise([layer], seed=0, dtype=dtype)
    for value in layer.parameters.values():
        value[...] = rng.normal(size=value.shape)
    return layer


def test_the_books_batch_normalisation(rng: np.random.Generator) -> None:
    """Saito, Deep Learning from Scratch, common/layers.py (BatchNormalization), written down again with a loop."""
    x, dout, n = rng.normal(2, 3, (5, 4)), rng.normal(size=(5, 4)), 5
    layer = made(BatchNorm(4), rng)
    gamma = layer.parameters["gamma"]
    mean = x.mean(axis=0)
    xc = x - mean
    std = np.sqrt((xc**2).mean(axis=0) + 1e-5)
    xn = xc / std
    np.testing.assert_allclose(
        layer.forward(x, training=True),
        gamma * xn + layer.parameters["beta"],
        rtol=1e-12,
    )
    dxn = gamma * dout
    dxc = dxn / std
    dstd = -np.sum((dxn * xc) / (std * std), axis=0)
    dvar = 0.5 * dstd / std
    dxc += (2.0 / n) * xc * dvar
    wanted = dxc - np.sum(dxc, axis=0) / n
    np.testing.assert_allclose(layer.backward(dout), wanted, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(layer.gradients["gamma"], np.sum(xn * dout, axis=0), rtol=1e-12)
    np.testing.assert_allclose(layer.gradients["beta"], dout.sum(axis=0), rtol=1e-12)


@pytest.mark.parametrize("shape", [(5, 4), (5, 4, 6), (5, 4, 3, 2)])
def test_batch_normalisation_is_pytorchs_whose_momentum_is_the_rest(
    shape: Any, rng: np.random.Generator
) -> None:
    torch = pytest.importorskip("torch")
    layer = made(BatchNorm(4, momentum=0.7, eps=1e-3), rng)
    kind = {
        2: torch.nn.BatchNorm1d,
        3: torch.nn.BatchNorm1d,
        4: torch.nn.BatchNorm2d,
    }[len(shape)]
    twin = kind(4, momentum=1 - 0.7, eps=1e-3, dtype=torch.float64)
    twin.load_state_dict(
        {
            "weight": torch.tensor(layer.parameters["gamma"]),
            "bias": torch.tensor(layer.parameters["beta"]),
        },
        strict=False,
    )
    for _ in range(3):
        x, dout = rng.normal(2, 3, shape), rng.normal(size=shape)
        leaf = torch.tensor(x, requires_grad=True)
        twin.zero_grad()
        y = twin(leaf)
        y.backward(torch.tensor(dout))
        np.testing.assert_allclose(layer.forward(x, training=True), y.detach(), rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(layer.backward(dout), leaf.grad, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(layer.gradients["gamma"], twin.weight.grad, rtol=1e-10)
        np.testing.assert_allclose(layer.gradients["beta"], twin.bias.grad, rtol=1e-10)
    np.testing.assert_allclose(layer.state["running_mean"], twin.running_mean, rtol=1e-12)
    np.testing.assert_allclose(layer.state["running_var"], twin.running_var, rtol=1e-12)
    np.testing.assert_allclose(layer.forward(x), twin.eval()(leaf).detach(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("shape", [(5, 4), (2, 3, 4)])
def test_layer_normalisation_is_pytorchs(shape: Any, rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch")
    layer, x, dout = (
        made(LayerNorm(4), rng),
        rng.normal(2, 3, shape),
        rng.normal(size=shape),
    )
    leaves = [torch.tensor(v, requires_grad=True) for v in (x, *layer.parameters.values())]
    y = torch.nn.functional.layer_norm(leaves[0], (4,), *leaves[1:], eps=1e-5)
    y.backward(torch.tensor(dout))
    np.testing.assert_allclose(layer.forward(x), y.detach(), rtol=1e-11)
    np.testing.assert_allclose(layer.backward(dout), leaves[0].grad, rtol=1e-9, atol=1e-12)
    for name, leaf in zip(("gamma", "beta"), leaves[1:], strict=True):
        np.testing.assert_allclose(layer.gradients[name], leaf.grad, rtol=1e-11)


def test_a_row_gets_the_same_answer_whatever_is_beside_it(
    rng: np.random.Generator,
) -> None:
    layer, x = made(BatchNorm(3), rng), rng.normal(size=(6, 3))
    layer.forward(x, training=True)
    whole = layer.forward(x)
    np.testing.assert_array_equal(np.stack([layer.forward(row) for row in x]), whole)
    np.testing.assert_array_equal(layer.forward(x[:2]), whole[:2])


@pytest.mark.parametrize("shape", [(3, 4, 2, 2)])
def test_the_fused_engine_gives_the_same(shape: Any, rng: np.random.Generator) -> None:
    pytest.importorskip("numba")
    layer = made(BatchNorm(4), rng)

    def step(v: dict[str, Any]) -> dict[str, Any]:
        arrays = {name: v[name] for name in layer.keys}
        out, state = layer.compute_training(v["x"], step=1.0, **arrays)
        wrt = [v["x"], v["gamma"], v["beta"]]
        found = gradients_of(F.sum(F.multiply(out, v["dout"])), wrt, as_graph=True)
        return {
            "out": out,
            **state,
            **dict(zip(("dx", "dgamma", "dbeta"), found, strict=True)),
        }

    values = {
        "x": rng.normal(size=shape),
        "dout": rng.normal(size=shape),
        **layer.parameters,
        **layer.state,
    }
    graph = trace(step, values)
    fused = compile_step(graph, "fused")(values)
    for name, wanted in compile_step(graph, "eager")(values).items():
        np.testing.assert_allclose(fused[name], wanted, rtol=1e-10, atol=1e-12)


def test_single_precision_stays(rng: np.random.Generator) -> None:
    for layer in (
        made(BatchNorm(3), rng, np.float32),
        made(LayerNorm(3), rng, np.float32),
    ):
        x = rng.normal(size=(4, 3)).astype(np.float32)
        assert layer.forward(x, training=True).dtype == layer.backward(x).dtype == np.float32
        assert {value.dtype for value in layer.state.values()} <= {np.dtype(np.float32)}


def test_gradients_of_gradients_go_through_the_statistics(
    rng: np.random.Generator,
) -> None:
    layer = made(BatchNorm(2), rng)

    def f(x: Any) -> Any:
        out, _ = layer.compute_training(x, step=1.0, **layer.parameters, **layer.state)
        return cr.sum(cr.sin(out))

    x = rng.normal(size=(3, 2))
    slope = cr.grad(f)
    step = 1e-6
    for at in np.ndindex(x.shape):
        moved = np.zeros_like(x)
        moved[at] = step
        wanted = (slope(x + moved) - slope(x - moved)) / (2 * step)
        np.testing.assert_allclose(cr.hessian(f)(x)[at], wanted, rtol=1e-5, atol=1e-7)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(
        ShapeError,
        match=r"BatchNorm cannot tell a variance from one number a feature; .*\(1, 3\)",
    ):
        BatchNorm(3).forward(np.ones((1, 3)), training=True)
    with pytest.raises(
        ShapeError,
        match=r"this BatchNorm has 3 features; it was given shape \(2, 4\)",
    ):
        BatchNorm(3).forward(np.ones((2, 4)))
    with pytest.raises(
        ShapeError,
        match=r"this LayerNorm has 3 features; it was given shape \(2, 4\)",
    ):
        LayerNorm(3).forward(np.ones((2, 4)))
    with pytest.raises(
        ShapeError,
        match=r"LayerNorm1 takes 3 features a row, but Affine1 gives 4\n.*\n  fix   LayerNorm\(4\) as LayerNorm1",
    ):
        cr.Sequential(cr.Affine(2, 4), LayerNorm(3))
    with pytest.raises(ArgumentError, match="features is a whole number from 1, not 0"):
        BatchNorm(0)
    with pytest.raises(
        ArgumentError,
        match="momentum is a number from 0 up to but not including 1, not 1",
    ):
        BatchNorm(3, momentum=1)


def test_they_are_made_again_from_text() -> None:
    for layer in (BatchNorm(4, momentum=0.8, eps=1e-3), LayerNorm(5, eps=1e-4)):
        again = layer_from_config(layer_to_config(layer))
        assert type(again) is type(layer)
        assert again.config() == layer.config()
