"""The operators of training: gradients by chainrule's own backward pass, updates by its own rules.

Where ONNX says more than a rule of ours does, the rest is put around it: L2 in front (norm_coefficient), the decay of a
learning rate, the bias correction of Adam in the rate alone (epsilon then stands beside a √h that is not corrected).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any, Protocol

import numpy as np

from ...graph import Variable, gradients_of
from ...optimizers import AdaGrad, Adam, Momentum, Nesterov
from ._apply import numbers
from ._model import TRAINING
from ._registry import operator

State = Mapping[str, Any]


def gradient(y: Any, xs: Sequence[Variable]) -> list[Any]:
    """The operator Gradient: dy/dx for each x, zeros where y does not depend on it. Several y are added up first."""
    if not isinstance(y, Variable):
        return [np.zeros(x.shape, x.dtype) for x in xs]
    found = gradients_of(y, xs, seed=np.ones(y.shape, y.dtype))
    return [np.zeros(x.shape, x.dtype) if dx is None else dx for x, dx in zip(xs, found, strict=True)]


class Update(Protocol):
    """An update rule: from a tensor, its gradient and its state to the next tensor and state."""

    def __call__(self, w: Any, dw: Any, state: State) -> tuple[Any, State]: ...


def _each(tensors: Sequence[Any], names: Sequence[str], decay: float, update: Update) -> list[Any]:
    """Update several tensors.

    tensors  w1, w2, …, their gradients, and for each name their states; the outputs stand in this order, too
    decay    strength of L2 regularisation
    """
    number = len(tensors) // (2 + len(names))
    columns = [tensors[start : start + number] for start in range(0, len(tensors), number)]
    new = []
    for w, dw, *state in zip(*columns, strict=True):
        after, kept = update(w, decay * w + dw, dict(zip(names, state, strict=True)))
        new.append((after, *(kept[name] for name in names)))
    return [value for column in zip(*new, strict=True) for value in column]


def _number(value: Any, role: str) -> float:
    return float(numbers(value, role).reshape(()))


@operator("Momentum", domain=TRAINING)
def _momentum(
    r: Any, t: Any, *tensors: Any, alpha: float, beta: float, mode: str, norm_coefficient: float
) -> list[Any]:
    lr, share = _number(r, "learning rate"), beta if _number(t, "number of updates") > 0 else 1.0
    looks_ahead = mode == "nesterov"
    rule = (Nesterov if looks_ahead else Momentum)(lr=1.0, momentum=alpha)

    def update(w: Any, dw: Any, state: State) -> tuple[Any, State]:
        after, kept = rule.next(w, share * dw, state, lr=lr, step=1)
        if looks_ahead:  # ONNX scales the gradient for the velocity, not where it stands beside it
            after = after - lr * (1 - share) * dw
        return after, kept

    return _each(tensors, rule.state_names, norm_coefficient, update)


@operator("Adagrad", domain=TRAINING)
def _adagrad(
    r: Any,
    t: Any,
    *tensors: Any,
    decay_factor: float = 0.0,
    epsilon: float = 0.0,
    norm_coefficient: float = 0.0,
) -> list[Any]:
    lr = _number(r, "learning rate") / (1 + _number(t, "number of updates") * decay_factor)
    rule = AdaGrad(lr=1.0)
    rule.eps = epsilon  # which may be 0 here

    def update(w: Any, dw: Any, state: State) -> tuple[Any, State]:
        return rule.next(w, dw, state, lr=lr, step=1)

    return _each(tensors, rule.state_names, norm_coefficient, update)


@operator("Adam", domain=TRAINING)
def _adam(
    r: Any,
    t: Any,
    *tensors: Any,
    alpha: float = 0.9,
    beta: float = 0.999,
    epsilon: float = 0.0,
    norm_coefficient: float = 0.0,
    norm_coefficient_post: float = 0.0,
) -> list[Any]:
    lr = _number(r, "learning rate")
    step = _number(t, "number of updates") or inf  # before the first update nothing is corrected
    rule = Adam(lr=1.0, beta1=alpha, beta2=beta)
    # Ours divides by √v / √(1 − betaᵗ) + eps, ONNX multiplies its rate by √(1 − betaᵗ).
    rule.eps = epsilon / (1 - beta**step) ** 0.5

    def update(w: Any, dw: Any, state: State) -> tuple[Any, State]:
        after, kept = rule.next(w, dw, state, lr=lr, step=step)
        return (1 - norm_coefficient_post) * after, kept

    return _each(tensors, rule.state_names, norm_coefficient, update)
