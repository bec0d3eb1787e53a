"""Convolution and pooling. Signals of one axis are images of one row; volumes are refused."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...engines._calls import check_room
from ...errors import UnsupportedError
from ...graph import Variable
from ._apply import g, is_floating, numbers, whole
from ._registry import operator

Pads = list[tuple[int, int]]  # in front of an axis and behind it


@operator("Conv")
def _conv(
    x: Any,
    w: Any,
    shift: Any = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Sequence[int] | None = None,
    group: int = 1,
    kernel_shape: Sequence[int] | None = None,
    pads: Sequence[int] | None = None,
    strides: Sequence[int] | None = None,
) -> Any:
    lengths = x.shape[2:]
    _check_axes(lengths)
    spread = tuple(dilations or (1,) * len(lengths))
    w = _spread(w, spread)
    strides = tuple(strides or (1,) * len(lengths))
    around = _pads(auto_pad, pads, lengths, w.shape[2:], strides)
    padding, left = _symmetric(around)
    x = padded(x, left, 0.0)
    x, w = _as_images(x), _as_images(w)
    settings = {"stride": _pair(strides, 1), "padding": _pair(padding, 0)}
    y = _grouped(x, w, group, settings)
    if len(lengths) == 1:
        y = g.reshape(y, shape=(*y.shape[:2], y.shape[3]))
    return y if shift is None else g.add(y, g.reshape(shift, shape=(-1, *(1,) * len(lengths))))


def _grouped(x: Any, w: Any, group: int, settings: dict[str, Any]) -> Any:
    """A convolution for each group of channels with its own filters."""
    if group == 1:
        return g.conv2d(x, w, **settings)
    if group < 1 or x.shape[1] % group or w.shape[0] % group:
        raise ValueError(f"{x.shape[1]} channels and {w.shape[0]} filters are not {group} groups")
    channels, filters = x.shape[1] // group, w.shape[0] // group
    parts = [
        g.conv2d(
            g.getitem(x, index=(slice(None), slice(n * channels, (n + 1) * channels))),
            g.getitem(w, index=slice(n * filters, (n + 1) * filters)),
            **settings,
        )
        for n in range(group)
    ]
    return g.concatenate(*parts, axis=1)


def _spread(w: Any, steps: tuple[int, ...]) -> Any:
    """Filters with zeros between their numbers."""
    if set(steps) == {1}:
        return w
    lengths = [(n - 1) * step + 1 for n, step in zip(w.shape[2:], steps, strict=True)]
    check_room((*w.shape[:2], *lengths))
    places = (slice(None), slice(None), *(slice(None, None, step) for step in steps))
    return g.scatter(w, index=places, shape=(*w.shape[:2], *lengths))


@operator("MaxPool")
def _max_pool(x: Any, *, count: int, storage_order: int = 0, **window: Any) -> Any:
    if count > 1:
        raise UnsupportedError("it is asked for the places of the largest numbers, too")
    if not is_floating(x):
        return np.asarray(_max_pool(x.astype(np.float64), count=1, **window)).astype(x.dtype)
    around, settings = _window(x, **window)
    return _pooled(g.max_pool, x, around, -math.inf, settings)


def _pooled(gate: Callable[..., Any], x: Any, around: Pads, value: float, settings: dict[str, Any]) -> Any:
    """A pooling gate, with numbers around x: its own padding where that is the same on both sides, and small."""
    padding, left = _symmetric(around)
    if any(2 * p > n for p, n in zip(padding, settings["size"], strict=True)):
        padding, left = (0,) * len(padding), around
    y = gate(_as_images(padded(x, left, value)), **_pairs(settings), padding=_pair(padding, 0))
    return y if len(x.shape) == 4 else g.reshape(y, shape=(*y.shape[:2], y.shape[3]))


@operator("AveragePool")
def _average_pool(x: Any, *, count_include_pad: int = 0, **window: Any) -> Any:
    around, settings = _window(x, **window)
    y = _pooled(g.average_pool, x, around, 0.0, settings)
    lengths = x.shape[2:]
    counted = [(before, before + n) for n, (before, _) in zip(lengths, around, strict=True)]
    if count_include_pad:  # but never what a window shows behind the padding, where its place was rounded up
        asked = _pads(window.get("auto_pad", "NOTSET"), window.get("pads"), lengths, **settings)
        counted = [(0, before + n + behind) for n, (before, behind) in zip(lengths, asked, strict=True)]
    for axis, (n, (before, behind), (first, last)) in enumerate(zip(lengths, around, counted, strict=True)):
        check_room((before + n + behind,))
        inside = np.zeros(before + n + behind)
        inside[first:last] = 1
        views = np.lib.stride_tricks.sliding_window_view(inside, settings["size"][axis])
        shares = views[:: settings["stride"][axis]].mean(axis=1)
        if not np.all(shares == 1):
            shape = (-1, *(1,) * (len(lengths) - axis - 1))
            y = g.divide(y, shares.astype(x.dtype).reshape(shape))
    return y


def _window(
    x: Any,
    *,
    kernel_shape: Sequence[int],
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: Sequence[int] | None = None,
    pads: Sequence[int] | None = None,
    strides: Sequence[int] | None = None,
) -> tuple[Pads, dict[str, tuple[int, ...]]]:
    """What is put around x, and the size and stride of the windows."""
    lengths = x.shape[2:]
    _check_axes(lengths)
    if dilations is not None and set(dilations) != {1}:
        raise UnsupportedError("its windows have gaps (dilations), which chainrule's pooling does not have")
    size, stride = tuple(kernel_shape), tuple(strides or (1,) * len(lengths))
    around = _pads(auto_pad, pads, lengths, size, stride)
    if ceil_mode:
        around = [
            (before, behind + _to_the_next(before + n + behind, k, step, before + n))
            for (before, behind), n, k, step in zip(around, lengths, size, stride, strict=True)
        ]
    return around, {"size": size, "stride": stride}


def _to_the_next(length: int, size: int, stride: int, last: int) -> int:
    """How much is missing for one more window, where it would begin in front of `last`, the padding behind."""
    left = (length - size) % stride
    begins = length - left - size + stride
    return stride - left if left and begins < last else 0


def _pads(
    auto_pad: str,
    pads: Sequence[int] | None,
    lengths: Sequence[int],
    size: Sequence[int],
    stride: Sequence[int],
) -> Pads:
    axes = len(lengths)
    if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        around = []
        for n, k, step in zip(lengths, size, stride, strict=True):
            whole_pad = max(0, (-(-n // step) - 1) * step + k - n)
            small, large = whole_pad // 2, whole_pad - whole_pad // 2
            around.append((small, large) if auto_pad == "SAME_UPPER" else (large, small))
        return around
    if auto_pad == "VALID" or pads is None:
        return [(0, 0)] * axes
    if len(pads) != 2 * axes:
        raise ValueError(f"it has {len(pads)} paddings for {axes} axes")
    return list(zip(pads[:axes], pads[axes:], strict=True))


def _symmetric(around: Pads) -> tuple[tuple[int, ...], Pads]:
    """What a gate can put around by itself, the same in front and behind, and what is left."""
    if all(before == behind for before, behind in around):
        return tuple(before for before, _ in around), []
    return (0,) * len(around), around


def padded(x: Any, around: Pads, value: float) -> Any:
    """An array with numbers put around its last axes."""
    if not any(map(any, around)):
        return x
    if any(n < 0 for pads in around for n in pads):
        raise UnsupportedError("its padding is negative")
    first = len(x.shape) - len(around)
    lengths = tuple(x.shape[first:])
    whole_lengths = tuple(before + n + behind for n, (before, behind) in zip(lengths, around, strict=True))
    inner = tuple(slice(before, before + n) for n, (before, _) in zip(lengths, around, strict=True))
    shape = (*x.shape[:first], *whole_lengths)
    check_room(whole_lengths if isinstance(x, Variable) else shape)
    y = g.scatter(x, index=(*(slice(None),) * first, *inner), shape=shape)
    if not value:
        return y
    inside = np.zeros(whole_lengths, np.bool_)
    inside[inner] = True
    return g.where(inside, y, np.asarray(value, x.dtype))


@operator("Pad")
def _pad(x: Any, pads: Any, value: Any = None, axes: Any = None, *, mode: str = "constant") -> Any:
    if mode != "constant":
        raise UnsupportedError(f"it pads by {mode}, where chainrule has constants only")
    ndim, given = len(x.shape), whole(pads, "pads")
    chosen = range(ndim) if axes is None else [a % ndim for a in whole(axes, "axes")]
    around = [(0, 0)] * ndim
    for axis, before, behind in zip(chosen, given[: len(given) // 2], given[len(given) // 2 :], strict=True):
        around[axis] = (before, behind)
    return padded(x, around, 0.0 if value is None else numbers(value, "value").reshape(()).item())


@operator("GlobalAveragePool")
def _global_average_pool(x: Any) -> Any:
    return g.mean(x, axis=tuple(range(2, len(x.shape))), keepdims=True)


@operator("GlobalMaxPool")
def _global_max_pool(x: Any) -> Any:
    return g.max(x, axis=tuple(range(2, len(x.shape))), keepdims=True)


def _check_axes(lengths: Sequence[int]) -> None:
    if len(lengths) not in (1, 2):
        raise UnsupportedError(f"its windows have {len(lengths)} axes; chainrule has images, of two")


def _as_images(x: Any) -> Any:
    return x if len(x.shape) == 4 else g.reshape(x, shape=(*x.shape[:2], 1, x.shape[2]))


def _pair(values: Sequence[int], of_the_row: int) -> tuple[int, ...]:
    return (of_the_row, *values) if len(values) == 1 else tuple(values)


def _pairs(settings: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    return {name: _pair(values, 1) for name, values in settings.items()}
