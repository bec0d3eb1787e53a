"""What is written on an edge: a number, a small array in full, the shape of a large one."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..notation import number

MOST_ELEMENTS = 4  # of an array that is shown by its numbers


def value_text(value: Any, digits: int) -> str:
    """A value on a line.

    >>> value_text(1.1, 4), value_text(np.array([1.0, -2.5]), 4), value_text(np.zeros((784, 50)), 4)
    ('1.1', '[1 −2.5]', '(784, 50)')
    """
    if np.ndim(value) == 0:
        return number(value[()] if isinstance(value, np.ndarray) else value, digits)
    if not 0 < np.size(value) <= MOST_ELEMENTS:
        return shape_text(np.shape(value))
    return f"[{' '.join(value_text(part, digits) for part in value)}]"


def shape_text(shape: tuple[int | str, ...]) -> str:
    """A shape as Python writes it, names of sizes among it without quotes.

    >>> shape_text(("n", 50)), shape_text((3,))
    ('(n, 50)', '(3,)')
    """
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def norm_text(value: Any, digits: int) -> str:
    """The size of a gradient, the square root of the sum of its squares."""
    return number(float(np.linalg.norm(np.asarray(value, dtype=np.float64).ravel())), digits)
