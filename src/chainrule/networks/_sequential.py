"""Any layers in a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ..layers import Layer, LossLayer, SoftmaxWithLoss
from ._network import Network


class Sequential(Network):
    """A network of the layers given, in their order.

    layers   at least one of them `Affine` or `Conv2D`, each an object of its own. ``Affine(inputs, outputs)`` is
             initialised here: for ReLU and its kind behind it as He, for sigmoid, tanh or nothing behind it as Xavier;
             see `Affine`
    loss     the loss, `SoftmaxWithLoss` unless told otherwise
    seed     of the random numbers, one generator for all layers; None for other ones each time
    dtype    of the parameters that are drawn here; layers made from arrays keep theirs
    input_shape  of one row of inputs, (channels, height, width) for images; needed only where no affine layer comes
             before a convolution or a pool. Flat rows of as many numbers are laid out like this
    raises   ShapeError, naming two layers that do not fit each other; ArgumentError, DTypeError

    >>> from chainrule.layers import Affine, ReLU
    >>> net = Sequential(Affine(784, 50), ReLU(), Affine(50, 10))
    >>> list(net.params), net.params["W1"].shape
    (['W1', 'b1', 'W2', 'b2'], (784, 50))
    >>> net.predict(np.zeros((100, 784))).shape
    (100, 10)
    >>> from chainrule.layers import Conv2D, MaxPool
    >>> net = Sequential(Conv2D(1, 30, 5), ReLU(), MaxPool(2), Affine(4320, 10), input_shape=(1, 28, 28))
    >>> net.shapes
    {'Conv2D1': (30, 24, 24), 'ReLU1': (30, 24, 24), 'MaxPool1': (30, 12, 12), 'Affine1': (10,)}
    >>> net.predict(np.zeros((100, 784), np.uint8)).shape
    (100, 10)
    """

    def __init__(
        self,
        *layers: Layer,
        loss: LossLayer | None = None,
        seed: Any = 0,
        dtype: DTypeLike = np.float32,
        input_shape: Sequence[int] | None = None,
    ) -> None:
        loss = SoftmaxWithLoss() if loss is None else loss
        self._begin(layers, loss, seed=seed, dtype=dtype, input_shape=input_shape)
