"""Activation functions as layers: hand-computed values, PyTorch, and the gates they cover."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from chainrule.errors import ArgumentError
from chainrule.layers import (
    ELU,
    GELU,
    Activation,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from tests.layers._close import assert_close

E = math.e
LN3 = math.log(3)


@pytest.mark.parametrize(
    ("layer", "x", "out", "slope"),
    [
        (Sigmoid(), LN3, 0.75, 0.1875),  # y (1 − y)
        (Sigmoid(), 1e4, 1.0, 0.0),
        (Sigmoid(), -1e4, 0.0, 0.0),
        (Tanh(), LN3, 0.8, 0.36),  # 1 − y²
        (ReLU(), 2.0, 2.0, 1.0),
        (ReLU(), -2.0, 0.0, 0.0),
        (ReLU(), 0.0, 0.0, 0.0),  # the kink: nothing passes
        (LeakyReLU(), -2.0, -0.02, 0.01),
        (LeakyReLU(0.25), -2.0, -0.5, 0.25),
        (ELU(), -1.0, 1 / E - 1, 1 / E),
        (ELU(2.0), -1.0, 2 / E - 2, 2 / E),
        (GELU(), 0.0, 0.0, 0.5),
        (GELU(), 1.0, 0.8413447460685429, 1.0833154705876864),  # Φ(1), Φ(1) + φ(1)
        (Softplus(), LN3, math.log(4), 0.75),
        (SiLU(), LN3, 0.75 * LN3, 0.75 + LN3 * 0.1875),
    ],
)
def test_values_and_slopes_by_hand(layer: Activation, x: float, out: float, slope: float) -> None:
    assert layer.forward(np.array([x])) == pytest.approx(out, rel=1e-14, abs=1e-300)
    assert layer.backward(np.array([10.0])) == pytest.approx(10 * slope, rel=1e-14, abs=1e-300)


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        (Sigmoid(), "Sigmoid"),
        (Tanh(), "Tanh"),
        (ReLU(), "ReLU"),
        (LeakyReLU(), "LeakyReLU"),
        (ELU(), "ELU"),
        (GELU(), "GELU"),
        (Softplus(), "Softplus"),
        (SiLU(), "SiLU"),
    ],
)
def test_agreement_with_pytorch(layer: Activation, name: str, rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch")
    x, dout = rng.normal(scale=3, size=(2, 7, 5))
    out = layer.forward(x)
    dx = layer.backward(dout)
    X = torch.tensor(x, requires_grad=True)
    theirs = getattr(torch.nn, name)()(X)
    theirs.backward(torch.tensor(dout))
    assert_close(out, theirs.detach().numpy(), 1e-10)
    assert_close(dx, X.grad.numpy(), 1e-10)


def test_softmax_by_hand() -> None:
    layer = Softmax()
    assert_close(
        layer.forward(np.array([[0.0, LN3], [1e4, 1e4]])),
        [[0.25, 0.75], [0.5, 0.5]],
    )
    # p (dout − Σ p dout)
    dx = layer.backward(np.array([[1.0, 0.0], [0.0, 2.0]]))
    assert_close(dx, [[0.1875, -0.1875], [-0.5, 0.5]])


def test_log_softmax_is_pytorchs(rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch")
    x, dout, layer = rng.normal(size=(3, 4)) * 100, rng.normal(size=(3, 4)), LogSoftmax()
    leaf = torch.tensor(x, requires_grad=True)
    wanted = torch.log_softmax(leaf, dim=-1)
    wanted.backward(torch.tensor(dout))
    assert_close(layer.forward(x), wanted.detach().numpy(), 1e-12)
    assert_close(layer.backward(dout), leaf.grad.numpy(), 1e-12)


def test_nan_stays_visible() -> None:
    for layer in (Sigmoid(), Tanh(), ReLU(), LeakyReLU(), ELU(), GELU(), Softplus(), SiLU()):
        assert np.isnan(layer.forward(np.array([np.nan]))), layer


@pytest.mark.parametrize("kind", [LeakyReLU, ELU])
@pytest.mark.parametrize("alpha", ["0.1", None, float("nan"), float("inf"), True])
def test_alpha_that_is_no_number(kind: type, alpha: Any) -> None:
    with pytest.raises(ArgumentError, match="alpha is a number, not"):
        kind(alpha)
