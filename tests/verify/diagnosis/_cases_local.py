"""Planted mistakes in local derivatives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.verify._claim import Claim
from tests.verify.diagnosis._builders import (
    XP,
    Case,
    Sizes,
    X,
    affine,
    at,
    elementwise,
    gradients,
    loss,
    network,
    norm,
)
from tests.verify.diagnosis._planted import (
    Affine,
    BatchNorm,
    Dropout,
    Exp,
    ReLU,
    RowSum,
    Sigmoid,
    Softmax,
    SoftmaxWithLoss,
    Square,
    Tanh,
    TwoLayerNet,
    changed,
    setting,
)


def local() -> Iterator[Case]:
    passes = lambda self, dout: dout * 1.0  # noqa: E731
    for base in Sigmoid, Tanh, ReLU, BatchNorm:
        builder = norm if base is BatchNorm else elementwise
        layer = changed(
            base, backward=lambda self, dout, base=base: (base.backward(self, dout), dout * 1.0)[1]
        )
        yield Case("identity", base.__name__, at(builder, layer), X)
    for base in Sigmoid, Tanh, ReLU:
        net = changed(TwoLayerNet, activation=changed(base, backward=passes))
        yield Case("identity", f"network {base.__name__}", at(network, net), ("W1", "b1"))
    for base in Sigmoid, Square, Dropout:
        yield Case("upstream_ignored", base.__name__, at(elementwise, _with_ones(base)), X)
    yield Case("upstream_ignored", "affine", at(affine, _with_ones(Affine)), XP)
    ignores = changed(SoftmaxWithLoss, backward=lambda self, dout=1: SoftmaxWithLoss.backward(self, 1))
    yield Case("upstream_ignored", "softmax loss", at(loss, ignores), X)
    inverted = changed(ReLU, backward=lambda self, dout: dout * ~self.mask)
    yield Case("mask_inverted", "relu", at(elementwise, inverted), X)
    yield Case(
        "mask_inverted", "network", at(network, changed(TwoLayerNet, activation=inverted)), ("W1", "b1")
    )
    dropped = changed(Dropout, backward=lambda self, dout: dout * ~self.mask / (1 - self.ratio))
    yield Case("mask_inverted", "dropout", at(elementwise, dropped), X)
    ignored = changed(Dropout, backward=lambda self, dout: dout / (1 - self.ratio))
    yield Case("mask_ignored", "dropout", at(elementwise, ignored), X)
    of_input = {
        Sigmoid: lambda self, dout: dout * self.x * (1 - self.x),
        Tanh: lambda self, dout: dout * (1 - self.x**2),
        Exp: lambda self, dout: dout * self.x,
    }
    of_output = {
        Sigmoid: lambda self, dout: dout * _slope(_slope_value(self.out)),
        Square: lambda self, dout: 2 * dout * self.x**2,
        Tanh: lambda self, dout: dout * (1 - np.tanh(self.out) ** 2),
    }
    for base, backward in of_input.items():
        yield Case("input_for_output", base.__name__, at(elementwise, changed(base, backward=backward)), X)
    for base, backward in of_output.items():
        yield Case("output_for_input", base.__name__, at(elementwise, changed(base, backward=backward)), X)
    for base in Sigmoid, Tanh:
        net = changed(TwoLayerNet, activation=changed(base, backward=of_input[base]))
        yield Case("input_for_output", f"network {base.__name__}", at(network, net), ("W1", "b1"))
        net = changed(TwoLayerNet, activation=changed(base, backward=of_output[base]))
        yield Case("output_for_input", f"network {base.__name__}", at(network, net), ("W1", "b1"))
    yield from _behind_affine(of_input, of_output)
    wrong_axis = lambda self, dout: self.out * (dout - np.sum(dout * self.out, axis=0))  # noqa: E731
    yield Case("wrong_axis", "softmax", at(elementwise, changed(Softmax, backward=wrong_axis)), X)
    yield Case("wrong_axis", "bias", at(affine, setting(Affine, db=lambda s, d: d.sum(axis=1))), ("b",))
    yield Case(
        "wrong_axis", "all", at(affine, setting(Affine, db=lambda s, d: np.full(s.b.shape, d.sum()))), ("b",)
    )
    yield Case("wrong_axis", "one number", at(affine, setting(Affine, db=lambda s, d: d.sum())), ("b",))
    layer = setting(_composed(ReLU), db=lambda s, d: (d * s.activation.mask).sum(axis=1))
    yield Case("wrong_axis", "bias behind which ReLU is", at(affine, layer), ("b",))
    layer = gradients(lambda name, g: g.sum() if name == "b1" else g)
    yield Case("wrong_axis", "bias of a network", at(network, layer), ("b1",))
    yield Case("wrong_axis", "norm", at(norm, changed(BatchNorm, backward=_norm_over(1))), X)
    square = RowSum
    backward = lambda self, dout: np.repeat(dout[None, :], len(dout), axis=0)  # noqa: E731
    yield Case(
        "wrong_axis",
        "sum",
        lambda s, seed: elementwise(changed(square, backward=backward), s._replace(n=s.k), seed),
        X,
    )
    no_sum = changed(Softmax, backward=lambda self, dout: dout * self.out)
    yield Case("missing_term", "softmax", at(elementwise, no_sum), X)
    no_variance = changed(BatchNorm, backward=_norm_over(0, variance=False))
    yield Case("missing_term", "norm", at(norm, no_variance), X)
    yield Case("swapped", "multiply", _swapped, ("x",), ("x", "y"))


def _behind_affine(of_input: Any, of_output: Any) -> Iterator[Case]:
    for base in Sigmoid, Tanh:
        for kind, backward in (
            ("identity", lambda self, dout: dout),
            ("input_for_output", of_input[base]),
            ("output_for_input", of_output[base]),
        ):
            layer = _composed(changed(base, backward=backward))
            yield Case(kind, f"affine {base.__name__}", at(affine, layer), XP)
    layer = _composed(changed(ReLU, backward=lambda self, dout: dout * ~self.mask))
    yield Case("mask_inverted", "affine ReLU", at(affine, layer), XP)
    layer = _composed(changed(ReLU, backward=lambda self, dout: dout))
    yield Case("identity", "affine ReLU", at(affine, layer), XP)


def _composed(activation: Any) -> Any:
    class Layer(Affine):
        def forward(self, x):
            self.activation = activation()
            return self.activation.forward(Affine.forward(self, x))

        def backward(self, dout):
            return Affine.backward(self, self.activation.backward(dout))

    return Layer


def _slope_value(out: Any) -> Any:
    return 1 / (1 + np.exp(-out))


def _slope(y: Any) -> Any:
    return y * (1 - y)


def _norm_over(axis: int, variance: bool = True) -> Any:
    def backward(self: Any, dout: Any) -> Any:
        BatchNorm.backward(self, dout)
        d = dout * self.gamma
        mean = lambda a: a.mean(axis=axis, keepdims=True)  # noqa: E731
        through_variance = self.normal * mean(d * self.normal) if variance else 0.0
        return (d - mean(d) - through_variance) / self.std

    return backward


class _SwappedMultiply:
    def forward(self, values):
        self.x, self.y = values
        return self.x * self.y

    def backward(self, dout):
        return [dout * self.x, dout * self.y]


def _swapped(s: Sizes, seed: int) -> Claim:
    rng = np.random.default_rng(seed)
    values = (rng.normal(size=(s.n, s.k)), rng.normal(size=(s.n, s.k)))
    return Claim("multiply", "layer", ("x", "y"), values, _SwappedMultiply)


def _with_ones(base: Any) -> Any:
    def backward(self: Any, dout: Any) -> Any:
        return base.backward(self, np.ones_like(dout))

    return changed(base, backward=backward)
