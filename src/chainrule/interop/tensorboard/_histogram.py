"""Histograms of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_BUCKETS = 30  # as many as TensorBoard shows


class Histogram(NamedTuple):
    """How many numbers lie in each of some buckets: up to the end of the first, from there to that of the second, …"""

    least: float
    most: float
    total: float
    total_of_squares: float
    ends: Sequence[float]
    counts: Sequence[float]


def histogram(array: NDArray[Any]) -> Histogram | None:
    """The finite numbers of an array in buckets of one width; None where there is none.

    >>> h = histogram(np.array([0.0, 0.1, 3.0, np.inf]))
    >>> h.least, h.most, h.counts[0], h.counts[-1], len(h.ends)
    (0.0, 3.0, 1.0, 1.0, 30)
    """
    numbers = array.ravel()
    finite = np.isfinite(numbers)
    if not finite.all():
        numbers = numbers[finite]
    if not numbers.size:
        return None
    least, most = float(numbers.min()), float(numbers.max())
    with np.errstate(over="ignore"):  # a sum that is too large is inf, and that is what it says
        total = float(numbers.sum(dtype=np.float64))
        squares = float(np.square(numbers, dtype=np.float64).sum())
        finest = float(np.spacing(max(abs(least), abs(most))))
    # Numbers that are as good as one have no width to divide, and those from end to end of all floats have none.
    if not _BUCKETS * finest < most - least < np.inf:
        return Histogram(least, most, total, squares, [most], [float(numbers.size)])
    counts, edges = np.histogram(numbers, _BUCKETS, (least, most))
    return Histogram(least, most, total, squares, edges[1:].tolist(), counts.astype(float).tolist())
