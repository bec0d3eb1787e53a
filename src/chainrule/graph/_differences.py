"""Central differences: a gradient from values alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError, DTypeError

Float64s = NDArray[np.float64]


def difference_step(x: Any) -> Any:
    """How far to move each element of x: eps^(1/3) · max(1, |x|).

    A larger step errs by the curvature of the function (as its square), a smaller one by rounding (as its inverse);
    this is where both are about equal, for a function whose scale is that of its argument.

    source   Nocedal, Wright, Numerical Optimization, section 8.1

    >>> difference_step(np.array([0.0, -100.0]))
    array([6.05545445e-06, 6.05545445e-04])
    """
    return np.finfo(np.float64).eps ** (1 / 3) * np.maximum(1.0, np.abs(x))


def central_difference(
    f: Callable[[Float64s], Any], x: Float64s, *, step: float | Float64s | None = None
) -> Float64s:
    """The gradient of f at x:  (f(x + h) − f(x − h)) / 2h for each element.

    f        a function of x that returns one number. It is called with x itself, one element of which is changed at a
             time; so it may as well read the array from where it has it
    x        float64, any shape. It is as before in the end, whatever f raises
    step     h, one number or one for each element; None for what suits each, see `difference_step`
    returns  an array like x
    raises   DTypeError when x is not float64 (in float32 a third of the digits is left, in integers none),
             ArgumentError when x cannot be written to
    source   Saito, Deep Learning from Scratch, section 4.3.1

    >>> central_difference(lambda x: np.sum(x**2), np.array([3.0, 4.0])).round(6)
    array([6., 8.])
    """
    if not isinstance(x, np.ndarray) or x.dtype != np.float64:
        kind = f"{x.dtype} array" if isinstance(x, np.ndarray) else type(x).__name__
        raise DTypeError(
            f"central differences need a float64 array, not a {kind}", fix="np.array(x, dtype=float)"
        )
    if not x.flags.writeable:
        raise ArgumentError(
            "central differences change x for a while, and this array is read-only", fix="x.copy()"
        )
    gradient = np.zeros(x.shape)
    steps = np.broadcast_to(difference_step(x) if step is None else step, x.shape)
    for index in np.ndindex(x.shape):
        before = x[index]
        up, down = before + steps[index], before - steps[index]
        try:
            x[index] = up
            above = float(f(x))
            x[index] = down
            below = float(f(x))
        finally:
            x[index] = before
        # By the distance as it came out in floating point, not by 2h.
        gradient[index] = (above - below) / (up - down)
    return gradient
