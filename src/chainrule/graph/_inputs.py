"""Inputs of a network as the numbers that it computes with."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import DTypeError

_PIXELS = np.dtype(np.uint8)


def check_inputs(x: np.ndarray[Any, Any]) -> None:
    """Refuse inputs of a dtype that `as_numbers` does not take, without a look at the numbers.

    raises   DTypeError unless x holds floating-point numbers, or pixels as uint8
    """
    if x.dtype.kind != "f" and x.dtype != _PIXELS:
        fix = "x.astype(np.float32), or, for pixels from 0 to 255, x.astype(np.uint8)"
        raise DTypeError(f"x holds {x.dtype}; a network takes float32, float64, or pixels as uint8", fix=fix)


def holds_numbers(value: Any, axes: int = 64) -> bool:
    """Whether what JSON holds is a number, or nested lists of numbers alone: NumPy would take "1" and true too.

    axes   how deep lists may be nested; NumPy knows no more than 64

    >>> holds_numbers([[1, 2.5]]), holds_numbers([True]), holds_numbers([[1]], axes=1)
    (True, False, False)
    """
    if isinstance(value, list):
        return axes > 0 and all(holds_numbers(part, axes - 1) for part in value)
    return isinstance(value, int | float) and not isinstance(value, bool)


def as_numbers(x: np.ndarray[Any, Any], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """Inputs in the dtype of a network; uint8 is taken for pixels, and so for x / 255.

    x        floating-point numbers or uint8, any shape
    dtype    float32 or float64
    returns  x itself where it has that dtype, else a new array; quotients are rounded once
    raises   DTypeError for all other dtypes

    >>> as_numbers(np.array([0, 51, 255], np.uint8), np.dtype(np.float32))
    array([0. , 0.2, 1. ], dtype=float32)
    """
    check_inputs(x)
    if x.dtype == _PIXELS:
        pixels: np.ndarray[Any, Any] = np.divide(x, dtype.type(255), dtype=dtype)
        return pixels
    return x.astype(dtype, copy=False)
