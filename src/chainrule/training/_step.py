"""One training step as a step graph: forward, backward, clipping and update."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import reduce
from typing import Any, Protocol

import numpy as np

from ..comm import NullComm
from ..engines import StepGraph, trace
from ..graph import Variable, as_numbers, gradients_of, recording_part
from ..graph import functions as F
from ..optimizers import Optimizer
from ._ranks import Ranks

Arrays = Mapping[str, np.ndarray[Any, Any]]


class Network(Protocol):
    """What can be trained: named parameters, and the loss as a pure function of them.

    A network whose layers have state, or do something else in training, has `state` and `compute_training_loss`
    too; see `chainrule.networks.Network`.
    """

    params: dict[str, np.ndarray[Any, Any]]

    @property
    def input_size(self) -> int: ...
    def predict(self, x: Any) -> np.ndarray[Any, Any]: ...
    def check_targets(self, x: Any, t: Any) -> None: ...
    def evaluate(self, x: Any, t: Any) -> tuple[float, float | None]: ...
    def compute_loss(self, parameters: Mapping[str, Any], x: Any, t: Any) -> Any: ...


def arrays_of(network: Any) -> dict[str, np.ndarray[Any, Any]]:
    """What a network holds: its parameters, and the state of its layers if it has such."""
    return {**network.params, **getattr(network, "state", {})}


def training_loss(
    network: Network, arrays: Mapping[str, Any], x: Any, t: Any, step: Any
) -> tuple[Any, dict[str, Any]]:
    """The loss of a step as a pure function, and by name the state of layers after it."""
    if (compute := getattr(network, "compute_training_loss", None)) is not None:
        loss, state = compute(arrays, x, t, step)
        return loss, state
    return network.compute_loss(arrays, x, t), {}


def state_key(parameter: str, state: str) -> str:
    """The name of a piece of optimizer state among the inputs and outputs of a step."""
    return f"{parameter}.{state}"


def step_settings(optimizer: Optimizer, clip_norm: float | None) -> tuple[tuple[str, Any], ...]:
    """What a recorded step depends on besides its inputs, of which the learning rate is one."""
    return *{**optimizer.config(), "lr": None, "clip_norm": clip_norm}.items(), ("kind", type(optimizer))


def initial_state(params: Arrays, optimizer: Optimizer) -> dict[str, Any]:
    """The optimizer's state before the first step, by `state_key`."""
    return {
        state_key(name, state): value
        for name, w in params.items()
        for state, value in optimizer.initial_state(w).items()
    }


def trace_step(
    network: Network,
    optimizer: Optimizer,
    clip_norm: float | None,
    values: Mapping[str, Any],
    ranks: Ranks | None = None,
) -> StepGraph:
    """Record one step.

    values   an example of all inputs by name: what the network holds, the optimizer's state, "x", "t", "lr" (learning
             rate) and "step" (its number); with ranks also those of `Ranks.example`
    ranks    of which each has a part of the mini-batch; None for one process
    returns  a graph whose outputs are "loss", the new parameters and what is new in the state of layers and optimizer
    """
    names, held = list(network.params), list(arrays_of(network))
    ranks = ranks or Ranks(NullComm())
    marks = []

    def step(v: dict[str, Variable]) -> dict[str, Any]:
        part = ranks.part(v)
        with recording_part(part):
            loss, layer_state = training_loss(
                network, {name: v[name] for name in held}, v["x"], v["t"], v["step"]
            )
        if part is not None:
            # The mean over all rows is the sum over the ranks of such parts; so are its gradients.
            loss = loss * part.share
        marks.append(_newest())
        found = gradients_of(loss, [v[name] for name in names], as_graph=True)
        grads = {
            name: F.multiply(v[name], 0.0) if g is None else g for name, g in zip(names, found, strict=True)
        }
        if part is not None:
            sums = ranks.summed({**grads, "loss": loss})
            loss, grads = sums["loss"], {name: sums[name] for name in grads}
        for name, g in grads.items():
            g.name = f"d{name}"
        marks.append(_newest())
        if clip_norm is not None:
            grads = clip(grads, clip_norm)
        outputs: dict[str, Any] = {"loss": loss, **layer_state}
        for name, g in grads.items():
            state = {s: v[state_key(name, s)] for s in optimizer.state_names}
            new, new_state = optimizer.next(v[name], g, state, lr=v["lr"], step=v["step"])
            new.name = name
            outputs[name] = new
            outputs.update({state_key(name, s): value for s, value in new_state.items()})
        loss.name = loss.name or "loss"
        return outputs

    with ranks.recording():
        return trace(step, values, phases=lambda: (marks[0], marks[1]))


def step_inputs(
    trained: Mapping[str, Any], x: np.ndarray[Any, Any], t: Any, *, dtype: Any, lr: float, step: int
) -> dict[str, Any]:
    """The inputs of a step by name, as `trace_step` wants them.

    trained  what the network holds, and the optimizer's state
    x, t     a mini-batch; pixels become numbers of `dtype`, ids stay what they are
    """
    x = x if x.dtype == np.int64 else as_numbers(x, dtype)
    return {**trained, "x": x, "t": t, "lr": lr, "step": float(step)}


def _newest() -> int:
    """The number that separates what has been recorded from what comes."""
    return Variable(0.0).number


def clip(grads: Mapping[str, Any], norm: float) -> dict[str, Any]:
    """All gradients, scaled down together if their common length is more than `norm`.

    grads    arrays or variables by name
    source   Pascanu, Mikolov, Bengio, arXiv:1211.5063, algorithm 1

    >>> clip({"w": np.array([3.0, 4.0])}, 1.0)["w"].round(3)
    array([0.6, 0.8])
    """
    # Squares overflow long before lengths do, so they are taken of g / top. Not below 1: there, what underflows is
    # nothing next to 1e-6. With an infinite gradient the length is to be infinite, not NaN.
    top = reduce(F.maximum, [F.max(F.abs(g)) for g in grads.values() if g.size], 1.0)
    top = F.where(top < math.inf, top, 1.0)
    total = sum(F.sum(F.square(g / top)) for g in grads.values())
    scale = F.minimum((norm / top) / (F.sqrt(total) + 1e-6 / top), 1.0)
    return {name: g * scale for name, g in grads.items()}
