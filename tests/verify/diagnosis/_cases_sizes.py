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
    changed,
    returning,
    setting,
)


def factors() -> Iterator[Case]:
    mean = lambda self, dx: len(dx)  # noqa: E731
    yield Case("missing_mean", "softmax loss", at(loss, times(SoftmaxWithLoss, mean)), X)
    yield Case("missing_mean", "squares", at(squares, times(MSE, mean)), X)
    yield Case("missing_mean", "affine", at(affine, affine_times(len)), P)
    net = net_of(decay=0.0, loss_layer=times(SoftmaxWithLoss, mean))
    yield Case("missing_mean", "network", at(network, net), ALL)
    twice = lambda self, dx: 1 / len(dx)  # noqa: E731
    yield Case("doubled_mean", "softmax loss", at(loss, times(SoftmaxWithLoss, twice)), X)
    yield Case("doubled_mean", "affine", at(affine, affine_times(lambda dout: 1 / len(dout))), P)
    yield Case("n_outputs", "squares", at(squares, times(MSE, lambda self, dx: 1 / dx.shape[1])), X)
    yield Case("n_outputs", "softmax", at(elementwise, times(Softmax, lambda self, dx: dx.shape[1])), X)
    yield Case("half", "squares", at(squares, times(MSE, lambda self, dx: 0.5)), X)
    yield Case("half", "square", at(elementwise, times(Square, lambda self, dx: 0.5)), X)
    yield Case("double", "squares", at(squares, times(MSE, lambda self, dx: 2)), X)
    yield Case("double", "tanh", at(elementwise, times(Tanh, lambda self, dx: 2)), X)
    yield Case("other", "dropout", at(elementwise, times(Dropout, lambda self, dx: 1 - self.ratio)), X)
    yield Case("other", "affine", at(affine, setting(Affine, dW=lambda s, d: 1.001 * s.x.T @ d)), ("W",))
    for name, base in ("sigmoid", Sigmoid), ("relu", ReLU), ("softmax", Softmax):
        yield Case("sign", name, at(elementwise, returning(base, lambda self, dx: -dx)), X)
    yield Case("sign", "loss", at(loss, returning(SoftmaxWithLoss, lambda self, dx: -dx)), X)
    yield Case("sign", "affine", at(affine, setting(Affine, db=lambda s, d: -d.sum(axis=0))), ("b",))
    yield Case("sign", "network", at(network, gradients(lambda n, g: -g if n == "W1" else g)), ("W1",))
    yield Case("zero", "affine", at(affine, setting(Affine, db=lambda s, d: np.zeros_like(s.b))), ("b",))
    yield Case("zero", "sigmoid", at(elementwise, returning(Sigmoid, lambda self, dx: 0 * dx)), X)
    yield Case("detached", "network", at(network, gradients(lambda n, g: None if n == "b1" else g)), ("b1",))
    yield Case("detached", "affine", at(affine, setting(Affine, dW=lambda s, d: None)), ("W",))
    yield Case("not_finite", "loss", at(loss, returning(SoftmaxWithLoss, lambda self, dx: dx * np.nan)), X)
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
    yield Case("bias_not_summed", "affine", at(affine, setting(Affine, db=lambda s, d: d)), ("b",))
    yield Case("bias_not_summed", "norm", at(norm, setting(BatchNorm, dbeta=lambda s, d: d)), ("beta",))
    yield Case("bias_averaged", "affine", at(affine, setting(Affine, db=lambda s, d: d.mean(axis=0))), ("b",))
    yield Case("bias_averaged", "norm", at(norm, setting(BatchNorm, dbeta=lambda s, d: d.mean(0))), ("beta",))
    yield Case("bias_first_row", "affine", at(affine, setting(Affine, db=lambda s, d: d[0])), ("b",))
    yield Case("bias_first_row", "norm", at(norm, setting(BatchNorm, dbeta=lambda s, d: d[0])), ("beta",))
    yield Case("broadcast_not_undone", "scale", at(scale, setting(Scale, ds=lambda s, d: d * s.x)), ("s",))
    yield Case(
        "broadcast_not_undone",
        "norm",
        at(norm, setting(BatchNorm, dgamma=lambda s, d: d * s.normal)),
        ("gamma",),
    )
    yield Case("rows", "affine", at(affine, setting(Affine, dW=lambda s, d: s.x[:-1].T @ d[:-1])), ("W",))

    def last_row_forgotten(self: Any, dx: Any) -> Any:
        dx = dx.copy()
        dx[-2:] = 0
        return dx

    yield Case("rows", "sigmoid", at(elementwise, returning(Sigmoid, last_row_forgotten)), X)
    yield Case("shifted", "tanh", at(elementwise, returning(Tanh, lambda s, dx: np.roll(dx, 1, 1))), X)
    yield Case(
        "shifted", "softmax loss", at(loss, returning(SoftmaxWithLoss, lambda s, dx: np.roll(dx, -1, 0))), X
    )
    yield Case("reversed", "relu", at(elementwise, returning(ReLU, lambda s, dx: dx[:, ::-1])), X)
    yield Case("reversed", "affine", at(affine, setting(Affine, db=lambda s, d: d.sum(axis=0)[::-1])), ("b",))

    def one_element(self: Any, dx: Any) -> Any:
        dx = dx.copy()
        dx[1, 2] += 0.125
        return dx

    yield Case("elements", "sigmoid", at(elementwise, returning(Sigmoid, one_element)), X)
    yield Case("elements", "norm", at(norm, returning(BatchNorm, one_element)), X)
    yield Case("shape", "affine", at(affine, setting(Affine, dW=lambda s, d: (s.x.T @ d)[:-1])), ("W",))
    yield Case("shape", "sigmoid", at(elementwise, returning(Sigmoid, lambda s, dx: dx.ravel())), X)
