"""Losses: one number for a whole mini-batch, the mean over its rows unless the formula says otherwise."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from ..errors import ArgumentError, LabelError, ShapeError
from ._activations import sigmoid_of
from ._arithmetic import zero_stays_zero
from ._gate import Gate
from ._reductions import mean_of
from ._rowwise import exponentials, log_softmax_of, softmax


@lru_cache(maxsize=64)
def _is_integer(xp: Any, dtype: Any) -> bool:
    return bool(xp.isdtype(dtype, "integral"))


@lru_cache(maxsize=64)
def _is_floating(xp: Any, dtype: Any) -> bool:
    return bool(xp.isdtype(dtype, "real floating"))


def _with_precision_of(xp: Any, y: Any, t: Any) -> Any:
    """Whole or boolean targets in the precision of the predictions: with int64, float32 would become float64."""
    if hasattr(t, "dtype") and hasattr(y, "dtype") and not _is_floating(xp, t.dtype):
        return xp.asarray(t, dtype=y.dtype) if _is_floating(xp, y.dtype) else t
    return t


def are_class_numbers(x: Any, t: Any) -> bool:
    """Whether `t` holds class numbers (one axis less than `x`) rather than a row of weights for each row.

    Told by the number of axes, never by sizes: with one class, sizes cannot tell them apart.
    """
    return bool(t.ndim == x.ndim - 1)


def _is_class(xp: Any, x: Any, t: Any) -> Any:
    """For class numbers `t`: True at the right class of each row, in the shape of `x`."""
    return t[..., None] == xp.arange(x.shape[-1])


def _rows(x: Any) -> int:
    return math.prod(x.shape[:-1])


def _weighted_sum(xp: Any, z: Any, t: Any) -> Any:
    """Σ t · z over everything, where 0 · ∞ counts as 0: a class that has no weight cannot spoil the loss."""
    if are_class_numbers(z, t):
        return xp.sum(xp.where(_is_class(xp, z, t), z, 0.0))
    return xp.sum(xp.where(t == 0, 0.0, _with_precision_of(xp, z, t) * z))


def _weighted_sum_dt(xp: Any, dout: Any, z: Any, t: Any) -> Any:
    if are_class_numbers(z, t):
        return xp.zeros_like(dout)  # they are names, not quantities
    return zero_stays_zero(xp, dout, dout * z)


def check_labels(xp: Any, x: Any, t: Any) -> None:
    """Refuse labels that do not fit scores or probabilities `x` of shape (..., classes).

    raises   LabelError when the form of `t` cannot be told or a class number is out of range,
             ShapeError when the shapes do not fit
    """
    numbers = x.ndim > 0 and are_class_numbers(x, t)
    if x.ndim == 0 or t.shape != (x.shape[:-1] if numbers else x.shape):
        forms = f"class numbers of shape {x.shape[:-1]}, or a row of weights for each row, shape {x.shape}"
        raise ShapeError(f"labels of shape {t.shape} do not fit scores of shape {x.shape}; expected {forms}")
    if not numbers:
        return
    if not _is_integer(xp, t.dtype):
        fix = "t.astype(int) if these are class numbers"
        raise LabelError(f"class numbers must be integers, these are {t.dtype}", fix=fix)
    classes = x.shape[-1]
    outside = (t < 0) | (t >= classes)
    if xp.any(outside):
        bad = int(t[outside][0]) if t.ndim else int(t)
        raise LabelError(f"label {bad} names no class: there are {classes} classes, 0 to {classes - 1}")


def _check_probabilities(xp: Any, y: Any, t: Any) -> None:
    check_labels(xp, y, t)
    # Loose, so that a probability that is moved a little (to measure a gradient) still passes; scores do not.
    total = xp.sum(y, axis=-1)
    if bool(xp.any(y < -1e-3)) or bool(xp.any(xp.abs(total - 1) > 1e-2)):
        what = "cross_entropy_error needs probabilities: every row ≥ 0 with sum 1"
        raise ArgumentError(what, fix="softmax_with_loss(x, t) takes scores as they are")


def _check_same_shape(xp: Any, y: Any, t: Any) -> None:
    if y.shape != t.shape:
        what = f"predictions of shape {y.shape} and targets of shape {t.shape} must be of one shape"
        raise ShapeError(
            what, fix="reshape one of them; broadcasting would compare every row with every other"
        )


def _softmax_with_loss(xp: Any, x: Any, t: Any) -> Any:
    z, e, total = exponentials(xp, x)
    return -_weighted_sum(xp, z - xp.log(total), t) / _rows(x), e / total


def _softmax_with_loss_dx(xp: Any, dout: Any, x_shape: tuple[int, ...], t: Any, p: Any) -> Any:
    if are_class_numbers(p, t):
        difference = xp.where(_is_class(xp, p, t), p - 1, p)
    else:
        difference = p * xp.sum(t, axis=-1, keepdims=True) - t
    return difference * (dout / math.prod(x_shape[:-1]))


def _softmax_with_loss_dt(xp: Any, dout: Any, x: Any, t: Any) -> Any:
    return _weighted_sum_dt(xp, -dout / _rows(x), log_softmax_of(xp, x), t)


def _cross_entropy_error(xp: Any, y: Any, t: Any) -> Any:
    return -_weighted_sum(xp, xp.log(y), t) / _rows(y)


def _cross_entropy_error_dy(xp: Any, dout: Any, y: Any, t: Any) -> Any:
    each = -dout / _rows(y)
    if are_class_numbers(y, t):
        return xp.where(_is_class(xp, y, t), each / y, 0.0)
    return zero_stays_zero(xp, t, each * t / y)  # 0 / 0 where a class has neither weight nor probability


def _cross_entropy_error_dt(xp: Any, dout: Any, y: Any, t: Any) -> Any:
    return _weighted_sum_dt(xp, -dout / _rows(y), xp.log(y), t)


def _squared_difference(xp: Any, y: Any, t: Any) -> Any:
    return (y - _with_precision_of(xp, y, t)) ** 2


def _binary_cross_entropy(xp: Any, x: Any, t: Any) -> Any:
    t = _with_precision_of(xp, x, t)
    # log(1 + exp(x)) − t·x, in the form that cannot overflow: |x| costs as much as the target speaks against its sign.
    against = xp.where(x < 0, t, 1 - t)
    cost = xp.where(against == 0, xp.zeros_like(x), against * xp.abs(x))  # 0 · ∞ counts as 0
    return mean_of(xp, cost + xp.log1p(xp.exp(-xp.abs(x))))


softmax_with_loss = Gate(
    "softmax_with_loss", symbol="softmax + loss", en="softmax with cross-entropy loss",
    ko="소프트맥스 교차 엔트로피 손실", kind="loss", formula="-sum(t * log(softmax(x))) / rows",
    forward=_softmax_with_loss,
    wrt={"x": _softmax_with_loss_dx, "t": _softmax_with_loss_dt},
    keeps={"p": softmax},
    check=check_labels,
    doc="""Softmax and cross-entropy in one:  L = −Σ t · log softmax(x) / rows,  dx = (softmax(x) − t) / rows.

    x        scores, shape (..., classes), float32 or float64
    t        class numbers, integers of shape (...), or weights (one-hot) of the shape of x;
             weights have a gradient: dt = −log softmax(x) / rows
    returns  a number, the mean over the rows
    raises   LabelError, ShapeError when the labels do not fit
    source   Saito, Deep Learning from Scratch, section 5.6.3 and appendix A
    >>> round(float(cr.softmax_with_loss(np.array([[0.0, 0.0]]), np.array([1]))), 6)
    0.693147
    """,
)  # fmt: skip

cross_entropy_error = Gate(
    "cross_entropy_error", symbol="CE", en="cross-entropy error", ko="교차 엔트로피 오차",
    kind="loss", formula="-sum(t * log(y)) / rows",
    forward=_cross_entropy_error,
    wrt={"y": _cross_entropy_error_dy, "t": _cross_entropy_error_dt},
    check=_check_probabilities,
    doc="""The cross-entropy of probabilities:  L = −Σ t · log y / rows; inf where a right class has probability 0.

    y        probabilities, shape (..., classes), each row with sum 1
    t        class numbers, integers of shape (...), or weights (one-hot) of the shape of y;
             weights have a gradient: dt = −log y / rows
    returns  a number, the mean over the rows
    raises   ArgumentError when y is not made of probabilities; LabelError, ShapeError when the labels do not fit
    source   Saito, Deep Learning from Scratch, section 4.2.2 (without the 1e-7, which caps the loss at 16)
    >>> round(float(cr.cross_entropy_error(np.array([[0.5, 0.5]]), np.array([1]))), 6)
    0.693147
    """,
)  # fmt: skip

squared_error = Gate(
    "squared_error", symbol="½Σ(y−t)²", en="squared error", ko="오차제곱합", kind="loss",
    forward=lambda xp, y, t: 0.5 * xp.sum(_squared_difference(xp, y, t)),
    wrt={"y": lambda dout, y, t: dout * (y - t), "t": lambda dout, y, t: dout * (t - y)},
    check=_check_same_shape,
    doc="""½ Σ (y − t)² over all elements.

    y, t     one shape, float32 or float64
    returns  a number
    raises   ShapeError when the shapes differ
    source   Saito, Deep Learning from Scratch, section 4.2.1
    >>> cr.squared_error(220.0, 219.0)
    0.5
    """,
)  # fmt: skip

mean_squared_error = Gate(
    "mean_squared_error", symbol="MSE", en="mean squared error", ko="평균 제곱 오차", kind="loss",
    forward=lambda xp, y, t: mean_of(xp, _squared_difference(xp, y, t)),
    wrt={
        "y": lambda dout, y, t, y_shape: (y - t) * (2 * dout / math.prod(y_shape)),
        "t": lambda dout, y, t, y_shape: (t - y) * (2 * dout / math.prod(y_shape)),
    },
    check=_check_same_shape,
    doc="""The mean of (y − t)² over all elements.

    y, t     one shape, float32 or float64
    returns  a number
    raises   ShapeError when the shapes differ
    >>> cr.mean_squared_error(220.0, 219.0)
    1.0
    """,
)  # fmt: skip

binary_cross_entropy_with_logits = Gate(
    "binary_cross_entropy_with_logits", symbol="BCE", en="binary cross-entropy with logits",
    ko="로짓을 받는 이진 교차 엔트로피", kind="loss", formula="mean(log(1 + exp(x)) - t * x)",
    forward=_binary_cross_entropy,
    wrt={
        "x": lambda xp, dout, x, t, x_shape: (sigmoid_of(xp, x) - t) * (dout / math.prod(x_shape)),
        "t": lambda dout, x, x_shape: -x * (dout / math.prod(x_shape)),
    },
    check=_check_same_shape,
    doc="""Sigmoid and binary cross-entropy in one:  L = mean(log(1 + exp(x)) − t · x),  dx = (σ(x) − t) / count.

    x        scores, any shape, float32 or float64
    t        targets from 0 to 1, the shape of x; dt = −x / count
    returns  a number, the mean over all elements
    raises   ShapeError when the shapes differ
    >>> round(float(cr.binary_cross_entropy_with_logits(np.array([0.0]), np.array([1.0]))), 6)
    0.693147
    """,
)  # fmt: skip
