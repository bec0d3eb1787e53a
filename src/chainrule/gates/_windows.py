"""Windows of images: convolution, pooling, and the two moves that both are made of.

Images are arrays of shape (N, C, H, W): mini-batch, channels, height, width. Every gate here slides a window of
height × width over the last two axes; `windows` lays out what it shows and `fold` adds it back, so each is the other's
derivative. Convolution is a matrix product with `windows` before it (im2col), pooling a choice or a mean of each.

source  Saito, Deep Learning from Scratch, sections 7.2 to 7.4; Dumoulin, Visin, A guide to convolution arithmetic for
        deep learning, arXiv:1603.07285
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from functools import reduce
from typing import Any

from ..errors import ArgumentError, ShapeError
from . import _portable
from ._gate import Gate

Pair = int | tuple[int, int]  # of height and width; one number stands for both


def pair(name: str, value: Any, least: int) -> tuple[int, int]:
    """Height and width, each at least `least`; ArgumentError with the name otherwise.

    >>> pair("size", 3, 1), pair("stride", (2, 1), 1)
    ((3, 3), (2, 1))
    """
    both = value if isinstance(value, tuple | list) else (value, value)
    if len(both) != 2 or any(isinstance(n, bool) or not hasattr(n, "__index__") or n < least for n in both):
        raise ArgumentError(
            f"{name} is a whole number from {least} up, or a pair (height, width) of such, not {value!r}"
        )
    return operator.index(both[0]), operator.index(both[1])


def window_counts(
    shape: Sequence[int], size: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]
) -> tuple[int, int]:
    """How many windows an image has from top to bottom, and from left to right.

    shape    of the image; the last two count
    raises   ShapeError when not one window fits

    >>> window_counts((28, 28), (5, 5), (1, 1), (0, 0)), window_counts((7, 8), (3, 3), (2, 2), (1, 1))
    ((24, 24), (4, 4))
    """
    whole = shape[-2] + 2 * padding[0], shape[-1] + 2 * padding[1]
    if whole[0] < size[0] or whole[1] < size[1]:
        with_padding = f", with padding {whole[0]} × {whole[1]}" if any(padding) else ""
        raise ShapeError(
            f"a window of {size[0]} × {size[1]} does not fit into an image of {shape[-2]} × {shape[-1]}{with_padding}",
            fix="a smaller window, or more padding",
        )
    return (whole[0] - size[0]) // stride[0] + 1, (whole[1] - size[1]) // stride[1] + 1


class _Frame:
    """Where the windows of images lie: size, stride and padding as pairs, and how many windows there are."""

    def __init__(self, x_shape: tuple[int, ...], size: Any, stride: Any, padding: Any) -> None:
        if len(x_shape) != 4:
            raise ShapeError(
                f"images have shape (N, C, height, width), not {x_shape}",
                fix="x.reshape(-1, 1, 28, 28) makes rows of 784 numbers such images",
            )
        self.size, self.stride = pair("size", size, 1), pair("stride", stride, 1)
        self.padding = pair("padding", padding, 0)
        self.shape = x_shape
        self.counts = window_counts(x_shape, self.size, self.stride, self.padding)

    @property
    def whole(self) -> tuple[int, ...]:
        """The shape of the images with their padding."""
        n, c, h, w = self.shape
        return n, c, h + 2 * self.padding[0], w + 2 * self.padding[1]

    def padded(self, xp: Any, x: Any, value: float) -> Any:
        return _portable.pad(xp, x, self.padding, value)

    def parts(self, x: Any) -> list[Any]:
        """Of padded images, for each place in a window, rows first, what all windows show there: (N, C, oh, ow)."""
        return [x[place] for place in self.places()]

    def places(self) -> list[tuple[Any, ...]]:
        return _portable.window_places(self.size, self.stride, self.counts)

    def folded(self, xp: Any, parts: Sequence[Any]) -> Any:
        """What `parts` gives, added back to where it comes from."""
        overlap = any(step < length for step, length in zip(self.stride, self.size, strict=True))
        if hasattr(xp, "fold") and (overlap or not hasattr(xp, "placed")):
            stacked = xp.reshape(xp.stack(parts, axis=2), (*self.shape[:2], *self.size, *self.counts))
            return xp.fold(stacked, shape=self.shape, stride=self.stride, padding=self.padding)
        whole = _portable.placed(xp, parts, self.places(), self.whole)
        return _portable.unpad(whole, self.padding)


def _windows(xp: Any, x: Any, *, size: Pair, stride: Pair = 1, padding: Pair = 0) -> Any:
    if hasattr(xp, "windows"):
        return xp.windows(x, size=size, stride=stride, padding=padding)
    frame = _Frame(x.shape, size, stride, padding)
    return _portable.windows(xp, frame.padded(xp, x, 0.0), frame.size, frame.stride, frame.counts)


def _fold(xp: Any, y: Any, *, shape: tuple[int, ...], stride: Pair = 1, padding: Pair = 0) -> Any:
    if hasattr(xp, "fold"):
        return xp.fold(y, shape=shape, stride=stride, padding=padding)
    frame = _frame_of_fold(y.shape, shape, stride, padding)
    height, width = frame.size
    return frame.folded(xp, [y[:, :, a, b, ...] for a in range(height) for b in range(width)])


def _frame_of_fold(y_shape: tuple[int, ...], shape: Any, stride: Any, padding: Any) -> _Frame:
    frame = _Frame(tuple(shape), tuple(y_shape[2:4]) if len(y_shape) == 6 else 1, stride, padding)
    needed = (*frame.shape[:2], *frame.size, *frame.counts)
    if tuple(y_shape) != needed:
        raise ShapeError(
            f"windows of images of shape {frame.shape} have shape {needed}, not {tuple(y_shape)}"
        )
    return frame


def _columns(xp: Any, x: Any, size: Any, stride: Any, padding: Any) -> Any:
    """For each image a matrix with a column for each window: (N, C · height · width, oh · ow)."""
    windows = _windows(xp, x, size=size, stride=stride, padding=padding)
    n, c, height, width, down, across = windows.shape
    return xp.reshape(windows, (n, c * height * width, down * across))


def _conv2d(xp: Any, x: Any, W: Any, *, stride: Pair = 1, padding: Pair = 0) -> Any:
    if len(W.shape) != 4 or len(x.shape) != 4 or x.shape[1] != W.shape[1]:
        raise ShapeError(
            "conv2d needs images (N, C, height, width) and filters (F, C, height, width) with the same number C of "
            f"channels; x is {x.shape}, W is {W.shape}"
        )
    frame = _Frame(x.shape, W.shape[2:], stride, padding)
    y = xp.reshape(W, (W.shape[0], -1)) @ _columns(xp, x, frame.size, frame.stride, frame.padding)
    return xp.reshape(y, (x.shape[0], W.shape[0], *frame.counts))


def _as_rows(xp: Any, dout: Any) -> Any:
    n, filters, down, across = dout.shape
    return xp.reshape(dout, (n, filters, down * across))


def _conv2d_dx(xp: Any, dout: Any, W: Any, x_shape: tuple[int, ...], stride: Pair, padding: Pair) -> Any:
    columns = xp.reshape(W, (W.shape[0], -1)).mT @ _as_rows(xp, dout)
    windows = xp.reshape(columns, (dout.shape[0], *W.shape[1:], *dout.shape[2:]))
    return _fold(xp, windows, shape=x_shape, stride=stride, padding=padding)


def _conv2d_dW(
    xp: Any, dout: Any, x: Any, W_shape: tuple[int, ...], stride: Pair, padding: Pair
) -> Any:  # fmt: skip
    columns = _columns(xp, x, W_shape[2:], stride, padding)
    return xp.reshape(xp.sum(_as_rows(xp, dout) @ columns.mT, axis=0), W_shape)


def _max_pool(xp: Any, x: Any, *, size: Pair, stride: Pair | None = None, padding: Pair = 0) -> Any:
    frame = _frame_of_pool(x.shape, size, stride, padding)
    return reduce(xp.maximum, frame.parts(frame.padded(xp, x, -math.inf)))


def _max_pool_dx(
    xp: Any, dout: Any, x: Any, out: Any, x_shape: tuple[int, ...], size: Any, stride: Any, padding: Any
) -> Any:
    # Of ties the first in the window takes all, as in the lesson's book and in PyTorch; where a number is NaN nothing
    # is less than the result, and the first is the first of all.
    frame = _frame_of_pool(x_shape, size, stride, padding)
    nothing = xp.zeros_like(out)
    shares, left = [], dout
    for part in frame.parts(frame.padded(xp, x, -math.inf)):
        less = part < out
        shares.append(xp.where(less, nothing, left))
        left = xp.where(less, left, nothing)
    return frame.folded(xp, shares)


def _average_pool(xp: Any, x: Any, *, size: Pair, stride: Pair | None = None, padding: Pair = 0) -> Any:
    frame = _frame_of_pool(x.shape, size, stride, padding)
    return reduce(operator.add, frame.parts(frame.padded(xp, x, 0.0))) / math.prod(frame.size)


def _average_pool_dx(
    xp: Any, dout: Any, x_shape: tuple[int, ...], size: Any, stride: Any, padding: Any
) -> Any:
    frame = _frame_of_pool(x_shape, size, stride, padding)
    count = math.prod(frame.size)
    return frame.folded(xp, [dout / count] * count)


def _frame_of_pool(x_shape: tuple[int, ...], size: Any, stride: Any, padding: Any) -> _Frame:
    frame = _Frame(x_shape, size, size if stride is None else stride, padding)
    if any(2 * p > s for p, s in zip(frame.padding, frame.size, strict=True)):
        raise ArgumentError(
            f"padding={padding!r} is more than half of the window {size!r}: some windows would show nothing else"
        )
    return frame


windows = Gate(
    "windows", symbol="windows", en="windows", ko="창 펼치기", kind="shape",
    forward=_windows,
    wrt={
        "x": lambda xp, dout, x_shape, stride, padding: _fold(
            xp, dout, shape=x_shape, stride=stride, padding=padding
        )
    },
    doc="""What a window shows of images at each of its places (im2col).

    x        images, shape (N, C, H, W)
    size     of the window: one number, or (height, width)
    stride   how far the window moves
    padding  zeros around the images
    returns  shape (N, C, height, width, oh, ow): ``[n, c, a, b, i, j]`` is ``x[n, c, i * stride + a, j * stride + b]``,
             and oh = (H + 2 · padding − height) / stride + 1, rounded down
    raises   ShapeError when not one window fits
    >>> cr.windows(np.arange(9.0).reshape(1, 1, 3, 3), size=2)[0, 0, :, :, 0, 0]
    array([[0., 1.],
           [3., 4.]])
    """,
)  # fmt: skip

fold = Gate(
    "fold", symbol="fold", en="folding of windows", ko="창 되접기", kind="shape",
    forward=_fold,
    wrt={
        "y": lambda xp, dout, y_shape, stride, padding: _windows(
            xp, dout, size=tuple(y_shape[2:4]), stride=stride, padding=padding
        )
    },
    doc="""Windows added back to where they come from (col2im): the adjoint of `windows`.

    y        shape (N, C, height, width, oh, ow)
    shape    of the images, (N, C, H, W)
    stride   how far the window moves
    padding  around the images; what falls there is dropped
    raises   ShapeError when y is no such windows
    >>> cr.fold(np.ones((1, 1, 2, 2, 2, 2)), shape=(1, 1, 3, 3))[0, 0]
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """,
)  # fmt: skip

conv2d = Gate(
    "conv2d", symbol="∗", en="convolution", ko="합성곱", kind="window",
    forward=_conv2d,
    wrt={"x": _conv2d_dx, "W": _conv2d_dW},
    doc="""The convolution of images with filters, as neural networks have it (without turning the filters around).

    x        images, shape (N, C, H, W)
    W        filters, shape (F, C, height, width)
    stride   how far the filters move: one number, or (down, across)
    padding  zeros around the images
    returns  shape (N, F, oh, ow), where oh = (H + 2 · padding − height) / stride + 1, rounded down
    raises   ShapeError when the channels differ, or a filter does not fit
    source   Saito, Deep Learning from Scratch, section 7.4.3
    >>> cr.conv2d(np.arange(9.0).reshape(1, 1, 3, 3), np.ones((1, 1, 2, 2)))
    array([[[[ 8., 12.],
             [20., 24.]]]])
    """,
)  # fmt: skip

max_pool = Gate(
    "max_pool", symbol="max pool", en="max pooling", ko="최대 풀링", kind="window",
    forward=_max_pool,
    wrt={"x": _max_pool_dx},
    doc="""The largest element of each window of images; of ties the first in the window takes the gradient.

    x        images, shape (N, C, H, W)
    size     of the window: one number, or (height, width)
    stride   how far the window moves, its size unless told otherwise
    padding  places around the images that are never the largest
    returns  shape (N, C, oh, ow)
    source   Saito, Deep Learning from Scratch, section 7.4.4
    >>> cr.max_pool(np.arange(16.0).reshape(1, 1, 4, 4), size=2)
    array([[[[ 5.,  7.],
             [13., 15.]]]])
    """,
)  # fmt: skip

average_pool = Gate(
    "average_pool", symbol="mean pool", en="average pooling", ko="평균 풀링", kind="window",
    forward=_average_pool,
    wrt={"x": _average_pool_dx},
    doc="""The mean of each window of images.

    x        images, shape (N, C, H, W)
    size     of the window: one number, or (height, width)
    stride   how far the window moves, its size unless told otherwise
    padding  zeros around the images, which count
    returns  shape (N, C, oh, ow)
    >>> cr.average_pool(np.arange(16.0).reshape(1, 1, 4, 4), size=2)
    array([[[[ 2.5,  4.5],
             [10.5, 12.5]]]])
    """,
)  # fmt: skip
