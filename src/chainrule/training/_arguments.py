"""What trainers are given, read or refused."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..graph import as_array


def whole(name: str, value: Any, *, least: int) -> int:
    """A whole number from `least` up; ArgumentError with its name for anything else.

    >>> whole("batch_size", np.int64(100), least=1)
    100
    """
    try:
        number = index(value)
    except TypeError:
        raise ArgumentError(f"{name} must be a whole number; it is {value!r}") from None
    if number < least:
        raise ArgumentError(f"{name} must be at least {least}; it is {number}")
    return number


def row_numbers(batches: Any, rows: int) -> np.ndarray[Any, Any]:
    """Mini-batches as row numbers of data with so many rows, shape (steps, rows of a mini-batch); or ArgumentError."""
    batches = as_array(batches, "batches")
    if batches.ndim != 2 or batches.dtype.kind not in "iu" or batches.shape[1] == 0:
        what = f"batches must be integers of shape (steps, rows); they are {batches.dtype} of shape {batches.shape}"
        raise ArgumentError(what, fix="rng.integers(0, len(x), (steps, 100))")
    if batches.size and not (0 <= batches.min() and batches.max() < rows):
        what = f"batches names rows {batches.min()} to {batches.max()}; the data has rows 0 to {rows - 1}"
        raise ArgumentError(what)
    numbers: np.ndarray[Any, Any] = batches
    return numbers
