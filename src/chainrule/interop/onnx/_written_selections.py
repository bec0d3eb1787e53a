"""Selections, and what is put among zeros, as ONNX operators."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import gates
from ...errors import UnsupportedError
from ._translation import Application, translation
from ._writer import Shape, Writer, plain

_END = 2**63 - 1  # behind the end of any axis


@translation(gates.getitem)
def _getitem(w: Writer, a: Application) -> str:
    """Slices first, then single places, then new axes, as NumPy takes them."""
    index = a.settings["index"]
    parts = list(index) if isinstance(index, tuple) else [index]
    if not all(part is None or part is Ellipsis or _is_basic(part) for part in parts):
        return _gather(w, a, parts)
    named = [part for part in parts if part is not None and part is not Ellipsis]
    at = parts.index(Ellipsis) if Ellipsis in parts else len(parts)
    parts[at : at + 1] = [slice(None)] * (len(a.shapes[0]) - len(named))
    of_axes = [part for part in parts if part is not None]
    out = _sliced(w, a.inputs[0], of_axes, a.shapes[0])
    places = [axis for axis, part in enumerate(of_axes) if not isinstance(part, slice)]
    if places:
        out = w.node("Squeeze", out, w.whole(*places))
    left = [part for part in parts if part is None or isinstance(part, slice)]
    new = [axis for axis, part in enumerate(left) if part is None]
    if new:
        out = w.node("Unsqueeze", out, w.whole(*new))
    return out


def _is_basic(part: Any) -> bool:
    return isinstance(part, int | np.integer | slice) and not isinstance(part, bool)


def _sliced(w: Writer, x: str, parts: list[Any], shape: Shape) -> str:
    """One Slice for all axes of which not everything is taken."""
    axes, starts, stops, steps = [], [], [], []
    for axis, (part, length) in enumerate(zip(parts, shape, strict=True)):
        if isinstance(part, slice) and part == slice(None):
            continue
        start, stop, step = _bounds(part, length) if isinstance(part, slice) else _place(part)
        axes.append(axis)
        starts.append(start)
        stops.append(stop)
        steps.append(step)
    if not axes:
        return x
    return w.node("Slice", x, w.whole(*starts), w.whole(*stops), w.whole(*axes), w.whole(*steps))


def _place(part: Any) -> tuple[int, int, int]:
    (place,) = plain([part], "places")
    return place, _END if place == -1 else place + 1, 1


def _bounds(part: slice, length: int) -> tuple[int, int, int]:
    step = 1 if part.step is None else part.step
    given = [n for n in (part.start, part.stop, step) if n is not None]
    if step < 0:
        given.append(length)
    plain(given, "slices")
    first, last = (0, _END) if step > 0 else (_END, -_END)
    start = first if part.start is None else part.start
    stop = last if part.stop is None else part.stop
    return start, stop, step


def _gather(w: Writer, a: Application, parts: list[Any]) -> str:
    """One array of whole numbers among whole axes."""
    arrays = [(axis, part) for axis, part in enumerate(parts) if not _is_everything(part)]
    places = np.asarray(arrays[0][1])
    if len(arrays) != 1 or places.dtype.kind not in "iu":
        raise UnsupportedError("a selection by several arrays, or by true and false, is not written as ONNX")
    return w.node("Gather", *a.inputs, w.constant(places, np.int64), axis=arrays[0][0])


def _is_everything(part: Any) -> bool:
    return isinstance(part, slice) and part == slice(None)


@translation(gates.take_rows)
def _take_rows(w: Writer, a: Application) -> str:
    return w.node("Gather", *a.inputs, axis=0)


@translation(gates.scatter)
def _scatter(w: Writer, a: Application) -> str:
    """Zeros around an array; nothing else that is scattered."""
    index, shape, own = a.settings["index"], a.settings["shape"], a.shapes[0]
    if not isinstance(index, tuple) or len(index) != len(own) or len(shape) != len(own):
        raise _scattered()
    before, behind = [], []
    for part, length, whole in zip(index, own, shape, strict=True):
        if not isinstance(part, slice) or part.step not in (None, 1):
            raise _scattered()
        start = part.start or 0
        stop = whole if part.stop is None else part.stop
        if stop - start != length:
            raise _scattered()
        before.append(start)
        behind.append(whole - stop)
    return w.node("Pad", *a.inputs, w.whole(*plain([*before, *behind], "paddings")))


def _scattered() -> UnsupportedError:
    return UnsupportedError("what is scattered among other places than a block is not written as ONNX")
