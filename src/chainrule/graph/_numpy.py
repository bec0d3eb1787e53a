"""NumPy's own functions on variables, through its protocols, so that existing NumPy code is differentiable as it is.

Every function is here or refused by name: nothing turns a variable into a plain array unseen.
https://numpy.org/neps/nep-0013-ufunc-overrides.html, nep-0018-array-function-protocol.html
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .. import gates
from ..errors import ChainruleError, ShapeError, UnsupportedError
from . import functions as F
from ._recording import apply
from ._refusals import name_of, refused
from ._variable import Variable

UFUNCS: Mapping[np.ufunc, gates.Gate] = {
    np.add: gates.add,
    np.subtract: gates.subtract,
    np.multiply: gates.multiply,
    np.divide: gates.divide,
    np.negative: gates.negate,
    np.positive: gates.identity,
    np.power: gates.power,
    np.matmul: gates.matmul,
    np.exp: gates.exp,
    np.expm1: gates.expm1,
    np.log: gates.log,
    np.log1p: gates.log1p,
    np.sqrt: gates.sqrt,
    np.square: gates.square,
    np.absolute: gates.abs,
    np.fabs: gates.abs,
    np.sin: gates.sin,
    np.cos: gates.cos,
    np.tanh: gates.tanh,
    np.maximum: gates.maximum,
    np.minimum: gates.minimum,
    np.sign: gates.sign,
    np.equal: gates.equal,
    np.not_equal: gates.not_equal,
    np.less: gates.less,
    np.less_equal: gates.less_equal,
    np.greater: gates.greater,
    np.greater_equal: gates.greater_equal,
    np.logical_and: gates.logical_and,
    np.logical_or: gates.logical_or,
    np.logical_not: gates.logical_not,
    np.isfinite: gates.isfinite,
    np.isnan: gates.isnan,
}

# What & | ~ of an array are; of booleans, and there is no other use for them here.
BITWISE: Mapping[np.ufunc, gates.Gate] = {
    np.bitwise_and: gates.logical_and,
    np.bitwise_or: gates.logical_or,
    np.invert: gates.logical_not,
}
REDUCTIONS: Mapping[np.ufunc, gates.Gate] = {np.add: gates.sum, np.maximum: gates.max, np.minimum: gates.min}


def call_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], settings: dict[str, Any]) -> Any:
    """`Variable.__array_ufunc__`."""
    gate = UFUNCS.get(ufunc)
    if gate is not None and method == "__call__" and not settings:
        return apply(gate, *inputs)
    if any(value is not None for value in settings.pop("out", None) or ()):
        what = "cannot write a variable into an existing array (out=, +=, -= …): the graph would be lost"
        raise refused(ufunc, what, fix="write y = y + x, or use x.value")
    if method == "reduce" and ufunc in REDUCTIONS:
        return _call(ufunc, _reduction(REDUCTIONS[ufunc]), *inputs, **{"axis": 0, **_said(settings)})
    if method != "__call__":
        raise refused(ufunc, method=method)
    if ufunc in BITWISE and all(map(_is_boolean, inputs)):
        gate = BITWISE[ufunc]
    if gate is None:
        raise refused(ufunc)
    if settings:
        raise refused(ufunc, f"on a variable does not take {', '.join(settings)}")
    return apply(gate, *inputs)


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool) or getattr(value, "dtype", None) == np.bool_


def _said(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings of a reduction that say anything: NumPy passes its own defaults along."""
    silent = {"dtype": None, "initial": np._NoValue, "where": True}
    return {k: v for k, v in settings.items() if not (k in silent and v is silent[k])}


def call_function(function: Callable[..., Any], args: Sequence[Any], settings: Mapping[str, Any]) -> Any:
    """`Variable.__array_function__`."""
    if function not in FUNCTIONS:
        raise refused(function)
    return _call(function, FUNCTIONS[function], *args, **settings)


def _call(theirs: Callable[..., Any], ours: Callable[..., Any], *args: Any, **settings: Any) -> Any:
    try:
        return ours(*args, **settings)
    except ChainruleError:
        raise
    except (ValueError, IndexError) as problem:  # an axis that does not exist
        raise ShapeError(f"{name_of(theirs)}: {problem}") from None
    except TypeError as problem:
        known = inspect.signature(ours).parameters
        unknown = [f"{name}=" for name in settings if name not in known]
        what = f"does not take {', '.join(unknown)}" if unknown else f"takes {', '.join(known)}: {problem}"
        raise refused(theirs, f"on a variable {what}") from None


