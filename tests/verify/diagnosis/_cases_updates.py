"""Planted mistakes in an optimizer's step, whose result is a new parameter above a new state, and in what it leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from chainrule.verify._claim import Claim
from tests.verify.diagnosis._builders import ALL, Case, Sizes, affine, at, net_of, network
from tests.verify.diagnosis._planted import Affine, TwoLayerNet, changed

LR, RHO = 0.3, 0.9


class Momentum:
    """v' = ρ v − lr g and w' = w + v', for one w, g and v."""

    of_parameter, of_state = 1.0, 1.0  # how much of what reaches w' and v' is counted for v'

    def forward(self, values):
        w, g, v = values
        new = RHO * v - LR * g
        return np.stack([w + new, new])

    def backward(self, dout):
        dv = self.of_parameter * dout[0] + self.of_state * dout[1]
        return [dout[0], -LR * dv, RHO * dv]


class RMSprop:
    """h' = ρ h + (1 − ρ) g² and w' = w − lr g / √h'."""

    def forward(self, values):
        w, self.g, h = values
        self.h = RHO * h + (1 - RHO) * self.g**2
        out = np.stack([w - LR * self.g / np.sqrt(self.h), self.h])
        self.h = self.saved(self.h, h)
        return out

    def saved(self, new, old):
        return new

    def backward(self, dout):
        step = -LR * dout[0] / np.sqrt(self.h)
        dh = self.of_h(dout[1], -step * self.g / (2 * self.h))
        return [dout[0], step + 2 * (1 - RHO) * self.g * dh, RHO * dh]

    def of_h(self, upstream, through_step):
        return upstream + through_step


def step(update: Callable[[], Any], s: Sizes, seed: int) -> Claim:
    rng = np.random.default_rng(seed)
    w, g, h = rng.normal(size=s.d), rng.normal(size=s.d), rng.uniform(0.5, 2.0, s.d)
    return Claim("step", "layer", ("w", "g", "h"), (w, g, h), update)


def updates() -> Iterator[Case]:
    for label, lost in (("parameter", {"of_parameter": 0.0}), ("state", {"of_state": 0.0})):
        yield Case("missing_term", f"momentum, {label}", at(step, changed(Momentum, **lost)), ("g", "h"))
    layer = changed(RMSprop, of_h=lambda self, upstream, through_step: upstream)
    yield Case("missing_term", "RMSprop", at(step, layer), ("g", "h"))
    layer = changed(RMSprop, of_h=lambda self, upstream, through_step: upstream + through_step / 2)
    yield Case("missing_term", "RMSprop, half of it", at(step, layer), ("g", "h"))
    layer = changed(RMSprop, saved=lambda self, new, old: old)
    yield Case("input_for_output", "RMSprop", at(step, layer), ("g", "h"))
    layer = changed(Affine, forward=_without_bias)
    yield Case("unconnected", "affine", at(affine, layer), ("b",))
    layer = net_of(**{name: _with_old_arrays(getattr(TwoLayerNet, name)) for name in ("loss", "gradient")})
    yield Case("unconnected", "network", at(network, layer), ALL)


def _without_bias(self: Any, x: Any) -> Any:
    self.x = x
    return x @ self.W


def _with_old_arrays(method: Any) -> Any:
    """The layers have arrays of their own, and what is in `params` is not used."""

    def with_old_arrays(self: Any, x: Any, t: Any) -> Any:
        given = self.params
        self.params = {name: np.cos(np.arange(w.size)).reshape(w.shape) for name, w in given.items()}
        try:
            return method(self, x, t)
        finally:
            self.params = given

    return with_old_arrays
