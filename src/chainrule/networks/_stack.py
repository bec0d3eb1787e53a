"""Many arrays of one shape, computed with as if they were one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]


class Stack(NDArrayOperatorsMixin):
    """Arrays of one shape, which NumPy's functions and so the gates take for one array of that shape.

    What is computed from it is the stack of what would be computed from each; `arrays` has them along axis 0, which is
    hidden. So a gate whose forward gives one loss for one mini-batch gives many losses for many mini-batches.

    >>> x = Stack(np.array([[1.0, 2.0], [3.0, 4.0]]))
    >>> x.shape, np.sum(x * 10 + np.array([0.0, 1.0])).arrays
    ((2,), array([31., 71.]))
    """

    def __init__(self, arrays: Array) -> None:
        self.arrays = arrays
        self.shape = arrays.shape[1:]
        self.ndim = arrays.ndim - 1
        self.dtype = arrays.dtype

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return np

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **settings: Any) -> Any:
        if method != "__call__":
            return NotImplemented
        if ufunc.signature is None:
            inputs = _aligned(inputs)
        else:  # matmul, whose axes are counted from the last one anyhow
            inputs = tuple(map(_plain, inputs))
        return Stack(ufunc(*inputs, **settings))

    def __array_function__(self, function: Callable[..., Any], types: Any, args: Any, settings: Any) -> Any:
        if function in (np.sum, np.mean, np.max, np.min):
            return self._reduced(function, *args, **settings)
        if function in (np.where, np.zeros_like, np.ones_like, np.full_like):
            return Stack(function(*_aligned(args), **settings))
        if function in (np.ndim, np.shape):
            return getattr(self, function.__name__)
        if function is np.reshape:
            return Stack(np.reshape(self.arrays, (len(self.arrays), *args[1])))
        return NotImplemented

    @staticmethod
    def _reduced(function: Callable[..., Any], x: Stack, axis: Any = None, **settings: Any) -> Stack:
        if axis is None:
            axis = tuple(range(x.ndim))
        axes = axis if isinstance(axis, tuple) else (axis,)
        behind_the_hidden_one = tuple(a % x.ndim + 1 for a in axes)
        return Stack(function(x.arrays, axis=behind_the_hidden_one, **settings))


def _plain(value: Any) -> Any:
    return value.arrays if isinstance(value, Stack) else value


def _aligned(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Plain arrays in which the hidden axis stays in front when the others broadcast."""
    ndim = max(getattr(value, "ndim", 0) for value in values)

    def aligned(value: Any) -> Any:
        if not isinstance(value, Stack) or value.ndim == ndim:
            return _plain(value)
        between = (1,) * (ndim - value.ndim)
        return value.arrays.reshape(len(value.arrays), *between, *value.shape)

    return tuple(map(aligned, values))
