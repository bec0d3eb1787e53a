"""Operators that move elements."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...engines._calls import check_room
from ...errors import UnsupportedError
from ...graph import Variable
from ._apply import g, maybe_whole, numbers, whole
from ._registry import operator


@operator("Reshape")
def _reshape(x: Any, shape: Any, *, allowzero: int = 0) -> Any:
    asked = whole(shape, "shape")
    kept = [x.shape[i] if n == 0 and not allowzero else n for i, n in enumerate(asked)]
    return g.reshape(x, shape=tuple(kept))


@operator("Flatten")
def _flatten(x: Any, *, axis: int = 1) -> Any:
    axis = axis + len(x.shape) if axis < 0 else axis
    behind = math.prod(x.shape[axis:])
    return g.reshape(x, shape=(math.prod(x.shape[:axis]), behind))


@operator("Transpose")
def _transpose(x: Any, *, perm: Sequence[int] | None = None) -> Any:
    return g.transpose(x, axes=None if perm is None else tuple(perm))


@operator("Concat")
def _concat(*arrays: Any, axis: int) -> Any:
    return g.concatenate(*arrays, axis=axis)


@operator("Squeeze")
def _squeeze(x: Any, axes: Any = None) -> Any:
    ndim, asked = len(x.shape), maybe_whole(axes)
    drop = {i for i, n in enumerate(x.shape) if n == 1} if asked is None else {a % ndim for a in asked}
    if any(x.shape[a] != 1 for a in drop):
        raise ValueError(f"it drops axes of x, {tuple(x.shape)}, that are longer than 1")
    return g.reshape(x, shape=tuple(n for i, n in enumerate(x.shape) if i not in drop))


@operator("Unsqueeze")
def _unsqueeze(x: Any, axes: Any) -> Any:
    asked = whole(axes, "axes")
    ndim = len(x.shape) + len(asked)
    for axis in sorted(a % ndim for a in asked):
        x = g.expand_dims(x, axis=axis)
    return x


@operator("Slice")
def _slice(x: Any, starts: Any, ends: Any, axes: Any = None, steps: Any = None) -> Any:
    begins, stops = whole(starts, "starts"), whole(ends, "ends")
    chosen = maybe_whole(axes) or tuple(range(len(begins)))
    by = maybe_whole(steps, "steps") or (1,) * len(begins)
    index = [slice(None)] * len(x.shape)
    for axis, start, stop, step in zip(chosen, begins, stops, by, strict=True):
        index[axis] = _clamped(start, stop, step, x.shape[axis])
    return g.getitem(x, index=tuple(index))


def _clamped(start: int, stop: int, step: int, length: int) -> slice:
    """Python's slice of what ONNX says, where an end far below 0 means all the way down."""
    if step < 0 and stop < -length:
        return slice(start, None, step)
    return slice(start, stop, step)


@operator("Split")
def _split(
    x: Any, split: Any = None, *, count: int, axis: int = 0, num_outputs: int | None = None
) -> list[Any]:
    length = x.shape[axis]
    lengths = maybe_whole(split, "lengths")
    if lengths is None:
        pieces = num_outputs or count
        each = -(-length // pieces)
        lengths = tuple(max(0, min(each, length - each * i)) for i in range(pieces))
    if sum(lengths) != length:
        raise ValueError(f"it splits {length} into {lengths}")
    ends = np.cumsum(lengths).tolist()
    before = (slice(None),) * (axis % len(x.shape))
    places = [(*before, slice(end - n, end)) for n, end in zip(lengths, ends, strict=True)]
    return [g.getitem(x, index=place) for place in places]


@operator("Gather")
def _gather(x: Any, indices: Any, *, axis: int = 0) -> Any:
    if isinstance(indices, Variable) and axis == 0:  # ids, which differ from row to row
        return g.take_rows(x, indices)
    places = numbers(indices, "indices")
    if places.dtype.kind not in "iu":
        raise ValueError(f"its indices are whole numbers, not {places.dtype}")
    check_room((places.size, *x.shape[: axis % len(x.shape)], *x.shape[axis % len(x.shape) + 1 :]))
    index: Any = int(places) if places.ndim == 0 else places
    return g.getitem(x, index=(*(slice(None),) * (axis % len(x.shape)), index))


@operator("Dropout")
def _dropout(
    x: Any, ratio: Any = None, training: Any = None, *, count: int, seed: int | None = None
) -> list[Any]:
    if training is None or not np.all(numbers(training, "training mode")):
        return [x, np.ones(tuple(x.shape), np.bool_)][:count]
    share = 0.5 if ratio is None else float(numbers(ratio, "ratio"))
    if seed is None and share:
        raise UnsupportedError("it drops at random, as in training, and says no seed")
    # The numbers that onnx's own tests of it were made with.
    kept = np.random.RandomState(seed).uniform(0, 1.0, tuple(x.shape)) >= share
    scaled = g.multiply(x, 1 / (1 - share)) if share < 1 else x
    return [g.where(kept, scaled, np.zeros((), x.dtype)), kept][:count]
