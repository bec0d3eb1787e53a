"""Planted mistakes in losses and penalties, and those that one call does not show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.verify.diagnosis._builders import (
    ALL,
    Case,
    P,
    X,
    affine,
    at,
    elementwise,
    loss,
    net_of,
    network,
    norm,
    regularised,
)
from tests.verify.diagnosis._planted import (
    Affine,
    BatchNorm,
    ReLU,
    Sigmoid,
    SoftmaxWithLoss,
    Tanh,
    changed,
)


def losses() -> Iterator[Case]:
    yield Case("l2_missing", "sigmoid", at(network, regularised({})), ("W1", "W2"))
    relu = changed(regularised({"W1": 0.1}), activation=ReLU)
    yield Case("l2_missing", "relu", at(network, relu), ("W2",))
    yield Case("l2_double", "sigmoid", at(network, regularised({"W1": 0.2, "W2": 0.2})), ("W1", "W2"))
    tanh = changed(regularised({"W1": 0.2, "W2": 0.1}), activation=Tanh)
    yield Case("l2_double", "tanh", at(network, tanh), ("W1",))
    yield Case("l2_factor", "sigmoid", at(network, regularised({"W1": 0.05, "W2": 0.05})), ("W1", "W2"))
    yield Case("l2_factor", "one", at(network, regularised({"W1": 0.1, "W2": 0.7})), ("W2",))
    extra = regularised({"W1": 0.1, "W2": 0.1, "b1": 0.1, "b2": 0.1})
    yield Case("l2_extra", "biases", at(network, extra), ("b1", "b2"))
    extra = regularised({"W1": 0.1, "W2": 0.1, "b1": 0.1})
    yield Case("l2_extra", "relu", at(network, changed(extra, activation=ReLU)), ("b1",))

    def shifted(self: Any, dout: Any = 1) -> Any:
        dx = self.y.copy()
        dx[np.arange(len(dx)), (self.t + 1) % dx.shape[1]] -= 1
        return dout * dx / len(dx)

    def not_one_hot(self: Any, dout: Any = 1) -> Any:
        return dout * (self.y - self.t[:, None]) / len(self.t)

    def nothing(self: Any, dout: Any = 1) -> Any:
        return dout * self.y / len(self.t)

    for label, backward in ("shifted", shifted), ("numbers", not_one_hot), ("none", nothing):
        layer = changed(SoftmaxWithLoss, backward=backward)
        yield Case("label_form", label, at(loss, layer), X)
        yield Case("label_form", f"network {label}", at(network, net_of(loss_layer=layer)), ("b2",), ALL)
    columns = changed(SoftmaxWithLoss, forward=_softmax_over_columns)
    yield Case("wrong_axis", "softmax loss", at(loss, columns), X)


def _softmax_over_columns(self: Any, x: Any) -> Any:
    e = np.exp(x - x.max(axis=0))
    self.y = e / e.sum(axis=0)
    return -np.mean(np.log(self.y[np.arange(len(x)), self.t]))


def calls() -> Iterator[Case]:
    def first_kept(self: Any, x: Any) -> Any:
        out = Affine.forward(self, x)
        if not hasattr(self, "kept"):
            self.kept = x
        self.x = self.kept
        return out

    yield Case("state", "affine", at(affine, changed(Affine, forward=first_kept)), ("W",))

    def first_mask(self: Any, x: Any) -> Any:
        self.mask = getattr(self, "mask", x > 0)
        return np.where(x > 0, x, 0.0)

    yield Case("state", "relu", at(elementwise, changed(ReLU, forward=first_mask)), X)

    def first_output(self: Any, x: Any) -> Any:
        out = Sigmoid.forward(self, x)
        self.out = self.kept = getattr(self, "kept", out)
        return out

    yield Case("state", "sigmoid", at(elementwise, changed(Sigmoid, forward=first_output)), X)

    def add(self: Any, dout: Any) -> Any:
        before = getattr(self, "db", 0), getattr(self, "dW", 0)
        dx = Affine.backward(self, dout)
        self.db, self.dW = self.db + before[0], self.dW + before[1]
        return dx

    yield Case("accumulates", "affine", at(affine, changed(Affine, backward=add)), P)

    def add_norm(self: Any, dout: Any) -> Any:
        before = getattr(self, "dgamma", 0)
        dx = BatchNorm.backward(self, dout)
        self.dgamma = self.dgamma + before
        return dx

    yield Case("accumulates", "norm", at(norm, changed(BatchNorm, backward=add_norm)), ("gamma",))

    def cut(self: Any, x: Any) -> Any:
        self.mask = x > 0
        x[~self.mask] = 0
        return x.copy()

    yield Case("input_overwritten", "relu", at(elementwise, changed(ReLU, forward=cut)), X)

    def centre(self: Any, x: Any) -> Any:
        out = BatchNorm.forward(self, x)
        x -= x.mean(axis=0)
        return out

    yield Case("input_overwritten", "norm", at(norm, changed(BatchNorm, forward=centre)), X)

    def cut_dout(self: Any, dout: Any) -> Any:
        dout[~self.mask] = 0
        return dout

    yield Case("dout_overwritten", "relu", at(elementwise, changed(ReLU, backward=cut_dout)), ())

    def scale_dout(self: Any, dout: Any) -> Any:
        dout *= self.out * (1 - self.out)
        return dout

    yield Case("dout_overwritten", "sigmoid", at(elementwise, changed(Sigmoid, backward=scale_dout)), ())

    def trains(self: Any, dout: Any) -> Any:
        dx = Affine.backward(self, dout)
        self.W -= 0.1 * self.dW
        return dx

    yield Case("parameter_changed", "affine", at(affine, changed(Affine, backward=trains)), ("W",))

    def decays(self: Any, x: Any) -> Any:
        out = BatchNorm.forward(self, x)
        self.gamma *= 0.9
        return out

    yield Case(
        "parameter_changed",
        "norm",
        at(norm, changed(BatchNorm, forward=decays, backward=_kept_gamma)),
        ("gamma",),
    )

    def overwrites_out(self: Any, dout: Any) -> Any:
        self.out *= 1 - self.out
        return dout * self.out

    yield Case(
        "output_overwritten", "sigmoid", at(elementwise, changed(Sigmoid, backward=overwrites_out)), ()
    )

    def coarse(self: Any, dout: Any) -> Any:
        single = self.x.dtype == np.float32
        return dout * self.out * (1 - self.out) if not single else dout * ((1 + 1e-8 - self.out) - 1) * 1e-8

    yield Case("float32", "sigmoid", at(elementwise, changed(Sigmoid, backward=coarse)), X)

    def difference(self: Any, dout: Any) -> Any:
        h = self.x.dtype.type(1e-4 if self.x.dtype == np.float64 else 1e-8)
        return (
            dout * (np.tanh(self.x + h) - np.tanh(self.x - h)) / (2 * h)
            if h < 1e-7
            else Tanh.backward(self, dout)
        )

    yield Case("float32", "tanh", at(elementwise, changed(Tanh, backward=difference)), X)


def _kept_gamma(self: Any, dout: Any) -> Any:
    gamma = self.gamma
    self.gamma = gamma / 0.9
    dx = BatchNorm.backward(self, dout)
    self.gamma = gamma
    return dx
