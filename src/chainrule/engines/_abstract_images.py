"""What the namespace of abstract arrays has for images: windows of them, and arrays put together place by place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..gates import Pair, pair, window_counts
from ._node import Node, Shape


class Images:
    """The functions that the gates of windows ask a namespace for; arrays are those of `AbstractArray`.

    >>> from chainrule.engines._abstract import AbstractArray, xp
    >>> from chainrule.engines._node import input_node
    >>> x = AbstractArray(input_node("x", (2, 1, 5, 5), np.float32))
    >>> xp.windows(x, size=3, stride=2).shape
    (2, 1, 3, 3, 2, 2)
    """

    def windows(self, x: Any, *, size: Pair, stride: Pair = 1, padding: Pair = 0) -> Any:
        size, stride = pair("size", size, 1), pair("stride", stride, 1)
        x = self.pad_images(x, pair("padding", padding, 0), 0.0)
        shape = (*x.shape[:2], *size, *window_counts(x.shape, size, stride, (0, 0)))
        return type(x)(Node("windows", (x.node,), shape, x.dtype, {"stride": stride}, x.node.weak))

    def fold(self, y: Any, *, shape: Shape, stride: Pair = 1, padding: Pair = 0) -> Any:
        down, across = pair("padding", padding, 0)
        *lead, height, width = shape
        whole = (*lead, height + 2 * down, width + 2 * across)
        folded = type(y)(Node("fold", (y.node,), whole, y.dtype, {"stride": pair("stride", stride, 1)}))
        return folded[:, :, down : down + height, across : across + width]

    def placed(self, parts: Sequence[Any], places: Sequence[Any], shape: Shape) -> Any:
        """Arrays of one shape at places of a larger one that have no element in common; 0 elsewhere."""
        return _placed(parts, places, shape, 0.0)

    def pad_images(self, x: Any, padding: tuple[int, int], value: float) -> Any:
        down, across = padding
        if not (down or across):
            return x
        n, c, h, w = x.shape
        place = (slice(None), slice(None), slice(down, down + h), slice(across, across + w))
        return _placed([x], [place], (n, c, h + 2 * down, w + 2 * across), value)


def _placed(parts: Sequence[Any], places: Sequence[Any], shape: Shape, value: float) -> Any:
    at = tuple(tuple((part.start or 0, part.step or 1) for part in place) for place in places)
    nodes = tuple(part.node for part in parts)
    return type(parts[0])(Node("place", nodes, shape, parts[0].dtype, {"at": at, "value": value}))
