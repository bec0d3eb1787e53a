"""Layers and networks as people write them after the lesson: plain NumPy, gradients by hand, some in place."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np

RNG_SEED = 20261126


class Affine:
    def __init__(self, W: Any, b: Any) -> None:
        self.W, self.b = W, b
        self.x: Any = None
        self.dW: Any = None
        self.db: Any = None

    def forward(self, x: Any) -> Any:
        self.x = x
        return np.dot(x, self.W) + self.b

    def backward(self, dout: Any) -> Any:
        dx = np.dot(dout, self.W.T)
        self.dW = np.dot(self.x.T, dout)
        self.db = np.sum(dout, axis=0)
        return dx


class Greedy(Affine):
    """Writes into all that it is given."""

    def forward(self, x: Any) -> Any:
        out = super().forward(x)
        x *= 2
        self.W += 1
        return out


class Relu:
    def __init__(self) -> None:
        self.mask: Any = None

    def forward(self, x: Any) -> Any:
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout: Any) -> Any:
        dout[self.mask] = 0
        return dout


class Sigmoid:
    def __init__(self) -> None:
        self.out: Any = None

    def forward(self, x: Any) -> Any:
        self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, dout: Any) -> Any:
        return dout * (1.0 - self.out) * self.out


class Mul:
    def forward(self, x: Any, y: Any) -> Any:
        self.x, self.y = x, y
        return x * y

    def backward(self, dout: Any) -> Any:
        return dout * self.y, dout * self.x


def softmax(x: Any) -> Any:
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


class SoftmaxWithLoss:
    def __init__(self) -> None:
        self.y: Any = None
        self.t: Any = None

    def forward(self, x: Any, t: Any) -> Any:
        self.t, self.y = t, softmax(x)
        return -np.sum(np.log(self.y[np.arange(len(t)), t])) / len(t)

    def backward(self, dout: Any = 1) -> Any:
        dx = self.y.copy()
        dx[np.arange(len(self.t)), self.t] -= 1
        return dout * dx / len(self.t)


class BatchNorm:
    """Of rows, in training; its running mean is state, which no gradient belongs to."""

    def __init__(self, gamma: Any, beta: Any, momentum: float = 0.9) -> None:
        self.gamma, self.beta, self.momentum = gamma, beta, momentum
        self.running_mean = np.zeros_like(gamma)
        self.dgamma: Any = None
        self.dbeta: Any = None

    def forward(self, x: Any, train_flg: bool = True) -> Any:
        mean = x.mean(axis=0)
        self.running_mean *= self.momentum
        self.running_mean += (1 - self.momentum) * mean
        self.xc = x - mean
        self.std = np.sqrt(np.mean(self.xc**2, axis=0) + 1e-7)
        self.xn = self.xc / self.std
        return self.gamma * self.xn + self.beta

    def backward(self, dout: Any) -> Any:
        self.dbeta = dout.sum(axis=0)
        self.dgamma = np.sum(self.xn * dout, axis=0)
        dxn = self.gamma * dout
        dxc = dxn / self.std
        dstd = -np.sum((dxn * self.xc) / (self.std * self.std), axis=0)
        dxc += self.xc * dstd / self.std / len(dout)
        return dxc - np.sum(dxc, axis=0) / len(dout)


class ListAffine:
    """As in the second volume: parameters and gradients in lists, the gradients written in place."""

    def __init__(self, W: Any, b: Any) -> None:
        self.params = [W, b]
        self.grads = [np.zeros_like(W), np.zeros_like(b)]

    def forward(self, x: Any) -> Any:
        W, b = self.params
        self.x = x
        return np.dot(x, W) + b

    def backward(self, dout: Any) -> Any:
        self.grads[0][...] = np.dot(self.x.T, dout)
        self.grads[1][...] = np.sum(dout, axis=0)
        return np.dot(dout, self.params[0].T)


class ListNet:
    """As in the second volume: a network is layers, and their lists joined."""

    def __init__(self, W: Any, b: Any) -> None:
        self.layers: list[Any] = [ListAffine(W, b), Sigmoid()]
        self.loss_layer = SoftmaxWithLoss()
        self.params, self.grads = self.layers[0].params, self.layers[0].grads

    def forward(self, x: Any, t: Any) -> Any:
        for layer in self.layers:
            x = layer.forward(x)
        return self.loss_layer.forward(x, t)

    def backward(self, dout: Any = 1) -> Any:
        dout = self.loss_layer.backward(dout)
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return dout


class TwoLayerNet:
    """Section 5.7.2: the dictionary and the layers share the arrays."""

    def __init__(self, W1: Any, b1: Any, W2: Any, b2: Any) -> None:
        self.params = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
        self.layers: OrderedDict[str, Any] = OrderedDict()
        self.layers["Affine1"] = Affine(self.params["W1"], self.params["b1"])
        self.layers["Relu1"] = Relu()
        self.layers["Affine2"] = Affine(self.params["W2"], self.params["b2"])
        self.lastLayer = SoftmaxWithLoss()

    def predict(self, x: Any) -> Any:
        for layer in self.layers.values():
            x = layer.forward(x)
        return x

    def loss(self, x: Any, t: Any) -> Any:
        return self.lastLayer.forward(self.predict(x), t)

    def gradient(self, x: Any, t: Any) -> dict[str, Any]:
        self.loss(x, t)
        dout = self.lastLayer.backward(1)
        for layer in reversed(self.layers.values()):
            dout = layer.backward(dout)
        first, second = self.layers["Affine1"], self.layers["Affine2"]
        return {"W1": first.dW, "b1": first.db, "W2": second.dW, "b2": second.db}


def numbers(*shape: int, seed: int = RNG_SEED) -> Any:
    return np.random.default_rng(seed).standard_normal(shape)
