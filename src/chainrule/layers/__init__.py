"""The layers: parameters and gates, with the lesson's interface ``forward(...)`` and ``backward(dout)``.

>>> from chainrule.layers import Affine, ReLU
>>> affine, relu = Affine(2, 3, seed=0), ReLU()
>>> y = relu.forward(affine.forward(np.array([[1.0, 2.0]])))
>>> affine.backward(relu.backward(np.ones((1, 3)))).shape, affine.dW.shape
((1, 2), (2, 3))
"""

from ._activations import (
    ELU,
    GELU,
    Activation,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    Relu,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from ._affine import Affine
from ._arithmetic import AddLayer, MulLayer
from ._conv2d import Conv2D
from ._dropout import Dropout
from ._embedding import Embedding
from ._initialise import initialise
from ._layer import Layer, numbered
from ._losses import BinaryCrossEntropyWithLogits, LossLayer, MeanSquaredError, SoftmaxWithLoss, SquaredError
from ._normalisation import BatchNorm, LayerNorm, Normalisation
from ._pools import AvgPool, Flatten, MaxPool, Pool
from ._registry import BY_NAME, is_known, layer_from_config, layer_to_config
from ._residual import Residual
from ._weighted import Weighted

__all__ = [
    "BY_NAME",
    "Activation",
    "AddLayer",
    "Affine",
    "AvgPool",
    "BatchNorm",
    "BinaryCrossEntropyWithLogits",
    "Conv2D",
    "Dropout",
    "ELU",
    "Embedding",
    "Flatten",
    "GELU",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "LogSoftmax",
    "LossLayer",
    "MaxPool",
    "MeanSquaredError",
    "MulLayer",
    "Normalisation",
    "Pool",
    "ReLU",
    "Relu",
    "Residual",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "SoftmaxWithLoss",
    "Softplus",
    "SquaredError",
    "Tanh",
    "Weighted",
    "initialise",
    "is_known",
    "layer_from_config",
    "layer_to_config",
    "numbered",
]
