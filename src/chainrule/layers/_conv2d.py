"""The convolution layer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral
from typing import Any, Self

from numpy.typing import DTypeLike

from ..errors import ArgumentError, ShapeError
from ..gates import Pair, pair, window_counts
from ..graph import functions as f
from ._initial import Init
from ._weighted import Weighted


class Conv2D(Weighted):
    """Images x convolved with filters W, and a number of b added to each channel.

    Made from its parameters, as the lesson's Convolution, or from sizes; then it draws W and sets b to 0 as `Affine`
    does, with channels · height · width for the number of inputs.

    W, b      filters of shape (F, C, height, width) and F numbers, float32 or float64; they are not copied
    or        two whole numbers, the channels of x and the number of filters, and `size`
    size      of the filters: one number, or (height, width)
    stride    how far the filters move: one number, or (down, across)
    padding   zeros around the images: one number, or (above and below, left and right)
    init, seed, dtype   see `Affine`
    raises    ShapeError, DTypeError, ArgumentError
    source    Saito, Deep Learning from Scratch, section 7.4.3

    Attributes: ``W``, ``b``, and after `backward` ``dW``, ``db``; ``stride`` and ``padding`` as pairs.

    >>> conv = Conv2D(np.ones((1, 1, 2, 2)), np.array([0.5]))
    >>> conv.forward(np.arange(9.0).reshape(1, 1, 3, 3))
    array([[[[ 8.5, 12.5],
             [20.5, 24.5]]]])
    >>> conv.backward(np.array([[[[1.0, 0.0], [0.0, 1.0]]]]))
    array([[[[1., 1., 0.],
             [1., 2., 1.],
             [0., 1., 1.]]]])
    >>> conv.dW, conv.db
    (array([[[[ 4.,  6.],
             [10., 12.]]]]), array([2.]))
    """

    _made_from = "Conv2D(channels, filters, size)"

    def __init__(
        self,
        W: Any,
        b: Any,
        size: Pair | None = None,
        *,
        stride: Pair = 1,
        padding: Pair = 0,
        init: Init = "auto",
        seed: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        self.stride, self.padding = pair("stride", stride, 1), pair("padding", padding, 0)
        if isinstance(W, Integral) and isinstance(b, Integral):
            if min(W, b) < 1 or isinstance(W, bool) or isinstance(b, bool):
                raise ArgumentError(f"Conv2D needs at least one channel and one filter, not {W!r} and {b!r}")
            if size is None:
                raise ArgumentError("Conv2D needs the size of its filters", fix=f"Conv2D({W}, {b}, 3)")
            shape = int(b), int(W), *pair("size", size, 1)
            super().__init__((shape, shape[:1]), init=init, seed=seed, dtype=dtype)
            return
        if (size, init, seed, dtype) != (None, "auto", None, None):
            raise ArgumentError(
                f"size, init, seed and dtype are for {self._made_from}; Conv2D(W, b) has its numbers"
            )
        W, b = self._array("W", W), self._array("b", b)
        if W.ndim != 4 or 0 in W.shape or b.shape != W.shape[:1]:
            needed = "W of shape (filters, channels, height, width) and b of shape (filters,)"
            raise ShapeError(f"Conv2D needs {needed}; W is {W.shape}, b is {b.shape}")
        super().__init__((W.shape, b.shape), (W, b))

    def compute(self, x: Any, W: Any, b: Any) -> Any:
        y = f.conv2d(x, W, stride=self.stride, padding=self.padding)
        return f.add(y, f.reshape(b, (b.shape[0], 1, 1)))

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the filters."""
        _, _, height, width = self._shapes["W"]
        return height, width

    @property
    def fan_in(self) -> int:
        return math.prod(self._shapes["W"][1:])

    @property
    def needs(self) -> str:
        channels = self._shapes["W"][1]
        height, width = (n - 2 * p for n, p in zip(self.size, self.padding, strict=True))
        at_least = f" of at least {max(1, height)} × {max(1, width)}"
        return f"images with {channels} channel{'s' * (channels > 1)}{at_least}"

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        filters, channels, *_ = self._shapes["W"]
        if len(input_shape) != 3 or input_shape[0] != channels:
            raise ShapeError(f"Conv2D takes {self.needs}, not {input_shape}")
        return filters, *window_counts(input_shape, self.size, self.stride, self.padding)

    def config(self) -> dict[str, Any]:
        filters, channels, *size = self._shapes["W"]
        return {
            "channels": channels,
            "filters": filters,
            "size": size,
            "stride": list(self.stride),
            "padding": list(self.padding),
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        if config.keys() != {"channels", "filters", "size", "stride", "padding"}:
            raise ArgumentError(
                f"a convolution has channels, filters, size, stride and padding, not {dict(config)!r:.80}"
            )
        channels, filters, size = (config[name] for name in ("channels", "filters", "size"))
        if not (isinstance(channels, int) and isinstance(filters, int)):
            raise ArgumentError(
                f"channels and filters are whole numbers, not {channels!r:.40}, {filters!r:.40}"
            )
        return cls(channels, filters, size, stride=config["stride"], padding=config["padding"])
