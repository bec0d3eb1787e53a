"""NumPy's own functions on variables, through its protocols, so that existing NumPy code is differentiable as it stands.

Every function is here or refused by name: nothing turns a variable into a plain array unseen.
https://numpy.org/neps/nep-0013-ufunc-overrides.html, nep-0018-array-function-protocol.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .. import gates
from ..errors import ChainruleError, UnsupportedError
from . import functions as F
from ._variable import Variable, apply

_UFUNCS: Mapping[np.ufunc, gates.Gate] = {
    np.add: gates.add, np.subtract: gates.subtract, np.multiply: gates.multiply, np.divide: gates.divide,
    np.negative: gates.negate, np.positive: gates.identity, np.power: gates.power, np.float_power: gates.power,
    np.matmul: gates.matmul, np.exp: gates.exp, np.expm1: gates.expm1, np.log: gates.log, np.log1p: gates.log1p,
    np.sqrt: gates.sqrt, np.square: gates.square, np.absolute: gates.abs, np.fabs: gates.abs, np.sin: gates.sin,
    np.cos: gates.cos, np.tanh: gates.tanh, np.maximum: gates.maximum, np.minimum: gates.minimum,
    np.sign: gates.sign, np.equal: gates.equal, np.not_equal: gates.not_equal, np.less: gates.less,
    np.less_equal: gates.less_equal, np.greater: gates.greater, np.greater_equal: gates.greater_equal,
    np.logical_and: gates.logical_and, np.logical_or: gates.logical_or, np.logical_not: gates.logical_not,
    np.isfinite: gates.isfinite, np.isnan: gates.isnan,
}  # fmt: skip

_REDUCTIONS: Mapping[np.ufunc, gates.Gate] = {np.add: gates.sum, np.maximum: gates.max, np.minimum: gates.min}

_INSTEAD = {
    "tan": "np.sin(x) / np.cos(x)", "sinh": "(np.exp(x) - np.exp(-x)) / 2", "cosh": "(np.exp(x) + np.exp(-x)) / 2",
    "exp2": "2.0 ** x", "log2": "np.log(x) / np.log(2)", "log10": "np.log(x) / np.log(10)", "cbrt": "x ** (1 / 3)",
    "reciprocal": "1 / x", "hypot": "np.sqrt(x * x + y * y)", "logaddexp": "cr.logsumexp(np.stack([x, y]), axis=0)",
    "fmax": "np.maximum(x, y)", "fmin": "np.minimum(x, y)", "norm": "np.sqrt(np.sum(x * x))",
    "einsum": "@, np.sum and np.transpose", "tensordot": "np.reshape and @", "inner": "np.sum(x * y, axis=-1)",
    "prod": "np.exp(np.sum(np.log(x))) for positive x", "average": "np.sum(w * x) / np.sum(w)",
    "median": "np.mean, or sorted(...) on x.value", "pad": "np.concatenate with zeros", "tile": "np.concatenate",
    "repeat": "x[np.repeat(np.arange(len(x)), n)]", "take": "x[indices]", "roll": "x[np.roll(np.arange(len(x)), n)]",
    "flip": "x[::-1]", "split": "x[a:b]", "diff": "x[1:] - x[:-1]", "column_stack": "np.stack([...], axis=1)",
    "array": "np.stack([...])", "nan_to_num": "np.where(np.isfinite(x), x, 0)", "asarray": "x itself",
    "array_equal": "np.array_equal(x.value, y.value)", "allclose": "np.allclose(x.value, y.value)",
    "isclose": "np.isclose(x.value, y.value)", "copy": "x itself: gates never write into it",
}  # fmt: skip
_WITHOUT_GRADIENT = (
    "argmax", "argmin", "argsort", "floor", "ceil", "rint", "round", "around", "trunc", "floor_divide", "remainder",
    "count_nonzero", "nonzero", "searchsorted", "digitize", "histogram", "unique", "all", "any", "array2string",
    "array_repr", "array_str", "save", "savetxt", "isin", "argwhere", "bincount",
)  # fmt: skip


def _refuse(name: str, what: str | None = None) -> UnsupportedError:
    if name in _WITHOUT_GRADIENT:
        return UnsupportedError(f"np.{name} has no gradient", fix=f"np.{name}(x.value) gives plain numbers")
    if what is None:
        what = f"np.{name} is not differentiable by chainrule"
    return UnsupportedError(what, fix=f"use {_INSTEAD[name]}" if name in _INSTEAD else "np.… of x.value gives plain numbers")


def call_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], settings: dict[str, Any]) -> Any:
    """`Variable.__array_ufunc__`."""
    name = ufunc.__name__
    if any(value is not None for value in settings.pop("out", None) or ()):
        raise UnsupportedError(
            f"np.{name} cannot write a variable into an existing array (out=, +=, -= …): the graph would be lost",
            fix="write y = y + x, or use x.value",
        )
    if method == "reduce" and ufunc in _REDUCTIONS:
        return _call(name, apply, _REDUCTIONS[ufunc], *inputs, **{"axis": 0, **_plain(settings)})
    gate = _UFUNCS.get(ufunc)
    if method != "__call__" or gate is None:
        raise _refuse(name if method == "__call__" else f"{name}.{method}")
    if settings:
        raise _refuse(name, f"np.{name} on a variable does not take {', '.join(settings)}")
    return apply(gate, *inputs)


def _plain(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings that say anything: NumPy passes its own defaults along."""
    return {k: v for k, v in settings.items() if not (v is None or v is np._NoValue or (k == "where" and v is True))}


