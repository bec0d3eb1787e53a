"""Gates as ONNX operators: what each gate is written as."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from ... import gates
from ...errors import UnsupportedError
from ...gates import Gate
from ...graph import Dimension
from ._pairs import PAIRS
from ._writer import Shape, Writer, plain


class Application(NamedTuple):
    """A gate applied to values that are in the graph already; lengths that follow the rows are `Dimension`s.

    inputs    their names
    shapes    of the inputs
    dtype     of the inputs, which are all of one
    settings  what was chosen, and what was left at its default
    """

    gate: Gate
    inputs: tuple[str, ...]
    shapes: tuple[Shape, ...]
    dtype: np.dtype[Any]
    settings: Mapping[str, Any]


Translation = Callable[[Writer, Application], str]

TRANSLATIONS: dict[Gate, Translation] = {}
"""What a gate is written as: a function that adds nodes to the graph and gives the name of the last one's output."""


def translation(*of: Gate) -> Callable[[Translation], Translation]:
    """Register how gates are written."""

    def register(function: Translation) -> Translation:
        TRANSLATIONS.update(dict.fromkeys(of, function))
        return function

    return register


def write(w: Writer, a: Application) -> str:
    """Add a gate to the graph; UnsupportedError for one that has no operators."""
    if a.gate not in TRANSLATIONS:
        raise UnsupportedError(
            f"the gate {a.gate.name} is no ONNX operator, and none have been put together for it",
            fix="build the network of layers whose gates are in the table of docs/onnx.md",
        )
    return TRANSLATIONS[a.gate](w, a)


def _as_it_is(operator: str) -> Translation:
    def write_pair(w: Writer, a: Application) -> str:
        attributes = {name: value for name, value in a.settings.items() if value != a.gate.defaults.get(name)}
        return w.node(operator, *a.inputs, **attributes)

    return write_pair


TRANSLATIONS.update({gate: _as_it_is(name) for gate, name in PAIRS.items()})


@translation(gates.square)
def _square(w: Writer, a: Application) -> str:
    return w.node("Mul", *a.inputs, *a.inputs)


@translation(gates.expm1)
def _expm1(w: Writer, a: Application) -> str:
    return w.node("Sub", w.node("Exp", *a.inputs), w.constant(1, a.dtype))


@translation(gates.log1p)
def _log1p(w: Writer, a: Application) -> str:
    return w.node("Log", w.node("Add", *a.inputs, w.constant(1, a.dtype)))


@translation(gates.silu)
def _silu(w: Writer, a: Application) -> str:
    return w.node("Mul", *a.inputs, w.node("Sigmoid", *a.inputs))


@translation(gates.gelu)
def _gelu(w: Writer, a: Application) -> str:
    return w.node("Gelu", *a.inputs, since=20)


@translation(gates.not_equal)
def _not_equal(w: Writer, a: Application) -> str:
    return w.node("Not", w.node("Equal", *a.inputs))


@translation(gates.isfinite)
def _isfinite(w: Writer, a: Application) -> str:
    return w.node("Not", w.node("Or", w.node("IsNaN", *a.inputs), w.node("IsInf", *a.inputs)))


@translation(gates.clip)
def _clip(w: Writer, a: Application) -> str:
    bounds = [a.settings["low"], a.settings["high"]]
    return w.node("Clip", *a.inputs, *("" if b is None else w.constant(b, a.dtype) for b in bounds))


@translation(gates.astype)
def _astype(w: Writer, a: Application) -> str:
    return w.cast(a.inputs[0], a.settings["dtype"])


def _reduction(operator: str) -> Translation:
    def write_reduction(w: Writer, a: Application) -> str:
        axis = a.settings["axis"]
        axes = () if axis is None else (w.whole(*(axis if isinstance(axis, tuple) else (axis,))),)
        return w.node(operator, *a.inputs, *axes, keepdims=int(a.settings["keepdims"]))

    return write_reduction


for _gate, _name in {
    gates.sum: "ReduceSum",
    gates.mean: "ReduceMean",
    gates.max: "ReduceMax",
    gates.min: "ReduceMin",
    gates.logsumexp: "ReduceLogSumExp",
}.items():
    translation(_gate)(_reduction(_name))


@translation(gates.reshape)
def _reshape(w: Writer, a: Application) -> str:
    shape = a.settings["shape"]
    shape = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    follows = [isinstance(n, Dimension) for n in shape]
    if sum(follows) == 1 and -1 not in shape and 0 not in shape:  # what is left to be worked out is the rows
        return w.node(
            "Reshape", *a.inputs, w.whole(*(-1 if d else n for n, d in zip(shape, follows, strict=True)))
        )
    return w.node("Reshape", *a.inputs, w.shape(shape), **({"allowzero": 1} if 0 in shape else {}))


@translation(gates.broadcast_to)
def _broadcast_to(w: Writer, a: Application) -> str:
    return w.node("Expand", *a.inputs, w.shape(a.settings["shape"]))


