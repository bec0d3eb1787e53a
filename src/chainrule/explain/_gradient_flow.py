"""How activations and gradients fare from layer to layer: one pass of a network over a mini-batch, measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..gates import Gate
from ..graph import Variable, apply, gradients_of, handed_back, quiet
from ..networks import Network
from ..optimizers import SGD, Optimizer
from ..words import words
from ._by_layer import LayerRun, run_by_layer
from ._flow_report import document_of
from ._report import Report
from .document import Document

Array = np.ndarray[Any, Any]

FLAT = 0.01  # of a gate's steepest slope: where it is flatter, it is saturated


@dataclass(frozen=True, slots=True)
class LayerFlow:
    """One layer on one mini-batch. Sizes are root mean squares over all elements, so that they do not depend on shapes.

    activation       size of its result
    zeros            share of the result that is exactly 0
    gradient         size of the gradient at its result
    unreached        share of its units at which no gradient arrives in any row
    saturated        share of the result where the activation function is flat on both sides, as sigmoid and tanh are;
                     None for other layers
    dead             share of its units that let no gradient through in any row, as dead ReLUs do; None for other
                     layers, and for a single row, which cannot tell
    weights          size of its parameters, without those that are all 0; None if there are none
    weight_gradient  size of the gradient of these parameters; None if there are none
    update           size of the first update of these parameters beside their own; None if there are none
    finite           whether result and parameters are all finite; of the gradient its size tells
    """

    name: str
    activation: float
    zeros: float
    gradient: float
    unreached: float
    saturated: float | None
    dead: float | None
    weights: float | None
    weight_gradient: float | None
    update: float | None
    finite: bool


@dataclass(frozen=True)
class GradientFlow(Report):
    """What `gradient_flow` measured.

    network    the name of its class
    layers     the layers in order, without the loss
    loss       of the mini-batch
    rows       of the mini-batch
    optimizer  whose first update is meant
    language   "en" or "ko"

    >>> flow = gradient_flow(cr.TwoLayerNet(4, 5, 3, seed=0), np.ones((2, 4)), np.array([0, 1]))
    >>> [layer.name for layer in flow.layers], flow.to_dict()["rows"]
    (['Affine1', 'Relu1', 'Affine2'], 2)
    """

    network: str
    layers: tuple[LayerFlow, ...]
    loss: float
    rows: int
    optimizer: str
    language: str

    def _document(self) -> Document:
        data = {
            "network": self.network,
            "rows": self.rows,
            "loss": self.loss,
            "optimizer": self.optimizer,
            "layers": [asdict(layer) for layer in self.layers],
        }
        return document_of(self, data, words(self.language, "flow"))


def gradient_flow(
    network: Network,
    x: Any,
    t: Any,
    *,
    optimizer: Optimizer | None = None,
    training: bool = False,
    lang: str = "en",
) -> GradientFlow:
    """Measure how activations and gradients fare from layer to layer, and say whether the network can learn so.

    One forward and one backward pass; no parameter changes, and neither does the optimizer.

    network    with the parameters it has now
    x, t       a mini-batch: rows of inputs, and targets that its loss takes
    optimizer  whose first update, from its initial state, is compared with the parameters; `SGD` with its usual rate
               unless given
    training   whether to look at a step of training: with dropout, and with the statistics of this mini-batch
    lang       "en" or "ko"
    returns    a `GradientFlow`: print it, show it in a notebook, plot it with `chainrule.plot.gradient_flow`
    raises     ArgumentError when it is no network; ShapeError, LabelError, … as ``network.loss(x, t)`` does
    source     Glorot, Bengio, Understanding the difficulty of training deep feedforward neural networks, AISTATS 2010

    >>> layers = [layer for _ in range(10) for layer in (cr.Affine(20, 20), cr.Sigmoid())]
    >>> net = cr.Sequential(*layers, cr.Affine(20, 2), seed=0)
    >>> x = np.random.default_rng(0).normal(size=(50, 20))
    >>> flow = gradient_flow(net, x, np.arange(50) % 2)
    >>> flow.layers[0].gradient < 1e-5 * flow.layers[-1].gradient
    True
    """
    say = words(lang, "flow")
    if not isinstance(network, Network):
        raise ArgumentError(
            f"gradient_flow looks at a network of chainrule; this is a {type(network).__name__}",
            fix="cr.gradient_flow(network, x, t)",
        )
    network.evaluate(x, t)  # refuses what does not fit
    *layers, last = run_by_layer(network, x, t, training=training)
    loss = float(last.out.value)
    rule = optimizer if optimizer is not None else SGD()
    outs = [run.out for run in layers]
    parameters = [variable for run in layers for variable in run.parameters.values()]
    found = gradients_of(last.out, [*outs, *parameters])
    of = {
        v: np.zeros(v.shape) if g is None else np.asarray(g)
        for v, g in zip([*outs, *parameters], found, strict=True)
    }
    return GradientFlow(
        type(network).__name__,
        tuple(_measured(run, of, rule) for run in layers),
        loss,
        int(np.shape(layers[0].out)[0]),
        repr(rule),
        say.language,
    )


def _measured(run: LayerRun, gradients: Mapping[Variable, Array], rule: Optimizer) -> LayerFlow:
    out, gradient = np.asarray(run.out._value), gradients[run.out]
    parameters = [(v, np.asarray(v._value)) for v in run.parameters.values() if np.any(v._value)]
    updates = [_update(value, gradients[v], rule) for v, value in parameters]
    weights = size_of([value for _, value in parameters]) if parameters else None
    saturated, dead = _flat_shares(run.out)
    arrays = [out, *(np.asarray(v._value) for v in run.parameters.values())]
    return LayerFlow(
        run.name,
        activation=size_of([out]),
        zeros=float(np.mean(out == 0)),
        gradient=size_of([gradient]),
        unreached=float(np.mean(np.all(gradient == 0, axis=0))),
        saturated=saturated,
        dead=dead,
        weights=weights,
        weight_gradient=size_of([gradients[v] for v, _ in parameters]) if parameters else None,
        update=size_of(updates) / weights if weights else None,
        finite=all(bool(np.all(np.isfinite(array))) for array in arrays),
    )


def size_of(arrays: Sequence[Array]) -> float:
    """The root mean square over all elements of some arrays, in float64."""
    flat = np.concatenate([np.ravel(array).astype(np.float64) for array in arrays])
    largest = float(np.max(np.abs(flat), initial=0.0))
    if largest == 0 or not np.isfinite(largest):
        return largest
    return largest * float(
        np.sqrt(np.mean((flat / largest) ** 2))
    )  # without overflow, and without losing tiny ones


def _update(value: Array, gradient: Array, rule: Optimizer) -> Array:
    with np.errstate(all="ignore"):
        after, _ = rule.next(
            value, gradient.astype(value.dtype), rule.initial_state(value), lr=rule.lr, step=1
        )
    return np.asarray(after) - value


def _flat_shares(out: Variable) -> tuple[float | None, float | None]:
    """What of an activation function is saturated, and which share of its units is dead; None where neither can be.

    The slope comes from the gate's own rule, and so does what counts as flat: gates are told apart by their slopes far
    to the left and far to the right. Half of all ReLUs are off in any single row, so that one row tells of none that
    it is dead.
    """
    gate = out.gate
    if gate is None or gate.kind != "elementwise" or len(out.inputs) != 1 or out.settings.keys() - {"alpha"}:
        return None, None
    slopes = _slopes_of(gate, tuple(out.settings.items()))
    if slopes is None:
        return None, None
    left, right, steepest = slopes
    flat_left, flat_right = left < FLAT * steepest, right < FLAT * steepest
    if not flat_left and not flat_right:
        return None, None
    (slope,) = handed_back(out, np.ones(out.shape))
    flat = np.abs(np.asarray(slope)) < FLAT * steepest
    if flat_left and flat_right:
        return float(np.mean(flat)), None
    return None, float(np.mean(np.all(flat, axis=0))) if len(flat) > 1 else None


@lru_cache(maxsize=64)
def _slopes_of(gate: Gate, settings: tuple[tuple[str, Any], ...]) -> tuple[float, float, float] | None:
    """The slope of a function far to the left, far to the right, and where it is steepest; None if it has no bound."""
    x = np.linspace(-30.0, 30.0, 6001)
    out: Variable = quiet.run(apply, gate, Variable(x), **dict(settings))
    (found,) = handed_back(out, np.ones(out.shape))
    slopes = np.zeros(x.shape) if found is None else np.abs(found)
    steepest = float(np.max(slopes))
    within = float(np.max(slopes[np.abs(x) < 15]))
    if not np.isfinite(steepest) or steepest > 1.2 * within:
        return None
    return float(slopes[0]), float(slopes[-1]), steepest
