"""Update rules: from a parameter, its gradient and some state to the next parameter and state.

Each rule is written once, with operators and functions that work on arrays and on variables alike; so an engine can
record it as gates, and ``update(params, grads)``, the interface of the book, runs the same lines on plain arrays.

The objective that is descended is the mean loss of the mini-batch plus, with L2 weight decay,
½ · weight_decay · Σ w² over all parameters. AdamW instead shrinks the parameters directly ("decoupled" decay).
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from math import isfinite
from typing import Any, ClassVar

import numpy as np

from .errors import ArgumentError, DTypeError, ShapeError
from .graph import functions as F

__all__ = ["BY_NAME", "SGD", "AdaGrad", "Adam", "AdamW", "Momentum", "Nesterov", "Optimizer", "RMSprop"]

_State = Mapping[str, Any]


class Optimizer:
    """What all update rules share.

    lr            learning rate, > 0
    weight_decay  strength of L2 regularisation, ≥ 0: its multiple of the parameter is added to the gradient
    raises        ArgumentError when a number is out of range
    """

    state_names: ClassVar[tuple[str, ...]] = ()
    """What is kept for each parameter between two steps: arrays of its shape, zeros at first."""

    def __init__(self, lr: float, *, weight_decay: float = 0.0) -> None:
        _check_range("lr", lr, lr > 0, "a positive number")
        _check_range("weight_decay", weight_decay, weight_decay >= 0, "a number ≥ 0")
        self.lr, self.weight_decay = float(lr), float(weight_decay)
        self.step = 0
        self.state: dict[str, dict[str, Any]] = {}

    def config(self) -> dict[str, float]:
        """The settings, as the constructor takes them."""
        return {k: v for k, v in vars(self).items() if isinstance(v, float)}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v:g}' for k, v in self.config().items())})"

    def initial_state(self, parameter: Any) -> dict[str, Any]:
        """The state of one parameter before the first step."""
        return {name: np.zeros_like(parameter) for name in self.state_names}

    def next(self, w: Any, dw: Any, state: _State, *, lr: Any, step: Any) -> tuple[Any, dict[str, Any]]:
        """The next parameter and state: the update rule itself.

        w, dw  parameter and gradient, arrays or variables of one shape
        state  by the names of `state_names`
        lr     learning rate of this step, a number (or a variable of one)
        step   number of this step, counted from 1
        """
        if self.weight_decay:
            dw = dw + self.weight_decay * w
        return self._rule(w, dw, state, lr, step)

    def _rule(self, w: Any, dw: Any, state: _State, lr: Any, step: Any) -> tuple[Any, dict[str, Any]]:
        raise NotImplementedError

    def update(self, params: MutableMapping[str, np.ndarray[Any, Any]], grads: Mapping[str, Any]) -> None:
        """One step on a dictionary of parameters, in place: the interface of the book.

        params  arrays by name, changed in place
        grads   gradients by the same names
        raises  ArgumentError when a gradient is missing, ShapeError when its shape or that of the state differs,
                DTypeError when parameters are no floating-point arrays or gradients no real numbers; nothing is
                changed then

        >>> params, grads = {"w": np.array([1.0, 2.0])}, {"w": np.array([10.0, 0.0])}
        >>> SGD(lr=0.1).update(params, grads)
        >>> params["w"]
        array([0., 2.])
        """
        checked = {name: self._checked_gradient(name, w, grads) for name, w in params.items()}
        self.step += 1
        lr = float(self.lr)  # one of NumPy's float64 would turn float32 into float64
        for name, w in params.items():
            state = self.state.get(name) or self.initial_state(w)
            w[...], self.state[name] = self.next(w, checked[name], state, lr=lr, step=self.step)

    def _checked_gradient(self, name: str, w: Any, grads: Mapping[str, Any]) -> np.ndarray[Any, Any]:
        """The gradient of one parameter in the dtype of the parameter, when it and the state fit."""
        if not isinstance(w, np.ndarray) or w.dtype.kind != "f":
            held = f"{w.dtype}" if isinstance(w, np.ndarray) else f"no array but {type(w).__name__}"
            what = f"the parameter {name} is {held}; an update needs an array of float32 or float64"
            raise DTypeError(what, fix=f"{name}.astype(float)" if isinstance(w, np.ndarray) else None)
        if name not in grads:
            raise ArgumentError(
                f"there is no gradient for the parameter {name!r}; grads has {', '.join(grads)}"
            )
        if np.shape(grads[name]) != w.shape:
            raise ShapeError(
                f"the gradient of {name} has shape {np.shape(grads[name])}; {name} has {w.shape}"
            )
        gradient = np.asarray(grads[name])
        if gradient.dtype.kind not in "fiu":
            raise DTypeError(f"the gradient of {name} is {gradient.dtype}; real numbers are needed")
        for key, value in self.state.get(name, {}).items():
            if np.shape(value) != w.shape:
                what = f"the state {key} of {name} has shape {np.shape(value)}; {name} has {w.shape}"
                raise ShapeError(what, fix="an optimizer of its own for each network")
        return gradient.astype(w.dtype, copy=False)


class SGD(Optimizer):
    """Gradient descent:  w ← w − lr · dw.

    source   Robbins, Monro, A Stochastic Approximation Method, 1951; Saito, section 6.1.2
    >>> SGD(lr=0.1)
    SGD(lr=0.1, weight_decay=0)
    """

    def __init__(self, lr: float = 0.01, *, weight_decay: float = 0.0) -> None:
        super().__init__(lr, weight_decay=weight_decay)

    def _rule(self, w: Any, dw: Any, state: _State, lr: Any, step: Any) -> tuple[Any, dict[str, Any]]:
        return w - lr * dw, {}


class Momentum(Optimizer):
    """Gradient descent with a velocity:  v ← momentum · v + dw,  w ← w − lr · v.

    (The book puts lr into v; the two are the same while lr is constant. This is PyTorch's form.)

    source   Polyak, 1964; Saito, section 6.1.4
    >>> Momentum(lr=0.1).momentum
    0.9
    """

    state_names = ("v",)

    def __init__(self, lr: float = 0.01, *, momentum: float = 0.9, weight_decay: float = 0.0) -> None:
        super().__init__(lr, weight_decay=weight_decay)
        _check_range("momentum", momentum, 0 <= momentum < 1, "in 0 ≤ momentum < 1")
        self.momentum = float(momentum)

    def _rule(self, w: Any, dw: Any, state: _State, lr: Any, step: Any) -> tuple[Any, dict[str, Any]]:
        v = self.momentum * state["v"] + dw
        return w - lr * v, {"v": v}


class Nesterov(Momentum):
    """Momentum that looks ahead:  v ← momentum · v + dw,  w ← w − lr · (dw + momentum · v).

    source   Nesterov, 1983, in the form of Sutskever et al., ICML 2013, that PyTorch uses
    >>> Nesterov(lr=0.1).state_names
    ('v',)
    """

    def _rule(self, w: Any, dw: Any, state: _State, lr: Any, step: Any) -> tuple[Any, dict[str, Any]]:
        v = self.momentum * state["v"] + dw
        return w - lr * (dw + self.momentum * v), {"v": v}


class AdaGrad(Optimizer):
    """A rate for each parameter that falls with what it has moved:  h ← h + dw²,  w ← w − lr · dw / (√h + eps).

    source   Duchi, Hazan, Singer, JMLR 12 (2011); Saito, section 6.1.5
    >>> AdaGrad().lr
    0.01
    """

    state_names = ("h",)

    def __init__(self, lr: float = 0.01, *, eps: float = 1e-10, weight_decay: float = 0.0) -> None:
        super().__init__(lr, weight_decay=weight_decay)
        _check_range("eps", eps, eps > 0, "a positive number")
        self.eps = float(eps)

    def _rule(self, w: Any, dw: Any, state: _State, lr: Any, step: Any) -> tuple[Any, dict[str, Any]]:
        h = state["h"] + dw * dw
        return w - lr * dw / (F.sqrt(h) + self.eps), {"h": h}


class RMSprop(Optimizer):
    """AdaGrad that forgets:  h ← rho · h + (1 − rho) · dw²,  w ← w − lr · dw / (√h + eps).

    source   Tieleman, Hinton, Coursera lecture 6.5, 2012
    >>> RMSprop().rho
    0.99
    """

    state_names = ("h",)

    def __init__(
        self, lr: float = 0.01, *, rho: float = 0.99, eps: float = 1e-8, weight_decay: float = 0.0
    ) -> None:
        super().__init__(lr, weight_decay=weight_decay)
        _check_range("rho", rho, 0 <= rho < 1, "in 0 ≤ rho < 1")
        _check_range("eps", eps, eps > 0, "a positive number")
        self.rho, self.eps = float(rho), float(eps)

    def _rule(self, w: Any, dw: Any, state: _State, lr: Any, step: Any) -> tuple[Any, dict[str, Any]]:
        h = self.rho * state["h"] + (1 - self.rho) * (dw * dw)
        return w - lr * dw / (F.sqrt(h) + self.eps), {"h": h}


class Adam(Optimizer):
    """Momentum and a rate for each parameter, both corrected for their start at 0.

    m ← beta1 · m + (1 − beta1) · dw,  v ← beta2 · v + (1 − beta2) · dw²,
    w ← w − lr · (m / (1 − beta1ᵗ)) / (√(v / (1 − beta2ᵗ)) + eps)

    source   Kingma, Ba, arXiv:1412.6980, algorithm 1
    >>> Adam().lr
    0.001
    """

    state_names = ("m", "v")

    def __init__(
        self,
        lr: float = 0.001,
        *,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(lr, weight_decay=weight_decay)
        _check_range("beta1", beta1, 0 <= beta1 < 1, "in 0 ≤ beta1 < 1")
        _check_range("beta2", beta2, 0 <= beta2 < 1, "in 0 ≤ beta2 < 1")
        _check_range("eps", eps, eps > 0, "a positive number")
        self.beta1, self.beta2, self.eps = float(beta1), float(beta2), float(eps)

    def _rule(self, w: Any, dw: Any, state: _State, lr: Any, step: Any) -> tuple[Any, dict[str, Any]]:
        m = self.beta1 * state["m"] + (1 - self.beta1) * dw
        v = self.beta2 * state["v"] + (1 - self.beta2) * (dw * dw)
        rate = lr / (1 - self.beta1**step)
        return w - rate * m / (F.sqrt(v) / (1 - self.beta2**step) ** 0.5 + self.eps), {"m": m, "v": v}


class AdamW(Adam):
    """Adam with decoupled weight decay:  w ← (1 − lr · weight_decay) · w, then Adam without L2.

    source   Loshchilov, Hutter, arXiv:1711.05101, algorithm 2
    >>> AdamW().weight_decay
    0.01
    """

    def __init__(
        self,
        lr: float = 0.001,
        *,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay)

    def next(self, w: Any, dw: Any, state: _State, *, lr: Any, step: Any) -> tuple[Any, dict[str, Any]]:
        return self._rule((1 - lr * self.weight_decay) * w, dw, state, lr, step)


BY_NAME: Mapping[str, type[Optimizer]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adagrad": AdaGrad,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
}
"""The optimizers by the names that the command line takes."""


def _check_range(name: str, value: Any, inside: bool, expected: str) -> None:
    if not inside or not isfinite(value):
        raise ArgumentError(f"{name} must be {expected}; it is {value!r}")
