"""What all networks do with their inputs: pieces in bounded memory, checks, pure functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.errors import ArgumentError, GraphError, LabelError, ShapeError, UnsupportedError
from chainrule.graph import Variable, gradients_of
from chainrule.layers import Affine, BinaryCrossEntropyWithLogits, MeanSquaredError, ReLU, SquaredError
from chainrule.networks import Sequential, _network
from tests.layers._close import assert_close
from tests.networks._lesson import blobs


def small(**options: Any) -> Sequential:
    return Sequential(Affine(6, 5), ReLU(), Affine(5, 3), dtype=np.float64, **options)


@pytest.fixture
def in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory for the scores of 30 rows of `small`, and for computing 7: 60 rows make 2 parts of 5 pieces."""
    monkeypatch.setattr(_network, "_MOST_BYTES", 30 * 3 * 8)
    monkeypatch.setattr(_network, "_PIECE_BYTES", 7 * (6 + 5 + 5 + 3) * 8)


@pytest.mark.usefixtures("in_pieces")
def test_pieces_give_what_the_whole_gives(monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator) -> None:
    net = small()
    x, t = blobs(rng)
    t[0] = 2 - t[0]  # not all right
    calls: list[int] = []
    compute = net.compute

    def counted(parameters: Any, rows: Any) -> Any:
        calls.append(len(rows))
        return compute(parameters, rows)

    monkeypatch.setattr(net, "compute", counted)
    pieces = (
        net.predict(x),
        net.loss(x, t),
        net.accuracy(x, t),
        net.loss(
            x,
            np.eye(3)[t],
        ),
    )
    assert calls == [*8 * [7], 4, *6 * [7, 7, 7, 7, 2]]  # only `predict` takes no loss of parts
    monkeypatch.undo()
    whole = (
        net.predict(x),
        net.loss(x, t),
        net.accuracy(x, t),
        net.loss(
            x,
            np.eye(3)[t],
        ),
    )
    assert_close(pieces[0], whole[0])
    assert pieces[1:] == pytest.approx(whole[1:], rel=1e-13)


@pytest.mark.usefixtures("in_pieces")
@pytest.mark.parametrize("loss", [MeanSquaredError(), SquaredError(), BinaryCrossEntropyWithLogits()])
def test_the_mean_of_pieces_is_the_mean_of_the_rows(loss: Any, rng: np.random.Generator) -> None:
    net = small(loss=loss)
    x = rng.normal(size=(60, 6))
    t = rng.integers(2, size=(60, 3)).astype(float)
    assert net.loss(x, t) == pytest.approx(
        float(net.compute_loss(net.params, x, t)),
        rel=1e-13,
    )


@pytest.mark.usefixtures("in_pieces")
def test_no_gradient_of_a_piece_passes_for_that_of_the_whole(rng: np.random.Generator) -> None:
    net = small()
    x, t = blobs(rng)
    net.loss(x[:5], t[:5])
    net.lastLayer.backward(1)
    net.loss(x, t)
    with pytest.raises(GraphError, match="needs a forward before it"):
        net.lastLayer.backward(1)
    net.loss(x[:5], t[:5])
    net.predict(x)
    with pytest.raises(GraphError, match="needs a forward before it"):
        net.layers["Affine1"].backward(np.ones((5, 5)))


def test_a_large_sum_in_float32_loses_nothing() -> None:
    net = Sequential(Affine(1, 1, init=0), loss=MeanSquaredError())
    x = np.zeros((300_000, 1), np.float32)
    assert net.loss(x, np.full((300_000, 1), 0.1, np.float32)) == pytest.approx(
        float(np.float32(0.1)) ** 2, rel=1e-6
    )


def test_accuracy_leaves_the_latest_run_alone(rng: np.random.Generator) -> None:
    net = small()
    x, t = blobs(rng)
    gradients = net.gradient(x, t)
    net.loss(x, t)
    net.accuracy(x[:3], t[:3])
    dout = net.lastLayer.backward(1)
    net.layers["Affine2"].backward(dout)
    assert_close(net.layers["Affine2"].dW, gradients["W2"])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_inputs_are_taken_in_the_dtype_of_the_network(dtype: Any, rng: np.random.Generator) -> None:
    net = Sequential(Affine(6, 3), dtype=dtype)
    x, t = blobs(rng)
    same = x.astype(dtype)
    for given in (np.float16, np.float32, np.float64):
        assert net.predict(x.astype(given)).dtype == dtype
    np.testing.assert_array_equal(net.predict(x), net.predict(same))
    assert net.loss(x, t) == net.loss(same, t)
    assert type(net.loss(x, t)) is float
    assert type(net.accuracy(x, t)) is float


def test_read_only_arrays_and_lists(rng: np.random.Generator) -> None:
    net = small()
    x, t = blobs(rng)
    x.flags.writeable = t.flags.writeable = False
    net.predict(x)[:] = 0  # the caller's own
    gradients = net.gradient(x, t)
    again = net.gradient(x.tolist(), t.tolist())
    for key in gradients:
        np.testing.assert_array_equal(gradients[key], again[key])
    for value in net.params.values():
        value.flags.writeable = False
    assert net.loss(x, t) == net.loss(x.tolist(), t.tolist())
    net.numerical_gradient(x[:2], t[:2])


