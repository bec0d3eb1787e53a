"""Claims of layers and networks of any size, and the usual ways to make them wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from chainrule.verify._claim import Claim
from tests.verify.diagnosis._planted import (
    Affine,
    TwoLayerNet,
    changed,
    layer_claim,
    network_claim,
    returning,
    setting,
)


class Sizes(NamedTuple):
    """Rows, inputs, hidden units, outputs: all different, so that nothing is ambiguous by nature."""

    n: int = 7
    d: int = 5
    h: int = 6
    k: int = 4


class Case(NamedTuple):
    """A planted mistake, the names that are wrong and the kind that explains it."""

    kind: str
    label: str
    make: Callable[[Sizes, int], Claim]
    names: tuple[str, ...]
    wrong: tuple[str, ...] = ()  # where more is wrong than can be explained


def affine(layer: Any, s: Sizes, seed: int, square: bool = False) -> Claim:
    rng = np.random.default_rng(seed)
    k = s.d if square else s.k
    return layer_claim(layer, rng.normal(size=(s.n, s.d)), W=rng.normal(size=(s.d, k)), b=rng.normal(size=k))


def elementwise(layer: Any, s: Sizes, seed: int) -> Claim:
    return layer_claim(layer, np.random.default_rng(seed).normal(size=(s.n, s.k)))


def norm(layer: Any, s: Sizes, seed: int) -> Claim:
    rng = np.random.default_rng(seed)
    return layer_claim(
        layer, rng.normal(size=(s.n, s.k)), gamma=rng.uniform(0.5, 2, s.k), beta=rng.normal(size=s.k)
    )


def scale(layer: Any, s: Sizes, seed: int) -> Claim:
    rng = np.random.default_rng(seed)
    return layer_claim(layer, rng.normal(size=(s.n, s.k)), s=rng.normal(size=(s.n, 1)))


def loss(layer: Any, s: Sizes, seed: int) -> Claim:
    rng = np.random.default_rng(seed)
    t = labels(rng, s)
    return layer_claim(lambda: layer(t), rng.normal(size=(s.n, s.k)))


def labels(rng: np.random.Generator, s: Sizes) -> Any:
    """Class numbers, not equally many of each: then a bias could not tell them from a constant."""
    while True:
        t = rng.integers(0, s.k, s.n)
        if np.ptp(np.bincount(t, minlength=s.k)):
            return t


def squares(layer: Any, s: Sizes, seed: int) -> Claim:
    rng = np.random.default_rng(seed)
    t = rng.normal(size=(s.n, s.k))
    return layer_claim(lambda: layer(t), rng.normal(size=(s.n, s.k)))


def network(make: Any, s: Sizes, seed: int, square: bool = False) -> Claim:
    rng = np.random.default_rng(seed)
    h = s.k if square else s.h
    x, t = rng.normal(size=(s.n, s.d)), labels(rng, s)
    shapes = {"W1": (s.d, h), "b1": h, "W2": (h, s.k), "b2": s.k}
    return network_claim(make, x, t, **{name: rng.normal(size=shape) for name, shape in shapes.items()})


def at(builder: Any, layer: Any, **settings: Any) -> Callable[[Sizes, int], Claim]:
    return lambda s, seed: builder(layer, s, seed, **settings)


def times(base: Any, factor: Callable[[Any, Any], float]) -> Any:
    return returning(base, lambda self, dx: dx * factor(self, dx))


def affine_times(factor: Callable[[Any], float]) -> Any:
    """An affine layer whose parameters' gradients are off by a factor."""
    return setting(
        Affine,
        dW=lambda self, dout: self.x.T @ dout * factor(dout),
        db=lambda self, dout: dout.sum(axis=0) * factor(dout),
    )


def net_of(**methods: Any) -> Any:
    return changed(TwoLayerNet, **methods)


def regularised(strengths: dict[str, float]) -> Any:
    def regularised(self: Any, g: Any) -> Any:
        return {name: g[name] + strengths.get(name, 0.0) * self.params[name] for name in g}

    return net_of(regularised=regularised)


def gradients(change: Callable[[str, Any], Any]) -> Any:
    """A network whose gradients are changed by name."""

    def regularised(self: Any, g: Any) -> Any:
        return {name: change(name, gradient) for name, gradient in TwoLayerNet.regularised(self, g).items()}

    return net_of(regularised=regularised)


X, P, XP = ("x",), ("W", "b"), ("x", "W", "b")
ALL = ("W1", "b1", "W2", "b2")
