"""The numerical gradient of a network: the plain one, evaluated less often."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.errors import LabelError
from chainrule.graph._differences import central_difference
from chainrule.layers import (
    BY_NAME,
    Activation,
    Affine,
    BinaryCrossEntropyWithLogits,
    LossLayer,
    MeanSquaredError,
    ReLU,
    Softmax,
    SoftmaxWithLoss,
    SquaredError,
    Tanh,
)
from chainrule.networks import Network, Sequential, TwoLayerNet, _numerical
from tests._memory import limited_memory
from tests.networks._lesson import blobs, loss_and_gradient

ACTIVATIONS: list[type[Activation]] = [kind for kind in BY_NAME.values() if issubclass(kind, Activation)]
LOSSES: list[type[LossLayer]] = [kind for kind in BY_NAME.values() if issubclass(kind, LossLayer)]


def plain(net: Network, x: Any, t: Any) -> dict[str, Any]:
    """Every parameter moved and the whole loss evaluated each time."""
    parameters = {key: value.astype(float) for key, value in net.params.items()}
    return {
        key: central_difference(lambda _: net.compute_loss(parameters, x, t), value)
        for key, value in parameters.items()
    }


def assert_same(found: dict[str, Any], expected: dict[str, Any], rtol: float) -> None:
    assert found.keys() == expected.keys()
    largest = max(np.abs(value).max() for value in expected.values())
    for key, value in expected.items():
        assert found[key].dtype == np.float64
        np.testing.assert_allclose(found[key], value, rtol=rtol, atol=rtol * largest, err_msg=key)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("loss", LOSSES)
def test_it_is_the_plain_one(
    activation: type[Activation], loss: type[LossLayer], rng: np.random.Generator
) -> None:
    net = Sequential(
        Affine(
            4,
            5,
        ),
        activation(),
        Affine(5, 3),
        activation(),
        Affine(3, 2),
        loss=loss(),
        dtype=float,
    )
    x = rng.normal(size=(3, 4))
    t = np.eye(2)[[0, 1, 1]]
    found = net.numerical_gradient(x, t)
    # Both round the loss, about 1, to 1e-16, and divide by 1e-5.
    assert_same(found, plain(net, x, t), rtol=1e-9)
    assert_same(found, net.gradient(x, t), rtol=1e-8)


@given(
    st.lists(st.integers(1, 4), min_size=2, max_size=4),
    st.integers(1, 4),
    st.integers(1, 40),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=50, deadline=None)
def test_any_sizes_in_pieces_of_any_size(sizes: list[int], rows: int, most: int, seed: int) -> None:
    stack: list[Any] = []
    for one, other in zip(sizes, sizes[1:], strict=False):
        stack += [Affine(one, other), Tanh()]
    net = Sequential(*stack, seed=seed, dtype=float)
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, sizes[0]))
    t = rng.integers(sizes[-1], size=rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_numerical, "_MOST_NUMBERS", most)
        assert_same(net.numerical_gradient(x, t), net.gradient(x, t), rtol=1e-7)


def test_the_lessons_network_against_numpy_by_hand(rng: np.random.Generator) -> None:
    net = TwoLayerNet(6, 5, 3, 0.5, seed=0)
    x, t = blobs(rng, rows=5)
    found = net.numerical_gradient(x, t)
    assert_same(found, loss_and_gradient(net.params, x, t)[1], rtol=1e-8)
    assert_same(net.numerical_gradient(x, np.eye(3)[t]), found, rtol=1e-9)


def test_float32_is_measured_in_float64(rng: np.random.Generator) -> None:
    narrow = Sequential(Affine(6, 5), Tanh(), Affine(5, 3))
    wide = Sequential(Affine(6, 5), Tanh(), Affine(5, 3), dtype=float)
    wide.params.update({key: value.astype(float) for key, value in narrow.params.items()})
    x, t = blobs(rng, rows=4)
    same = x.astype(np.float32)  # what the narrow one computes with
    assert_same(narrow.numerical_gradient(x, t), wide.gradient(same, t), rtol=1e-8)


@pytest.mark.parametrize(
    ("shape", "labels"), [((6,), ()), ((2, 3, 6), (2, 3)), ((4, 1, 2, 3), (4,)), ((2, 2, 2, 6), (2, 2, 2))]
)
def test_any_batch_shape(shape: tuple[int, ...], labels: tuple[int, ...], rng: np.random.Generator) -> None:
    net = Sequential(Affine(6, 5), ReLU(), Affine(5, 3), dtype=float)
    x = rng.normal(size=shape)
    t = rng.integers(3, size=labels)
    assert_same(net.numerical_gradient(x, t), net.gradient(x, t), rtol=1e-8)


@pytest.mark.parametrize("loss", [MeanSquaredError, SquaredError, BinaryCrossEntropyWithLogits])
def test_softmax_between_the_layers(loss: type[LossLayer], rng: np.random.Generator) -> None:
    net = Sequential(
        Affine(3, 4),
        Softmax(),
        Affine(4, 2),
        Softmax(),
        loss=loss(),
        dtype=float,
    )
    x = rng.normal(size=(3, 3))
    t = rng.random((3, 2))
    assert_same(net.numerical_gradient(x, t), net.gradient(x, t), rtol=1e-7)


def test_a_wide_layer_behind_a_narrow_one_takes_no_more_memory(rng: np.random.Generator) -> None:
    net = Sequential(
        Affine(60, 1),
        Tanh(),
        Affine(
            1,
            500,
        ),
        ReLU(),
        Affine(500, 1),
        loss=MeanSquaredError(),
        dtype=float,
    )
    x = rng.normal(size=(64, 60))
    t = rng.normal(size=(64, 1))
    with limited_memory(
        10e6
    ):  # all moves of W1 at once are 60 · 64 · 500 numbers, 15 MB, in each of several arrays
        found = net.numerical_gradient(x, t)
    assert_same(found, net.gradient(x, t), rtol=1e-7)


def test_layers_of_others_are_measured_plainly(rng: np.random.Generator) -> None:
    class Centred(SoftmaxWithLoss):
        """A loss whose rows depend on each other, which it could not say."""

        def compute(self, x: Any, t: Any) -> Any:
            return super().compute(x - np.mean(x, axis=0), t)

    net = Sequential(Affine(3, 4), Tanh(), Affine(4, 2), loss=Centred(), dtype=float)
    x = rng.normal(size=(3, 3))
    t = np.array([0, 1, 1])
    assert_same(net.numerical_gradient(x, t), net.gradient(x, t), rtol=1e-7)


def test_a_wrong_rule_is_found(monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator) -> None:
    """The numerical gradient asks no rule: with wrong ones it stays right."""
    net = TwoLayerNet(6, 5, 3, 0.5, seed=0)
    x, t = blobs(rng, rows=4)
    before = net.gradient(x, t)

    def forbidden(*_: Any, **__: Any) -> Any:
        raise AssertionError("a gradient was asked for")

    monkeypatch.setattr("chainrule.networks._network.gradients_of", forbidden)
    monkeypatch.setattr("chainrule.layers._layer.gradients_of", forbidden)
    assert_same(net.numerical_gradient(x, t), before, rtol=1e-8)


@pytest.mark.parametrize("own", [False, True])
def test_the_network_is_as_before(own: bool, rng: np.random.Generator) -> None:
    class Same(Tanh):
        pass

    net = Sequential(Affine(3, 4), Same() if own else Tanh(), Affine(4, 2), dtype=float)
    arrays = dict(net.params)
    before = {key: value.copy() for key, value in net.params.items()}
    x = rng.normal(size=(2, 3))
    net.numerical_gradient(x, np.array([0, 1]))
    with pytest.raises(LabelError):
        net.numerical_gradient(x, np.array([0, 2]))
    for key, value in net.params.items():
        assert value is arrays[key]
        np.testing.assert_array_equal(value, before[key])


def test_the_whole_network_of_the_lesson(rng: np.random.Generator) -> None:
    """39,760 parameters, each moved twice: here so that nobody makes it slow; benchmarks/ measures it."""
    net = TwoLayerNet(784, 50, 10, seed=0)
    x = rng.random((3, 784))
    t = np.array([5, 0, 4])
    assert_same(net.numerical_gradient(x, t), net.gradient(x, t), rtol=1e-6)
