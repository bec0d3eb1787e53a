"""Planted mistakes of size, sign and shape."""

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
    affine_times,
    at,
    elementwise,
    gradients,
    loss,
    net_of,
    network,
    norm,
    scale,
    squares,
    times,
)
from tests.verify.diagnosis._planted import (
    MSE,
    Affine,
    BatchNorm,
    Dropout,
    ReLU,
    Scale,
    Sigmoid,
    Softmax,
    SoftmaxWithLoss,
    Square,
    Tanh,
    TwoLayerNet,
    changed,
    returning,
    setting,
)


def factors() -> Iterator[Case]:
    mean = lambda self, dx: len(dx)  # noqa: E731
    layer = times(SoftmaxWithLoss, mean)
    yield Case("missing_mean", "softmax loss", at(loss, layer), X)
    layer = times(MSE, mean)
    yield Case("missing_mean", "squares", at(squares, layer), X)
    yield Case("missing_mean", "affine", at(affine, affine_times(len)), P)
    net = net_of(decay=0.0, loss_layer=times(SoftmaxWithLoss, mean))
    yield Case("missing_mean", "network", at(network, net), ALL)
    twice = lambda self, dx: 1 / len(dx)  # noqa: E731
    layer = times(SoftmaxWithLoss, twice)
    yield Case("doubled_mean", "softmax loss", at(loss, layer), X)
    yield Case("doubled_mean", "affine", at(affine, affine_times(lambda dout: 1 / len(dout))), P)
    layer = times(MSE, lambda self, dx: 1 / dx.shape[1])
    yield Case("n_outputs", "squares", at(squares, layer), X)
    layer = times(Softmax, lambda self, dx: dx.shape[1])
    yield Case("n_outputs", "softmax", at(elementwise, layer), X)
    layer = times(MSE, lambda self, dx: 0.5)
    yield Case("half", "squares", at(squares, layer), X)
    layer = times(Square, lambda self, dx: 0.5)
    yield Case("half", "square", at(elementwise, layer), X)
    layer = times(MSE, lambda self, dx: 2)
    yield Case("double", "squares", at(squares, layer), X)
    layer = times(Tanh, lambda self, dx: 2)
    yield Case("double", "tanh", at(elementwise, layer), X)
    layer = times(Dropout, lambda self, dx: 1 - self.ratio)
    yield Case("other", "dropout", at(elementwise, layer), X)
    layer = setting(Affine, dW=lambda s, d: 1.001 * s.x.T @ d)
    yield Case("other", "affine", at(affine, layer), ("W",))
    for name, base in ("sigmoid", Sigmoid), ("relu", ReLU), ("softmax", Softmax):
        yield Case("sign", name, at(elementwise, returning(base, lambda self, dx: -dx)), X)
    layer = returning(SoftmaxWithLoss, lambda self, dx: -dx)
    yield Case("sign", "loss", at(loss, layer), X)
    layer = setting(Affine, db=lambda s, d: -d.sum(axis=0))
    yield Case("sign", "affine", at(affine, layer), ("b",))
    yield Case("sign", "network", at(network, gradients(lambda n, g: -g if n == "W1" else g)), ("W1",))
    layer = setting(Affine, db=lambda s, d: np.zeros_like(s.b))
    yield Case("zero", "affine", at(affine, layer), ("b",))
    layer = returning(Sigmoid, lambda self, dx: 0 * dx)
    yield Case("zero", "sigmoid", at(elementwise, layer), X)
    yield Case("not_set", "network", at(network, gradients(lambda n, g: None if n == "b1" else g)), ("b1",))
    layer = setting(Affine, dW=lambda s, d: None)
    yield Case("not_set", "affine", at(affine, layer), ("W",))
    yield Case("not_returned", "sigmoid", at(elementwise, returning(Sigmoid, lambda self, dx: None)), X)
    yield Case("not_returned", "affine", at(affine, returning(Affine, lambda self, dx: None)), X)
    layer = returning(SoftmaxWithLoss, lambda self, dx: dx * np.nan)
    yield Case("not_finite", "loss", at(loss, layer), X)
    yield Case(
        "not_finite", "tanh", at(elementwise, returning(Tanh, lambda s, dx: dx / np.zeros(dx.shape[1]))), X
    )


