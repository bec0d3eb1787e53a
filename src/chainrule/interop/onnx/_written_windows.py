"""Convolution and pooling, as ONNX operators."""

from __future__ import annotations

from typing import Any

from ... import gates
from ._translation import Application, translation
from ._writer import Writer


@translation(gates.conv2d)
def _conv2d(w: Writer, a: Application) -> str:
    return w.node("Conv", *a.inputs, kernel_shape=list(a.shapes[1][2:]), **_window(a))


@translation(gates.max_pool)
def _max_pool(w: Writer, a: Application) -> str:
    return w.node("MaxPool", *a.inputs, kernel_shape=_pair(a.settings["size"]), **_window(a))


@translation(gates.average_pool)
def _average_pool(w: Writer, a: Application) -> str:
    size = _pair(a.settings["size"])
    return w.node("AveragePool", *a.inputs, kernel_shape=size, count_include_pad=1, **_window(a))


def _window(a: Application) -> dict[str, Any]:
    stride = a.settings["size"] if a.settings["stride"] is None else a.settings["stride"]
    return {"strides": _pair(stride), "pads": _pair(a.settings["padding"]) * 2}


def _pair(value: Any) -> list[int]:
    return list(value) if isinstance(value, tuple | list) else [value] * 2