def _reduction(gate: gates.Gate) -> Callable[..., Any]:
    def reduce(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
        return apply(gate, a, axis=axis, keepdims=keepdims)

    return reduce


def _variance(a: Any, axis: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Any:
    deviation = a - F.mean(a, axis=axis, keepdims=True)
    total = F.sum(F.square(deviation), axis=axis, keepdims=keepdims)
    return total / (a.size / max(total.size, 1) - ddof)


def _standard_deviation(a: Any, axis: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Any:
    return F.sqrt(_variance(a, axis, ddof=ddof, keepdims=keepdims))


def _reshape(a: Any, shape: Any, order: str = "C") -> Any:
    if order != "C":
        raise UnsupportedError(
            f"np.reshape of a variable takes order='C' only, not {order!r}", fix="np.transpose first"
        )
    return F.reshape(a, shape)


def _ravel(a: Any, order: str = "C") -> Any:
    return _reshape(a, (-1,), order)


def _reordered(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that reorders axes: NumPy works the order out, on an array without data whose axis i has length i."""

    def reorder(a: Any, *args: Any, **settings: Any) -> Any:
        return F.transpose(a, function(np.empty(tuple(range(a.ndim))), *args, **settings).shape)

    return reorder


def _squeeze(a: Any, axis: Any = None) -> Any:
    return F.reshape(a, np.squeeze(np.broadcast_to(False, a.shape), axis).shape)


def _dot(a: Any, b: Any) -> Any:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return F.multiply(a, b)
    if np.ndim(b) > 2:
        raise refused(np.dot, "with a second array of more than two axes is not differentiable", fix="use @")
    return F.matmul(a, b)


def _outer(a: Any, b: Any) -> Any:
    return F.multiply(F.reshape(a, (-1, 1)), F.reshape(b, (1, -1)))


def _joined(arrays: Sequence[Any], axis: int, least: int) -> Any:
    """Concatenation of arrays brought to at least `least` axes, for np.vstack and np.hstack."""
    return F.concatenate(
        [
            a if np.ndim(a) >= least else F.reshape(a, (1,) * (least - np.ndim(a)) + np.shape(a))
            for a in arrays
        ],
        axis,
    )


def _clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    if all(isinstance(bound, int | float | np.number | None) for bound in (low, high)):
        return F.clip(a, low=low, high=high)
    above = a if low is None else F.maximum(a, low)
    return above if high is None else F.minimum(above, high)


def _where(condition: Any, *choices: Any) -> Any:
    if len(choices) != 2:
        raise refused(
            np.where, "of a variable needs three arguments", fix="np.where(x.value) gives the places"
        )
    return F.where(condition, *choices)


def _of_value(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that reads no more than the shape, or makes a constant of it."""

    def call(a: Any, *args: Any, **settings: Any) -> Any:
        return function(a._value if isinstance(a, Variable) else a, *args, **settings)

    return call


FUNCTIONS: Mapping[Callable[..., Any], Callable[..., Any]] = {
    np.sum: _reduction(gates.sum),
    np.mean: _reduction(gates.mean),
    np.max: _reduction(gates.max),
    np.min: _reduction(gates.min),
    np.amax: _reduction(gates.max),
    np.amin: _reduction(gates.min),
    np.var: _variance,
    np.std: _standard_deviation,
    np.reshape: _reshape,
    np.ravel: _ravel,
    np.transpose: lambda a, axes=None: F.transpose(a, axes),
    np.permute_dims: lambda a, axes=None: F.transpose(a, axes),
    np.matrix_transpose: lambda x: F.matrix_transpose(x),
    np.swapaxes: _reordered(np.swapaxes),
    np.moveaxis: _reordered(np.moveaxis),
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
    np.outer: _outer,
    np.shape: _of_value(np.shape),
    np.ndim: _of_value(np.ndim),
    np.size: _of_value(np.size),
    np.zeros_like: _of_value(np.zeros_like),
    np.ones_like: _of_value(np.ones_like),
    np.full_like: _of_value(np.full_like),
    np.empty_like: _of_value(np.empty_like),
}
