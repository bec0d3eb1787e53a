"""Telling whether an array was changed in place, at the cost of reading it once."""

from __future__ import annotations

from typing import Any

import numpy as np

# Primes, so that rows of any array that are swapped or shuffled fall into other columns.
_COLUMNS = (32749, 8179, 2039, 509)
_ROWS = 16


def fingerprint(array: np.ndarray[Any, Any]) -> bytes:
    """The bytes of a small array; of a large one the column sums of its 64-bit words laid out in rows.

    A change of any one element changes the sums, and so does every change of order but this: elements that change
    places within a column, a multiple of 509 words apart, or of a larger prime where the array is larger.
    (A copy to compare with would be exact, but would double the memory that a graph holds.)

    >>> a = np.arange(100_000.0)
    >>> before = fingerprint(a)
    >>> a[[7, 70_000]] = a[[70_000, 7]]
    >>> fingerprint(a) == before
    False
    """
    words = array.nbytes // 8
    if words < _COLUMNS[-1] * _ROWS:
        return array.tobytes()
    columns = next(c for c in _COLUMNS if c * _ROWS <= words)
    whole = words // columns * columns
    flat = array if array.flags.c_contiguous else np.ravel(array, order="K")
    rows = np.frombuffer(flat, np.uint64, whole).reshape(-1, columns)
    rest = np.frombuffer(flat, np.uint8, offset=8 * whole)
    sums: np.ndarray[Any, Any] = np.add.reduce(rows, axis=0)
    return sums.tobytes() + rest.tobytes()
