"""Gates that move elements without changing them."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError
from . import _portable
from ._gate import Gate


def _inverse(axes: tuple[int, ...]) -> tuple[int, ...]:
    order = [axis % len(axes) for axis in axes]
    return tuple(order.index(i) for i in range(len(axes)))


def _concatenate(xp: Any, *arrays: Any, axis: int = 0) -> Any:
    if axis is None:
        what = "concatenate joins arrays along an axis that they have; axis=None is none"
        raise ArgumentError(what, fix="reshape each to (-1,) first, and leave axis out")
    return xp.concat(arrays, axis=axis)


def _part(dout: Any, arrays_shape: tuple[tuple[int, ...], ...], position: int, axis: int) -> Any:
    """What of the gradient of a concatenation belongs to the array at `position`."""
    axis = axis % len(arrays_shape[0])
    start = 0
    for shape in arrays_shape[:position]:
        start += shape[axis]
    return dout[(slice(None),) * axis + (slice(start, start + arrays_shape[position][axis]), ...)]


def _layer_of(dout: Any, position: int, axis: int) -> Any:
    """What of the gradient of a stack belongs to the array at `position`."""
    return dout[(slice(None),) * (axis % dout.ndim) + (position, ...)]


reshape = Gate(
    "reshape", symbol="reshape", en="new shape", ko="형상 바꾸기", kind="shape",
    forward=lambda xp, x, *, shape: xp.reshape(x, shape),
    wrt={"x": lambda xp, dout, x_shape: xp.reshape(dout, x_shape)},
    doc="""The same elements in another shape, rows first.

    x        any shape
    shape    the new one; one -1 is worked out
    >>> cr.reshape(np.arange(6.0), (2, 3)).shape
    (2, 3)
    """,
)  # fmt: skip

transpose = Gate(
    "transpose", symbol="ᵀ", en="transposition", ko="전치", kind="shape",
    forward=lambda xp, x, *, axes=None: xp.permute_dims(x, tuple(range(x.ndim))[::-1] if axes is None else axes),
    wrt={
        "x": lambda xp, dout, x_shape, axes: xp.permute_dims(
            dout, _inverse(tuple(range(len(x_shape)))[::-1] if axes is None else axes)
        )
    },
    doc="""The axes in another order.

    x        any shape
    axes     the new order, or None to turn it around
    >>> cr.transpose(np.ones((2, 3))).shape
    (3, 2)
    """,
)  # fmt: skip

matrix_transpose = Gate(
    "matrix_transpose", symbol="ᵀ", en="matrix transposition", ko="행렬 전치", kind="shape",
    forward=lambda xp, x: x.mT,
    wrt={"x": lambda dout: dout.mT},
    doc="""The last two axes exchanged.

    x        shape (..., n, m)
    returns  shape (..., m, n)
    >>> cr.matrix_transpose(np.ones((5, 2, 3))).shape
    (5, 3, 2)
    """,
)  # fmt: skip

# The sum over what was repeated is the inverse of broadcasting, done where all gradients are brought to shape.
broadcast_to = Gate(
    "broadcast_to", symbol="broadcast", en="broadcast", ko="브로드캐스트", kind="shape",
    forward=lambda xp, x, *, shape: xp.broadcast_to(x, shape),
    wrt={"x": lambda dout: dout},
    doc="""x repeated along new axes and along axes of length 1.

    x        a shape that broadcasts to `shape`
    shape    the new one
    >>> cr.broadcast_to(np.array([1.0, 2.0]), (2, 2))
    array([[1., 2.],
           [1., 2.]])
    """,
)  # fmt: skip

expand_dims = Gate(
    "expand_dims", symbol="[None]", en="new axis", ko="축 추가", kind="shape",
    forward=lambda xp, x, *, axis: xp.expand_dims(x, axis=axis),
    wrt={"x": lambda xp, dout, x_shape: xp.reshape(dout, x_shape)},
    doc="""A new axis of length 1.

    x        any shape
    axis     where the new axis stands
    >>> cr.expand_dims(np.ones(3), axis=0).shape
    (1, 3)
    """,
)  # fmt: skip

getitem = Gate(
    "getitem", symbol="[ ]", en="selection", ko="인덱싱", kind="shape",
    forward=lambda xp, x, *, index: x[index],
    wrt={"x": lambda xp, dout, x_shape, index: _portable.scatter_add(xp, dout, index, x_shape)},
    doc="""x[index], with integers, slices, None, ..., boolean masks and integer arrays.

    An element that is selected twice receives both gradients.

    x        any shape
    index    whatever NumPy takes between [ and ]
    >>> cr.getitem(np.array([1.0, 2.0, 3.0]), index=[0, 0, 2])
    array([1., 1., 3.])
    """,
)  # fmt: skip

scatter = Gate(
    "scatter", symbol="[ ]+=", en="scatter", ko="흩뿌리기", kind="shape",
    forward=lambda xp, y, *, index, shape: _portable.scatter_add(xp, y, index, shape),
    wrt={"y": lambda dout, index: dout[index]},
    doc="""Zeros of the given shape, with y added at the index: the reverse of a selection.

    y        the shape that x[index] has
    index    whatever NumPy takes between [ and ]
    shape    of the result
    source   numpy.add.at
    >>> cr.scatter(np.array([1.0, 2.0]), index=[0, 0], shape=(3,))
    array([3., 0., 0.])
    """,
)  # fmt: skip

concatenate = Gate(
    "concatenate", symbol="concat", en="concatenation", ko="이어 붙이기", kind="shape",
    forward=_concatenate,
    wrt={"arrays": _part},
    doc="""Arrays joined along an axis that they have.

    arrays   shapes that differ along `axis` only
    axis     the axis
    raises   ArgumentError when axis is None
    >>> cr.concatenate([np.ones(2), np.zeros(1)])
    array([1., 1., 0.])
    """,
)  # fmt: skip

stack = Gate(
    "stack", symbol="stack", en="stacking", ko="쌓기", kind="shape",
    forward=lambda xp, *arrays, axis=0: xp.stack(arrays, axis=axis),
    wrt={"arrays": _layer_of},
    doc="""Arrays of one shape joined along a new axis.

    arrays   all of the same shape
    axis     where the new axis stands
    >>> cr.stack([np.ones(2), np.zeros(2)])
    array([[1., 1.],
           [0., 0.]])
    """,
)  # fmt: skip
