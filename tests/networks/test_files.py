"""A network in a file: back to the bit, or refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import layers
from chainrule.errors import CheckpointError, UnsupportedError
from chainrule.layers import (
    BY_NAME,
    ELU,
    Affine,
    AvgPool,
    BatchNorm,
    Conv2D,
    Dropout,
    Embedding,
    LayerNorm,
    LeakyReLU,
    LossLayer,
    MaxPool,
    ReLU,
    Residual,
    SquaredError,
)
from chainrule.networks import DeepConvNet, Network, Sequential, SimpleConvNet, TwoLayerNet, load
from chainrule.storage import load_arrays, save_arrays


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "net.safetensors"


def every_layer() -> Sequential:
    of_images = [Conv2D(2, 3, 2, padding=(0, 1)), MaxPool(2), AvgPool((1, 2), stride=1)]
    sized = [BatchNorm(4), Residual(Affine(4, 4), BatchNorm(4), Dropout(0.2)), LayerNorm(4)]
    others = {*BY_NAME.values()} - {Affine, Embedding, *map(type, of_images), *map(type, sized)}
    kinds = [kind for kind in BY_NAME.values() if kind in others and not issubclass(kind, LossLayer)]
    plain = [*(kind() for kind in kinds), LeakyReLU(0.25), ELU(3)]
    layers = [*of_images, Affine(18, 4), *sized, *plain, Affine(4, 2)]
    return Sequential(*layers, loss=SquaredError(), input_shape=(2, 7, 6))


@pytest.mark.parametrize(
    "net",
    [
        TwoLayerNet(4, 3, 2, seed=1),
        TwoLayerNet(4, 3, 2, activation="sigmoid", dtype=np.float32),
        Sequential(Affine(4, 3), ReLU(), Affine(3, 2)),
        Sequential(Affine(np.ones((4, 3)), np.zeros(3)), dtype=float),
        every_layer(),
        SimpleConvNet((1, 6, 6), {"filter_num": 2}, 3, 2),
        DeepConvNet((1, 8, 8), 3, 2, seed=0),
    ],
    ids=["relu", "sigmoid", "sequential", "given", "every layer", "convolution", "deep"],
)
def test_round_trip(net: Network, path: Path, rng: np.random.Generator) -> None:
    net.params["b1"][:4] = [np.nan, -0.0, np.inf, 5e-324][: len(net.params["b1"])]
    net.save(path)
    again = load(path)
    assert type(again) is type(net)
    assert list(again.params) == list(net.params)
    assert list(again.state) == list(net.state)
    for key, value in net.arrays.items():
        assert again.arrays[key].dtype == value.dtype
        assert again.arrays[key].tobytes() == value.tobytes()
    assert again.summary() == net.summary()
    assert list(again.layers) == list(net.layers)
    assert type(again.lastLayer) is type(net.lastLayer)
    x = rng.normal(size=(5, net.input_size))
    np.testing.assert_array_equal(again.predict(x), net.predict(x))
    again.save(path.with_name("again"))
    assert path.with_name("again").read_bytes() == path.read_bytes()


def test_what_was_loaded_is_alive(path: Path) -> None:
    net = TwoLayerNet(4, 3, 2, seed=1)
    net.save(path)
    again = TwoLayerNet.load(path)
    x = np.ones((2, 4))
    t = np.array([0, 1])
    gradients = again.gradient(x, t)
    before = again.loss(x, t)
    for key in again.params:
        again.params[key] -= 0.5 * gradients[key]
    assert again.loss(x, t) < before
    assert again.layers["Affine1"].W is again.params["W1"]


def test_the_file_is_plain_safetensors(path: Path) -> None:
    safetensors = pytest.importorskip("safetensors")
    net = TwoLayerNet(4, 3, 2, seed=1)
    net.save(path)
    with safetensors.safe_open(path, "np") as file:
        assert sorted(file.keys()) == ["W1", "W2", "b1", "b2"]
        np.testing.assert_array_equal(file.get_tensor("W1"), net.params["W1"])
        assert json.loads(file.metadata()["chainrule"]) == {
            "format": 1,
            "network": "TwoLayerNet",
            "layers": [
                {"layer": "Affine", "inputs": 4, "outputs": 3},
                {"layer": "ReLU"},
                {"layer": "Affine", "inputs": 3, "outputs": 2},
            ],
            "loss": {"layer": "SoftmaxWithLoss"},
        }


def test_the_class_that_was_asked_for(path: Path) -> None:
    TwoLayerNet(4, 3, 2).save(path)
    assert type(TwoLayerNet.load(path)) is type(Network.load(path)) is TwoLayerNet
    with pytest.raises(CheckpointError, match="holds a TwoLayerNet, not a Sequential") as caught:
        Sequential.load(path)
    assert str(caught.value.fix).startswith("TwoLayerNet.load")


def change(path: Path, **changes: Any) -> None:
    """Write another description into a saved network; None takes a member away."""
    arrays, metadata = load_arrays(path)
    description = json.loads(metadata["chainrule"]) | changes
    kept = {key: value for key, value in description.items() if value is not None}
    save_arrays(path, arrays, {"chainrule": json.dumps(kept)})


AFFINE1, AFFINE2 = ({"layer": "Affine", "inputs": n, "outputs": n - 1} for n in (4, 3))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "it has format 2; this version of chainrule reads 1"),
        ({"format": None}, "has not exactly the members format, layers, loss, network"),
        ({"code": "import os"}, "has not exactly the members"),
        ({"network": "Network"}, "'Network' is no class of networks; known are DeepConvNet, Sequential, Simple"),
        ({"network": ["Sequential"]}, "is no class of networks"),
        ({"layers": {"Affine1": AFFINE1}}, "its layers are not a list"),
        ({"layers": []}, "a network needs at least one affine layer or convolution"),
        ({"layers": [AFFINE1, {"layer": "os.system"}, AFFINE2]}, "'os.system' is no layer"),
        ({"layers": [AFFINE1, {"layer": "ReLU", "x": 1}, AFFINE2]}, "ReLU has no x"),
        ({"layers": [AFFINE1, {"layer": "ReLU"}, AFFINE1]}, "Affine2 takes 4 numbers a row, but Affine1 gives 3"),
        ({"layers": [AFFINE1, {"layer": "SoftmaxWithLoss"}, AFFINE2]}, "SoftmaxWithLoss is a loss"),
        ({"layers": [AFFINE1, {"layer": "Tanh"}, AFFINE2]}, "TwoLayerNet is affine, ReLU or sigmoid, affine"),
        ({"layers": [AFFINE1, {"layer": "ReLU"}]}, "TwoLayerNet is affine, ReLU or sigmoid, affine"),
        ({"network": "Sequential", "layers": [AFFINE1]}, "has the arrays W1, b1, W2, b2, but its layers need W1, b1\n"),
        (
            {"layers": [{"layer": "Affine", "inputs": 10**12, "outputs": 10**12}, {"layer": "ReLU"},
                        {"layer": "Affine", "inputs": 10**12, "outputs": 2}]},
            r"W of this Affine has shape \(1000000000000, 1000000000000\); the new one has shape \(4, 3\)",
        ),
        ({"loss": {"layer": "ReLU"}}, "its loss is ReLU"),
        ({"loss": "SoftmaxWithLoss"}, "a layer is described by its name and arguments"),
    ],
)  # fmt: skip
def test_a_damaged_description(changes: dict[str, Any], message: str, path: Path) -> None:
    TwoLayerNet(4, 3, 2).save(path)
    change(path, **changes)
    with pytest.raises(CheckpointError, match=message) as caught:
        load(path)
    assert caught.value.what.startswith(f"{path} holds no network: ")
    assert caught.value.fix == "give a file that Network.save wrote"


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({}, "it has arrays, but no description of a network"),
        ({"chainrule": "{"}, "Expecting property name"),
        ({"chainrule": "[" * 100_000}, "recursion"),
        ({"chainrule": "[]"}, "has not exactly the members"),
        ({"chainrule": "1" * 5000}, "Exceeds the limit"),
    ],
)
def test_a_description_that_is_none(metadata: dict[str, str], message: str, path: Path) -> None:
    save_arrays(path, {"W1": np.zeros((2, 3)), "b1": np.zeros(3)}, metadata)
    with pytest.raises(CheckpointError, match=message):
        load(path)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"W1": np.zeros((3, 2))}, r"W of this Affine has shape \(2, 3\); the new one has shape \(3, 2\)"),
        ({"b1": np.zeros((3, 1))}, r"b of this Affine has shape \(3,\); the new one has shape \(3, 1\)"),
        ({"W1": np.zeros((2, 3), int)}, "W holds float32 or float64, not int64"),
        ({"W1": np.zeros((2, 3), np.float16)}, "W holds float32 or float64, not float16"),
        ({"b1": np.zeros(3, np.float32)}, "have one dtype; these have W1 float64, b1 float32"),
        ({"W2": np.zeros((2, 3))}, "it has the arrays W1, b1, W2, but its layers need W1, b1"),
    ],
)
def test_arrays_that_do_not_fit(arrays: dict[str, Any], message: str, path: Path) -> None:
    Sequential(Affine(2, 3), dtype=float).save(path)
    held, metadata = load_arrays(path)
    save_arrays(path, held | arrays, metadata)
    with pytest.raises(CheckpointError, match=message):
        load(path)


def test_a_file_that_is_no_file(path: Path) -> None:
    with pytest.raises(CheckpointError, match="there is no such file"):
        load(path)
    path.write_bytes(b"not safetensors")
    with pytest.raises(CheckpointError, match="cannot be loaded"):
        TwoLayerNet.load(path)


def test_networks_of_others_are_not_saved(path: Path) -> None:
    class Own(layers.ReLU):
        pass

    class OwnNet(TwoLayerNet):
        pass

    for net, name in ((Sequential(Affine(2, 3), Own()), "Own"), (OwnNet(2, 3, 2), "OwnNet")):
        with pytest.raises(UnsupportedError, match=f"{name} is no (layer|network) of chainrule"):
            net.save(path)
    assert not path.exists()
