"""The lesson's deep convolutional network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from numpy.typing import DTypeLike

from ..layers import Affine, Conv2D, Dropout, Layer, MaxPool, ReLU, SoftmaxWithLoss
from ._arrangement import LESSON, image_shape
from ._network import Network

_BLOCK: list[type[Layer]] = [Conv2D, ReLU, Conv2D, ReLU, MaxPool]
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

    _spelling = LESSON

    _forms = ([*_BLOCK, *_BLOCK, *_BLOCK, Affine, ReLU, Dropout, Affine, Dropout],)
    _form_in_words = (
        "three times convolution, ReLU, convolution, ReLU, max pooling, then affine, ReLU, dropout, affine, dropout, "
        "and softmax with loss"
    )

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
        images = image_shape(input_dim)
        layers: list[Layer] = []
        shape = images
        for filters in _FILTERS:
            first = Conv2D(shape[0], filters, 3, padding=1, init="he")
            second = Conv2D(filters, filters, 3, padding=2 if filters == _WIDER else 1, init="he")
            block = [first, ReLU(), second, ReLU(), MaxPool(2)]
            for layer in block:
                shape = layer.output_shape(shape)
            layers += block
        layers += [Affine(math.prod(shape), hidden_size, init="he"), ReLU(), Dropout(dropout)]
        layers += [Affine(hidden_size, output_size, init="he"), Dropout(dropout)]
        self._begin(layers, SoftmaxWithLoss(), seed=seed, dtype=dtype, input_shape=images)
