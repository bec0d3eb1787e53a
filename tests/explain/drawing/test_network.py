"""Networks are drawn layer by layer, and each layer opens into its gates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, ShapeError
from chainrule.explain.drawing import draw
from chainrule.layers import Activation, Affine, MeanSquaredError, Sigmoid
from chainrule.networks import Sequential, TwoLayerNet
from tests.explain.drawing.test_draw import check_places, lines

NET = TwoLayerNet(784, 50, 10, seed=0)
X, T = np.random.default_rng(0).random((3, 784)), np.array([5, 0, 4])


def test_layers_with_the_shapes_between_them() -> None:
    assert lines(draw(NET)) == [
        ("x", "Affine1", "(n, 784)", None),
        ("W1", "Affine1", "(784, 50)", None),
        ("b1", "Affine1", "(50,)", None),
        ("Affine1", "Relu1", "(n, 50)", None),
        ("Relu1", "Affine2", "(n, 50)", None),
        ("W2", "Affine2", "(50, 10)", None),
        ("b2", "Affine2", "(10,)", None),
        ("Affine2", "SoftmaxWithLoss", "(n, 10)", None),
        ("t", "SoftmaxWithLoss", "(n, 10)", None),
        ("SoftmaxWithLoss", "L", "()", None),
    ]


def test_rows_are_told_from_sizes_that_are_small() -> None:
    assert lines(draw(TwoLayerNet(2, 3, 4)))[:2] == [
        ("x", "Affine1", "(n, 2)", None),
        ("W1", "Affine1", "(2, 3)", None),
    ]


def test_with_data_the_loss_and_the_norms_of_the_gradients() -> None:
    found = {(a, b): (value, gradient) for a, b, value, gradient in lines(draw(NET, X, T))}
    gradients = NET.gradient(X, T)
    for key, layer in (("W1", "Affine1"), ("b1", "Affine1"), ("W2", "Affine2"), ("b2", "Affine2")):
        value, gradient = found[key, layer]
        assert value == str(gradients[key].shape)
        assert gradient is not None
        norm = float(gradient.removeprefix("← ‖").removesuffix("‖"))
        assert norm == pytest.approx(np.linalg.norm(gradients[key]), rel=1e-3)
    loss, one = found["SoftmaxWithLoss", "L"]
    assert float(str(loss)) == pytest.approx(NET.loss(X, T), rel=1e-3)
    assert one == "← 1"
    assert found["t", "SoftmaxWithLoss"] == ("(3,)", None)


def test_without_targets_the_scores() -> None:
    drawing = draw(NET, X)
    assert drawing.steps == 3
    assert lines(drawing)[-1][0] == "Affine2"
    assert lines(drawing)[-1][2:] == ("(3, 10)", None)


def test_an_opened_layer_is_a_frame_with_its_gates_and_parameters() -> None:
    picture = draw(NET, open="Affine1").to_dict()
    (frame,) = picture["frames"]
    assert frame["title"] == "Affine1"
    inside = [
        node["text"]
        for node in picture["nodes"]
        if node["kind"] != "port"
        and frame["x"] < node["x"] < frame["x"] + frame["width"]
        and frame["y"] < node["y"] < frame["y"] + frame["height"]
    ]
    assert sorted(inside) == ["+", "W1", "b1", "·"]
    check_places(picture)


@pytest.mark.parametrize("data", [(), (X,), (X, T)])
@pytest.mark.parametrize("opened", ["all", ["Affine1", "Affine2"], ["lastLayer"], "Relu1"])
def test_any_layers_open_and_nothing_meets(opened: Any, data: tuple[Any, ...]) -> None:
    drawing = draw(NET, *data, open=opened)
    picture = drawing.to_dict()
    check_places(picture)
    expected = {"all": 4 if len(data) != 1 else 3, "Relu1": 1}.get(str(opened), len(opened))
    assert len(picture["frames"]) == (expected if (opened, len(data)) != (["lastLayer"], 1) else 0)
    ids = {node["id"] for node in picture["nodes"]}
    assert all(edge["source"] in ids and edge["target"] in ids for edge in picture["edges"])


class Swish(Activation):
    """A layer whose input is used twice."""

    def compute(self, x: Any) -> Any:
        return x * (1 / (1 + cr.exp(-x)))


def test_a_value_that_is_used_twice_in_a_frame_goes_in_once_and_shows_its_parts_inside() -> None:
    network = Sequential(
        Affine(2, 2), Swish(), Affine(2, 1), loss=MeanSquaredError(), seed=0, dtype=np.float64
    )
    x, t = np.array([[1.0, -2.0]]), np.array([[0.5]])
    drawing = draw(network, x, t, open="Swish1")
    check_places(drawing.to_dict())
    going_in = [line for line in lines(drawing) if line[0] == "Affine1"]
    assert len(going_in) == 1
    parts = [line for line in lines(drawing) if line[0] == "" and line[1] in ("−", "×")]
    assert len(parts) == 2
    assert all(gradient and gradient != going_in[0][3] for *_, gradient in parts)
    assert drawing.mermaid().count("n1") > 1


def test_other_losses_and_korean() -> None:
    network = Sequential(Affine(4, 3), Sigmoid(), Affine(3, 2), loss=MeanSquaredError())
    drawing = draw(network, lang="ko")
    assert str(drawing).startswith("Sequential의 계층")
    assert ("Affine2", "MeanSquaredError", "(n, 2)", None) in lines(drawing)
    assert "선 위: 형상" in drawing.svg()


def test_a_drawing_leaves_the_network_as_it_was() -> None:
    network = TwoLayerNet(4, 3, 2, seed=0)
    x, t = np.ones((2, 4)), np.array([0, 1])
    network.loss(x, t)
    before = {key: value.copy() for key, value in network.params.items()}
    seen = network.layers["Affine1"].x
    draw(network, np.zeros((5, 4)), np.zeros(5, int), open="all")
    assert network.layers["Affine1"].x is seen
    assert all(np.array_equal(network.params[key], before[key]) for key in before)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: draw(NET, open="Affine3"),
            ArgumentError,
            "TwoLayerNet has no layer 'Affine3'; it has Affine1, Relu1, Affine2, SoftmaxWithLoss",
        ),
        (
            lambda: draw(NET, open=3),
            ArgumentError,
            "open is the name of a layer, a list of names, or 'all', not 3",
        ),
        (lambda: draw(NET, t=T), ArgumentError, "t is given without x"),
        (lambda: draw(NET, passes="backward"), ArgumentError, "a backward pass of a network needs data"),
        (lambda: draw(NET, np.ones((2, 3)), T[:2]), ShapeError, "784"),
    ],
)
def test_bad_input_gets_a_sentence(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
