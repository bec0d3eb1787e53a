"""Central differences, written without anything of the package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def slope(f: Callable[[Any], Any], x: Any, upstream: Any = 1.0) -> np.ndarray:
    """The gradient of Σ upstream · f(x), element by element of x, in float64."""
    x = np.array(x, dtype=np.float64)
    found = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        h = 6e-6 * max(1.0, abs(x[index]))
        above = x.copy()
        below = x.copy()
        above[index] += h
        below[index] -= h
        change = np.asarray(f(above)) - np.asarray(f(below))
        found[index] = np.sum(upstream * change) / (2 * h)
    return found


def assert_close(found: Any, wanted: Any, rtol: float = 1e-7) -> None:
    """Equal but for what central differences leave."""
    np.testing.assert_allclose(found, wanted, rtol=rtol, atol=1e-8)