def call_function(function: Callable[..., Any], args: Sequence[Any], settings: Mapping[str, Any]) -> Any:
    """`Variable.__array_function__`."""
    ours = _FUNCTIONS.get(function)
    if ours is None:
        raise _refuse(function.__name__)
    return _call(function.__name__, ours, *args, **settings)


def _call(name: str, function: Callable[..., Any], *args: Any, **settings: Any) -> Any:
    try:
        return function(*args, **settings)
    except ChainruleError:
        raise
    except TypeError as problem:  # an argument of NumPy's that the function here does not have
        raise _refuse(name, f"np.{name} on a variable: {problem}") from None


def _reduction(gate: gates.Gate) -> Callable[..., Any]:
    def reduce(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
        return apply(gate, a, axis=axis, keepdims=keepdims)

    return reduce


def _variance(a: Any, axis: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Any:
    deviation = a - F.mean(a, axis=axis, keepdims=True)
    total = F.sum(deviation * deviation, axis=axis, keepdims=keepdims)
    return total / (a.size / total.size - ddof)


def _standard_deviation(a: Any, axis: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Any:
    return F.sqrt(_variance(a, axis, ddof=ddof, keepdims=keepdims))


def _swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    axes = list(range(np.ndim(a)))
    axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
    return F.transpose(a, tuple(axes))


def _moveaxis(a: Any, source: Any, destination: Any) -> Any:
    # NumPy works the order out on an array without data.
    moved = np.moveaxis(np.empty(tuple(range(a.ndim)), dtype=bool), source, destination)
    return F.transpose(a, moved.shape)


def _squeeze(a: Any, axis: Any = None) -> Any:
    return F.reshape(a, np.squeeze(np.broadcast_to(False, a.shape), axis).shape)


def _dot(a: Any, b: Any) -> Any:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return F.multiply(a, b)
    if np.ndim(b) > 2:
        raise UnsupportedError("np.dot of more than two axes is not differentiable by chainrule", fix="use @")
    return F.matmul(a, b)


def _joined(arrays: Sequence[Any], axis: int, least: int) -> Any:
    """Concatenation of arrays brought to at least `least` axes, for np.vstack and np.hstack."""
    whole = [F.reshape(a, (1,) * (least - np.ndim(a)) + np.shape(a)) if np.ndim(a) < least else a for a in arrays]
    return F.concatenate(whole, axis=axis)


def _clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    if all(isinstance(bound, int | float | np.number | None) for bound in (low, high)):
        return F.clip(a, low=low, high=high)
    above = a if low is None else F.maximum(a, low)
    return above if high is None else F.minimum(above, high)


def _where(condition: Any, *choices: Any) -> Any:
    if len(choices) != 2:
        raise UnsupportedError("np.where needs three arguments here", fix="np.where(condition.value) gives the places")
    return F.where(condition, *choices)


def _of_value(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that reads no more than the shape, or makes a constant of it."""

    def call(a: Any, *args: Any, **settings: Any) -> Any:
        return function(a.value if isinstance(a, Variable) else a, *args, **settings)

    return call


_FUNCTIONS: Mapping[Callable[..., Any], Callable[..., Any]] = {
    np.sum: _reduction(gates.sum),
    np.mean: _reduction(gates.mean),
    np.max: _reduction(gates.max),
    np.min: _reduction(gates.min),
    np.var: _variance,
    np.std: _standard_deviation,
    np.reshape: lambda a, shape: F.reshape(a, shape),
    np.ravel: lambda a: F.reshape(a, (-1,)),
    np.transpose: lambda a, axes=None: F.transpose(a, axes),
    np.permute_dims: lambda a, axes=None: F.transpose(a, axes),
    np.matrix_transpose: lambda a: F.matrix_transpose(a),
    np.swapaxes: _swapaxes,
    np.moveaxis: _moveaxis,
    np.squeeze: _squeeze,
    np.expand_dims: lambda a, axis: F.expand_dims(a, axis),
    np.broadcast_to: lambda array, shape: F.broadcast_to(array, shape),
    np.concatenate: lambda arrays, axis=0: F.concatenate(arrays, axis),
    np.stack: lambda arrays, axis=0: F.stack(arrays, axis),
    np.vstack: lambda tup: _joined(tup, axis=0, least=2),
    np.hstack: lambda tup: _joined(tup, axis=0 if np.ndim(tup[0]) <= 1 else 1, least=1),
    np.where: _where,
    np.clip: _clip,
    np.dot: _dot,
    np.outer: lambda a, b: F.multiply(F.reshape(a, (-1, 1)), F.reshape(b, (1, -1))),
    np.shape: _of_value(np.shape),
    np.ndim: _of_value(np.ndim),
    np.size: _of_value(np.size),
    np.zeros_like: _of_value(np.zeros_like),
    np.ones_like: _of_value(np.ones_like),
    np.full_like: _of_value(np.full_like),
    np.empty_like: _of_value(np.empty_like),
}
