"""The order of the vertices in each layer, from top to bottom: few crossings, arguments never swapped.

Sweeps of barycentres as in Sugiyama, Tagawa and Toda (1981), each followed by exchanges of neighbours as in
Gansner, Koutsofios, North and Vo (1993), section 3. In the layer before a box its arguments stand in their order:
no step here ever breaks that.
"""

from __future__ import annotations

from ._columns import Layers
from ._crossings import crossings

_SWEEPS = 24
_MOST_VERTICES = 40_000  # that are met in all sweeps together: somebody waits for the drawing
_PATIENCE = 6  # sweeps without a gain before giving up

Order = list[list[int]]  # for each layer its vertices from top to bottom


def arrange(graph: Layers) -> Order:
    """The order with the fewest crossings that the sweeps find, begun from the right and begun from the left."""
    found = [_swept(graph, first) for first in (0, 1)]
    return min(found, key=lambda order: crossings(graph, order))


def _swept(graph: Layers, first: int) -> Order:
    order = _depth_first(graph)
    best, fewest, idle = [*map(list, order)], crossings(graph, order), 0
    sweeps = min(_SWEEPS, max(2, _MOST_VERTICES // len(graph.layer)))
    for sweep in range(first, first + sweeps):
        if fewest == 0 or idle == _PATIENCE:
            break
        _sweep(graph, order, rightwards=sweep % 2 == 1, flip=sweep % 4 >= 2)
        _exchange_neighbours(graph, order)
        count = crossings(graph, order)
        idle += 1
        if count < fewest:
            best, fewest, idle = [*map(list, order)], count, 0
    return best


def _depth_first(graph: Layers) -> Order:
    """Each layer in the order in which a walk from the outputs, arguments in order, meets its vertices.

    A tree comes out without a crossing, with every argument in its place.
    """
    order: Order = [[] for _ in range(graph.depth)]
    stack = [vertex for vertex in reversed(range(graph.boxes)) if not graph.rights[vertex]]
    met = [False] * len(graph.layer)
    while stack:
        vertex = stack.pop()
        if not met[vertex]:
            met[vertex] = True
            order[graph.layer[vertex]].append(vertex)
            stack.extend(reversed(graph.lefts[vertex]))
    return order


def _sweep(graph: Layers, order: Order, *, rightwards: bool, flip: bool) -> None:
    """Sort each layer by the mean place of its neighbours in the layer just sorted; flip turns ties around."""
    place = _places(graph, order)
    neighbours = graph.lefts if rightwards else graph.rights
    walk = range(1, graph.depth) if rightwards else range(graph.depth - 2, -1, -1)
    for layer in walk:
        vertices = order[layer][::-1] if flip else order[layer]
        means = {
            vertex: sum(place[other] for other in neighbours[vertex]) / len(neighbours[vertex])
            for vertex in vertices
            if neighbours[vertex]
        }
        moving = iter(sorted(means, key=means.__getitem__))
        order[layer] = [next(moving) if vertex in means else vertex for vertex in vertices]
        _restore_arguments(graph, order[layer])
        for index, vertex in enumerate(order[layer]):
            place[vertex] = index


def _restore_arguments(graph: Layers, vertices: list[int]) -> None:
    """Put the arguments of each box into their order, in the places that they hold together."""
    held: dict[int, list[int]] = {}
    for index, vertex in enumerate(vertices):
        target = _box_entered(graph, vertex)
        if target is not None:
            held.setdefault(target, []).append(index)
    for target, places in held.items():
        for index, vertex in zip(places, graph.lefts[target], strict=True):
            vertices[index] = vertex


def _box_entered(graph: Layers, vertex: int) -> int | None:
    """The box right behind a label or dummy, if there is one."""
    if vertex < graph.boxes or graph.rights[vertex][0] >= graph.boxes:
        return None
    return graph.rights[vertex][0]


def _exchange_neighbours(graph: Layers, order: Order) -> None:
    """Swap neighbours in a layer as long as that removes crossings."""
    place = _places(graph, order)
    improved = True
    while improved:
        improved = False
        for vertices in order:
            for index in range(len(vertices) - 1):
                upper, lower = vertices[index], vertices[index + 1]
                target = _box_entered(graph, upper)
                if target is not None and target == _box_entered(graph, lower):
                    continue
                if _gain(graph, place, upper, lower) > 0:
                    vertices[index], vertices[index + 1] = lower, upper
                    place[upper], place[lower] = index + 1, index
                    improved = True


def _gain(graph: Layers, place: list[int], upper: int, lower: int) -> int:
    """How many crossings fewer there are when two neighbours change places."""
    gain = 0
    for neighbours in (graph.lefts, graph.rights):
        for above in neighbours[upper]:
            for below in neighbours[lower]:
                gain += (place[above] > place[below]) - (place[above] < place[below])
    return gain


def _places(graph: Layers, order: Order) -> list[int]:
    place = [0] * len(graph.layer)
    for vertices in order:
        for index, vertex in enumerate(vertices):
            place[vertex] = index
    return place
