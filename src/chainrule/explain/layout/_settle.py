"""Pull what hangs too far away towards what it is joined to."""

from __future__ import annotations

from ._columns import Layers
from ._heights import Distance
from ._order import Order

_PASSES = 8


def settle(graph: Layers, order: Order, level: list[float], distance: Distance) -> list[float]:
    """Move each straight run of vertices whose links all leave it to one side that way, as far as there is room.

    The four layouts of Brandes and Köpf are packed from above and from below, and a leaf that gives way to a chain
    of gates ends somewhere between the two. What has links to both sides stands in their middle and stays there.
    """
    level = list(level)
    neighbours = [[*left, *right] for left, right in zip(graph.lefts, graph.rights, strict=True)]
    pairs = [pair for row in order for pair in zip(row, row[1:], strict=False)]
    below = dict(pairs)
    above = {lower: upper for upper, lower in pairs}
    for _ in range(_PASSES):
        before = list(level)
        for run in _runs(neighbours, level):
            y = level[run[0]]
            ends = {level[other] for vertex in run for other in neighbours[vertex]} - {y}
            if ends and min(ends) > y:
                room = [
                    level[below[upper]] - distance(upper, below[upper]) for upper in run if upper in below
                ]
                y = max(y, min([min(ends), *room]))
            elif ends and max(ends) < y:
                room = [
                    level[above[lower]] + distance(above[lower], lower) for lower in run if lower in above
                ]
                y = min(y, max([max(ends), *room]))
            for vertex in run:
                level[vertex] = y
        if level == before:
            break
    return level


def _runs(neighbours: list[list[int]], level: list[float]) -> list[list[int]]:
    """All vertices, in runs that edges join without a bend."""
    runs = []
    seen = [False] * len(level)
    for start, y in enumerate(level):
        if seen[start]:
            continue
        seen[start] = True
        run = [start]
        for vertex in run:
            for other in neighbours[vertex]:
                if level[other] == y and not seen[other]:
                    seen[other] = True
                    run.append(other)
        runs.append(run)
    return runs
