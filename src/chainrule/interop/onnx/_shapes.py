"""Operators that move elements."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import UnsupportedError
from ._apply import axes_of, g, numbers, whole
from ._registry import operator


@operator("Reshape")
def _reshape(x: Any, shape: Any = None, *, allowzero: int = 0, **old: Any) -> Any:
    # An attribute up to opset 4, an input since.
    asked = whole(old["shape"] if shape is None else shape, "shape")
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
def _squeeze(x: Any, given: Any = None, *, axes: Sequence[int] | None = None) -> Any:
    ndim, asked = len(x.shape), axes_of(given, axes)
    drop = {i for i, n in enumerate(x.shape) if n == 1} if asked is None else {a % ndim for a in asked}
    if any(x.shape[a] != 1 for a in drop):
        raise ValueError(f"it drops axes of x, {tuple(x.shape)}, that are longer than 1")
    return g.reshape(x, shape=tuple(n for i, n in enumerate(x.shape) if i not in drop))


@operator("Unsqueeze")
def _unsqueeze(x: Any, given: Any = None, *, axes: Sequence[int] | None = None) -> Any:
    asked = axes_of(given, axes) or ()
    ndim = len(x.shape) + len(asked)
    for axis in sorted(a % ndim for a in asked):
        x = g.expand_dims(x, axis=axis)
    return x


@operator("Slice")
def _slice(
    x: Any,
    start: Any = None,
    end: Any = None,
    on: Any = None,
    step: Any = None,
    *,
    starts: Any = None,
    ends: Any = None,
    axes: Any = None,
) -> Any:
    begins = axes_of(start, starts, "starts") or ()
    stops = axes_of(end, ends, "ends") or ()
    chosen = axes_of(on, axes) or tuple(range(len(begins)))
    steps = whole(step, "steps") if step is not None else (1,) * len(begins)
    index = [slice(None)] * len(x.shape)
    for axis, a, b, by in zip(chosen, begins, stops, steps, strict=True):
        index[axis] = _clamped(a, b, by, x.shape[axis])
    return g.getitem(x, index=tuple(index))


def _clamped(start: int, stop: int, step: int, length: int) -> slice:
    """Python's slice of what ONNX says, where an end far below 0 means all the way down."""
    if step < 0 and stop < -length:
        return slice(start, None, step)
    return slice(start, stop, step)


@operator("Split")
def _split(
    x: Any, sizes: Any = None, *, count: int, axis: int = 0, split: Any = None, num_outputs: int | None = None
) -> list[Any]:
    length = x.shape[axis]
    lengths = axes_of(sizes, split, "split")
    if lengths is None:
        each = -(-length // (num_outputs or count))
        lengths = tuple(max(0, min(each, length - each * i)) for i in range(num_outputs or count))
    if sum(lengths) != length:
        raise ValueError(f"it splits {length} into {lengths}")
    ends = np.cumsum(lengths).tolist()
    before = (slice(None),) * (axis % len(x.shape))
    pieces = [(*before, slice(end - n, end)) for n, end in zip(lengths, ends, strict=True)]
    return [g.getitem(x, index=piece) for piece in pieces]


@operator("Gather")
def _gather(x: Any, indices: Any, *, axis: int = 0) -> Any:
    places = numbers(indices, "indices")
    if places.dtype.kind not in "iu":
        raise ValueError(f"its indices are whole numbers, not {places.dtype}")
    index: Any = int(places) if places.ndim == 0 else places
    return g.getitem(x, index=(*(slice(None),) * (axis % len(x.shape)), index))


@operator("Dropout")
def _dropout(
    x: Any, ratio: Any = None, training: Any = None, *, count: int, seed: int | None = None, **old: Any
) -> list[Any]:
    # `ratio` was an attribute up to opset 11.
    if training is None or not np.all(numbers(training, "training mode")):
        return [x, np.ones(tuple(x.shape), np.bool_)][:count]
    share = 0.5 if ratio is None else float(numbers(ratio, "ratio"))
    if seed is None and share:
        raise UnsupportedError("it drops at random, as in training, and says no seed")
    # The numbers that onnx's own tests of it were made with.
    kept = np.random.RandomState(seed).uniform(0, 1.0, tuple(x.shape)) >= share
    scaled = g.multiply(x, 1 / (1 - share)) if share < 1 else x
    return [g.where(kept, scaled, np.zeros((), x.dtype)), kept][:count]