@translation(gates.transpose)
def _transpose(w: Writer, a: Application) -> str:
    ndim = len(a.shapes[0])
    axes = a.settings["axes"]
    order = range(ndim)[::-1] if axes is None else [axis % ndim for axis in axes]
    return w.node("Transpose", *a.inputs, perm=list(order))


@translation(gates.matrix_transpose)
def _matrix_transpose(w: Writer, a: Application) -> str:
    *lead, rows, columns = range(len(a.shapes[0]))
    return w.node("Transpose", *a.inputs, perm=[*lead, columns, rows])


@translation(gates.expand_dims)
def _expand_dims(w: Writer, a: Application) -> str:
    return w.node("Unsqueeze", *a.inputs, w.whole(a.settings["axis"]))


@translation(gates.concatenate)
def _concatenate(w: Writer, a: Application) -> str:
    return w.node("Concat", *a.inputs, axis=a.settings["axis"])


@translation(gates.stack)
def _stack(w: Writer, a: Application) -> str:
    axis = a.settings["axis"]
    return w.node("Concat", *(w.node("Unsqueeze", i, w.whole(axis)) for i in a.inputs), axis=axis)


@translation(gates.getitem)
def _getitem(w: Writer, a: Application) -> str:
    """Slices first, then single places, then new axes, as NumPy takes them."""
    index = a.settings["index"]
    parts = list(index) if isinstance(index, tuple) else [index]
    if any(not (p is None or p is Ellipsis or isinstance(p, int | np.integer | slice)) for p in parts):
        return _gather(w, a, parts)
    named = [p for p in parts if p is not None and p is not Ellipsis]
    at = next((i for i, p in enumerate(parts) if p is Ellipsis), len(parts))
    parts[at : at + 1] = [slice(None)] * (len(a.shapes[0]) - len(named))
    of_axes = [p for p in parts if p is not None]
    out = _sliced(w, a.inputs[0], of_axes, a.shapes[0])
    single = [i for i, p in enumerate(of_axes) if not isinstance(p, slice)]
    if single:
        out = w.node("Squeeze", out, w.whole(*single))
    kept = [p for p in parts if p is None or isinstance(p, slice)]
    new = [i for i, p in enumerate(kept) if p is None]
    return w.node("Unsqueeze", out, w.whole(*new)) if new else out


def _sliced(w: Writer, x: str, parts: list[Any], shape: Shape) -> str:
    bounds = []
    for axis, (part, length) in enumerate(zip(parts, shape, strict=True)):
        if not isinstance(part, slice):
            (place,) = plain([part], "places")
            bounds.append((axis, place, place + 1 if place != -1 else _END, 1))
        elif part != slice(None):
            given = [n for n in (part.start, part.stop, part.step) if n is not None]
            plain([*given, length] if part.step is not None and part.step < 0 else given, "slices")
            step = 1 if part.step is None else part.step
            start = part.start if part.start is not None else (0 if step > 0 else _END)
            stop = part.stop if part.stop is not None else (_END if step > 0 else -_END)
            bounds.append((axis, start, stop, step))
    if not bounds:
        return x
    axes, starts, stops, steps = zip(*bounds, strict=True)
    return w.node("Slice", x, w.whole(*starts), w.whole(*stops), w.whole(*axes), w.whole(*steps))


_END = 2**63 - 1  # behind the end of any axis


def _gather(w: Writer, a: Application, parts: list[Any]) -> str:
    """One array of whole numbers among whole axes."""
    arrays = [(axis, p) for axis, p in enumerate(parts) if not isinstance(p, slice) or p != slice(None)]
    if len(arrays) != 1 or np.asarray(arrays[0][1]).dtype.kind not in "iu":
        raise UnsupportedError("a selection by several arrays, or by true and false, is not written as ONNX")
    axis, places = arrays[0]
    return w.node("Gather", *a.inputs, w.constant(places, np.int64), axis=axis)


@translation(gates.scatter)
def _scatter(w: Writer, a: Application) -> str:
    """Zeros around an array; nothing else that is scattered."""
    index, shape, own = a.settings["index"], a.settings["shape"], a.shapes[0]
    if not isinstance(index, tuple) or len(index) != len(own) or len(shape) != len(own):
        raise _scattered()
    before, behind = [], []
    for part, n, whole in zip(index, own, shape, strict=True):
        if not isinstance(part, slice) or part.step not in (None, 1):
            raise _scattered()
        start, stop = (part.start or 0), (whole if part.stop is None else part.stop)
        if stop - start != n:
            raise _scattered()
        before.append(start)
        behind.append(whole - stop)
    return w.node("Pad", *a.inputs, w.whole(*plain([*before, *behind], "paddings")))


def _scattered() -> UnsupportedError:
    return UnsupportedError("what is scattered among other places than a block is not written as ONNX")


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
