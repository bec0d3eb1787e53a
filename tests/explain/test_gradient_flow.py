"""How activations and gradients fare from layer to layer: against NumPy by hand, and on the lesson's point."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, LabelError
from chainrule.explain import GradientFlow, gradient_flow

SEED = 3


def batch(rows: int = 100, inputs: int = 784) -> tuple[Any, Any]:
    rng = np.random.default_rng(SEED)
    return rng.random((rows, inputs)), rng.integers(0, 10, rows)


def deep(activation: type[Any], depth: int = 10, **settings: Any) -> cr.Network:
    layers = [layer for _ in range(depth) for layer in (cr.Affine(50, 50, **settings), activation())]
    return cr.Sequential(cr.Affine(784, 50, **settings), activation(), *layers, cr.Affine(50, 10), seed=SEED)


def with_units_at(*values: float, activation: Any) -> tuple[Any, Any, Any]:
    """A network, and a mini-batch, in which each unit of the first layer has the same value in every row."""
    affine = cr.Affine(np.zeros((4, len(values))), np.array(values))
    last = cr.Affine(len(values), 10, dtype=np.float64)
    return cr.Sequential(affine, activation, last, seed=SEED), *batch(20, 4)


def verdicts(flow: GradientFlow) -> list[str]:
    return [layer["verdict"] for layer in flow.to_dict()["layers"]]


def rms(array: Any) -> float:
    return float(np.sqrt(np.mean(np.asarray(array, dtype=float) ** 2)))


def test_the_numbers_are_those_of_the_two_layer_network_by_hand() -> None:
    net = cr.TwoLayerNet(6, 5, 3, 0.5, activation="sigmoid", seed=SEED, dtype=np.float64)
    rng = np.random.default_rng(SEED)
    x, t = rng.normal(size=(4, 6)), np.array([0, 2, 1, 1])
    flow = gradient_flow(net, x, t, optimizer=cr.SGD(0.1))
    p = net.params
    a1 = x @ p["W1"] + p["b1"]
    z1 = 1 / (1 + np.exp(-a1))
    a2 = z1 @ p["W2"] + p["b2"]
    y = np.exp(a2) / np.exp(a2).sum(axis=1, keepdims=True)
    d2 = (y - np.eye(3)[t]) / 4
    dz = d2 @ p["W2"].T
    d1 = dz * z1 * (1 - z1)
    assert [layer.name for layer in flow.layers] == ["Affine1", "Sigmoid1", "Affine2"]
    assert [layer.activation for layer in flow.layers] == pytest.approx([rms(a1), rms(z1), rms(a2)])
    assert [layer.gradient for layer in flow.layers] == pytest.approx([rms(d1), rms(dz), rms(d2)])
    # b starts at 0, so it has no size to compare an update with.
    assert flow.layers[0].weights == pytest.approx(rms(p["W1"]))
    gradient = rms(x.T @ d1)
    assert flow.layers[0].weight_gradient == pytest.approx(gradient)
    assert flow.layers[0].update == pytest.approx(0.1 * gradient / rms(p["W1"]))
    ratios = [layer["of_last"] for layer in flow.to_dict()["layers"]]
    assert ratios == pytest.approx([rms(d1) / rms(d2), rms(dz) / rms(d2), 1])
    assert flow.layers[1].saturated == 0.0
    assert flow.layers[1].update is None
    assert flow.layers[1].weight_gradient is None


def test_it_is_pytorchs_gradient_too() -> None:
    torch = pytest.importorskip("torch")
    net = deep(cr.Sigmoid)
    x, t = batch()
    flow = gradient_flow(net, x, t)
    kept, out = [], torch.tensor(x.astype(np.float32))
    for name, layer in net.layers.items():
        if name.startswith("Affine"):
            out = out @ torch.tensor(layer.W) + torch.tensor(layer.b)
        else:
            out = torch.sigmoid(out)
        out.requires_grad_() if out.is_leaf else None
        out.retain_grad()
        kept.append(out)
    torch.nn.functional.cross_entropy(out, torch.tensor(t)).backward()
    expected = [rms(tensor.grad.numpy()) for tensor in kept]
    assert [layer.gradient for layer in flow.layers] == pytest.approx(expected, rel=1e-3)


def test_ten_sigmoid_layers_starve_and_relu_does_not() -> None:
    sigmoid = gradient_flow(deep(cr.Sigmoid), *batch())
    assert sigmoid.layers[0].gradient < 1e-6 * sigmoid.layers[-1].gradient
    assert verdicts(sigmoid)[0] == "starved"
    assert "The gradient starves" in str(sigmoid)
    relu = gradient_flow(deep(cr.ReLU), *batch())
    assert 0.03 < relu.layers[0].gradient / relu.layers[-1].gradient < 30
    assert set(verdicts(relu)) == {"healthy"}
    assert "Healthy" in str(relu)


def test_it_is_said_in_korean() -> None:
    assert "기울기가 사라집니다" in str(gradient_flow(deep(cr.Sigmoid), *batch(), lang="ko"))


def test_large_weights_explode() -> None:
    flow = gradient_flow(deep(cr.LeakyReLU, init=1.5), *batch())
    assert verdicts(flow)[0] == "exploded"
    assert "explodes" in str(flow)


def test_saturated_sigmoids_and_dead_relus_are_counted() -> None:
    flow = gradient_flow(*with_units_at(50.0, -50.0, 0.0, 1.0, activation=cr.Sigmoid()))
    assert flow.layers[1].saturated == 0.5
    flow = gradient_flow(*with_units_at(-1.0, -2.0, -3.0, 1.0, activation=cr.ReLU()))
    assert flow.layers[1].dead == 0.75
    assert verdicts(flow)[1] == "dead"
    # The gradient still arrives at the dead ReLUs, but at nothing before them.
    assert [layer.unreached for layer in flow.layers] == [0.75, 0.0, 0.0]


def test_a_single_row_tells_nothing_of_dead_units() -> None:
    net = deep(cr.ReLU, depth=1)
    x, t = batch()
    flow = gradient_flow(net, x[:1], t[:1])
    assert flow.layers[1].zeros > 0.2
    assert flow.layers[1].dead is None
    assert gradient_flow(net, x[:2], t[:2]).layers[1].dead is not None


@pytest.mark.parametrize(
    ("activation", "share"),
    [
        (cr.LeakyReLU(alpha=0.0), 0.75),  # a ReLU by another name
        (cr.LeakyReLU(alpha=0.01), None),
        (cr.ELU(alpha=1.0), 0.5),
        (cr.ELU(alpha=5.0), 0.5),  # at -5 its slope is 0.034, less than 1 % of 5
    ],
)
def test_the_slope_is_that_of_the_layers_own_alpha(activation: Any, share: float | None) -> None:
    flow = gradient_flow(*with_units_at(-9.0, -5.0, -1.0, 1.0, activation=activation))
    assert flow.layers[1].dead == share


@pytest.mark.parametrize(
    ("activation", "kind"),
    [
        (cr.Sigmoid, "saturated"),
        (cr.Tanh, "saturated"),
        (cr.ReLU, "dead"),
        (cr.ELU, "dead"),
        (cr.GELU, "dead"),
        (cr.SiLU, "dead"),
        (cr.Softplus, "dead"),
        (cr.LeakyReLU, "neither"),
    ],
)
def test_what_can_be_flat_is_told_by_the_slope(activation: type[Any], kind: str) -> None:
    layer = gradient_flow(deep(activation, depth=1), *batch()).layers[1]
    assert (layer.saturated is not None, layer.dead is not None) == (kind == "saturated", kind == "dead")


def test_updates_that_are_too_large_or_too_small_are_said() -> None:
    net, (x, t) = deep(cr.ReLU, depth=1), batch()
    assert "large" in verdicts(gradient_flow(net, x, t, optimizer=cr.SGD(100.0)))
    assert "small" in verdicts(gradient_flow(net, x, t, optimizer=cr.SGD(1e-6)))
    adam = gradient_flow(net, x, t, optimizer=cr.Adam(0.001))
    assert adam.layers[0].update == pytest.approx(
        0.001 / rms(net.params["W1"]), rel=0.05
    )  # Adam's first step is lr


def test_numbers_that_are_not_finite_are_named_where_they_begin() -> None:
    net, (x, t) = deep(cr.ReLU, depth=2), batch()
    net.params["W2"][0, 0] = math.nan
    flow = gradient_flow(net, x, t)
    assert "Affine2 holds numbers that are not finite" in str(flow)
    assert flow.to_dict()["layers"][0]["name"] == "Affine1"


def test_a_network_to_which_nothing_flows_back() -> None:
    flow = gradient_flow(*with_units_at(-1.0, -1.0, activation=cr.ReLU()))
    assert "No gradient arrives at Affine1" in str(flow)


def test_nothing_of_the_network_or_the_optimizer_changes() -> None:
    net, optimizer = deep(cr.ReLU, depth=1), cr.Adam(0.001)
    before = {name: value.copy() for name, value in net.params.items()}
    gradient_flow(net, *batch(), optimizer=optimizer)
    assert all(np.array_equal(net.params[name], value) for name, value in before.items())
    assert (optimizer.step, optimizer.state) == (0, {})


def test_pixels_are_taken_as_networks_take_them() -> None:
    net = deep(cr.ReLU, depth=1)
    pixels = np.random.default_rng(SEED).integers(0, 256, (10, 784)).astype(np.uint8)
    t = np.arange(10)
    assert gradient_flow(net, pixels, t).loss == gradient_flow(net, (pixels / np.float32(255)), t).loss


def test_wrong_input_is_refused() -> None:
    net, (x, t) = deep(cr.ReLU, depth=1), batch()
    with pytest.raises(ArgumentError, match="this is a list"):
        gradient_flow([net], x, t)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="'en' or 'ko'"):
        gradient_flow(net, x, t, lang="de")
    with pytest.raises(LabelError):
        gradient_flow(net, x, t + 10)
    with pytest.raises(cr.errors.ChainruleError):
        gradient_flow(net, x[:, :5], t)
    with pytest.raises(cr.errors.ChainruleError):
        gradient_flow(net, x[:7], t)
    with pytest.raises(cr.errors.ChainruleError):
        gradient_flow(net, x[:0], t[:0])
