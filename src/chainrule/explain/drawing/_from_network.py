"""The graph of a network, recorded layer by layer, so that each gate is known to be a part of its layer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from ...errors import ArgumentError
from ...graph import Graph, Variable, as_array
from ...networks import Network
from .._by_layer import run_by_layer
from ._from_graph import Closed, Parts


class Recorded(NamedTuple):
    """A run of a network as a graph.

    output  the loss, or without targets the scores
    parts   its layers
    rows    how many rows of inputs there were
    """

    output: Variable
    parts: Parts
    rows: int


def record(network: Network, x: Any, t: Any, opened: Collection[str]) -> Recorded:
    """Run a network on data, or without them on rows of zeros of which only the shapes are looked at.

    x, t    inputs and targets, or None
    opened  names of the layers that are drawn gate by gate
    """
    rows = _rows_unlike_any_size(network)
    if x is None:
        x = np.zeros((rows, network.input_size), int if network.embedding else network.dtype)
        t = np.zeros((rows, list(network.sizes.values())[-1]), network.dtype)
        t[:, 0] = 1  # one-hot: every loss takes such targets
    targets = None if t is None else as_array(t, "t")
    runs = run_by_layer(network, x, targets)
    out, ends = runs[-1].out, {run.name: run.out.number for run in runs}
    framed = {v: run.name for run in runs if run.name in opened for v in run.parameters.values()}
    constants = {id(targets): "t"} if targets is not None else {}
    return Recorded(out, _parts(out, ends, framed, opened, constants), rows)


def names_to_open(network: Network, opened: str | Iterable[str] | None) -> frozenset[str]:
    """The layers that are meant.

    raises   ArgumentError for a name that is no layer's
    """
    loss = type(network.lastLayer).__name__
    names = [*network.layers, loss]
    if opened is None:
        return frozenset()
    if not isinstance(opened, Iterable):
        raise ArgumentError(f"open is the name of a layer, a list of names, or 'all', not {opened!r:.60}")
    wanted = [opened] if isinstance(opened, str) else list(opened)
    if "all" in wanted:
        return frozenset(names)
    wanted = [loss if name == "lastLayer" else name for name in wanted]
    for name in wanted:
        if name not in names:
            raise ArgumentError(
                f"{type(network).__name__} has no layer {name!r}; it has {', '.join(names)}",
                fix=f'open="{names[0]}", open="all", or a list of names',
            )
    return frozenset(wanted)


def _parts(
    output: Variable,
    ends: Mapping[str, int],
    parameters: Mapping[Variable, str],
    opened: Collection[str],
    constants: Mapping[int, str],
) -> Parts:
    """Each gate belongs to the first layer whose result is not older than its own.

    parameters   of the layers that are opened
    """
    closed: dict[Variable, str] = {}
    framed = dict(parameters)
    for node in Graph(output):
        if node.variable.gate is not None:
            layer = next(name for name, end in ends.items() if node.variable.number <= end)
            (framed if layer in opened else closed)[node.variable] = layer
    groups = {name: Closed("group", name) for name in ends}
    return Parts(closed, groups, framed, constants)


def _rows_unlike_any_size(network: Network) -> int:
    """A number that no size of the network has, so that the rows can be told from everything else."""
    taken = {size for value in network.params.values() for size in value.shape} | {network.input_size}
    return next(n for n in range(2, len(taken) + 3) if n not in taken)
