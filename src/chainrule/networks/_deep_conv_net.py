"""The lesson's deep convolutional network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from numpy.typing import DTypeLike

from ..errors import ArgumentError
from ..layers import Affine, Conv2D, Dropout, Layer, LossLayer, MaxPool, ReLU, SoftmaxWithLoss, initialise
from ._network import Network

_FILTERS = (16, 32, 64)  # of the two convolutions before each pool
_WIDER = 32  # whose second convolution has a padding of 2, so that 14 × 14 ends as 4 × 4


class DeepConvNet(Network):
    """Six convolutions of 3 × 3 with ReLU, a pool of 2 × 2 behind every second, and two affine layers with dropout.

    input_dim    channels, height and width of an image; rows of as many numbers are laid out like this
    hidden_size, output_size  how many numbers a row has between the affine layers, and at the output
    dropout      the share of numbers that is dropped in training behind each affine layer
    dtype, seed  see `TwoLayerNet`. The weights begin as He has them, the biases are 0
    raises       ArgumentError, ShapeError, DTypeError
    source       Saito, Deep Learning from Scratch, section 8.1 (ch08/deep_convnet.py)

    The layers are called ``Conv1``, ``Relu1``, …, ``Conv6``, ``Relu6``, ``Pool3``, ``Affine1``, ``Relu7``,
    ``Dropout1``, ``Affine2`` and ``Dropout2``.

    >>> net = DeepConvNet(seed=0)
    >>> net.shapes["Pool3"], net.predict(np.zeros((2, 784))).shape
    ((64, 4, 4), (2, 10))
    """

    _spelling = {"Conv2D": "Conv", "ReLU": "Relu", "MaxPool": "Pool"}

    def __init__(
        self,
        input_dim: Sequence[int] = (1, 28, 28),
        hidden_size: int = 50,
        output_size: int = 10,
        *,
        dropout: float = 0.5,
        dtype: DTypeLike = "float64",
        seed: Any = None,
    ) -> None:
        if len(input_dim) != 3:
            raise ArgumentError(f"input_dim is (channels, height, width), not {input_dim!r}")
        layers: list[Layer] = []
        shape: tuple[int, ...] = tuple(input_dim)
        for filters in _FILTERS:
            first = Conv2D(shape[0], filters, 3, padding=1, init="he")
            second = Conv2D(filters, filters, 3, padding=2 if filters == _WIDER else 1, init="he")
            block = [first, ReLU(), second, ReLU(), MaxPool(2)]
            for layer in block:
                shape = layer.output_shape(shape)
            layers += block
        layers += [Affine(math.prod(shape), hidden_size, init="he"), ReLU(), Dropout(dropout)]
        layers += [Affine(hidden_size, output_size, init="he"), Dropout(dropout)]
        self._arrange(layers, SoftmaxWithLoss(), tuple(input_dim))
        initialise(layers, seed=seed, dtype=dtype)
        self._take_up_arrays()

    def _arrange(
        self, layers: Sequence[Layer], loss: LossLayer, input_shape: Sequence[int] | None = None
    ) -> None:
        super()._arrange(layers, loss, input_shape)
        block = [Conv2D, ReLU, Conv2D, ReLU, MaxPool]
        kinds = [*block, *block, *block, Affine, ReLU, Dropout, Affine, Dropout]
        if [type(layer) for layer in layers] != kinds or type(loss) is not SoftmaxWithLoss:
            names = ", ".join([*self.layers, type(loss).__name__])
            raise ArgumentError(
                "DeepConvNet is three times convolution, ReLU, convolution, ReLU, max pooling, then affine, ReLU, "
                f"dropout, affine, dropout, and softmax with loss, not {names}"
            )
