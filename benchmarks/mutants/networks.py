"""Networks as a student of the lesson writes them: `params`, `loss(x, t)`, `gradient(x, t)`. All are right."""

from __future__ import annotations

import numpy as np

# mypy: ignore-errors


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


class TwoLayerNet:
    """The lesson's network with class numbers and an L2 penalty ½ λ Σ W²."""

    l2 = 0.1

    def __init__(self, **params):
        self.params = params

    def loss(self, x, t):
        p = self.params
        h = np.maximum(x @ p["W1"] + p["b1"], 0)
        y = softmax(h @ p["W2"] + p["b2"])
        penalty = 0.5 * self.l2 * ((p["W1"] ** 2).sum() + (p["W2"] ** 2).sum())
        return -np.log(y[np.arange(len(t)), t]).mean() + penalty

    def gradient(self, x, t):
        p = self.params
        n = len(t)
        z = x @ p["W1"] + p["b1"]
        h = np.maximum(z, 0)
        dy = softmax(h @ p["W2"] + p["b2"])
        dy[np.arange(n), t] -= 1
        dy = dy / n
        dh = dy @ p["W2"].T
        dz = dh * (z > 0)
        grads = {}
        grads["W1"] = x.T @ dz + self.l2 * p["W1"]
        grads["b1"] = dz.sum(axis=0)
        grads["W2"] = h.T @ dy + self.l2 * p["W2"]
        grads["b2"] = dy.sum(axis=0)
        return grads


class SigmoidNet:
    """Sigmoid, and one-hot rows, as in the lesson's first network."""

    def __init__(self, **params):
        self.params = params

    def loss(self, x, t):
        p = self.params
        h = 1 / (1 + np.exp(-(x @ p["W1"] + p["b1"])))
        y = softmax(h @ p["W2"] + p["b2"])
        return -(t * np.log(y)).sum() / len(t)

    def gradient(self, x, t):
        p = self.params
        n = len(t)
        z = x @ p["W1"] + p["b1"]
        h = 1 / (1 + np.exp(-z))
        y = softmax(h @ p["W2"] + p["b2"])
        dy = (y - t) / n
        dh = dy @ p["W2"].T
        dz = dh * h * (1 - h)
        grads = {}
        grads["W1"] = x.T @ dz
        grads["b1"] = dz.sum(axis=0)
        grads["W2"] = h.T @ dy
        grads["b2"] = dy.sum(axis=0)
        return grads


class ThreeLayerNet:
    """Tanh, and a regression whose error is averaged over rows and outputs."""

    def __init__(self, **params):
        self.params = params

    def loss(self, x, t):
        p = self.params
        h1 = np.tanh(x @ p["W1"] + p["b1"])
        h2 = np.tanh(h1 @ p["W2"] + p["b2"])
        return ((h2 @ p["W3"] + p["b3"] - t) ** 2).mean()

    def gradient(self, x, t):
        p = self.params
        z1 = x @ p["W1"] + p["b1"]
        h1 = np.tanh(z1)
        z2 = h1 @ p["W2"] + p["b2"]
        h2 = np.tanh(z2)
        y = h2 @ p["W3"] + p["b3"]
        dy = 2 * (y - t) / t.size
        dh2 = dy @ p["W3"].T
        dz2 = dh2 * (1 - h2**2)
        dh1 = dz2 @ p["W2"].T
        dz1 = dh1 * (1 - h1**2)
        grads = {}
        grads["W1"] = x.T @ dz1
        grads["b1"] = dz1.sum(axis=0)
        grads["W2"] = h1.T @ dz2
        grads["b2"] = dz2.sum(axis=0)
        grads["W3"] = h2.T @ dy
        grads["b3"] = dy.sum(axis=0)
        return grads
