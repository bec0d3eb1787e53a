"""How high each vertex stands: long links straight, boxes in the middle of what they are joined to.

Brandes and Köpf, "Fast and Simple Horizontal Coordinate Assignment" (2002), turned by a quarter: four layouts, each
leaning to one corner, and of the four heights of a vertex the mean of the middle two. Blocks are packed by longest
paths over all of them, so the classes of blocks and their shifts, which the erratum of Brandes, Walter and Zink
(2020, arXiv:2008.01252) is about, do not arise.
"""

from __future__ import annotations

from collections.abc import Callable

from ._columns import Layers
from ._order import Order

Distance = Callable[[int, int], float]  # between the centres of two neighbours in a layer


def heights(graph: Layers, order: Order, distance: Distance) -> list[float]:
    """The height of each vertex's centre; the highest and lowest are not at 0 yet."""
    yielding = _crossed(graph, order) | _asides(graph)
    yielding |= {(right, left) for left, right in yielding}
    layouts = []
    for leftwards in (False, True):
        for upwards in (False, True):
            rows = [layer[::-1] if upwards else layer for layer in (order[::-1] if leftwards else order)]
            neighbours = graph.rights if leftwards else graph.lefts
            roots = _aligned(rows, neighbours, yielding)
            packed = _packed(rows, roots, distance)
            layouts.append([-height for height in packed] if upwards else packed)
    _fit_together(graph, layouts)
    return [sum(sorted(found)[1:3]) / 2 for found in zip(*layouts, strict=True)]


def _crossed(graph: Layers, order: Order) -> set[tuple[int, int]]:
    """The edges that give way where two cross: those of the shorter link, or of the later one."""
    strength = {}
    for index, chain in enumerate(graph.chains):
        for left, right in zip(chain, chain[1:], strict=False):
            inner = left >= graph.boxes and right >= graph.boxes
            strength[left, right] = (len(chain) if inner else 0, -index if inner else 0)
    crossed = set()
    for left_layer, right_layer in zip(order, order[1:], strict=False):
        place = {vertex: index for index, vertex in enumerate(right_layer)}
        edges = [
            (left, right)
            for left in left_layer
            for right in sorted(graph.rights[left], key=place.__getitem__)
        ]
        for index, edge in enumerate(edges):
            end = place[edge[1]]
            for other in edges[:index]:
                if place[other[1]] > end and strength[edge] != strength[other]:
                    crossed.add(min(edge, other, key=strength.__getitem__))
    return crossed


def _asides(graph: Layers) -> set[tuple[int, int]]:
    """The ends of links from a leaf into a box that also takes what another box computed.

    They give way, so that a chain of gates runs straight while its constants and weights come in from the side.
    """
    computed = {chain[-1] for chain in graph.chains if graph.lefts[chain[0]]}
    return {
        (chain[-2], chain[-1])
        for chain in graph.chains
        if chain[-1] in computed and not graph.lefts[chain[0]]
    }


def _aligned(rows: Order, neighbours: list[list[int]], yielding: set[tuple[int, int]]) -> list[int]:
    """The block of each vertex, named by its first vertex: it is put level with a median neighbour where it can."""
    roots = list(range(len(neighbours)))
    for before, row in zip(rows, rows[1:], strict=False):
        place = {vertex: index for index, vertex in enumerate(before)}
        lowest = -1
        for vertex in row:
            near = [other for other in neighbours[vertex] if (vertex, other) not in yielding]
            near.sort(key=place.__getitem__)
            for median in near[max(len(near) - 1, 0) // 2 : len(near) // 2 + 1]:
                if place[median] > lowest:
                    roots[vertex] = roots[median]
                    lowest = place[median]
                    break
    return roots


def _packed(rows: Order, roots: list[int], distance: Distance) -> list[float]:
    """Each block as high as it can be, then as low as the blocks below it allow."""
    below: dict[int, dict[int, float]] = {root: {} for root in roots}
    for row in rows:
        for upper, lower in zip(row, row[1:], strict=False):
            gaps = below[roots[upper]]
            gaps[roots[lower]] = max(gaps.get(roots[lower], 0.0), distance(upper, lower))
    blocks = _from_the_top(below)
    height = dict.fromkeys(blocks, 0.0)
    for block in blocks:
        for lower, gap in below[block].items():
            height[lower] = max(height[lower], height[block] + gap)
    for block in reversed(blocks):
        if below[block]:
            height[block] = min(height[lower] - gap for lower, gap in below[block].items())
    return [height[root] for root in roots]


def _from_the_top(below: dict[int, dict[int, float]]) -> list[int]:
    """The blocks in an order in which each comes before those below it."""
    waiting = dict.fromkeys(below, 0)
    for lowers in below.values():
        for lower in lowers:
            waiting[lower] += 1
    blocks = [block for block, count in waiting.items() if count == 0]
    for block in blocks:
        for lower in below[block]:
            waiting[lower] -= 1
            if waiting[lower] == 0:
                blocks.append(lower)
    return blocks


def _fit_together(graph: Layers, layouts: list[list[float]]) -> None:
    """Move the layouts over the flattest one: tops onto its top, or bottoms onto its bottom where they lean up."""
    flattest = min(layouts, key=lambda layout: max(layout) - min(layout))
    top, bottom = min(flattest), max(flattest)
    for index, layout in enumerate(layouts):
        shift = bottom - max(layout) if index % 2 else top - min(layout)
        layouts[index] = [height + shift for height in layout]
