"""Layers without parameters that shrink images or lay them out in rows."""

from __future__ import annotations

import math
from typing import Any

from ..errors import ArgumentError, ShapeError
from ..gates import Pair, pair, window_counts
from ..graph import functions as f
from ._layer import Layer


class Pool(Layer):
    """A window that moves over images and leaves one number for each place.

    size     of the window: one number, or (height, width)
    stride   how far it moves, its size unless told otherwise
    padding  around the images, at most half of the window
    raises   ArgumentError

    Attributes: ``size``, ``stride`` and ``padding`` as pairs.
    """

    def __init__(self, size: Pair, stride: Pair | None = None, padding: Pair = 0) -> None:
        super().__init__()
        self.size = pair("size", size, 1)
        self.stride = pair("stride", size if stride is None else stride, 1)
        self.padding = pair("padding", padding, 0)
        if any(2 * p > n for p, n in zip(self.padding, self.size, strict=True)):
            raise ArgumentError(f"padding={padding!r} is more than half of the window {size!r}")

    @property
    def needs(self) -> str:
        height, width = (n - 2 * p for n, p in zip(self.size, self.padding, strict=True))
        return f"images of at least {max(1, height)} × {max(1, width)}"

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        if len(input_shape) != 3:
            raise ShapeError(f"{type(self).__name__} takes {self.needs}, not {input_shape}")
        return input_shape[0], *window_counts(input_shape, self.size, self.stride, self.padding)

    def config(self) -> dict[str, Any]:
        return {"size": list(self.size), "stride": list(self.stride), "padding": list(self.padding)}


class MaxPool(Pool):
    """The largest number of each window, see `chainrule.max_pool` and `Pool`.

    Of equal ones the first, row by row, gets the gradient, as in the lesson and in PyTorch.

    source   Saito, Deep Learning from Scratch, section 7.4.4

    >>> pool = MaxPool(2)
    >>> pool.forward(np.array([[[[1.0, 2.0], [3.0, 3.0]]]]))
    array([[[[3.]]]])
    >>> pool.backward(np.array([[[[1.0]]]]))
    array([[[[0., 0.],
             [1., 0.]]]])
    """

    def compute(self, x: Any) -> Any:
        return f.max_pool(x, size=self.size, stride=self.stride, padding=self.padding)


class AvgPool(Pool):
    """The mean of each window, see `chainrule.average_pool` and `Pool`.

    >>> pool = AvgPool(2)
    >>> pool.forward(np.array([[[[1.0, 2.0], [3.0, 4.0]]]])), pool.backward(np.array([[[[1.0]]]]))
    (array([[[[2.5]]]]), array([[[[0.25, 0.25],
             [0.25, 0.25]]]]))
    """

    def compute(self, x: Any) -> Any:
        return f.average_pool(x, size=self.size, stride=self.stride, padding=self.padding)


class Flatten(Layer):
    """All numbers of a row in one axis: (N, C, H, W) becomes (N, C · H · W). `Affine` does so by itself.

    >>> Flatten().forward(np.zeros((5, 3, 2, 2))).shape
    (5, 12)
    """

    def compute(self, x: Any) -> Any:
        return f.reshape(x, (x.shape[0], math.prod(x.shape[1:])))

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        return (math.prod(input_shape),)
