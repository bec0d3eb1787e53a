"""Operators that treat each element by itself, and are not a gate as they stand."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from ...errors import UnsupportedError
from ...graph import Variable
from ._apply import g, is_floating
from ._model import dtype_of
from ._registry import operator


def _like(x: Any, value: float) -> Any:
    """A number in the precision of an array, which a 0-d array of float64 would change."""
    return np.asarray(value, x.dtype)


@operator("Div")
def _div(x: Any, y: Any) -> Any:
    if is_floating(x):
        return g.divide(x, y)
    # C's division of whole numbers, towards 0; only NumPy has it, and nothing flows through whole numbers.
    with np.errstate(divide="ignore"):
        return (np.sign(x) * np.sign(y) * (np.abs(x) // np.abs(y))).astype(x.dtype)


@operator("Pow")
def _pow(x: Any, y: Any) -> Any:
    if is_floating(x):
        return g.power(x, y if y.dtype == x.dtype else g.astype(y, dtype=x.dtype))
    return np.asarray(g.power(x, y)).astype(x.dtype)  # the result has the dtype of the base


@operator("Max")
def _max(*arrays: Any) -> Any:
    return reduce(lambda x, y: g.maximum(x, y), arrays)


@operator("Min")
def _min(*arrays: Any) -> Any:
    return reduce(lambda x, y: g.minimum(x, y), arrays)


@operator("Sum")
def _sum(*arrays: Any) -> Any:
    return reduce(lambda x, y: g.add(x, y), arrays)


@operator("Mean")
def _mean(*arrays: Any) -> Any:
    return g.divide(_sum(*arrays), _like(arrays[0], len(arrays)))


@operator("Clip")
def _clip(x: Any, min: Any = None, max: Any = None) -> Any:
    if is_floating(x) and not isinstance(min, Variable) and not isinstance(max, Variable):
        bounds = {"low": min, "high": max}
        return g.clip(x, **{side: float(bound) for side, bound in bounds.items() if bound is not None})
    x = x if min is None else g.maximum(x, min)
    return x if max is None else g.minimum(x, max)


@operator("Reciprocal")
def _reciprocal(x: Any) -> Any:
    return g.divide(_like(x, 1), x)


@operator("Cast")
def _cast(x: Any, *, to: int, saturate: int = 1, round_mode: str = "up") -> Any:
    dtype = dtype_of(to)
    if dtype is None:
        raise UnsupportedError("it casts to texts, or to numbers that NumPy does not have")
    if not isinstance(x, Variable):
        with np.errstate(invalid="ignore", over="ignore"):
            return np.asarray(x).astype(dtype)
    return g.astype(x, dtype=dtype)


@operator("CastLike")
def _cast_like(x: Any, target: Any, *, saturate: int = 1, round_mode: str = "up") -> Any:
    if isinstance(x, Variable):
        return g.astype(x, dtype=target.dtype)
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(x).astype(target.dtype)


@operator("IsInf")
def _isinf(x: Any, *, detect_negative: int = 1, detect_positive: int = 1) -> Any:
    sides = [s for s, asked in ((np.inf, detect_positive), (-np.inf, detect_negative)) if asked]
    hits = [g.equal(x, _like(x, side)) for side in sides]
    if not hits:
        return g.logical_and(g.isnan(x), False)
    return reduce(lambda a, b: g.logical_or(a, b), hits)


# Activation functions, by the formulas of ONNX's own definitions of them.


@operator("Gelu")
def _gelu(x: Any, *, approximate: str = "none") -> Any:
    if approximate == "none":
        return g.gelu(x)
    inner = g.multiply(x, g.add(1.0, g.multiply(g.square(x), 0.044715)))
    bent = g.tanh(g.multiply(inner, (2 / np.pi) ** 0.5))
    return g.multiply(g.multiply(x, 0.5), g.add(bent, 1.0))


@operator("Swish")
def _swish(x: Any, *, alpha: float = 1.0) -> Any:
    if alpha == 1:
        return g.silu(x)
    return g.multiply(x, g.sigmoid(g.multiply(x, alpha)))


@operator("Mish")
def _mish(x: Any) -> Any:
    return g.multiply(x, g.tanh(g.softplus(x)))


@operator("HardSigmoid")
def _hard_sigmoid(x: Any, *, alpha: float = 0.2, beta: float = 0.5) -> Any:
    return g.clip(g.add(g.multiply(x, alpha), beta), low=0.0, high=1.0)


@operator("HardSwish")
def _hard_swish(x: Any) -> Any:
    return g.multiply(x, _hard_sigmoid(x, alpha=1 / 6, beta=0.5))


@operator("Selu")
def _selu(
    x: Any, *, alpha: float = 1.67326319217681884765625, gamma: float = 1.05070102214813232421875
) -> Any:
    return g.multiply(g.elu(x, alpha=alpha), gamma)


@operator("Celu")
def _celu(x: Any, *, alpha: float = 1.0) -> Any:
    return g.multiply(g.elu(g.divide(x, alpha)), alpha)


@operator("Softsign")
def _softsign(x: Any) -> Any:
    return g.divide(x, g.add(g.abs(x), 1.0))


@operator("ThresholdedRelu")
def _thresholded_relu(x: Any, *, alpha: float = 1.0) -> Any:
    return g.where(g.greater(x, _like(x, alpha)), x, _like(x, 0))


@operator("PRelu")
def _prelu(x: Any, slope: Any) -> Any:
    return g.where(g.less(x, _like(x, 0)), g.multiply(x, slope), x)
