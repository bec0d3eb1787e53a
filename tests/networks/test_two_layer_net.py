"""The lesson's network: code written against the lesson runs as it stands, and gets the same numbers."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
import pytest

from chainrule.errors import ArgumentError, DTypeError, GraphError
from chainrule.layers import Affine, Relu, Sigmoid, SoftmaxWithLoss
from chainrule.networks import TwoLayerNet
from tests.layers._close import assert_close
from tests.networks._lesson import blobs, loss_and_gradient
from tests.networks._lesson_code import LessonNet


class OursWithTheLessonsMethods(TwoLayerNet):
    """The lesson's methods on our network: a subclass of a reader who goes on from there."""

    predict = LessonNet.predict
    loss = LessonNet.loss
    accuracy = LessonNet.accuracy
    gradient = LessonNet.gradient


class OursWithTheLessonsGradient(TwoLayerNet):
    gradient = LessonNet.gradient


def make(kind: type, **options: Any) -> Any:
    if kind is LessonNet:
        return LessonNet(6, 5, 3, weight_init_std=0.5, rng=np.random.default_rng(3))  # type: ignore[no-untyped-call]
    return kind(6, 5, 3, 0.5, seed=3, **options)


KINDS = [LessonNet, TwoLayerNet, OursWithTheLessonsMethods, OursWithTheLessonsGradient]


