"""Mistakes that are out there: in the lesson's book, and in scikit-learn. Named rows of their own.

The numbers are those of the traps' list: what the book's code does wrong, or leaves to chance.

source   Saito, Deep Learning from Scratch, chapters 3 to 5; scikit-learn issue 8349
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from . import losses
from .subject import Point, Subject

# mypy: ignore-errors


class Trap(NamedTuple):
    """A subject at a point.

    right     the diagnoses that explain it
    is_wrong  whether it is a mistake; if not, it must not be called one
    """

    label: str
    right: tuple[str, ...]
    subject: Subject
    point: Point
    is_wrong: bool = True


class _Relu:
    """Writes into the upstream gradient."""

    def forward(self, x):
        self.mask = x <= 0
        y = x.copy()
        y[self.mask] = 0
        return y

    def backward(self, dout):
        dout[self.mask] = 0
        return dout


class _SoftmaxWithLoss:
    """Takes no upstream gradient into account, and tells labels by their number."""

    def forward(self, x, t):
        self.t, self.y = t, losses.softmax(x)
        n = len(x)
        picked = (
            self.y[np.arange(n), t] if t.size != self.y.size else (self.y * t.reshape(self.y.shape)).sum(1)
        )
        return -np.log(picked).sum() / n if t.ndim == 2 else -np.log(self.y[np.arange(n), t]).sum() / n

    def backward(self, dout=1):
        n = len(self.y)
        if self.t.size == self.y.size:
            return (self.y - self.t) / n
        dx = self.y.copy()
        dx[np.arange(n), self.t] -= 1
        return dx / n


class _WithinALog:
    """A small number inside the logarithm of the loss, of which the gradient knows nothing."""

    def forward(self, x, t):
        self.y, self.t = losses.softmax(x), t
        return -(t * np.log(self.y + 1e-7)).sum() / len(t)

    def backward(self, dout=1):
        return dout * (self.y - self.t) / len(self.t)


class _SoftmaxOfAll:
    """A softmax for one row, given a mini-batch: it adds up to 1 over all rows."""

    def forward(self, x, t):
        e = np.exp(x - x.max())
        self.y, self.t = e / e.sum(), t
        return -(t * np.log(self.y)).sum() / len(t)

    def backward(self, dout=1):
        return dout * (self.y - self.t) / len(self.t)


class _ReluWithOneAt0:
    """Passes 1 on at 0, where the layer of the same book passes 0."""

    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, dout):
        return dout * (self.x >= 0)


class _UsedTwice:
    """A value goes two ways, and the gradient of the second takes the place of the first one's."""

    def forward(self, x):
        self.y = np.tanh(x)
        return self.y * self.y.sum(axis=1, keepdims=True)

    def backward(self, dout):
        grads = {"y": (dout * self.y).sum(axis=1, keepdims=True) * np.ones_like(self.y)}
        grads["y"] = dout * self.y.sum(axis=1, keepdims=True)
        return grads["y"] * (1 - self.y**2)


class _LogWhereItIsLeftOut:
    """0 · ∞ of the branch that np.where does not take."""

    def forward(self, x):
        self.x = x
        return np.where(x > 0, np.log(np.where(x > 0, x, 1.0)), 0.0)

    def backward(self, dout):
        return (self.x > 0) * dout / np.maximum(self.x, 0)


class _Norm:
    """0 / 0 where a row is 0."""

    def forward(self, x):
        self.x, self.norm = x, np.sqrt((x**2).sum(axis=1))
        return self.norm

    def backward(self, dout):
        return dout[:, None] * self.x / self.norm[:, None]


def traps() -> Iterator[Trap]:
    """All of them; those of libraries that are not installed are left out."""
    rng = np.random.default_rng(3)
    x, t = rng.normal(size=(5, 3)), rng.integers(0, 3, 5)
    one_hot = np.eye(3)[t]
    kink = np.where(np.arange(15).reshape(5, 3) == 4, 0.0, x)
    ours = [
        ("ReLU passes 1 at a kink (1)", (), _ReluWithOneAt0, (kink,)),
        ("1e-7 inside the log (5)", ("small_constant",), _WithinALog, (6 * x, one_hot)),
        ("softmax over all rows (6)", ("wrong_axis",), _SoftmaxOfAll, (x, one_hot)),
        ("one of two ways counts (10)", ("missing_term",), _UsedTwice, (x,)),
        ("ReLU writes into dout (13)", ("dout_overwritten",), _Relu, (x,)),
        ("loss ignores dout (15)", ("upstream_ignored",), _SoftmaxWithLoss, (x, t)),
        ("label form told by size (17)", ("label_form", "shape"), _SoftmaxWithLoss, (x[:, :1], 0 * t)),
        ("NaN of the other branch of where (22)", ("not_finite",), _LogWhereItIsLeftOut, (x,)),
        ("norm of a row of zeros (23)", ("beside_kink",), _Norm, (x * (np.arange(5) != 2)[:, None],)),
    ]
    for label, right, code, inputs in ours:
        subject = Subject(code.__name__, "layer", {code.__name__: code}, Point)
        yield Trap(label, right, subject, Point({}, inputs), is_wrong=bool(right))
    yield from _of_scikit_learn(rng)
    yield from _of_pytorch(x)


def _of_library(thing, label, right, *inputs):
    """An object of a library, as a user has it."""
    subject = Subject(type(thing).__name__, "library", {"thing": thing}, Point)
    return Trap(label, right, subject, Point({}, inputs))


def _of_scikit_learn(rng):
    if importlib.util.find_spec("sklearn") is None:
        return
    from sklearn.neural_network import MLPRegressor

    inputs = rng.normal(size=(20, 4)), rng.normal(size=(20, 3))
    model = MLPRegressor(hidden_layer_sizes=(5,), solver="lbfgs", alpha=0.01, random_state=0)
    yield _of_library(model, "scikit-learn issue 8349, 3 outputs", ("n_outputs",), *inputs)


def _of_pytorch(x):
    if importlib.util.find_spec("torch") is None:
        return
    import torch

    class Detached(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = torch.nn.Parameter(torch.ones(3, dtype=torch.float64))

        def forward(self, x):
            return x * self.scale.detach()

    yield _of_library(Detached(), "PyTorch: a parameter detached", ("detached",), x)
