"""Layers as text and back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from chainrule import layers
from chainrule.errors import ArgumentError, DTypeError, UnsupportedError
from chainrule.layers import (
    BY_NAME,
    ELU,
    Affine,
    AvgPool,
    BatchNorm,
    Conv2D,
    Dropout,
    Embedding,
    Layer,
    LayerNorm,
    LeakyReLU,
    MaxPool,
    ReLU,
    Residual,
    initialise,
    layer_from_config,
    layer_to_config,
)

EXAMPLES: list[Layer] = [
    Affine(np.zeros((2, 3)), np.zeros(3)),
    Affine(4, 5),
    LeakyReLU(0.3),
    ELU(2),
    Conv2D(2, 3, (3, 2), stride=(1, 2), padding=1),
    MaxPool(2),
    AvgPool((3, 2), stride=1, padding=(1, 0)),
    BatchNorm(4, momentum=0.5, eps=1e-3),
    Dropout(0.1),
    LayerNorm(3),
    Embedding(3, 2, std=0.1),
    Residual(ReLU(), Residual(Affine(2, 2), Dropout(0.3))),
]
EXAMPLES += [kind() for kind in BY_NAME.values() if kind not in set(map(type, EXAMPLES))]


@pytest.mark.parametrize("layer", EXAMPLES, ids=lambda layer: type(layer).__name__)
def test_round_trip(layer: Layer) -> None:
    again = layer_from_config(json.loads(json.dumps(layer_to_config(layer))))
    assert type(again) is type(layer)
    assert layer_to_config(again) == layer_to_config(layer)


def test_every_layer_a_network_can_have_is_known() -> None:
    public = {
        value for value in vars(layers).values() if isinstance(value, type) and issubclass(value, Layer)
    }
    not_in_networks = {
        Layer,
        layers.Activation,
        layers.LossLayer,
        layers.Normalisation,
        layers.Pool,
        layers.Weighted,
    }
    not_in_networks |= {layers.AddLayer, layers.MulLayer}
    assert set(BY_NAME.values()) == public - not_in_networks
    assert all(name == kind.__name__ for name, kind in BY_NAME.items())


def test_layers_of_others_are_not_saved() -> None:
    class ReLU(layers.ReLU):  # called like ours, and another
        pass

    with pytest.raises(UnsupportedError, match="ReLU is no layer of chainrule"):
        layer_to_config(ReLU())


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"layer": "os.system"}, "'os.system' is no layer; known are Affine, "),
        ({"layer": "Layer"}, "'Layer' is no layer"),
        ({"layer": ["ReLU"]}, "a layer is described by its name and arguments"),
        ({}, "a layer is described by its name and arguments, not by {}"),
        (["ReLU"], "a layer is described by its name and arguments"),
        ({"layer": "ReLU", "alpha": 1}, "ReLU has no alpha"),
        ({"layer": "ELU", "beta": 1}, "ELU cannot be made from {'beta': 1}"),
        ({"layer": "Affine", "inputs": 3}, "has inputs and outputs, two sizes, not {'inputs': 3}"),
        ({"layer": "Affine", "inputs": 0, "outputs": 3}, "at least one input"),
        ({"layer": "Affine", "inputs": [[1.0]], "outputs": [1.0]}, "has inputs and outputs, two sizes"),
        ({"layer": "Affine", "inputs": 2, "outputs": 3, "seed": 0}, "has inputs and outputs, two sizes"),
        (
            {"layer": "Conv2D", "channels": 1},
            "has channels, filters, size, stride and padding, not {'channels': 1}",
        ),
        (
            {"layer": "MaxPool", "size": [2, 0], "stride": 1, "padding": 0},
            "size is a whole number from 1 up, or a pair",
        ),
        ({"layer": "MaxPool"}, "MaxPool cannot be made from {}"),
        ({"layer": "LeakyReLU", "alpha": "1"}, "alpha is a number, not '1'"),
        ({"layer": "LeakyReLU", "alpha": float("nan")}, "alpha is a number, not nan"),
    ],
)
def test_descriptions_that_make_no_layer(config: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        layer_from_config(config)


def test_initialise_takes_what_suits_the_layer_behind() -> None:
    wide = [Affine(500, 200) for _ in range(4)]
    given = Affine(np.ones((2, 3)), np.zeros(3))
    initialise(
        [wide[0], layers.GELU(), wide[1], layers.Tanh(), wide[2], layers.Softmax(), wide[3], given],
        seed=0,
        dtype=float,
    )
    he = (2 / 500) ** 0.5
    xavier = (1 / 500) ** 0.5
    for affine, deviation in zip(wide, (he, xavier, xavier, xavier), strict=True):
        assert affine.W.std() == pytest.approx(deviation, rel=0.01)
    np.testing.assert_array_equal(given.W, 1)


def test_initialise_prefers_what_a_layer_was_told() -> None:
    own_seed = Affine(50, 40, seed=7, dtype=np.float32)
    own_spread = Affine(50, 40, init=0.01)
    initialise([own_seed, own_spread], seed=0, dtype=np.float64)
    np.testing.assert_array_equal(own_seed.W, Affine(50, 40, seed=7, dtype=np.float32).W)
    assert own_spread.W.std() == pytest.approx(0.01, rel=0.1)
    with pytest.raises(DTypeError, match="parameters are float32 or float64"):
        initialise([], seed=0, dtype=int)
    with pytest.raises(ArgumentError, match="is no seed"):
        initialise([], seed="zero", dtype=float)