def shapes() -> Iterator[Case]:
    turned = setting(Affine, dW=lambda s, d: d.T @ s.x)
    yield Case("transposed", "affine", at(affine, turned), ("W",))
    yield Case("transposed", "square affine", at(affine, turned, square=True), ("W",))

    def not_turned(self: Any, dout: Any) -> Any:
        Affine.backward(self, dout)
        return dout @ self.W

    yield Case("transposed", "dx", at(affine, changed(Affine, backward=not_turned), square=True), X)
    net = net_of(before=lambda self, dz2, W2: dz2 @ W2)
    yield Case("transposed", "network", at(network, net, square=True), ("W1", "b1"))
    layer = setting(Affine, db=lambda s, d: d)
    yield Case("bias_not_summed", "affine", at(affine, layer), ("b",))
    layer = setting(BatchNorm, dbeta=lambda s, d: d)
    yield Case("bias_not_summed", "norm", at(norm, layer), ("beta",))
    layer = setting(Affine, db=lambda s, d: d.mean(axis=0))
    yield Case("bias_averaged", "affine", at(affine, layer), ("b",))
    layer = setting(BatchNorm, dbeta=lambda s, d: d.mean(0))
    yield Case("bias_averaged", "norm", at(norm, layer), ("beta",))
    layer = setting(Affine, db=lambda s, d: d[0])
    yield Case("bias_first_row", "affine", at(affine, layer), ("b",))
    layer = setting(BatchNorm, dbeta=lambda s, d: d[0])
    yield Case("bias_first_row", "norm", at(norm, layer), ("beta",))
    layer = setting(Scale, ds=lambda s, d: d * s.x)
    yield Case("broadcast_not_undone", "scale", at(scale, layer), ("s",))
    yield Case(
        "broadcast_not_undone",
        "norm",
        at(norm, setting(BatchNorm, dgamma=lambda s, d: d * s.normal)),
        ("gamma",),
    )
    layer = setting(Affine, dW=lambda s, d: s.x[:-1].T @ d[:-1])
    yield Case("rows", "affine", at(affine, layer), ("W",))

    def last_row_forgotten(self: Any, dx: Any) -> Any:
        dx = dx.copy()
        dx[-2:] = 0
        return dx

    layer = returning(Sigmoid, last_row_forgotten)
    yield Case("rows", "sigmoid", at(elementwise, layer), X)
    layer = returning(Tanh, lambda s, dx: np.roll(dx, 1, 1))
    yield Case("shifted", "tanh", at(elementwise, layer), X)
    yield Case(
        "shifted", "softmax loss", at(loss, returning(SoftmaxWithLoss, lambda s, dx: np.roll(dx, -1, 0))), X
    )
    layer = returning(ReLU, lambda s, dx: dx[:, ::-1])
    yield Case("reversed", "relu", at(elementwise, layer), X)
    layer = setting(Affine, db=lambda s, d: d.sum(axis=0)[::-1])
    yield Case("reversed", "affine", at(affine, layer), ("b",))

    def one_element(self: Any, dx: Any) -> Any:
        dx = dx.copy()
        dx[1, 2] += 0.125
        return dx

    layer = returning(Sigmoid, one_element)
    yield Case("elements", "sigmoid", at(elementwise, layer), X)
    layer = returning(BatchNorm, one_element)
    yield Case("elements", "norm", at(norm, layer), X)
    for name, activation in (("b1", Sigmoid), ("b1", Tanh), ("b1", ReLU), ("b2", ReLU)):
        net = net_of(gradient=_of_one_row(name), activation=activation)
        yield Case("bias_one_row", f"{name}, {activation.__name__}", at(network, net), (name,))
    layer = setting(Affine, db=lambda s, d: d.sum(axis=0) * (np.arange(d.shape[1]) != 1))
    yield Case("elements", "bias", at(affine, layer), ("b",))
    layer = setting(Affine, dW=lambda s, d: (s.x.T @ d)[:-1])
    yield Case("shape", "affine", at(affine, layer), ("W",))
    layer = returning(Sigmoid, lambda s, dx: dx.ravel())
    yield Case("shape", "sigmoid", at(elementwise, layer), X)


def _of_one_row(name: str) -> Any:
    def gradient(self: Any, x: Any, t: Any) -> Any:
        alone = TwoLayerNet.gradient(self, x[2:3], t[2:3])[name] / len(x)
        return {**TwoLayerNet.gradient(self, x, t), name: alone}

    return gradient
