"""Networks from ONNX files: the same numbers, the same gradients, and training that goes on."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

import chainrule as cr  # noqa: E402
from chainrule.errors import ArgumentError, CheckpointError, MissingExtraError, UnsupportedError  # noqa: E402
from chainrule.graph import functions as f  # noqa: E402
from chainrule.onnx import load, loaded  # noqa: E402
from chainrule.storage import load_arrays  # noqa: E402
from tests.interop.onnx._models import dense, model, node  # noqa: E402
from tests.interop.onnx._runtimes import check_runtimes  # noqa: E402

FOREIGN = Path(__file__).parent / "foreign"


def data(rows=40, columns=4, dtype=np.float32):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(rows, columns)).astype(dtype)
    return x, (x[:, 0] > 0).astype(int) + (x[:, 1] > 0)


def of(made, **settings):
    return loaded(made.SerializeToString(), **settings)


# Other people's files -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["torchscript", "dynamo", "sklearn"])
def test_a_foreign_file_gives_what_its_maker_computes(name):
    expected, _ = load_arrays(FOREIGN / f"{name}.safetensors")
    net = load(FOREIGN / f"{name}.onnx")
    np.testing.assert_allclose(net.run(expected["x"]), expected["out"], rtol=0, atol=1e-6)
    assert net.ending[0].operator == ("Softmax" if name == "sklearn" else "LogSoftmax")
    probabilities = expected["out"] if name == "sklearn" else np.exp(expected["out"])
    np.testing.assert_allclose(f.softmax(net.predict(expected["x"])), probabilities, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ["torchscript", "dynamo"])
def test_gradients_are_those_of_pytorch(name):
    expected, _ = load_arrays(FOREIGN / f"{name}.safetensors")
    net, x, t = load(FOREIGN / f"{name}.onnx"), expected["x"], expected["t"]
    assert net.loss(x, t) == pytest.approx(float(expected["loss"]), abs=1e-6)
    gradients = net.gradient(x, t)
    assert gradients.keys() == expected.keys() - {"x", "t", "out", "loss"}
    for key, gradient in gradients.items():
        np.testing.assert_allclose(gradient, expected[key], rtol=0, atol=1e-6, err_msg=key)


@pytest.mark.parametrize("name", ["torchscript", "sklearn"])
def test_a_foreign_network_is_trained_and_written_again(name, tmp_path):
    net = load(FOREIGN / f"{name}.onnx")
    x, t = data()
    before = net.loss(x, t)
    cr.Trainer(net, cr.Adam(0.01), batch_size=20).fit(x, t, epochs=20)
    assert net.loss(x, t) < 0.9 * before
    net.to_onnx(tmp_path / "trained.onnx")
    check_runtimes(tmp_path / "trained.onnx", x, net.run(x), within=2e-6)
    again = load(tmp_path / "trained.onnx")
    assert list(again.params) == list(net.params)
    np.testing.assert_array_equal(again.predict(x), net.predict(x))


# Our own ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", [cr.SoftmaxWithLoss, cr.MeanSquaredError, cr.BinaryCrossEntropyWithLogits])
def test_a_round_trip_keeps_every_bit_and_training_goes_on_with_the_same_steps(loss, tmp_path):
    net = cr.Sequential(cr.Affine(4, 5), cr.LeakyReLU(0.5), cr.Affine(5, 3), loss=loss(), seed=2)
    net.to_onnx(tmp_path / "net.onnx")
    again = load(tmp_path / "net.onnx")
    assert list(again.layers) == list(net.layers)
    assert again.sizes == net.sizes
    assert type(again.lastLayer) is loss
    x, t = data()
    t = np.eye(3, dtype=np.float32)[t]
    for trained in (net, again):
        cr.Trainer(trained, cr.Momentum(0.1), batch_size=8, seed=1).fit(x, t, epochs=2)
    for key, value in net.params.items():
        np.testing.assert_array_equal(again.params[key], value)


def test_a_loaded_network_is_seen_like_any_other(tmp_path):
    net = of(dense())
    x, t = data(6)
    assert net.summary().splitlines() == [
        "layer            output  parameters",
        "MatMul1          (N, 5)          20",
        "Add1             (N, 5)           5",
        "Relu1            (N, 5)           0",
        "MatMul2          (N, 3)          15",
        "SoftmaxWithLoss      ()           0",
        "40 parameters, 160 bytes (float32)",
    ]
    loss = net.record(x, t)
    assert {n.name for n in cr.Graph(loss) if n.variable.gate is None} == {"x", "W", "b", "V"}
    assert "MatMul2" in str(cr.explain(loss))
    assert "Relu1" in cr.draw(net, x, t).svg()
    assert [layer.name for layer in cr.gradient_flow(net, x, t).layers] == list(net.layers)
    cr.assert_gradients(lambda: of(dense(dtype=np.float64, arrays={
        "W": np.ones((4, 5)) / 3, "b": np.arange(5.0) / 7, "V": np.eye(5, 3)})), x, t)  # fmt: skip


# What becomes of which graph ----------------------------------------------------------------------


def test_a_residual_block_stays_in_one_layer_and_tied_weights_learn_together():
    w = np.eye(4, dtype=np.float32) / 2
    tied = [node("MatMul", "x W", "a"), node("Tanh", "a", "b"), node("MatMul", "b W", "y")]
    net = of(model(tied, {"W": w}))
    assert list(net.layers) == ["Block1"]
    x, t = data(5)
    w_, x_ = cr.Variable(w), cr.Variable(x)
    f.softmax_with_loss(f.matmul(f.tanh(f.matmul(x_, w_)), w_), t).backward()
    np.testing.assert_allclose(net.gradient(x, t)["W"], w_.grad, rtol=1e-6)
    skip = [
        node("MatMul", "x W", "a"),
        node("Relu", "a", "b"),
        node("Add", "b x", "c"),
        node("MatMul", "c V", "y"),
    ]
    net = of(model(skip, {"W": w, "V": w}))
    assert [[n.operator for n in layer.nodes] for layer in net.layers.values()] == [
        ["MatMul", "Relu", "Add"],
        ["MatMul"],
    ]
    np.testing.assert_allclose(net.predict(x), (np.maximum(x @ w, 0) + x) @ w, rtol=1e-6)


def test_numbers_without_an_axis_and_statistics_do_not_learn():
    nodes = [
        node("Constant", "", "half", value_float=0.5),
        node("Mul", "x half", "a"),
        node("BatchNormalization", "a scale shift mean variance", "b"),
        node("Mul", "b twice", "y"),
    ]
    names = ("scale", "shift", "mean", "variance")
    arrays = {name: np.full(4, n + 1, np.float32) for n, name in enumerate(names)} | {"twice": np.float32(2)}
    net = of(model(nodes, arrays))
    assert list(net.params) == ["scale", "shift"]
    x, _ = data(3)
    np.testing.assert_allclose(net.predict(x), 2 * ((x / 2 - 3) / np.sqrt(4 + 1e-5) + 2), atol=1e-6)


def test_older_files_say_axes_in_attributes():
    nodes = [
        node("MatMul", "x W", "a"),
        node("Unsqueeze", "a", "b", axes=[1]),
        node("ReduceSum", "b", "c", axes=[1], keepdims=0),
        node("Softmax", "c", "y", axis=1),
    ]
    net = of(model(nodes, {"W": np.eye(4, 3, dtype=np.float32)}, opset=11))
    x, _ = data(3)
    np.testing.assert_allclose(net.run(x), f.softmax(x[:, :3]), rtol=1e-6)
    assert [n.operator for n in net.ending] == ["Softmax"]


def test_the_ending_is_taken_off_for_the_loss_that_has_it_itself_and_for_no_other():
    made = dense(nodes=[node("MatMul", "x W", "a"), node("Sigmoid", "a", "y")])
    x, _ = data(3)
    scores = of(made).predict(x)
    assert type(of(made).lastLayer) is cr.BinaryCrossEntropyWithLogits
    np.testing.assert_array_equal(of(made).run(x), f.sigmoid(scores))
    squares = of(made, loss=cr.MeanSquaredError())
    np.testing.assert_array_equal(squares.predict(x), f.sigmoid(scores))
    np.testing.assert_array_equal(squares.run(x), f.sigmoid(scores))
    np.testing.assert_array_equal(of(made, output="a").predict(x), scores)


def test_a_row_may_be_flat_and_images_are_rows_too():
    nodes = [node("Flatten", "x", "a"), node("MatMul", "a W", "y")]
    made = model(nodes, {"W": np.ones((12, 2), np.float32)}, shape=("N", 3, 4))
    net = of(made)
    x = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    assert (net.input_shape, net.input_size) == ((3, 4), 12)
    np.testing.assert_array_equal(net.predict(x), net.predict(x.reshape(2, 12)))
    no_shape = model(nodes, {"W": np.ones((12, 2), np.float32)}, shape=None)
    with pytest.raises(
        ArgumentError, match="it does not say how many numbers a row of its input 'x' has"
    ) as asks:
        of(no_shape)
    assert "input_shape" in asks.value.fix
    np.testing.assert_array_equal(of(no_shape, input_shape=(3, 4)).predict(x), net.predict(x))
    with pytest.raises(
        ArgumentError, match=r"input_shape is \(4, 3\); in the file a row has the shape \(3, 4\)"
    ):
        of(made, input_shape=(4, 3))
    with pytest.raises(ArgumentError, match="loss must be a layer; it is 'mse'"):
        of(made, loss="mse")


# What is refused ----------------------------------------------------------------------------------

_W = {"W": np.ones((4, 3), np.float32)}
_PRODUCT = node("MatMul", "x W", "y")
REFUSED = {
    "operators that are lacking": (
        [_PRODUCT, node("Det", "y", "z"), node("Foo", "z", "w", domain="com.me")],
        {"outputs": "w"},
        UnsupportedError,
        "chainrule has no gates for the operators Det, com.me.Foo; the first is the node 'z' (Det)",
    ),
    "an attribute that is lacking": (
        [node("MatMul", "x W", "y", fast=1)],
        {},
        UnsupportedError,
        "the node 'y' (MatMul): chainrule's MatMul takes (x, y): got an unexpected keyword argument 'fast'",
    ),
    "shapes that do not fit": (
        [node("MatMul", "W x", "y")],
        {},
        CheckpointError,
        "the file holds no network: the node 'y' (MatMul): the gate matmul cannot take",
    ),
    "one number of rows": (
        [node("Reshape", "x shape", "a"), node("MatMul", "a W", "y")],
        {"arrays": {**_W, "shape": np.array([2, 4])}},
        CheckpointError,
        "the node 'a' (Reshape): the gate reshape cannot take x of shape (3, 4)",
    ),
    "whole numbers as inputs": (
        [node("Cast", "x", "a", to=1), node("MatMul", "a W", "y")],
        {"of_inputs": np.int64},
        UnsupportedError,
        "its input 'x' holds int64; a network takes float32, float64, or, as int64, numbers of rows of a table",
    ),
    "numbers of 16 bits": (
        [_PRODUCT],
        {"dtype": np.float16, "of_inputs": np.float32, "arrays": {"W": np.ones((4, 3), np.float16)}},
        UnsupportedError,
        "its array 'W' holds float16",
    ),
    "several outputs": (
        [_PRODUCT, node("Relu", "y", "z")],
        {"outputs": "y z"},
        ArgumentError,
        "this model has y, z",
    ),
    "nothing to learn": (
        [node("Relu", "x", "y")],
        {"arrays": {}},
        UnsupportedError,
        "there is nothing to train",
    ),
    "an output that nothing makes": ([_PRODUCT], {"outputs": "q"}, CheckpointError, "depends on no input"),
    "a value before it is made": (
        [node("Relu", "a", "y"), node("MatMul", "x W", "a")],
        {},
        CheckpointError,
        "what it puts out depends on no input",
    ),
    "a softmax along the rows": (
        [_PRODUCT, node("Softmax", "y", "z", axis=0)],
        {"outputs": "z"},
        UnsupportedError,
        "its last operator, the node 'z' (Softmax), is along another axis than the last",
    ),
    "shapes out of numbers": (
        [node("Cast", "x", "a", to=7), node("MatMul", "x W", "b"), node("Reshape", "b a", "y")],
        {},
        UnsupportedError,
        "its shape depend on the numbers of the input, so no graph of gates can be recorded",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_become_a_network_is_refused_in_a_sentence(name):
    nodes, changes, kind, says = REFUSED[name]
    made = model(nodes, **{"arrays": _W, **changes})
    with pytest.raises(kind) as refusal:
        of(made)
    assert says in refusal.value.what


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(CheckpointError, match=r"nowhere\.onnx cannot be read: No such file"):
        load(tmp_path / "nowhere.onnx")
    with pytest.raises(CheckpointError, match="cannot be read"):
        load(tmp_path)


def test_without_the_package_one_is_told_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "net.onnx").write_bytes(dense().SerializeToString())
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError) as missing:
        load(tmp_path / "net.onnx")
    assert missing.value.fix == "pip install 'chainrule[onnx]'"
    with pytest.raises(MissingExtraError, match="writing an ONNX file needs the package onnx"):
        cr.TwoLayerNet(2, 3, 2).to_onnx(tmp_path / "net.onnx")


def test_it_is_saved_as_onnx_only(tmp_path):
    with pytest.raises(UnsupportedError, match="is saved as one") as refusal:
        of(dense()).save("net.safetensors")
    assert refusal.value.fix == "net.to_onnx('net.onnx')"
