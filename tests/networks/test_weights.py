"""Weights in other libraries' names and layouts: both directions, with files that these libraries wrote and read."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import ArgumentError, CheckpointError, UnsupportedError
from chainrule.layers import (
    Affine,
    BatchNorm,
    Conv2D,
    Dropout,
    Embedding,
    Flatten,
    Layer,
    LayerNorm,
    MaxPool,
    ReLU,
    Residual,
    Sigmoid,
    Tanh,
)
from chainrule.networks import Sequential, TwoLayerNet
from chainrule.storage import load_arrays, save_arrays

GOLDEN = Path(__file__).parent / "pytorch.safetensors"  # by scripts/make_golden.py
HALVES = Path(__file__).parent / "pytorch-bfloat16.safetensors"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "net.safetensors"


@pytest.fixture(scope="module")
def jax() -> Any:
    """Imported and used once before the tests, since that alone changes the environment and random numbers."""
    jax = pytest.importorskip("jax")
    jax.numpy.zeros(1)
    return jax


def net(seed: int = 0, dtype: Any = np.float64) -> Sequential:
    return Sequential(Affine(3, 4), Tanh(), Affine(4, 4), Sigmoid(), Affine(4, 2), dtype=dtype, seed=seed)


@pytest.mark.parametrize("file", [GOLDEN, HALVES], ids=["float32", "bfloat16"])
def test_a_network_of_pytorch_gives_the_same_scores_here(file: Path) -> None:
    said = {key: np.array(json.loads(text)) for key, text in load_arrays(file)[1].items()}
    network = net()
    network.load_weights(file)
    np.testing.assert_allclose(network.predict(said["x"]), said["y"], rtol=1e-6)


def test_the_file_is_one_that_pytorch_would_have_written(path: Path) -> None:
    network = net(dtype=np.float32)
    network.load_weights(GOLDEN)
    network.save_weights(path)
    written, metadata = load_arrays(path)
    theirs, _ = load_arrays(GOLDEN)
    assert metadata == {"format": "pt"}
    assert written.keys() == theirs.keys()
    for name, array in theirs.items():
        np.testing.assert_array_equal(written[name], array, strict=True)


@pytest.mark.parametrize("layout", ["pytorch", "flax"])
def test_the_reference_library_reads_what_is_written(path: Path, layout: Any) -> None:
    reference = pytest.importorskip("safetensors.numpy")
    network = net(dtype=np.float32)
    network.save_weights(path, layout=layout)
    found = reference.load_file(path)
    if layout == "pytorch":
        np.testing.assert_array_equal(found["4.weight"], network.params["W3"].T, strict=True)
        np.testing.assert_array_equal(found["4.bias"], network.params["b3"], strict=True)
    else:
        np.testing.assert_array_equal(found["Dense_2.kernel"], network.params["W3"], strict=True)
        np.testing.assert_array_equal(found["Dense_2.bias"], network.params["b3"], strict=True)


def test_pytorch_reads_and_computes_with_it(path: Path, rng: np.random.Generator) -> None:
    torch, reader = pytest.importorskip("torch"), pytest.importorskip("safetensors.torch")
    network = net()
    network.save_weights(path)
    nn = torch.nn
    theirs = nn.Sequential(
        nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 4), nn.Sigmoid(), nn.Linear(4, 2)
    ).double()
    theirs.load_state_dict(reader.load_file(path))  # strict
    x = rng.normal(size=(7, 3))
    np.testing.assert_allclose(theirs(torch.from_numpy(x)).detach().numpy(), network.predict(x), rtol=1e-12)


def test_a_convolutional_network_of_pytorch_gives_the_same_scores(
    path: Path, rng: np.random.Generator
) -> None:
    torch, reader = pytest.importorskip("torch"), pytest.importorskip("safetensors.torch")
    nn = torch.nn
    theirs = nn.Sequential(
        *(nn.Conv2d(2, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
        *(nn.Linear(12, 4), nn.LayerNorm(4), nn.Dropout(0.5), nn.Linear(4, 2)),
    )
    theirs(torch.randn(8, 2, 4, 4))  # in training: the running means move
    theirs.eval()
    reader.save_file(theirs.state_dict(), path)
    network = Sequential(
        *(Conv2D(2, 3, 3, padding=1), BatchNorm(3), ReLU(), MaxPool(2), Flatten()),
        *(Affine(12, 4), LayerNorm(4), Dropout(0.5), Affine(4, 2)),
        input_shape=(2, 4, 4),
    )
    network.load_weights(path)
    x = rng.normal(size=(5, 2, 4, 4)).astype(np.float32)
    np.testing.assert_allclose(
        network.predict(x), theirs(torch.from_numpy(x)).detach().numpy(), rtol=1e-5, atol=1e-6
    )
    network.save_weights(path)
    again = {name: array.tobytes() for name, array in load_arrays(path)[0].items()}
    kept = {name: w.numpy().tobytes() for name, w in theirs.state_dict().items() if "num_batches" not in name}
    assert again == kept
    theirs.load_state_dict(reader.load_file(path))  # strict: PyTorch counts its batches anew
    with pytest.raises(UnsupportedError, match="Conv2D1 has no counterpart in the layout flax"):
        network.save_weights(path, layout="flax")


def test_jax_reads_and_computes_with_it(path: Path, rng: np.random.Generator, jax: Any) -> None:
    reader = pytest.importorskip("safetensors.flax")
    network = net(dtype=np.float32)
    network.save_weights(path, layout="flax")
    params = reader.load_file(path)
    x = rng.normal(size=(7, 3)).astype(np.float32)
    h = jax.numpy.tanh(x @ params["Dense_0.kernel"] + params["Dense_0.bias"])
    h = jax.nn.sigmoid(h @ params["Dense_1.kernel"] + params["Dense_1.bias"])
    y = h @ params["Dense_2.kernel"] + params["Dense_2.bias"]
    np.testing.assert_allclose(y, network.predict(x), rtol=2e-5)


def test_the_loader_of_hugging_face_reads_both_kinds_of_files(path: Path) -> None:
    hub = pytest.importorskip("huggingface_hub")
    torch = pytest.importorskip("torch")
    network = net(dtype=np.float32)
    network.save(path)
    assert hub.load_state_dict_from_file(path).keys() == network.params.keys()
    network.save_weights(path)
    nn = torch.nn
    theirs = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 4), nn.Sigmoid(), nn.Linear(4, 2))
    result = hub.load_torch_model(theirs, path, strict=True)
    assert not result.missing_keys
    np.testing.assert_array_equal(theirs[0].weight.detach().numpy().T, network.params["W1"])


@given(
    sizes=st.lists(st.integers(1, 4), min_size=2, max_size=5),
    layout=st.sampled_from(["pytorch", "flax"]),
    named=st.booleans(),
    seed=st.integers(0, 2**16),
)
def test_what_is_written_comes_back_to_the_bit(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], layout: Any, named: bool, seed: int
) -> None:
    path = tmp_path_factory.mktemp("a") / "net.safetensors"

    def network(seed: int) -> Sequential:
        layers = [layer for pair in pairwise(sizes) for layer in (Affine(*pair), ReLU())]
        return Sequential(*layers, seed=seed)

    first, second = network(seed), network(seed + 1)
    names = {label: f"../{label}" for label in first.layers if "Affine" in label} if named else None
    arrays = dict(second.params)
    first.save_weights(path, layout=layout, names=names)
    second.load_weights(path, layout=layout, names=names)
    for key, array in second.params.items():
        assert array is arrays[key]  # written in place: whoever holds the arrays sees the new numbers
        np.testing.assert_array_equal(array, first.params[key], strict=True)
    assert [file.name for file in path.parent.iterdir()] == [path.name]  # a name is never a path


def test_modules_of_ones_own_are_named_and_the_rest_is_left_alone(path: Path) -> None:
    network, again = TwoLayerNet(2, 3, 2, seed=0), TwoLayerNet(2, 3, 2, seed=1)
    names = {"Affine1": "encoder.fc1", "Affine2": "head"}
    network.save_weights(path, names=names)
    arrays, _ = load_arrays(path)
    assert list(arrays) == ["encoder.fc1.weight", "encoder.fc1.bias", "head.weight", "head.bias"]
    save_arrays(path, {**arrays, "decoder.weight": np.zeros((9, 9))})
    again.load_weights(path, names=names)
    np.testing.assert_array_equal(again.params["W2"], network.params["W2"])


def test_half_precision_is_widened(path: Path) -> None:
    network = TwoLayerNet(2, 3, 2, seed=0, dtype=np.float32)
    arrays = {"0.weight": np.full((3, 2), 1.5, np.float16), "0.bias": np.zeros(3, np.float16)}
    save_arrays(path, {**arrays, "2.weight": np.ones((2, 3)), "2.bias": np.ones(2)})
    network.load_weights(path)
    np.testing.assert_array_equal(network.params["W1"], np.full((2, 3), 1.5, np.float32), strict=True)


def fitting() -> dict[str, Any]:
    return {
        "0.weight": np.ones((4, 2)),
        "0.bias": np.ones(4),
        "2.weight": np.ones((3, 4)),
        "2.bias": np.ones(3),
    }


def without(name: str) -> dict[str, Any]:
    return {key: array for key, array in fitting().items() if key != name}


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "one is missing": (without("2.bias"), "lacks 2.bias; its arrays are 0.weight, 0.bias, 2.weight"),
    "one is left over": (
        fitting() | {"4.weight": np.ones(2)},
        "has 4.weight, for which the network has no place; its arrays are 0.weight, 0.bias",
    ),
    "transposed": (
        fitting() | {"0.weight": np.ones((2, 4))},
        "0.weight has shape (2, 4); W1 of shape (2, 4) needs (4, 2) there",
    ),
    "another size": (
        fitting() | {"2.bias": np.ones((3, 1))},
        "2.bias has shape (3, 1); b2 of shape (3,) needs (3,)",
    ),
    "integers": (
        fitting() | {"2.bias": np.ones(3, int)},
        "2.bias holds int64; b2 holds floating-point numbers",
    ),
    "too large": (fitting() | {"2.bias": np.full(3, 1e300)}, "2.bias holds numbers that float32 cannot hold"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_file_that_does_not_fit_is_refused_and_changes_nothing(path: Path, wrong: str) -> None:
    arrays, message = WRONG[wrong]
    save_arrays(path, arrays)
    network = TwoLayerNet(2, 4, 3, seed=0, dtype=np.float32)
    before = {key: array.copy() for key, array in network.params.items()}
    with pytest.raises(CheckpointError, match=re.escape(message)):
        network.load_weights(path)
    for key, array in before.items():
        np.testing.assert_array_equal(network.params[key], array)


def test_the_error_suggests_the_names_in_the_file(path: Path) -> None:
    arrays = {
        f"fc{n}.{part}": array for n, part, array in [(10, "weight", np.ones(2)), (2, "weight", np.ones(2))]
    }
    save_arrays(path, arrays)
    with pytest.raises(CheckpointError) as caught:
        TwoLayerNet(2, 3, 2).load_weights(path)
    assert caught.value.fix == "names={'Affine1': 'fc2', 'Affine2': 'fc10'}, if that is what belongs together"


def test_transposed_matrices_point_to_the_other_layout(path: Path) -> None:
    save_arrays(path, fitting() | {"0.weight": np.ones((2, 4))})
    with pytest.raises(CheckpointError) as caught:
        TwoLayerNet(2, 4, 3).load_weights(path)
    assert caught.value.fix == "the other layout, whose matrices are transposed"


@pytest.mark.parametrize("layout", ["pytorch", "flax"])
def test_state_and_ids_go_with_the_weights(path: Path, layout: Any) -> None:
    def network(seed: int) -> Sequential:
        layers = Embedding(5, 3), Flatten(), BatchNorm(6), Dropout(0.5), LayerNorm(6), Affine(6, 2)
        return Sequential(*layers, seed=seed, input_shape=(2,))

    first, second = network(0), network(1)
    first.state["running_mean2"][...] = np.arange(6)
    first.save_weights(path, layout=layout)
    second.load_weights(path, layout=layout)
    names = {"pytorch": ["0.weight", "2.running_mean"], "flax": ["Embed_0.embedding", "BatchNorm_0.mean"]}
    assert set(names[layout]) < set(load_arrays(path)[0])
    ids = np.array([[0, 1], [4, 2]])
    np.testing.assert_array_equal(second.predict(ids), first.predict(ids))
    with pytest.raises(UnsupportedError, match=f"Residual1 has no counterpart in the layout {layout}"):
        Sequential(Residual(Affine(2, 2))).save_weights(path, layout=layout)


class Own(Layer):
    parameter_names = ("factor",)

    def compute(self, x: Any, factor: Any) -> Any:
        return x * factor


def test_what_cannot_be_said_is_refused(path: Path) -> None:
    network = TwoLayerNet(2, 3, 2)
    with pytest.raises(ArgumentError, match="layout must be one of pytorch, flax; it is 'keras'"):
        network.save_weights(path, layout="keras")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="has parameters, Affine1, Affine2; it names Affine1"):
        network.save_weights(path, names={"Affine1": "fc1"})
    with pytest.raises(ArgumentError, match="names gives two layers one name"):
        network.save_weights(path, names={"Affine1": "fc", "Affine2": "fc"})
    with pytest.raises(UnsupportedError, match="Own1 has no counterpart in the layout pytorch"):
        Sequential(Affine(2, 2), Own(factor=np.ones(2)), dtype=float).save_weights(path)
    assert not path.exists()
