"""From an estimator's weights to a network of chainrule, and its objective as one pure function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from ...engines import StepGraph, trace
from ...graph import Variable, gradients_of
from ...graph import functions as F
from ...layers import (
    ELU,
    GELU,
    Affine,
    Dropout,
    Layer,
    LeakyReLU,
    LossLayer,
    ReLU,
    Sigmoid,
    SiLU,
    Softplus,
    Tanh,
)
from ...networks import Sequential
from ...optimizers import Optimizer
from ._losses import Array, Loss

ACTIVATIONS: Mapping[str, Callable[[], Layer] | None] = MappingProxyType(
    {
        "identity": None,
        "logistic": Sigmoid,
        "tanh": Tanh,
        "relu": ReLU,
        "leaky_relu": LeakyReLU,
        "elu": ELU,
        "gelu": GELU,
        "silu": SiLU,
        "softplus": Softplus,
    }
)
"""The activations of hidden layers by name; the first four are scikit-learn's."""


class Objective(NamedTuple):
    """What is minimised, as a function of its inputs by name:

    W1, b1, …     the parameters
    x, t          rows of inputs and targets
    w             their weights, if the rows are weighted
    step          the number of the step, on which depends what dropout drops
    share, decay  the objective is share times the (weighted) mean loss of these rows, plus ½ decay Σ W²
    """

    network: Sequential
    loss: Loss
    is_weighted: bool

    def __call__(self, values: Mapping[str, Any]) -> Any:
        scores, _ = self.network.compute_training(values, values["x"], values["step"])
        if self.is_weighted:
            loss = F.multiply(self.loss.weighted(scores, values["t"], values["w"]), values["share"])
        else:
            loss = F.multiply(self.loss.compute(scores, values["t"]), values["share"])
        for name in self.network.params:
            if name.startswith("W"):
                # By columns first: one running sum of everything would wait for itself at each addition.
                squares = F.sum(F.sum(F.square(values[name]), axis=0))
                loss = F.add(loss, F.multiply(squares, 0.5 * values["decay"]))
        return loss

    def gradient(self, values: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The objective and its gradient by the names of the parameters, as variables."""
        parameters = {name: values[name] for name in self.network.params}
        loss = self(values)
        found = gradients_of(loss, parameters.values(), as_graph=True)
        nothing = {name: F.multiply(w, 0.0) for name, w in parameters.items()}
        return loss, {
            name: nothing[name] if g is None else g for name, g in zip(parameters, found, strict=True)
        }

    def traced_gradient(self, values: Mapping[str, Any]) -> StepGraph:
        """A graph from the inputs to "loss" and, as dW1 and so on, the gradient."""

        def outputs(v: dict[str, Variable]) -> dict[str, Any]:
            loss, gradients = self.gradient(v)
            return {"loss": loss, **{f"d{name}": g for name, g in gradients.items()}}

        return trace(outputs, values)

    def traced_step(self, rule: Optimizer, values: Mapping[str, Any]) -> StepGraph:
        """A graph from the inputs, the state of the rule and "lr" to "loss", the new parameters and the new state."""

        def outputs(v: dict[str, Variable]) -> dict[str, Any]:
            loss, gradients = self.gradient(v)
            results = {"loss": loss}
            for name, g in gradients.items():
                state = {s: v[f"{name}.{s}"] for s in rule.state_names}
                results[name], new = rule.next(v[name], g, state, lr=v["lr"], step=None)
                results.update({f"{name}.{s}": value for s, value in new.items()})
            return results

        return trace(outputs, values)


def network_of(
    coefs: Sequence[Array],
    intercepts: Sequence[Array],
    activations: Sequence[str],
    dropout: Sequence[float],
    loss: LossLayer,
) -> Sequential:
    """The network with these weights: the arrays themselves, not copies.

    coefs, intercepts  of each layer, (inputs, outputs) and (outputs,)
    activations        of each hidden layer, by name
    dropout            the rate behind each hidden layer
    """
    layers: list[Layer] = []
    behind = zip((*activations, "identity"), (*dropout, 0.0), strict=True)
    for w, b, (activation, rate) in zip(coefs, intercepts, behind, strict=True):
        layers.append(Affine(w, b))
        if (make := ACTIVATIONS[activation]) is not None:
            layers.append(make())
        if rate:
            layers.append(Dropout(rate))
    return Sequential(*layers, loss=loss)


def hidden(
    x: Array, coefs: Sequence[Array], intercepts: Sequence[Array], activations: Sequence[str]
) -> Array:
    """The results of the last of these hidden layers."""
    for w, b, activation in zip(coefs, intercepts, activations, strict=True):
        x = Affine(w, b).compute(x, w, b)
        if (make := ACTIVATIONS[activation]) is not None:
            x = make().compute(x)
    return np.asarray(x)
