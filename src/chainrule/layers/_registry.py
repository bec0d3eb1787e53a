"""Layers as text and back. A name in a file is looked up here and nowhere else, so a file cannot run anything."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ..errors import ArgumentError, UnsupportedError
from ._activations import ELU, GELU, LeakyReLU, LogSoftmax, ReLU, Sigmoid, SiLU, Softmax, Softplus, Tanh
from ._affine import Affine
from ._conv2d import Conv2D
from ._dropout import Dropout
from ._embedding import Embedding
from ._layer import Layer
from ._losses import BinaryCrossEntropyWithLogits, MeanSquaredError, SoftmaxWithLoss, SquaredError
from ._normalisation import BatchNorm, LayerNorm
from ._pools import AvgPool, Flatten, MaxPool
from ._residual import Residual

BY_NAME: Mapping[str, type[Layer]] = MappingProxyType(
    {
        "Affine": Affine,
        "AvgPool": AvgPool,
        "BatchNorm": BatchNorm,
        "BinaryCrossEntropyWithLogits": BinaryCrossEntropyWithLogits,
        "Conv2D": Conv2D,
        "Dropout": Dropout,
        "ELU": ELU,
        "Embedding": Embedding,
        "Flatten": Flatten,
        "GELU": GELU,
        "LayerNorm": LayerNorm,
        "LeakyReLU": LeakyReLU,
        "LogSoftmax": LogSoftmax,
        "MaxPool": MaxPool,
        "MeanSquaredError": MeanSquaredError,
        "ReLU": ReLU,
        "Residual": Residual,
        "SiLU": SiLU,
        "Sigmoid": Sigmoid,
        "Softmax": Softmax,
        "SoftmaxWithLoss": SoftmaxWithLoss,
        "Softplus": Softplus,
        "SquaredError": SquaredError,
        "Tanh": Tanh,
    }
)
"""The layers that a network can be made of, by their names in files."""


def is_known(layer: Layer) -> bool:
    """Whether a layer is of one of these classes, and not of one that only inherits from them.

    >>> is_known(ReLU()), is_known(type("Own", (ReLU,), {})())
    (True, False)
    """
    return BY_NAME.get(type(layer).__name__) is type(layer)


def layer_to_config(layer: Layer) -> dict[str, Any]:
    """A layer without the values of its parameters, fit for JSON.

    raises  UnsupportedError for a layer that is not one of ours: nothing could make it again

    >>> layer_to_config(LeakyReLU(alpha=0.2))
    {'layer': 'LeakyReLU', 'alpha': 0.2}
    """
    name = type(layer).__name__
    if not is_known(layer):
        raise UnsupportedError(
            f"{name} is no layer of chainrule and cannot be made again from a file",
            fix="net.to_onnx(path), or chainrule.storage.save_arrays(path, net.params) for its arrays alone",
        )
    return {"layer": name, **layer.config()}


def layer_from_config(config: Any) -> Layer:
    """The layer that `layer_to_config` described, its parameters not initialised.

    raises  ArgumentError, saying what is wrong with the description

    >>> layer_from_config({"layer": "LeakyReLU", "alpha": 0.2}).alpha
    0.2
    """
    if not isinstance(config, dict) or not isinstance(config.get("layer"), str):
        raise ArgumentError(f"a layer is described by its name and arguments, not by {config!r:.80}")
    settings = dict(config)
    name = settings.pop("layer")
    if name not in BY_NAME:
        raise ArgumentError(f"{name!r:.80} is no layer; known are {', '.join(BY_NAME)}")
    try:
        return BY_NAME[name].from_config(settings)
    except TypeError:
        raise ArgumentError(f"{name} cannot be made from {settings!r:.80}") from None
