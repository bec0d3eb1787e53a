"""The lesson's network."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike

from ..errors import ArgumentError
from ..layers import Affine, ReLU, Sigmoid, SoftmaxWithLoss
from ._arrangement import LESSON
from ._network import Network


class TwoLayerNet(Network):
    """Two affine layers with an activation between them, and softmax with loss behind them, as in the lesson.

    input_size, hidden_size, output_size  how many numbers a row has at the input, between the layers, at the output
    weight_init_std                       standard deviation of the weights in the beginning; the biases are 0
    activation                            "relu", or "sigmoid"
    dtype                                 float64 as in the lesson, or float32
    seed                                  of the weights, None for other ones each time. NumPy's global random state
                                          (np.random.seed) is neither used nor changed
    raises                                ArgumentError, DTypeError
    source                                Saito, Deep Learning from Scratch, section 5.7.2 (ch05/two_layer_net.py)

    The layers are called ``Affine1``, ``Relu1`` (or ``Sigmoid1``), ``Affine2`` and ``lastLayer``.

    >>> net = TwoLayerNet(input_size=784, hidden_size=50, output_size=10, seed=0)
    >>> x, t = np.zeros((3, 784)), np.array([5, 0, 4])
    >>> for key, dW in net.gradient(x, t).items():
    ...     net.params[key] -= 0.1 * dW
    >>> list(net.layers), round(net.loss(x, t), 3)
    (['Affine1', 'Relu1', 'Affine2'], 2.279)
    """

    _spelling = LESSON

    _forms = ([Affine, ReLU, Affine], [Affine, Sigmoid, Affine])
    _form_in_words = "affine, ReLU or sigmoid, affine, softmax with loss"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        output_size: int,
        weight_init_std: float = 0.01,
        *,
        activation: Literal["relu", "sigmoid"] = "relu",
        dtype: DTypeLike = np.float64,
        seed: Any = None,
    ) -> None:
        if activation not in ("relu", "sigmoid"):
            raise ArgumentError(
                f"activation is 'relu' or 'sigmoid', not {activation!r}", fix="Sequential takes any"
            )
        layers = (
            Affine(input_size, hidden_size, init=weight_init_std),
            ReLU() if activation == "relu" else Sigmoid(),
            Affine(hidden_size, output_size, init=weight_init_std),
        )
        self._begin(layers, SoftmaxWithLoss(), seed=seed, dtype=dtype)