def test_one_row_and_rows_of_rows(rng: np.random.Generator) -> None:
    net = small()
    x, t = blobs(rng, rows=12)
    assert_close(net.predict(x[0]), net.predict(x)[0])
    assert net.loss(x[0], t[0]) == pytest.approx(
        net.loss(x[:1], t[:1]),
        rel=1e-13,
    )
    assert net.accuracy(x[0], t[0]) in (0.0, 1.0)
    grouped = x.reshape(3, 4, 6)
    labels = t.reshape(3, 4)
    assert net.loss(grouped, labels) == pytest.approx(net.loss(x, t), rel=1e-13)
    assert net.accuracy(grouped, labels) == net.accuracy(x, t)


def test_pictures_with_channels(rng: np.random.Generator) -> None:
    net = small()
    x = rng.normal(size=(5, 1, 2, 3))
    np.testing.assert_array_equal(net.predict(x), net.predict(x.reshape(5, 6)))


@pytest.mark.parametrize("call", ["loss", "accuracy", "gradient", "numerical_gradient"])
@pytest.mark.parametrize(
    ("x", "t", "error", "message"),
    [
        (np.zeros((4, 7)), np.zeros(4, int), ShapeError, r"Affine needs x with 6 columns.*x is \(4, 7\)"),
        (np.zeros((4, 6)), np.zeros(3, int), ShapeError, r"x has 4 rows; t has shape \(3,\)"),
        (np.zeros((4, 6)), np.zeros(()), ShapeError, r"x has 4 rows; t has shape \(\)"),
        (np.zeros((4, 6)), np.array([0, 1, 2, 3]), LabelError, "label 3 names no class"),
        (np.zeros((4, 6)), np.array([0, 1, 2, -1]), LabelError, "label -1 names no class"),
        (np.zeros((4, 6)), np.zeros(4), LabelError, "class numbers must be integers, these are float64"),
        (np.zeros((4, 6)), np.zeros((4, 1), int), ShapeError, r"labels of shape \(4, 1\) do not fit scores"),
        (
            np.zeros((0, 6)),
            np.zeros(0, int),
            ArgumentError,
            r"x has shape \(0, 6\): there is nothing to take the mean of",
        ),
    ],
)
def test_inputs_that_do_not_fit(call: str, x: Any, t: Any, error: type[Exception], message: str) -> None:
    net = small()
    with pytest.raises(error, match=message):
        getattr(net, call)(x, t)


def test_no_rows_have_no_scores() -> None:
    assert small().predict(np.zeros((0, 6))).shape == (0, 3)


def test_yes_or_no_is_a_threshold_at_0() -> None:
    net = Sequential(
        Affine(
            np.array([[1.0]]),
            np.array([0.0]),
        ),
        loss=BinaryCrossEntropyWithLogits(),
        dtype=np.float64,
    )
    x = np.array([[2.0], [-1.0], [0.5], [-3.0]])
    assert net.accuracy(x, np.array([[1], [0], [0], [0]])) == 0.75


def test_predicted_numbers_have_no_accuracy() -> None:
    net = Sequential(Affine(2, 1), loss=MeanSquaredError())
    with pytest.raises(UnsupportedError, match="this network predicts numbers"):
        net.accuracy(np.zeros((3, 2)), np.zeros((3, 1)))


def test_the_pure_functions_take_arrays_and_variables(rng: np.random.Generator) -> None:
    net = small()
    x, t = blobs(rng)
    assert_close(net.compute(net.params, x), net.predict(x))
    assert float(net.compute_loss(net.params, x, t)) == net.loss(x, t)
    variables = {key: Variable(value) for key, value in net.params.items()}
    loss = net.compute_loss(variables, Variable(x), t)
    assert isinstance(loss, Variable)
    expected = net.gradient(x, t)
    for key, found in zip(variables, gradients_of(loss, variables.values()), strict=True):
        np.testing.assert_array_equal(found, expected[key])
    others = {key: np.zeros_like(value) for key, value in net.params.items()}
    np.testing.assert_array_equal(net.compute(others, x), np.zeros((60, 3)))


def test_a_parameter_that_is_missing() -> None:
    net = small()
    del net.params["b1"]
    with pytest.raises(ArgumentError, match="there is no parameter 'b1'; there are W1, W2, b2"):
        net.compute(net.params, np.zeros((1, 6)))


def test_a_layer_exchanged_for_another(rng: np.random.Generator) -> None:
    from chainrule.layers import Tanh

    net = small()
    tanh = Sequential(Affine(6, 5), Tanh(), Affine(5, 3), dtype=np.float64)
    x, t = blobs(rng)
    net.layers["ReLU1"] = Tanh()
    tanh.params.update(net.params)
    assert net.loss(x, t) == tanh.loss(x, t)
    np.testing.assert_array_equal(net.gradient(x, t)["W1"], tanh.gradient(x, t)["W1"])


def test_summary() -> None:
    net = Sequential(Affine(784, 50), ReLU(), Affine(50, 10))
    assert net.summary().splitlines() == [
        "layer             output  parameters",
        "Affine1          (N, 50)      39,250",
        "ReLU1            (N, 50)           0",
        "Affine2          (N, 10)         510",
        "SoftmaxWithLoss       ()           0",
        "39,760 parameters, 159,040 bytes (float32)",
    ]
