"""Layers and networks as a student writes them, right ones and ones with a planted mistake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.verify._claim import Claim

Array = Any


class LayerSession:
    """A layer with ``forward(x)`` and ``backward(dout)``, whose parameters are attributes W with gradients dW."""

    def __init__(self, layer: Any, parameters: tuple[str, ...]) -> None:
        self.layer, self.parameters = layer, parameters

    def forward(self, values: Any) -> Any:
        for name, value in zip(self.parameters, values[1:], strict=True):
            setattr(self.layer, name, value)
        return self.layer.forward(values[0])

    def backward(self, dout: Any) -> list[Any]:
        dx = self.layer.backward(dout)
        return [dx, *(getattr(self.layer, f"d{name}") for name in self.parameters)]


def layer_claim(make: Callable[[], Any], x: Array, **parameters: Array) -> Claim:
    """What a layer claims about its input and its parameters."""
    names = tuple(parameters)
    values = (x, *parameters.values())
    return Claim(
        "layer",
        "layer",
        ("x", *names),
        values,
        lambda: LayerSession(make(), names),
        len(names),
        takes_dout=True,
    )


class NetworkSession:
    """A network with ``loss(x, t)`` and ``gradient(x, t)``."""

    def __init__(self, network: Any, x: Array, t: Array, names: tuple[str, ...]) -> None:
        self.network, self.x, self.t, self.names = network, x, t, names

    def forward(self, values: Any) -> Any:
        self.network.params = dict(zip(self.names, values, strict=True))
        return self.network.loss(self.x, self.t)

    def backward(self, dout: Any) -> list[Any]:
        gradients = self.network.gradient(self.x, self.t)
        return [None if gradients.get(name) is None else dout * gradients[name] for name in self.names]


def network_claim(make: Callable[[], Any], x: Array, t: Array, **parameters: Array) -> Claim:
    """What a network claims about its parameters."""
    names = tuple(parameters)
    values = tuple(parameters.values())
    return Claim(
        "network",
        "network",
        names,
        values,
        lambda: NetworkSession(make(), x, t, names),
        len(names),
        takes_dout=False,
    )


class Affine:
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class Sigmoid:
    def forward(self, x):
        self.x = x
        self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, dout):
        return dout * self.out * (1 - self.out)


class Tanh:
    def forward(self, x):
        self.x = x
        self.out = np.tanh(x)
        return self.out

    def backward(self, dout):
        return dout * (1 - self.out**2)


class ReLU:
    def forward(self, x):
        self.mask = x > 0
        return np.where(self.mask, x, 0.0)

    def backward(self, dout):
        return dout * self.mask


class Exp:
    def forward(self, x):
        self.x = x
        self.out = np.exp(x)
        return self.out

    def backward(self, dout):
        return dout * self.out


class Square:
    def forward(self, x):
        self.x = x
        return x * x

    def backward(self, dout):
        return 2 * dout * self.x


class Softmax:
    def forward(self, x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.out = e / e.sum(axis=1, keepdims=True)
        return self.out

    def backward(self, dout):
        return self.out * (dout - np.sum(dout * self.out, axis=1, keepdims=True))


class Dropout:
    """The mask is fixed: a random one would be another function each time."""

    def __init__(self, seed=0, ratio=0.4):
        self.seed, self.ratio = seed, ratio

    def forward(self, x):
        self.mask = np.random.default_rng(self.seed).random(x.shape) > self.ratio
        return x * self.mask / (1 - self.ratio)

    def backward(self, dout):
        return dout * self.mask / (1 - self.ratio)


class BatchNorm:
    def forward(self, x):
        self.centred = x - x.mean(axis=0)
        self.std = np.sqrt((self.centred**2).mean(axis=0) + 1e-5)
        self.normal = self.centred / self.std
        return self.gamma * self.normal + self.beta

    def backward(self, dout):
        self.dbeta = dout.sum(axis=0)
        self.dgamma = (dout * self.normal).sum(axis=0)
        d = dout * self.gamma
        return (d - d.mean(axis=0) - self.normal * (d * self.normal).mean(axis=0)) / self.std


class Scale:
    """Every row times one number of its own: s has the shape (N, 1)."""

    def forward(self, x):
        self.x = x
        return x * self.s

    def backward(self, dout):
        self.ds = (dout * self.x).sum(axis=1, keepdims=True)
        return dout * self.s


class RowSum:
    """The sum of each row."""

    def forward(self, x):
        self.shape = x.shape
        return x.sum(axis=1)

    def backward(self, dout):
        return np.repeat(dout[:, None], self.shape[1], axis=1)


class SoftmaxWithLoss:
    """Labels are class numbers."""

    def __init__(self, t):
        self.t = t

    def forward(self, x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return -np.mean(np.log(self.y[np.arange(len(x)), self.t]))

    def backward(self, dout=1):
        dx = self.y.copy()
        dx[np.arange(len(dx)), self.t] -= 1
        return dout * dx / len(dx)


class MSE:
    """½ of the squared error, summed over the outputs, the mean over the rows."""

    def __init__(self, t):
        self.t = t

    def forward(self, x):
        self.x = x
        return 0.5 * np.sum((x - self.t) ** 2) / len(x)

    def backward(self, dout=1):
        return dout * (self.x - self.t) / len(self.x)


class TwoLayerNet:
    """The lesson's network with a penalty ½·λ·Σw² on both matrices."""

    activation: Any = Sigmoid
    loss_layer: Any = SoftmaxWithLoss
    decay = 0.1

    def loss(self, x, t):
        self.forward(x)
        p = self.params
        penalty = 0.5 * self.decay * (np.sum(p["W1"] ** 2) + np.sum(p["W2"] ** 2))
        return self.loss_layer(t).forward(self.z2) + penalty

    def forward(self, x):
        p = self.params
        self.hidden = self.activation()
        self.h = self.hidden.forward(x @ p["W1"] + p["b1"])
        self.z2 = self.h @ p["W2"] + p["b2"]

    def gradient(self, x, t):
        self.forward(x)
        p = self.params
        last = self.loss_layer(t)
        last.forward(self.z2)
        dz2 = last.backward()
        dz1 = self.hidden.backward(self.before(dz2, p["W2"]))
        g = {"W1": x.T @ dz1, "b1": dz1.sum(axis=0), "W2": self.h.T @ dz2, "b2": dz2.sum(axis=0)}
        return self.regularised(g)

    def before(self, dz2, W2):
        return dz2 @ W2.T

    def regularised(self, g):
        for name in ("W1", "W2"):
            g[name] = g[name] + self.decay * self.params[name]
        return g


def changed(base: type, **methods: Any) -> type:
    """A layer with other methods: the planted mistake."""
    return type(base.__name__, (base,), methods)


def returning(base: type, change: Callable[[Any, Array], Array]) -> type:
    """A layer whose backward changes what it would return; the change also sees the layer."""

    def backward(self, dout=1):
        return change(self, base.backward(self, dout))

    return changed(base, backward=backward)


def setting(base: type, **gradients: Callable[..., Any]) -> type:
    """A layer whose backward sets other gradients of parameters: functions of the layer and the upstream gradient."""

    def backward(self, dout):
        dx = base.backward(self, dout)
        for name, gradient in gradients.items():
            setattr(self, name, gradient(self, dout))
        return dx

    return changed(base, backward=backward)
