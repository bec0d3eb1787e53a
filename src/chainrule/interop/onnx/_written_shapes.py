"""Gates that move elements, as ONNX operators."""

from __future__ import annotations

from ... import gates
from ...graph import Dimension
from ._translation import Application, translation
from ._writer import Writer


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
