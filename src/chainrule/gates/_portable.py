"""Functions that gates need and the array API standard lacks.

A namespace that has its own version is asked first (SymPy's `erf`, JAX's scatter), NumPy's fast form comes second,
and a form in plain array API functions serves every other namespace.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

# Coefficients of W. J. Cody, "Rational Chebyshev approximations for the error function", Mathematics of
# Computation 23 (1969), in the form of his public domain program CALERF (netlib.org/specfun/erf).
_ERF_SMALL = (
    (1.85777706184603153e-1, 3.16112374387056560e0, 1.13864154151050156e2, 3.77485237685302021e2,
     3.20937758913846947e3),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3),
)  # fmt: skip
_ERFC_MIDDLE = (
    (2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0, 6.61191906371416295e1,
     2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
     1.23033935479799725e3),
    (1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
     3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3),
)  # fmt: skip
_ERFC_LARGE = (
    (1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
     1.60837851487422766e-2, 6.58749161529837803e-4),
    (1.0, 2.56852019228982242e0, 1.87295284992346725e0, 5.27905102951428412e-1, 6.05183413124413191e-2,
     2.33520497626869185e-3),
)  # fmt: skip


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: Any) -> Any:
    """A quotient of two polynomials, both by Horner's rule."""
    above, below = (reduce(lambda total, c: total * x + c, row[1:], row[0]) for row in coefficients)
    return above / below


def erf(xp: Any, x: Any) -> Any:
    """The error function, to about 1e-16 (float64)."""
    if hasattr(xp, "erf"):
        return xp.erf(x)
    size = xp.abs(x)
    small = xp.minimum(size, xp.full_like(size, 0.46875))
    near = x * _ratio(_ERF_SMALL, small * small)
    # Each form gets arguments from its own range only, so that none can overflow for the sake of the others.
    middle = xp.minimum(xp.maximum(size, xp.full_like(size, 0.46875)), xp.full_like(size, 4.0))
    tail_middle = xp.exp(-middle * middle) * _ratio(_ERFC_MIDDLE, middle)
    large = xp.minimum(xp.maximum(size, xp.full_like(size, 4.0)), xp.full_like(size, 30.0))
    inverse = 1.0 / (large * large)
    tail_large = (
        xp.exp(-large * large) / large * (1 / math.sqrt(math.pi) - inverse * _ratio(_ERFC_LARGE, inverse))
    )
    far = xp.sign(x) * (1.0 - xp.where(size <= 4.0, tail_middle, tail_large))
    return xp.where(size <= 0.46875, near, xp.where(xp.isnan(x), x, far))


def scatter_add(xp: Any, y: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Zeros of `shape`, with `y` added at `index`; an index named twice receives both (np.add.at)."""
    if hasattr(xp, "scatter_add"):
        return xp.scatter_add(y, index, shape)
    if xp is np:
        zeros = np.zeros(shape, dtype=y.dtype)
        if _is_basic(index):
            zeros[index] = y
        else:
            np.add.at(zeros, index, y)
        return zeros
    # One-hot product: slow, but made of nothing that an array namespace could lack.
    size = math.prod(shape)
    positions = xp.reshape(xp.reshape(xp.arange(size), shape)[index], (-1,))
    hits = xp.expand_dims(xp.arange(size), axis=1) == xp.expand_dims(positions, axis=0)
    values = xp.reshape(y, (1, -1))
    return xp.reshape(xp.sum(xp.where(hits, values, xp.zeros_like(values)), axis=1), shape)


def _is_basic(index: Any) -> bool:
    """Whether `index` selects every element at most once: integers, slices, None and ... only."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(p is None or p is Ellipsis or isinstance(p, slice | int | np.integer) for p in parts)


# Windows of images: arrays of shape (N, C, H, W), size and stride as pairs of height and width.


def pad(xp: Any, x: Any, padding: tuple[int, int], value: float) -> Any:
    """Images with a margin of `value` around them."""
    down, across = padding
    if not (down or across):
        return x
    n, c, h, w = x.shape
    if xp is np:
        whole = np.full((n, c, h + 2 * down, w + 2 * across), value, dtype=x.dtype)
        whole[:, :, down : down + h, across : across + w] = x
        return whole
    if hasattr(xp, "pad_images"):
        return xp.pad_images(x, padding, value)
    side = xp.broadcast_to(xp.full_like(x[:, :, :, :1], value), (n, c, h, across))
    x = xp.concat([side, x, side], axis=3) if across else x
    edge = xp.broadcast_to(xp.full_like(x[:, :, :1, :], value), (n, c, down, w + 2 * across))
    return xp.concat([edge, x, edge], axis=2) if down else x


def unpad(x: Any, padding: tuple[int, int]) -> Any:
    """Images without their margin."""
    down, across = padding
    h, w = x.shape[2:]
    return x[:, :, down : h - down, across : w - across] if down or across else x


def window_places(
    size: tuple[int, int], stride: tuple[int, int], counts: tuple[int, int]
) -> list[tuple[Any, ...]]:
    """For each place in a window, rows first, the index of what all windows show there."""
    every = slice(None)
    down, across = (
        [slice(a, a + step * (number - 1) + 1, step) for a in range(length)]
        for length, step, number in zip(size, stride, counts, strict=True)
    )
    return [(every, every, a, b) for a in down for b in across]


def windows(xp: Any, x: Any, size: tuple[int, int], stride: tuple[int, int], counts: tuple[int, int]) -> Any:
    """Shape (N, C, height, width, oh, ow), without padding; with NumPy it looks at the memory of the images."""
    n, c = x.shape[:2]
    if xp is np and isinstance(x, np.ndarray):
        *lead, down, across = x.strides
        strides = (*lead, down, across, down * stride[0], across * stride[1])
        return np.lib.stride_tricks.as_strided(x, (n, c, *size, *counts), strides, writeable=False)
    parts = [x[place] for place in window_places(size, stride, counts)]
    return xp.reshape(xp.stack(parts, axis=2), (n, c, *size, *counts))


def placed(xp: Any, parts: Sequence[Any], places: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """Zeros of `shape`, with each part added at its place."""
    if hasattr(xp, "placed"):
        return xp.placed(parts, places, shape)
    if xp is np:
        whole = np.zeros(shape, dtype=parts[0].dtype)
        for part, place in zip(parts, places, strict=True):
            whole[place] += part
        return whole
    return reduce(operator.add, (scatter_add(xp, y, at, shape) for y, at in zip(parts, places, strict=True)))
