"""Reductions over some or all axes."""

from __future__ import annotations

import math
from typing import Any

from ._gate import Gate

Axis = int | tuple[int, ...] | None


def _axes(shape: tuple[int, ...], axis: Axis) -> tuple[int, ...]:
    """The reduced axes, counted from the front."""
    if axis is None:
        return tuple(range(len(shape)))
    ndim = len(shape) or 1  # NumPy takes axis 0 of a single number
    return tuple(a % ndim for a in (axis if isinstance(axis, tuple) else (axis,)))


def _kept_shape(shape: tuple[int, ...], axis: Axis) -> tuple[int, ...]:
    """What `shape` is after a reduction with keepdims=True."""
    axes = _axes(shape, axis)
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def _count(shape: tuple[int, ...], axis: Axis) -> int:
    """How many elements went into each result."""
    axes = _axes(shape, axis)
    return math.prod(n for i, n in enumerate(shape) if i in axes)


def _spread(xp: Any, y: Any, x_shape: tuple[int, ...], axis: Axis) -> Any:
    """A result (or its gradient) brought back to the shape of what it was reduced from."""
    return xp.broadcast_to(xp.reshape(y, _kept_shape(x_shape, axis)), x_shape)


def mean_of(xp: Any, x: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """The sum divided by the count. NumPy's own mean of nothing warns, where NaN says it all."""
    total = xp.sum(x, axis=axis, keepdims=keepdims)
    return total / _count(getattr(x, "shape", ()), axis)


def _extreme_dx(xp: Any, dout: Any, x: Any, out: Any, x_shape: tuple[int, ...], axis: Axis) -> Any:
    # Ties share the gradient equally (PyTorch's amax and JAX decide the same way), so that it adds up to dout.
    # NaN equals nothing: then the count is 0, and the gradient is NaN, so that it stays visible.
    hit = x == _spread(xp, out, x_shape, axis)
    hits = xp.where(hit, xp.ones_like(x), xp.zeros_like(x))
    count = xp.sum(hits, axis=axis, keepdims=True)
    share = xp.where(count == 0, math.nan, xp.reshape(dout, _kept_shape(x_shape, axis)) / count)
    return xp.where(hit | (count == 0), share, xp.zeros_like(x))


def _logsumexp(xp: Any, x: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    top = xp.max(x, axis=axis, keepdims=True)
    top = xp.where(xp.isfinite(top), top, xp.zeros_like(top))  # ∞ − ∞ would be NaN
    y = xp.log(xp.sum(xp.exp(x - top), axis=axis, keepdims=True)) + top
    if keepdims:
        return y
    axes = _axes(y.shape, axis)
    return xp.reshape(y, tuple(n for i, n in enumerate(y.shape) if i not in axes))


def _logsumexp_dx(xp: Any, dout: Any, x: Any, out: Any, x_shape: tuple[int, ...], axis: Axis) -> Any:
    return _spread(xp, dout, x_shape, axis) * xp.exp(x - _spread(xp, out, x_shape, axis))


sum = Gate(
    "sum", symbol="Σ", en="sum", ko="합", kind="reduction",
    forward=lambda xp, x, *, axis=None, keepdims=False: xp.sum(x, axis=axis, keepdims=keepdims),
    wrt={"x": lambda xp, dout, x_shape, axis: _spread(xp, dout, x_shape, axis)},
    doc="""The sum over the given axes.

    x         any shape, float32 or float64
    axis      an axis, several, or None for all
    keepdims  keep reduced axes with length 1
    >>> cr.sum(np.ones((2, 3)), axis=0)
    array([2., 2., 2.])
    """,
)  # fmt: skip

mean = Gate(
    "mean", symbol="mean", en="mean", ko="평균", kind="reduction",
    forward=mean_of,
    wrt={"x": lambda xp, dout, x_shape, axis: _spread(xp, dout / _count(x_shape, axis), x_shape, axis)},
    doc="""The mean over the given axes.

    x         any shape, float32 or float64
    axis      an axis, several, or None for all
    keepdims  keep reduced axes with length 1
    >>> cr.mean(np.array([[1.0, 2.0], [3.0, 6.0]]), axis=1)
    array([1.5, 4.5])
    """,
)  # fmt: skip

max = Gate(
    "max", symbol="max", en="largest element", ko="최댓값", kind="reduction",
    forward=lambda xp, x, *, axis=None, keepdims=False: xp.max(x, axis=axis, keepdims=keepdims),
    wrt={"x": _extreme_dx},
    doc="""The largest element over the given axes; ties share the gradient equally.

    x         any shape, float32 or float64
    axis      an axis, several, or None for all
    keepdims  keep reduced axes with length 1
    >>> cr.max(np.array([[1.0, 2.0], [3.0, 6.0]]), axis=1)
    array([2., 6.])
    """,
)  # fmt: skip

min = Gate(
    "min", symbol="min", en="smallest element", ko="최솟값", kind="reduction",
    forward=lambda xp, x, *, axis=None, keepdims=False: xp.min(x, axis=axis, keepdims=keepdims),
    wrt={"x": _extreme_dx},
    doc="""The smallest element over the given axes; ties share the gradient equally.

    x         any shape, float32 or float64
    axis      an axis, several, or None for all
    keepdims  keep reduced axes with length 1
    >>> cr.min(np.array([[1.0, 2.0], [3.0, 6.0]]), axis=1)
    array([1., 3.])
    """,
)  # fmt: skip

logsumexp = Gate(
    "logsumexp", symbol="log Σ exp", en="logarithm of the sum of exponentials", ko="지수 합의 로그", kind="reduction",
    forward=_logsumexp, formula="log(sum(exp(x)))",
    wrt={"x": _logsumexp_dx},
    doc="""log Σ exp(x) over the given axes, without overflow.

    x         any shape, float32 or float64
    axis      an axis, several, or None for all
    keepdims  keep reduced axes with length 1
    >>> cr.logsumexp(np.array([[1000.0, -1000.0], [0.0, -np.inf]]), axis=1)
    array([1000.,    0.])
    """,
)  # fmt: skip