@pytest.mark.parametrize("one_hot", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_hundred_steps_give_the_numbers_that_numpy_gives(
    kind: type, one_hot: bool, rng: np.random.Generator
) -> None:
    net = make(kind)
    x, t = blobs(rng)
    labels = np.eye(3)[t] if one_hot else t
    by_hand = {key: value.copy() for key, value in net.params.items()}
    for step in range(100):
        loss, gradients = loss_and_gradient(by_hand, x, t)
        assert net.loss(x, labels) == pytest.approx(loss, rel=1e-10)
        found = net.gradient(x, labels)
        for key in ("W1", "b1", "W2", "b2"):
            assert_close(found[key], gradients[key], 1e-9)
            by_hand[key] = by_hand[key] - 0.1 * gradients[key]
            if step % 2 and kind is not LessonNet:  # whose layers would not notice an assignment
                net.params[key] = net.params[key] - 0.1 * found[key]
            else:
                net.params[key] -= 0.1 * found[key]
    assert net.loss(x, labels) < 0.1
    assert net.accuracy(x, labels) == 1.0


@pytest.mark.parametrize("kind", KINDS)
def test_both_gradients_agree(kind: type, rng: np.random.Generator) -> None:
    net = make(kind)
    x, t = blobs(rng, rows=4)
    backprop = net.gradient(x, t)
    numerical = net.numerical_gradient(x, t)
    for key in net.params:
        assert_close(numerical[key], backprop[key], 1e-6)


@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_activation_and_dtype(activation: Any, dtype: Any, rng: np.random.Generator) -> None:
    net = make(TwoLayerNet, activation=activation, dtype=dtype)
    x, t = blobs(rng)
    loss, gradients = loss_and_gradient(net.params, x.astype(dtype), t, activation)
    assert net.loss(x, t) == pytest.approx(loss, rel=1e-5 if dtype is np.float32 else 1e-13)
    for key, found in net.gradient(x, t).items():
        assert found.dtype == dtype
        tolerance = 1e-4 if dtype is np.float32 else 1e-12
        np.testing.assert_allclose(found, gradients[key], rtol=tolerance, atol=tolerance / 100)
    assert net.predict(x).dtype == dtype
    assert list(net.layers) == ["Affine1", {"relu": "Relu1", "sigmoid": "Sigmoid1"}[activation], "Affine2"]


def test_agreement_with_pytorch(rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch")
    net = make(TwoLayerNet)
    x, t = blobs(rng)
    parameters = {key: torch.tensor(value, requires_grad=True) for key, value in net.params.items()}
    hidden = torch.relu(torch.tensor(x) @ parameters["W1"] + parameters["b1"])
    loss = torch.nn.functional.cross_entropy(hidden @ parameters["W2"] + parameters["b2"], torch.tensor(t))
    loss.backward()
    assert net.loss(x, t) == pytest.approx(loss.item(), rel=1e-12)
    for key, found in net.gradient(x, t).items():
        assert_close(found, parameters[key].grad.numpy(), 1e-10)


def test_the_parts_have_the_lessons_names_and_types() -> None:
    net = TwoLayerNet(input_size=784, hidden_size=50, output_size=10)
    assert isinstance(net.layers, OrderedDict)
    assert {name: type(layer) for name, layer in net.layers.items()} == {
        "Affine1": Affine, "Relu1": Relu, "Affine2": Affine,
    }  # fmt: skip
    assert type(net.lastLayer) is SoftmaxWithLoss
    shapes = {key: value.shape for key, value in net.params.items()}
    assert shapes == {"W1": (784, 50), "b1": (50,), "W2": (50, 10), "b2": (10,)}
    assert net.params["W1"].dtype == np.float64
    assert net.params["W1"].std() == pytest.approx(0.01, rel=0.02)
    assert not net.params["b1"].any()
    assert type(make(TwoLayerNet, activation="sigmoid").layers["Sigmoid1"]) is Sigmoid


def test_params_and_layers_are_the_same_numbers() -> None:
    net = make(TwoLayerNet)
    affine = net.layers["Affine1"]
    assert affine.W is net.params["W1"]
    net.params["W1"] = np.ones((6, 5))
    assert affine.W is net.params["W1"]
    affine.W = np.zeros((6, 5))
    assert net.params["W1"] is affine.W
    net.params["b1"] += 2
    assert affine.forward(np.ones(6)).tolist() == [2.0] * 5
    assert net.parameters is net.params


def test_the_lessons_walk_by_hand_after_loss(rng: np.random.Generator) -> None:
    net = make(TwoLayerNet)
    x, t = blobs(rng)
    gradients = net.gradient(x, t)
    loss = net.loss(x, t)
    assert net.lastLayer.loss == loss
    assert_close(net.lastLayer.y.sum(axis=1), 1)
    dout = net.lastLayer.backward(1)
    for layer in reversed(net.layers.values()):
        dout = layer.backward(dout)
    assert_close(net.layers["Affine1"].dW, gradients["W1"])
    assert_close(net.layers["Affine2"].db, gradients["b2"])
    assert dout.shape == x.shape


def test_gradient_is_in_the_layers_too_and_is_the_users_own(rng: np.random.Generator) -> None:
    net = make(TwoLayerNet)
    gradients = net.gradient(*blobs(rng))
    assert net.layers["Affine1"].dW is gradients["W1"]
    assert net.layers["Affine2"].db is gradients["b2"]
    for gradient in gradients.values():
        gradient *= 0  # clipping in place, for example


def test_parameters_changed_between_loss_and_backward(rng: np.random.Generator) -> None:
    net = make(TwoLayerNet)
    net.loss(*blobs(rng))
    net.params["W2"] -= 1
    dout = net.lastLayer.backward(1)
    with pytest.raises(GraphError, match="^W2 was changed in place after the gate matmul used it"):
        net.layers["Affine2"].backward(dout)


def test_the_seed_is_the_only_source_of_randomness() -> None:
    one, again, other = (
        TwoLayerNet(
            3,
            4,
            2,
            seed=seed,
        )
        for seed in (5, 5, 6)
    )
    for key in one.params:
        np.testing.assert_array_equal(one.params[key], again.params[key])
    assert not np.array_equal(one.params["W1"], other.params["W1"])
    assert not np.array_equal(
        TwoLayerNet(3, 4, 2).params["W1"],
        TwoLayerNet(3, 4, 2).params["W1"],
    )


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((3, 4, 2), {"activation": "tanh"}, ArgumentError, "activation is 'relu' or 'sigmoid', not 'tanh'"),
        ((3, 0, 2), {}, ArgumentError, "at least one input and one output, not 3 and 0"),
        ((3, 4, 2, -1), {}, ArgumentError, "a standard deviation from 0 up, not -1"),
        ((3, 4, 2, "he"), {"dtype": np.int64}, DTypeError, "parameters are float32 or float64"),
        ((3, 4, 2), {"seed": 1.5}, ArgumentError, "seed=1.5 is no seed"),
    ],
)
def test_arguments_that_make_no_network(
    arguments: Any, options: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        TwoLayerNet(*arguments, **options)
