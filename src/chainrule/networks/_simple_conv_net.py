"""The lesson's convolutional network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import DTypeLike

from ..errors import ArgumentError
from ..layers import Affine, Conv2D, MaxPool, ReLU, SoftmaxWithLoss
from ._arrangement import LESSON, image_shape
from ._network import Network

_CONV = {"filter_num": 30, "filter_size": 5, "pad": 0, "stride": 1}


class SimpleConvNet(Network):
    """Convolution, ReLU, max pooling of 2 × 2, affine, ReLU, affine, and softmax with loss, as in the lesson.

    input_dim        channels, height and width of an image; rows of as many numbers are laid out like this
    conv_param       filter_num, filter_size, pad and stride of the convolution; 30, 5, 0 and 1 where left out
    hidden_size, output_size  how many numbers a row has between the affine layers, and at the output
    weight_init_std  standard deviation of the weights in the beginning, or "he"; the biases are 0
    dtype, seed      see `TwoLayerNet`
    raises           ArgumentError, ShapeError, DTypeError
    source           Saito, Deep Learning from Scratch, section 7.5 (ch07/simple_convnet.py)

    The layers are called ``Conv1``, ``Relu1``, ``Pool1``, ``Affine1``, ``Relu2``, ``Affine2`` and ``lastLayer``.

    >>> net = SimpleConvNet(seed=0)
    >>> net.shapes["Pool1"], net.params["W2"].shape
    ((30, 12, 12), (4320, 100))
    >>> net.predict(np.zeros((2, 1, 28, 28))).shape, net.predict(np.zeros((2, 784))).shape
    ((2, 10), (2, 10))
    """

    _spelling = LESSON

    _forms = ([Conv2D, ReLU, MaxPool, Affine, ReLU, Affine],)
    _form_in_words = "convolution, ReLU, max pooling, affine, ReLU, affine, softmax with loss"

    def __init__(
        self,
        input_dim: Sequence[int] = (1, 28, 28),
        conv_param: Mapping[str, int] = _CONV,
        hidden_size: int = 100,
        output_size: int = 10,
        weight_init_std: Any = 0.01,
        *,
        dtype: DTypeLike = "float64",
        seed: Any = None,
    ) -> None:
        if unknown := conv_param.keys() - _CONV.keys():
            raise ArgumentError(
                f"conv_param has {', '.join(sorted(unknown))}; it takes {', '.join(_CONV)}",
            )
        chosen = {**_CONV, **conv_param}
        images = image_shape(input_dim)
        init = {"init": weight_init_std}
        conv = Conv2D(
            images[0], chosen["filter_num"], chosen["filter_size"], stride=chosen["stride"],
            padding=chosen["pad"], **init,
        )  # fmt: skip
        pool = MaxPool(2)
        filters, height, width = pool.output_shape(conv.output_shape(images))
        layers = (
            conv,
            ReLU(),
            pool,
            Affine(filters * height * width, hidden_size, **init),
            ReLU(),
            Affine(hidden_size, output_size, **init),
        )
        self._begin(layers, SoftmaxWithLoss(), seed=seed, dtype=dtype, input_shape=images)
