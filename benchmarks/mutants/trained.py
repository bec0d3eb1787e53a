"""The lesson's network of layers after one step of an optimizer. All are right: they write into the arrays.

A layer and `params` refer to the same array. An update that makes a new one leaves the layer the old one, and from then
on nothing in `params` has any effect.

source   Saito, Deep Learning from Scratch, sections 5.7.2 (TwoLayerNet) and 6.1 (optimizers)
"""

from __future__ import annotations

import numpy as np

from .layers import Affine, ReLU
from .losses import SoftmaxWithLoss

# mypy: ignore-errors


class LayeredNet:
    def __init__(self, **params):
        self.params = params
        self.first = Affine(params["W1"], params["b1"])
        self.relu = ReLU()
        self.second = Affine(params["W2"], params["b2"])
        self.last = SoftmaxWithLoss()
        self.update({name: np.cos(w) for name, w in params.items()})

    def loss(self, x, t):
        h = self.relu.forward(self.first.forward(x))
        return self.last.forward(self.second.forward(h), t)

    def gradient(self, x, t):
        self.loss(x, t)
        dh = self.second.backward(self.last.backward())
        self.first.backward(self.relu.backward(dh))
        grads = {"W1": self.first.dW, "b1": self.first.db}
        grads |= {"W2": self.second.dW, "b2": self.second.db}
        return grads


class AfterSGD(LayeredNet):
    def update(self, grads):
        for name in self.params:
            self.params[name] -= 0.1 * grads[name]


class AfterMomentum(LayeredNet):
    def update(self, grads):
        for name in self.params:
            v = -0.1 * grads[name]
            self.params[name] += v


class AfterAdaGrad(LayeredNet):
    def update(self, grads):
        for name in self.params:
            h = grads[name] ** 2
            self.params[name] -= 0.1 * grads[name] / (np.sqrt(h) + 1e-7)


class AfterAdam(LayeredNet):
    def update(self, grads):
        for name in self.params:
            m, v = 0.1 * grads[name], 0.001 * grads[name] ** 2
            self.params[name] -= 0.1 * np.sqrt(0.001) / 0.1 * m / (np.sqrt(v) + 1e-7)
