"""All that chainrule ships with gradients: gates, layers and networks, each with the ways to check it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from .. import gates
from ..layers import (
    BY_NAME,
    Activation,
    AddLayer,
    Affine,
    AvgPool,
    BatchNorm,
    Conv2D,
    Dropout,
    Embedding,
    Layer,
    LayerNorm,
    LossLayer,
    MaxPool,
    MulLayer,
    Pool,
    Residual,
    Tanh,
    initialise,
)
from ..networks import Network, Sequential, SimpleConvNet, TwoLayerNet
from ._compare import compare, upstream
from ._examples import Example, examples
from ._question import about_gate
from ._report import GradientReport
from ._slopes import Array

_FLOAT64, _FLOAT32 = np.dtype(np.float64), np.dtype(np.float32)


class Subject(NamedTuple):
    """Something whose gradients can be checked.

    kind    "gate", "layer" or "network"
    dtypes  the precisions it is checked in
    check   one report for each example, in a precision
    gate    the gate, if it is one
    """

    kind: str
    name: str
    dtypes: tuple[np.dtype[Any], ...]
    check: Callable[[Any], list[GradientReport]]
    gate: gates.Gate | None = None


def subjects(seed: int) -> list[Subject]:
    """Every gate, layer and network, with examples made from a seed."""
    return [*_gates(seed), *_layers(seed), *_networks(seed)]


def _gates(seed: int) -> Iterator[Subject]:
    found = examples(seed)
    for name, gate in gates.ALL.items():
        if gate.rules:
            check = partial(_check_gate, gate, found[name], seed)
            yield Subject("gate", name, (_FLOAT64, _FLOAT32), check, gate)
        else:
            yield Subject("gate", name, (), lambda dtype: [], gate)


def _check_gate(gate: gates.Gate, found: Sequence[Example], seed: int, dtype: Any) -> list[GradientReport]:
    reports = []
    for example in found:
        inputs, settings = example.astype(dtype)
        report, _ = about_gate(gate, inputs, settings).answer(seed)
        reports.append(report)
    return reports


def _layers(seed: int) -> Iterator[Subject]:
    makers: dict[str, Callable[[], Layer]] = {
        "AddLayer": AddLayer,
        "MulLayer": MulLayer,
        "Affine": lambda: Affine(3, 4),
        "AvgPool": lambda: AvgPool((2, 1), padding=(1, 0)),
        "BatchNorm": lambda: BatchNorm(3),
        "Conv2D": lambda: Conv2D(2, 3, (2, 1), stride=(1, 2), padding=1),
        "Embedding": lambda: Embedding(5, 3),
        "LayerNorm": lambda: LayerNorm(3),
        "MaxPool": lambda: MaxPool(2, stride=1),
        "Residual": lambda: Residual(Affine(3, 3), BatchNorm(3), Tanh(), Dropout(0.5)),
    }
    made: dict[str, Callable[[], Layer]] = {**BY_NAME, **makers}
    for name, make in made.items():
        yield Subject("layer", name, (_FLOAT64, _FLOAT32), partial(_check_layer, make, seed))


def _check_layer(make: Callable[[], Layer], seed: int, dtype: Any) -> list[GradientReport]:
    layer, rng = make(), np.random.default_rng(seed)
    initialise([layer], seed=seed, dtype=dtype)
    for value in layer.parameters.values():  # of which many begin as 0 or 1, which hides what is missing
        value += rng.normal(scale=0.5, size=value.shape)
    shape = (2, 2, 3, 3) if isinstance(layer, Conv2D | Pool) else (4, 3)
    inputs = [*rng.normal(size=(len(layer.input_names), *shape)).astype(dtype)]
    targets: list[Array] = [np.eye(3)[[2, 0, 1, 1]]] if isinstance(layer, LossLayer) else []
    if isinstance(layer, Embedding):
        inputs, targets = [], [np.array([[2, 0], [2, 4]])]
    reports = [check_layer(layer, inputs, targets, seed)]
    if type(layer).compute_training is not Layer.compute_training:
        reports.append(check_layer(layer, inputs, targets, seed, training=True))
    return reports


def check_layer(
    layer: Layer, inputs: Sequence[Array], constants: Sequence[Any], seed: int, *, training: bool = False
) -> GradientReport:
    """The gradients that a layer gives through ``forward`` and ``backward``, against differences of `compute`.

    inputs     of the layer, float arrays of one dtype
    constants  what forward takes behind them and gives no gradient for: the targets of a loss, ids
    training   whether as in the first step of training, against `compute_training`
    """
    rng = np.random.default_rng(seed)
    out = layer.forward(*inputs, *constants, training=training)
    dout = upstream(rng, np.shape(out))
    dx = layer.backward(dout.astype(out.dtype) if dout.shape else float(dout))
    number = len(inputs)

    def run(values: Sequence[Array]) -> Any:
        parameters = dict(zip(layer.parameters, values[number:], strict=True))
        arrays = {**parameters, **layer.state}
        if training:
            return layer.compute_training(*values[:number], *constants, step=1.0, **arrays)[0]
        return layer.compute(*values[:number], *constants, **arrays)

    checks = compare(
        [*layer.input_names[:number], *layer.parameters],
        [*inputs, *layer.parameters.values()],
        [*([dx] if number == 1 else dx or ()), *layer.gradients.values()],
        run,
        out.dtype.type(0) if isinstance(out, np.ndarray) else inputs[0].dtype.type(0),
        dout,
        rng,
    )
    return GradientReport(type(layer).__name__, seed, tuple(checks))


def _networks(seed: int) -> Iterator[Subject]:
    yield Subject("network", "TwoLayerNet", (_FLOAT64,), partial(_check_two_layer_net, seed))
    yield Subject("network", "SimpleConvNet", (_FLOAT64,), partial(_check_simple_conv_net, seed))
    # A loss and its gradient can each be right and not belong together: every loss with every number of outputs.
    for name, loss in BY_NAME.items():
        if issubclass(loss, LossLayer):
            check = partial(_check_sequential, loss, seed)
            yield Subject("network", f"Sequential, {name}", (_FLOAT64,), check)


def _check_two_layer_net(seed: int, dtype: Any) -> list[GradientReport]:
    x, t = _mini_batch(seed, outputs=3)
    relu = TwoLayerNet(4, 3, 3, 0.5, activation="relu", dtype=dtype, seed=seed)
    sigmoid = TwoLayerNet(4, 3, 3, 0.5, activation="sigmoid", dtype=dtype, seed=seed)
    return [check_network(net, x, t, seed) for net in (relu, sigmoid)]


def _check_simple_conv_net(seed: int, dtype: Any) -> list[GradientReport]:
    rng = np.random.default_rng(seed)
    x, t = rng.normal(size=(2, 2 * 6 * 5)), np.eye(3)[[2, 0]]
    net = SimpleConvNet((2, 6, 5), {"filter_num": 3, "filter_size": 2}, 4, 3, 0.5, dtype=dtype, seed=seed)
    return [check_network(net, x, t, seed)]


def _check_sequential(loss: type[LossLayer], seed: int, dtype: Any) -> list[GradientReport]:
    reports = []
    activations = [kind for kind in BY_NAME.values() if issubclass(kind, Activation)]
    for activation in activations:
        for outputs in (1, 2, 3, 5):
            layers = Affine(4, 3), activation(), Affine(3, outputs)
            net = Sequential(*layers, loss=loss(), seed=seed, dtype=dtype)
            reports.append(check_network(net, *_mini_batch(seed, outputs), seed))
    return reports


def _mini_batch(seed: int, outputs: int) -> tuple[Array, Array]:
    """Three rows of four numbers, and one-hot targets, which every loss takes."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, 4))
    return x, np.eye(outputs)[rng.integers(outputs, size=3)]


def check_network(net: Network, x: Array, t: Array, seed: int) -> GradientReport:
    """The gradients that a network gives for a mini-batch, against differences of its loss."""
    gradients = net.gradient(x, t)

    def run(values: Sequence[Array]) -> Any:
        parameters = dict(zip(net.params, values, strict=True))
        return net.compute_loss(parameters, x, t)

    checks = compare(
        list(net.params),
        list(net.params.values()),
        [gradients[name] for name in net.params],
        run,
        net.dtype.type(0),
        np.ones(()),
        np.random.default_rng(seed),
    )
    return GradientReport(type(net).__name__, seed, tuple(checks))
