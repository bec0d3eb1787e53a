"""Which column each box stands in, and the vertices that labels and long links add between the boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import ArgumentError
from ._model import Box, Link


@dataclass(frozen=True, slots=True)
class Layers:
    """The graph that is laid out: every edge joins neighbouring layers.

    The first vertices are the boxes, in even layers. A link is a chain of vertices from its source to its target,
    one in each layer that it passes: its label in an odd layer, dummies in the others.
    """

    layer: list[int]  # of each vertex
    width: list[float]
    height: list[float]
    lefts: list[list[int]]  # neighbours in the layer to the left; of a box in the order of its arguments
    rights: list[list[int]]
    chains: list[list[int]]  # of each link, source and target included
    labels: list[int]  # the vertex of each link's label
    boxes: int  # how many vertices are boxes

    @property
    def depth(self) -> int:
        return max(self.layer, default=-1) + 1


def layers(boxes: Sequence[Box], links: Sequence[Link]) -> Layers:
    """Give every box its layer, and every link a vertex in each layer that it passes."""
    columns = _columns(len(boxes), links)
    graph = Layers(
        layer=[2 * column for column in columns],
        width=[box.width for box in boxes],
        height=[box.height for box in boxes],
        lefts=[[] for _ in boxes],
        rights=[[] for _ in boxes],
        chains=[],
        labels=[],
        boxes=len(boxes),
    )
    for link in links:
        _add_link(graph, link)
    return graph


def _add_link(graph: Layers, link: Link) -> None:
    first, last = graph.layer[link.source], graph.layer[link.target]
    middle = (first + last) // 2
    label_layer = middle if middle % 2 else middle - 1  # odd; of two middle ones the nearer to the source
    chain = [link.source]
    for layer in range(first + 1, last):
        vertex = len(graph.layer)
        graph.layer.append(layer)
        graph.width.append(link.width if layer == label_layer else 0.0)
        graph.height.append(link.height if layer == label_layer else 0.0)
        graph.lefts.append([chain[-1]])
        graph.rights.append([])
        graph.rights[chain[-1]].append(vertex)
        chain.append(vertex)
        if layer == label_layer:
            graph.labels.append(vertex)
    graph.rights[chain[-1]].append(link.target)
    graph.lefts[link.target].append(chain[-1])
    graph.chains.append([*chain, link.target])


def _columns(count: int, links: Sequence[Link]) -> list[int]:
    """The longest path from the left decides; then whatever can move right without moving an end does.

    In a tree this gives the shortest links of all: a leaf stands one column before its first use. Gansner,
    Koutsofios, North and Vo, "A Technique for Drawing Directed Graphs" (1993), section 2, states the aim.
    """
    sources: list[list[int]] = [[] for _ in range(count)]
    targets: list[list[int]] = [[] for _ in range(count)]
    for link in links:
        sources[link.target].append(link.source)
        targets[link.source].append(link.target)
    order = _topological(sources, targets)
    columns = [0] * count
    for box in order:
        columns[box] = max((columns[source] + 1 for source in sources[box]), default=0)
    for box in reversed(order):
        columns[box] = min((columns[target] - 1 for target in targets[box]), default=columns[box])
    return columns


def _topological(sources: list[list[int]], targets: list[list[int]]) -> list[int]:
    """Every box after its sources: Kahn's method (1962)."""
    waiting = [len(found) for found in sources]
    order = [box for box, count in enumerate(waiting) if count == 0]
    for box in order:
        for target in targets[box]:
            waiting[target] -= 1
            if waiting[target] == 0:
                order.append(target)
    if len(order) < len(sources):
        stuck = next(box for box, count in enumerate(waiting) if count)
        raise ArgumentError(
            f"links must not run in a circle, and box {stuck} is on a circle or behind one",
            fix="a computational graph has no cycle: look for a link whose source and target are swapped",
        )
    return order
