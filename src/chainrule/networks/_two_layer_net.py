"""The lesson's network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike

from ..errors import ArgumentError
from ..layers import Affine, Layer, LossLayer, ReLU, Sigmoid, SoftmaxWithLoss, initialise
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

    _spelling = {"ReLU": "Relu"}

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
        self._arrange(layers, SoftmaxWithLoss())
        initialise(layers, seed=seed, dtype=dtype)
        self._take_up_arrays()

    def _arrange(
        self, layers: Sequence[Layer], loss: LossLayer, input_shape: Sequence[int] | None = None
    ) -> None:
        super()._arrange(layers, loss, input_shape)
        kinds = [type(layer) for layer in layers]
        if (
            kinds not in ([Affine, ReLU, Affine], [Affine, Sigmoid, Affine])
            or type(loss) is not SoftmaxWithLoss
        ):
            names = ", ".join([*self.layers, type(loss).__name__])
            raise ArgumentError(
                f"TwoLayerNet is affine, ReLU or sigmoid, affine, softmax with loss, not {names}"
            )
