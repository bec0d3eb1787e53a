"""What all layers promise: forward, backward, and never a wrong gradient without a word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, DTypeError, GraphError, ShapeError
from chainrule.layers import (
    ELU,
    GELU,
    Affine,
    BinaryCrossEntropyWithLogits,
    Layer,
    LeakyReLU,
    MeanSquaredError,
    MulLayer,
    ReLU,
    Relu,
    Sigmoid,
    SiLU,
    Softmax,
    SoftmaxWithLoss,
    Softplus,
    SquaredError,
    Tanh,
)
from tests.layers._close import assert_close

Make = Callable[[], Layer]
ROWS: list[Make] = [
    Sigmoid,
    Tanh,
    ReLU,
    LeakyReLU,
    ELU,
    GELU,
    Softplus,
    SiLU,
    Softmax,
    lambda: Affine(3, 3, seed=0),
]
LOSSES: list[Make] = [SoftmaxWithLoss, MeanSquaredError, SquaredError, BinaryCrossEntropyWithLogits]


def call(layer: Layer, x: Any) -> Any:
    """Forward, with targets for a loss."""
    return layer.forward(x, np.eye(3)[:2]) if type(layer) in LOSSES else layer.forward(x)


def upstream_like(out: Any, rng: np.random.Generator) -> Any:
    return rng.normal(size=np.shape(out))


@pytest.mark.parametrize("make", ROWS + LOSSES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_backward_is_the_numerical_gradient(make: Make, dtype: type, rng: np.random.Generator) -> None:
    layer = make()
    x = rng.normal(size=(2, 3))
    dout = upstream_like(call(layer, x), rng)
    dx = layer.backward(dout)
    h = 1e-6
    numerical = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        move = np.zeros_like(x)
        move[index] = h
        numerical[index] = np.sum(dout * (call(make(), x + move) - call(make(), x - move))) / (2 * h)
    assert_close(dx, numerical, 1e-7)
    in_dtype = make()
    out = call(in_dtype, x.astype(dtype))
    if isinstance(in_dtype, Affine):
        return
    found = in_dtype.backward(np.asarray(dout, dtype))
    assert found.dtype == dtype
    assert np.shape(out) == np.shape(dout)
    np.testing.assert_allclose(found, dx, rtol=1e-4 if dtype is np.float32 else 1e-14, atol=1e-6)


@pytest.mark.parametrize("make", ROWS + LOSSES)
def test_inputs_are_read_only_and_results_are_free(make: Make, rng: np.random.Generator) -> None:
    layer = make()
    x = rng.normal(size=(2, 3))
    dout = upstream_like(call(make(), x), rng)
    x.flags.writeable = False
    if isinstance(dout, np.ndarray):
        dout.flags.writeable = False
    out = call(layer, x)
    first = layer.backward(dout).copy()
    if isinstance(out, np.ndarray):
        out[:] = np.nan  # the caller's own
    dx = layer.backward(dout)
    np.testing.assert_array_equal(dx, first)
    dx[:] = np.nan
    np.testing.assert_array_equal(layer.backward(dout), first)


@pytest.mark.parametrize("make", ROWS + LOSSES)
def test_backward_before_forward(make: Make) -> None:
    with pytest.raises(GraphError, match=r"backward needs a forward before it") as caught:
        make().backward(np.ones((2, 3)))
    assert "forward first" in str(caught.value.fix)


@pytest.mark.parametrize("make", ROWS + LOSSES)
def test_backward_belongs_to_the_latest_forward(make: Make, rng: np.random.Generator) -> None:
    layer = make()
    alone = make()
    x, y = rng.normal(size=(2, 2, 3))
    dout = upstream_like(call(alone, y), rng)
    call(layer, x)
    call(layer, y)
    np.testing.assert_array_equal(layer.backward(dout), alone.backward(dout))


@pytest.mark.parametrize("make", ROWS + LOSSES)
def test_a_layer_used_at_two_places_says_so(make: Make, rng: np.random.Generator) -> None:
    layer = make()
    x = rng.normal(size=(2, 3))
    dout = upstream_like(call(layer, x), rng)
    call(layer, x)
    layer.backward(dout)
    with pytest.raises(
        GraphError, match=r"ran forward 2 times and is now asked for a second backward"
    ) as caught:
        layer.backward(dout)
    assert "a layer of its own for each place" in str(caught.value.fix)
    call(layer, x)  # a new beginning
    layer.backward(dout)
    layer.backward(dout)


def test_variables_do_what_a_layer_used_twice_cannot() -> None:
    W = cr.Variable(np.array([[2.0]]))
    b = cr.Variable(np.array([1.0]))
    affine = Affine(W, b)
    out = affine.forward(affine.forward(np.array([[3.0]])))
    assert isinstance(out, cr.Variable)
    out.backward(np.array([[1.0]]))
    assert out.value == 15  # 2 (2·3 + 1) + 1
    assert W.grad == 13  # 2·2·3 + 1
    assert b.grad == 3  # 2 + 1


@pytest.mark.parametrize("make", ROWS + LOSSES)
def test_variables_in_variables_out(make: Make, rng: np.random.Generator) -> None:
    layer = make()
    alone = make()
    value = rng.normal(size=(2, 3))
    x = cr.Variable(value)
    out = call(layer, x)
    plain = call(alone, value)
    assert isinstance(out, cr.Variable)
    np.testing.assert_array_equal(out.value, plain)
    dout = upstream_like(plain, rng)
    out.backward(dout)
    np.testing.assert_array_equal(x.grad, alone.backward(dout))
    np.testing.assert_array_equal(layer.backward(dout), alone.backward(dout))


@pytest.mark.parametrize("make", ROWS + LOSSES)
def test_whole_numbers_have_no_gradient(make: Make) -> None:
    with pytest.raises(DTypeError, match=r"uint8") as caught:
        call(make(), np.ones((2, 3), np.uint8))
    assert caught.value.fix == "x.astype(float)"


@pytest.mark.parametrize("make", ROWS)
def test_an_upstream_gradient_of_another_shape(make: Make) -> None:
    layer = make()
    layer.forward(np.ones((2, 3)))
    with pytest.raises(ShapeError, match=r"\(3, 2\).*\(2, 3\)"):
        layer.backward(np.ones((3, 2)))


@pytest.mark.parametrize("make", ROWS + LOSSES)
def test_backward_again_gives_the_same(make: Make, rng: np.random.Generator) -> None:
    layer = make()
    dout = upstream_like(call(layer, rng.normal(size=(2, 3))), rng)
    np.testing.assert_array_equal(layer.backward(dout), layer.backward(dout))


def test_an_input_changed_between_forward_and_backward_is_named() -> None:
    layer = MulLayer()
    x = np.array([1.0, 2.0])
    y = np.array([3.0, 4.0])
    layer.forward(x, y)
    y[0] = 9
    with pytest.raises(GraphError, match=r"^y was changed in place after the gate multiply used it"):
        layer.backward(np.ones(2))


def test_without_a_graph_there_is_no_backward() -> None:
    layer = Sigmoid()
    layer.forward(np.zeros(2))
    with cr.no_grad():
        assert layer.forward(np.zeros(2)).tolist() == [0.5, 0.5]
    with pytest.raises(GraphError, match="needs a forward before it"):
        layer.backward(np.ones(2))


def test_what_a_layer_remembers() -> None:
    layer = Sigmoid()
    assert layer.x is None
    assert layer.out is None
    x = np.array([0.0])
    layer.forward(x)
    assert layer.x is x
    assert layer.out.tolist() == [0.5]
    layer.out[:] = 7  # a copy
    assert layer.out.tolist() == [0.5]
    layer.forward(x)
    layer.forget()
    assert layer.x is None
    layer.forward(x)  # as the first one
    assert layer.backward(x + 1) == layer.backward(x + 1) == [0.25]


def test_a_layer_of_ones_own_has_no_derivative_to_write(rng: np.random.Generator) -> None:
    class Scale(Layer):
        parameter_names = ("factor",)

        def compute(self, x: Any, factor: Any) -> Any:
            return x * factor

    scale = Scale(factor=np.array([2.0, 3.0]))
    x, dout = rng.normal(size=(2, 4, 2))
    scale.forward(x)
    assert_close(scale.backward(dout), dout * [2.0, 3.0])
    assert_close(scale.gradients["factor"], np.sum(dout * x, axis=0))


def test_a_backward_that_failed_does_not_count() -> None:
    layer = Sigmoid()
    layer.forward(np.zeros(2))
    layer.forward(np.zeros(2))
    with pytest.raises(ShapeError):
        layer.backward(np.ones(3))
    assert layer.backward(np.ones(2)).tolist() == [0.25, 0.25]


@pytest.mark.parametrize(
    ("layer", "inputs"), [(Sigmoid(), (1.0, 2.0)), (MulLayer(), (1.0,)), (MulLayer(), (1.0, 2.0, 3.0))]
)
def test_another_number_of_inputs(layer: Layer, inputs: tuple[float, ...]) -> None:
    with pytest.raises(ArgumentError, match=f"forward takes x( and y)?; it was given {len(inputs)} values"):
        layer.forward(*inputs)


def test_targets_that_are_variables() -> None:
    t = cr.Variable(np.array([[0.0, 1.0]]))
    loss = MeanSquaredError().forward(np.array([[1.0, 1.0]]), t)
    loss.backward()
    assert t.grad.tolist() == [[-1.0, 0.0]]


def test_a_layer_is_a_part_of_one_network() -> None:
    affine = Affine(2, 3)
    affine.keep_in({}, {}, {"W": "W1", "b": "b1"})
    with pytest.raises(ArgumentError, match="this Affine is a part of another network"):
        affine.keep_in({}, {}, {"W": "W1", "b": "b1"})


def test_relu_has_the_lessons_spelling_too() -> None:
    assert Relu is ReLU
