"""Operators that make arrays out of shapes. Nothing flows back through a shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...engines._calls import check_room
from ._apply import g, is_floating, numbers, whole
from ._registry import operator


def _checked(shape: Sequence[int]) -> tuple[int, ...]:
    """A shape to make something in; while a file is loaded there is a limit, since a few bytes can name any shape."""
    if min(shape, default=0) < 0:
        raise ValueError(f"it asks for an array of shape {tuple(shape)}")
    check_room(tuple(shape))
    return tuple(shape)


@operator("Expand")
def _expand(x: Any, shape: Any) -> Any:
    return g.broadcast_to(x, shape=_checked(np.broadcast_shapes(tuple(x.shape), whole(shape, "shape"))))


@operator("Shape")
def _shape(x: Any, *, start: int = 0, end: int | None = None) -> Any:
    return np.array(x.shape[start:end], np.int64)


@operator("Size")
def _size(x: Any) -> Any:
    return np.asarray(math.prod(x.shape), np.int64)


@operator("Constant")
def _constant(
    *,
    value: Any = None,
    value_float: Any = None,
    value_floats: Any = None,
    value_int: Any = None,
    value_ints: Any = None,
) -> Any:
    if value is not None:
        return value
    for given, dtype in ((value_float, np.float32), (value_floats, np.float32), (value_int, np.int64)):
        if given is not None:
            return np.asarray(given, dtype)
    return np.asarray(value_ints, np.int64)


@operator("ConstantOfShape")
def _constant_of_shape(shape: Any, *, value: Any = None) -> Any:
    number = np.zeros((), np.float32) if value is None else np.asarray(value).reshape(())
    return np.broadcast_to(number, _checked(whole(shape, "shape")))


@operator("Range")
def _range(start: Any, limit: Any, delta: Any) -> Any:
    first, last, step = (numbers(n, "ends").reshape(()) for n in (start, limit, delta))
    if not step:
        raise ValueError("its step is 0")
    _checked([max(0, math.ceil((float(last) - float(first)) / float(step)))])
    return np.arange(first, last, step, dtype=first.dtype)


@operator("Tile")
def _tile(x: Any, repeats: Any) -> Any:
    times = whole(repeats, "repeats")
    if len(times) != len(x.shape):
        raise ValueError(f"it repeats {len(times)} axes of {tuple(x.shape)}")
    _checked([n * k for n, k in zip(x.shape, times, strict=True)])
    for axis, k in enumerate(times):
        if k != 1:
            x = g.concatenate(*[x] * k, axis=axis) if k else _nothing_along(x, axis)
    return x


def _nothing_along(x: Any, axis: int) -> Any:
    return g.getitem(x, index=(*(slice(None),) * axis, slice(0, 0)))


@operator("OneHot")
def _one_hot(indices: Any, depth: Any, values: Any, *, axis: int = -1) -> Any:
    places, off_on = numbers(indices, "indices"), numbers(values, "values")
    (classes,) = whole(depth if not is_floating(depth) else np.asarray(depth).astype(np.int64), "depth")
    _checked([*places.shape, classes])
    hits = np.expand_dims(places % classes, axis) == np.arange(classes).reshape(
        [-1 if i == axis % (places.ndim + 1) else 1 for i in range(places.ndim + 1)]
    )
    inside = np.expand_dims((places >= -classes) & (places < classes), axis)
    return np.where(hits & inside, off_on[1], off_on[0])
