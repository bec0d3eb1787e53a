"""One element of an array, followed from gate to gate: which elements it reaches, and what each of them sends back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..graph import Node, local_derivatives, quiet
from ._backpropagation import Backpropagation, Edge, Index

MOST = 4  # elements of one result that are shown


@dataclass(frozen=True, slots=True)
class Reached:
    """An element of a gate's result that the followed element has a part in.

    local         ∂ this element / ∂ the followed one
    upstream      the gradient of this element
    contribution  local · upstream, what it sends back to the followed one
    """

    index: Index
    local: float
    upstream: float
    contribution: float


@dataclass(frozen=True, slots=True)
class Hop:
    """The followed element on its way into one gate.

    name, index   the followed element
    edge          from its array into the gate
    count         how many elements of the gate's result it reaches
    largest       those that send back most, `MOST` at the most
    rest          what all the others send back together
    """

    name: str
    index: Index
    edge: Edge
    count: int
    largest: tuple[Reached, ...]
    rest: float

    @property
    def total(self) -> float:
        """What comes back to the element on this edge."""
        return self.rest + sum(reached.contribution for reached in self.largest)


def trace_element(passes: Backpropagation, node: Node, index: Index) -> tuple[tuple[Hop, ...], ...]:
    """Follow an element from gate to gate to the output, at each by the element that sends back most.

    node     the array it is in
    index    of the element
    returns  for each gate on the way the hops into it, or into all gates that use the same array: together they
             give the gradient of the element
    """
    way: list[tuple[Hop, ...]] = []
    output = passes.graph.output
    while node.variable is not output:
        hops = tuple(_hops(passes, node, index))
        way.append(hops)
        ahead = [(abs(hop.largest[0].contribution), hop) for hop in hops if hop.largest]
        if not ahead:
            break
        _, chosen = max(ahead, key=lambda item: item[0])
        node, index = chosen.edge.target, chosen.largest[0].index
    return tuple(way)


def _hops(passes: Backpropagation, node: Node, index: Index) -> Iterator[Hop]:
    for edge in passes.edges_from[node.variable]:
        target = edge.target.variable
        if target not in passes.gradients:
            continue
        local = local_derivatives(target, edge.position, index)
        if local is not None:
            yield _hop(node.name, index, edge, np.asarray(local), np.asarray(passes.gradients[target]))


def _hop(name: str, index: Index, edge: Edge, local: Any, upstream: Any) -> Hop:
    reached = np.flatnonzero(local)  # the others send nothing back, even if their gradients are infinite
    slopes, douts = np.ravel(local)[reached], np.ravel(upstream)[reached]
    sent = quiet.run(np.multiply, slopes, douts)
    order = np.argsort(-np.abs(np.nan_to_num(sent, nan=np.inf)), kind="stable")
    largest = tuple(
        Reached(_index(reached[i], local.shape), float(slopes[i]), float(douts[i]), float(sent[i]))
        for i in order[:MOST]
    )
    return Hop(name, index, edge, len(reached), largest, float(quiet.run(np.sum, sent[order[MOST:]])))


def _index(place: Any, shape: tuple[int, ...]) -> Index:
    return tuple(map(int, np.unravel_index(place, shape)))


def checked_element(passes: Backpropagation, element: tuple[str, Any]) -> tuple[Node, Index]:
    """The node and the index that ``element=("W1", (3, 7))`` means.

    raises   ArgumentError when there is no such array, it has no such element, or no gradient
    """
    if not (isinstance(element, tuple) and len(element) == 2 and isinstance(element[0], str)):
        raise ArgumentError(
            f"element={element!r} is no name with an index", fix='element=("W1", (3, 7)) for W1[3, 7]'
        )
    name, given = element
    having = {node.name: node for node in passes.graph if node.variable in passes.gradients}
    if name not in having:
        raise ArgumentError(
            f"there is no value {name!r} with a gradient in the graph; there are {', '.join(having)}",
            fix="choose one of them, or give a variable a name: cr.Variable(..., name='W1')",
        )
    shape = having[name].variable.shape
    index = given if isinstance(given, tuple) else (given,)
    whole = all(isinstance(i, int | np.integer) and not isinstance(i, bool) for i in index)
    if (
        not whole
        or len(index) != len(shape)
        or not all(-n <= i < n for i, n in zip(index, shape, strict=True))
    ):
        what = f"{name} has shape {shape}, and {given!r} is no index of one element of it"
        raise ArgumentError(what, fix=f"one whole number for each of its {len(shape)} axes")
    return having[name], tuple(int(i) % n for i, n in zip(index, shape, strict=True))
