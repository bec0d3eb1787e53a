"""Reductions, and softmax as ONNX has it."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ... import gates
from ...gates import Gate
from ._apply import call, g, is_floating, maybe_whole
from ._registry import Operator, operator


def _reduction(reduce: Callable[..., Any]) -> Operator:
    """The operator of a reduction."""

    def run(x: Any, axes: Any = None, *, keepdims: int = 1, noop_with_empty_axes: int = 0) -> Any:
        chosen = maybe_whole(axes)
        if not chosen:
            chosen = () if noop_with_empty_axes else None
        return reduce(x, axis=chosen, keepdims=bool(keepdims))

    return run


def _by(gate: Gate) -> Callable[..., Any]:
    return partial(call, gate)


def _sum(x: Any, **how: Any) -> Any:
    total = g.sum(x, **how)
    return total if is_floating(x) else np.asarray(total).astype(x.dtype)  # NumPy counts int8 in int64


def _mean(x: Any, **how: Any) -> Any:
    if is_floating(x):
        return g.mean(x, **how)
    return np.asarray(np.mean(x, **how)).astype(x.dtype)


def _extreme(gate: Gate, of_nothing: float) -> Callable[..., Any]:
    """The largest or smallest element; of nothing the least or greatest there is, where a gate refuses."""

    def reduce(x: Any, *, axis: tuple[int, ...] | None, keepdims: bool) -> Any:
        axes = range(len(x.shape)) if axis is None else [a % len(x.shape) for a in axis]
        if math.prod(x.shape[a] for a in axes):
            return call(gate, x, axis=axis, keepdims=keepdims)
        bounds = np.array([-np.inf, np.inf]) if is_floating(x) else _bounds(x.dtype)
        shape = [1 if i in axes else n for i, n in enumerate(x.shape) if keepdims or i not in axes]
        return np.full(shape, bounds[int(of_nothing > 0)], x.dtype)

    return reduce


def _bounds(dtype: Any) -> tuple[int, int]:
    if dtype == np.bool_:
        return 0, 1
    return np.iinfo(dtype).min, np.iinfo(dtype).max


def _l1(x: Any, **how: Any) -> Any:
    return _sum(g.abs(x), **how)


def _sum_square(x: Any, **how: Any) -> Any:
    return _sum(g.square(x), **how)


def _l2(x: Any, **how: Any) -> Any:
    return g.sqrt(_sum_square(x, **how))


def _log_sum(x: Any, **how: Any) -> Any:
    return g.log(_sum(x, **how))


def _log_sum_exp(x: Any, **how: Any) -> Any:
    if 0 in x.shape:  # of nothing the sum is 0; the gate looks for a largest element first
        return g.log(_sum(g.exp(x), **how))
    return g.logsumexp(x, **how)


for _name, _reduce in {
    "ReduceSum": _sum,
    "ReduceMean": _mean,
    "ReduceMax": _extreme(gates.max, -math.inf),
    "ReduceMin": _extreme(gates.min, math.inf),
    "ReduceL1": _l1,
    "ReduceL2": _l2,
    "ReduceLogSum": _log_sum,
    "ReduceLogSumExp": _log_sum_exp,
    "ReduceSumSquare": _sum_square,
}.items():
    operator(_name)(_reduction(_reduce))


def _along_axis(gate: Gate) -> Operator:
    def run(x: Any, *, opset: int, axis: int | None = None) -> Any:
        if opset >= 13:
            return call(gate, x, axis=-1 if axis is None else axis)
        # Up to opset 12 everything from the axis on is one row.
        axis = 1 if axis is None else axis
        rows = g.reshape(x, shape=(math.prod(x.shape[:axis]), math.prod(x.shape[axis:])))
        return g.reshape(call(gate, rows), shape=tuple(x.shape))

    return run


operator("Softmax")(_along_axis(gates.softmax))
operator("LogSoftmax")(_along_axis(gates.log_softmax))
