"""Any layers in a row: names, beginnings, and what does not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule import layers
from chainrule.errors import ArgumentError, DTypeError, GraphError, ShapeError
from chainrule.graph import Variable, no_grad
from chainrule.layers import (
    ELU,
    GELU,
    Activation,
    Affine,
    BinaryCrossEntropyWithLogits,
    Layer,
    LeakyReLU,
    LossLayer,
    MeanSquaredError,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    SoftmaxWithLoss,
    Softplus,
    SquaredError,
    Tanh,
)
from chainrule.networks import Sequential, TwoLayerNet
from tests.layers._close import assert_close
from tests.networks._lesson import blobs

ACTIVATIONS: list[type[Activation]] = [Sigmoid, Tanh, ReLU, LeakyReLU, ELU, GELU, Softplus, SiLU]


def test_names_are_numbered_by_kind_and_parameters_by_layer() -> None:
    net = Sequential(Affine(4, 3), ReLU(), Affine(3, 3), ReLU(), Affine(3, 2))
    assert list(net.layers) == ["Affine1", "ReLU1", "Affine2", "ReLU2", "Affine3"]
    assert list(net.params) == ["W1", "b1", "W2", "b2", "W3", "b3"]
    assert net.parameters is net.params
    assert type(net.lastLayer) is SoftmaxWithLoss
    assert net.dtype == np.float32
    assert net.input_size == 4


def test_parameters_keep_their_order_when_some_are_given() -> None:
    given = Affine(np.zeros((3, 2), np.float32), np.zeros(2, np.float32))
    assert list(Sequential(Affine(4, 3), ReLU(), given).params) == ["W1", "b1", "W2", "b2"]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_beginning_suits_the_activation(activation: type[Activation]) -> None:
    net = Sequential(Affine(500, 300), activation(), Affine(300, 400), seed=1)
    first = (1 if activation in (Sigmoid, Tanh) else 2) / 500
    assert net.params["W1"].std() == pytest.approx(first**0.5, rel=0.01)
    assert net.params["W2"].std() == pytest.approx((1 / 300) ** 0.5, rel=0.01)
    assert not net.params["b1"].any()


def test_a_beginning_that_was_asked_for() -> None:
    net = Sequential(Affine(400, 300, init=0.25), ReLU(), Affine(300, 300, init="he"))
    assert net.params["W1"].std() == pytest.approx(0.25, rel=0.01)
    assert net.params["W2"].std() == pytest.approx((2 / 300) ** 0.5, rel=0.01)


def test_one_seed_for_all_layers() -> None:
    one, again, other = (
        Sequential(
            Affine(9, 9),
            Affine(9, 9),
            seed=seed,
        )
        for seed in (0, 0, 1)
    )
    for key in one.params:
        np.testing.assert_array_equal(one.params[key], again.params[key])
    assert not np.array_equal(one.params["W1"], other.params["W1"])
    assert not np.array_equal(one.params["W1"], one.params["W2"])
    wide = Sequential(Affine(9, 9), Affine(9, 9), seed=0, dtype=np.float64)
    np.testing.assert_array_equal(wide.params["W2"].astype(np.float32), one.params["W2"])


def test_the_lessons_network_is_one_of_these() -> None:
    same = Sequential(
        Affine(6, 5, init=0.01),
        ReLU(),
        Affine(5, 3, init=0.01),
        dtype=np.float64,
        seed=4,
    )
    lesson = TwoLayerNet(6, 5, 3, seed=4)
    x = np.ones((2, 6))
    t = np.array([0, 2])
    assert same.loss(x, t) == lesson.loss(x, t)
    for key, gradient in lesson.gradient(x, t).items():
        np.testing.assert_array_equal(same.gradient(x, t)[key], gradient)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(
    "loss", [SoftmaxWithLoss, MeanSquaredError, SquaredError, BinaryCrossEntropyWithLogits]
)
def test_agreement_with_pytorch(
    activation: type[Activation], loss: type[LossLayer], rng: np.random.Generator
) -> None:
    torch = pytest.importorskip("torch")
    net = Sequential(
        Affine(4, 5),
        activation(),
        Affine(5, 3),
        loss=loss(),
        dtype=np.float64,
        seed=2,
    )
    x = rng.normal(size=(6, 4))
    t = rng.integers(2, size=(6, 3)).astype(float)
    p = {key: torch.tensor(value, requires_grad=True) for key, value in net.params.items()}
    hidden = getattr(torch.nn, activation.__name__)()(torch.tensor(x) @ p["W1"] + p["b1"])
    functions = torch.nn.functional
    theirs = {
        SoftmaxWithLoss: functions.cross_entropy,
        MeanSquaredError: functions.mse_loss,
        SquaredError: lambda y, t: ((y - t) ** 2).sum() / 2 / len(y),
        BinaryCrossEntropyWithLogits: functions.binary_cross_entropy_with_logits,
    }[loss](hidden @ p["W2"] + p["b2"], torch.tensor(t))
    theirs.backward()
    assert net.loss(x, t) == pytest.approx(theirs.item(), rel=1e-12)
    for key, found in net.gradient(x, t).items():
        assert_close(found, p[key].grad.numpy(), 1e-10)


@given(
    st.lists(st.integers(1, 4), min_size=2, max_size=5),
    st.sampled_from(ACTIVATIONS),
    st.integers(1, 4),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=50, deadline=None)
def test_any_sizes_that_fit(sizes: list[int], activation: type[Activation], rows: int, seed: int) -> None:
    stack: list[Layer] = []
    for one, other in zip(sizes, sizes[1:], strict=False):
        stack += [Affine(one, other), activation()]
    net = Sequential(*stack, seed=seed)
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, sizes[0]))
    t = rng.integers(sizes[-1], size=rows)
    assert net.predict(x).shape == (rows, sizes[-1])
    assert {key: g.shape for key, g in net.gradient(x, t).items()} == {
        key: v.shape for key, v in net.params.items()
    }
    assert 0 <= net.accuracy(x, t) <= 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_learns(dtype: Any, rng: np.random.Generator) -> None:
    net = Sequential(
        Affine(6, 16),
        Tanh(),
        Affine(16, 8),
        SiLU(),
        Affine(8, 3),
        dtype=dtype,
    )
    x, t = blobs(rng)
    before = net.loss(x, t)
    for _ in range(100):
        for key, gradient in net.gradient(x, t).items():
            net.params[key] -= dtype(0.3) * gradient
    assert net.loss(x, t) < before / 10
    assert net.accuracy(x, t) == 1.0


def test_sizes_that_do_not_fit() -> None:
    with pytest.raises(ShapeError, match="Affine2 takes 40 numbers a row, but Affine1 gives 50") as caught:
        Sequential(Affine(784, 50), ReLU(), Affine(40, 10))
    assert caught.value.fix == "Affine(50, 10) as Affine2"


AFFINE = Affine(3, 3)


@pytest.mark.parametrize(
    ("arguments", "options", "message", "fix"),
    [
        ([], {}, "a network needs at least one affine layer or convolution", "Affine(inputs, outputs)"),
        ([ReLU()], {}, "a network needs at least one affine layer or convolution", "Affine(inputs, outputs)"),
        ([ReLU], {}, "a network is made of layers, not of ABCMeta", None),
        ([[Affine(2, 3)]], {}, "a network is made of layers, not of list", None),
        ([Affine(2, 3), SoftmaxWithLoss()], {}, "SoftmaxWithLoss is a loss", "loss=SoftmaxWithLoss()"),
        ([Affine(2, 3)], {"loss": "mse"}, r"loss is a layer such as SoftmaxWithLoss\(\), not 'mse'", None),
        ([AFFINE, AFFINE], {}, "one layer stands at two places", "make a layer for each place"),
        ([Affine(2, 3), Softmax()], {}, "has a softmax of its own", "leave out Softmax()"),
        ([Affine(2, 3)], {"seed": -1}, "seed=-1 is no seed", "a whole number from 0, or None"),
    ],
)
def test_arguments_that_make_no_network(arguments: Any, options: Any, message: str, fix: str | None) -> None:
    with pytest.raises(ArgumentError, match=message) as caught:
        Sequential(*arguments, **options)
    assert caught.value.fix == fix


def test_softmax_before_another_loss_is_fine(rng: np.random.Generator) -> None:
    net = Sequential(Affine(2, 3), Softmax(), loss=MeanSquaredError())
    assert_close(net.predict(rng.normal(size=(4, 2))).sum(axis=1), 1, 1e-6)


def test_a_layer_of_another_network() -> None:
    affine = Affine(2, 3)
    net = Sequential(affine)
    with pytest.raises(ArgumentError, match="this Affine is a part of another network"):
        Sequential(affine)
    net.params["W1"] = np.zeros((2, 3), np.float32)
    assert affine.W is net.params["W1"]


def test_parameters_of_two_dtypes() -> None:
    with pytest.raises(DTypeError, match="have one dtype; these have W1 float64, b1 float64, W2 float32"):
        Sequential(Affine(np.zeros((2, 3)), np.zeros(3)), Affine(3, 2))


def test_parameters_that_are_variables() -> None:
    with pytest.raises(ArgumentError, match="the parameters of a network are arrays, not variables"):
        Sequential(Affine(Variable(np.zeros((2, 3))), Variable(np.zeros(3))))


def test_a_layer_of_ones_own(rng: np.random.Generator) -> None:
    class Halves(layers.Layer):
        """The mean of the first and the second half of a row."""

        def compute(self, x: Any) -> Any:
            half = x.shape[-1] // 2
            return (x[..., :half] + x[..., half:]) / 2

        def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
            return (input_shape[0] // 2,)

    net = Sequential(Affine(4, 6), Halves(), Affine(3, 2), dtype=np.float64)
    x = rng.normal(size=(3, 4))
    t = np.array([0, 1, 1])
    numerical = net.numerical_gradient(x, t)
    for key, gradient in net.gradient(x, t).items():
        assert_close(numerical[key], gradient, 1e-6)


def test_a_layer_of_ones_own_with_parameters(rng: np.random.Generator) -> None:
    class Scale(layers.Layer):
        parameter_names = ("factor",)

        def compute(self, x: Any, factor: Any) -> Any:
            return x * factor

    net = Sequential(Affine(4, 3), Scale(factor=np.ones(3)), Affine(3, 2), dtype=np.float64)
    assert list(net.params) == ["W1", "b1", "factor2", "W3", "b3"]
    x = rng.normal(size=(3, 4))
    t = np.array([0, 1, 1])
    numerical = net.numerical_gradient(x, t)
    before = net.loss(x, t)
    for key, gradient in net.gradient(x, t).items():
        assert_close(numerical[key], gradient, 1e-6)
    net.params["factor2"] -= 0.1 * numerical["factor2"]
    assert net.loss(x, t) < before


def test_no_gradient_within_no_grad() -> None:
    net = Sequential(Affine(2, 3))
    with no_grad():
        assert net.predict(np.zeros((1, 2))).shape == (1, 3)
        with pytest.raises(GraphError, match=r"within no_grad\(\)"):
            net.gradient(np.zeros((1, 2)), np.array([0]))


def test_a_network_shows_what_it_is_made_of() -> None:
    net = cr.Sequential(cr.Affine(2, 3), cr.ReLU(), cr.Affine(3, 2))
    assert repr(net) == "<Sequential: Affine1, ReLU1, Affine2, SoftmaxWithLoss>"
