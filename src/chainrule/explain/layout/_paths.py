"""Where the columns stand, and the curves: level through columns, bending only between them.

So no curve can run through a label or a box that is not its own: those stand apart within their column.
"""

from __future__ import annotations

import math

from ._columns import Layers
from ._model import Point
from ._order import Order

_SLOPE = 1.4  # the room between two columns grows until no bend is steeper than this from end to end …
_WIDEST = 4.0  # … or the room is so many times the gap
_PORTS = 0.35  # of a box's height: so far above and below its centre links may enter and leave

Path = tuple[Point, ...]


def draw(graph: Layers, order: Order, level: list[float], gap: float) -> tuple[list[float], list[Path]]:
    """The x of each vertex's centre, and the path of each link."""
    heights = _heights_along(graph, level)
    columns = _columns(graph, order, heights, gap)
    x = [sum(columns[layer]) / 2 for layer in graph.layer]
    paths = []
    for chain, ys in zip(graph.chains, heights, strict=True):
        source, target = chain[0], chain[-1]
        borders = [
            border for vertex in chain for border in columns[graph.layer[vertex]]
        ]  # left, right, left, …
        borders[0] = x[source] + _half_width(graph, source, ys[0] - level[source])
        borders[-1] = x[target] - _half_width(graph, target, ys[-1] - level[target])
        stops = zip(borders, [y for y in ys for _ in range(2)], strict=True)
        paths.append(_curve(list(stops)))
    return x, paths


def _heights_along(graph: Layers, level: list[float]) -> list[list[float]]:
    """For each link its height in each layer that it passes, beginning and ending at a port."""
    heights = [[level[vertex] for vertex in chain] for chain in graph.chains]
    leaving: dict[int, list[int]] = {}
    entering: dict[int, list[int]] = {}
    for link, chain in enumerate(graph.chains):
        leaving.setdefault(chain[0], []).append(link)
        entering.setdefault(chain[-1], []).append(link)
    for box, links in leaving.items():
        links.sort(key=lambda link: heights[link][1])
        ports = _ports([heights[link][1] - level[box] for link in links], graph.height[box])
        for link, port in zip(links, ports, strict=True):
            heights[link][0] += port
    for box, links in entering.items():
        ports = _ports([heights[link][-2] - level[box] for link in links], graph.height[box])
        for link, port in zip(links, ports, strict=True):
            heights[link][-1] += port
    return heights


def _ports(far: list[float], height: float) -> list[float]:
    """How far below the centre of a box its links meet it, given how far below it they are one layer away.

    In the order given, evenly. One that is level with the box, or nearly, runs on without a bend.
    """
    most = _PORTS * height
    nearest = min(range(len(far)), key=lambda index: abs(far[index]))
    others = (abs(far[index]) for index in range(len(far)) if index != nearest)
    is_straight = abs(far[nearest]) < min(most / 2, *others, most / 2)
    fixed, port = (nearest, far[nearest]) if is_straight else ((len(far) - 1) / 2, 0.0)
    step = min((most + port) / (fixed + 0.5), (most - port) / (len(far) - fixed - 0.5))
    return [port + (index - fixed) * step for index in range(len(far))]


def _columns(
    graph: Layers, order: Order, heights: list[list[float]], gap: float
) -> list[tuple[float, float]]:
    """The left and right border of each layer."""
    rise = [0.0] * graph.depth
    for chain, ys in zip(graph.chains, heights, strict=True):
        for vertex, y, after in zip(chain, ys, ys[1:], strict=False):
            layer = graph.layer[vertex]
            rise[layer] = max(rise[layer], abs(after - y))
    columns = []
    left = 0.0
    for layer, vertices in enumerate(order):
        right = left + max(graph.width[vertex] for vertex in vertices)
        columns.append((left, right))
        left = right + min(max(gap, rise[layer] / _SLOPE), _WIDEST * gap)
    return columns


def _half_width(graph: Layers, box: int, below: float) -> float:
    """From the middle of a pill to its outline, at a distance below or above its centre."""
    width, height = graph.width[box] / 2, graph.height[box] / 2
    radius = min(width, height)
    into_the_round = max(abs(below) - (height - radius), 0.0)
    return width - radius + math.sqrt(max(radius**2 - into_the_round**2, 0.0))


def _curve(stops: list[Point]) -> Path:
    """Level through every stop; what is one straight line is one segment."""
    corners = [
        stop
        for before, stop, after in zip(stops, stops[1:], stops[2:], strict=False)
        if before[1] != after[1]
    ]
    path = [stops[0]]
    for right, after in [*corners, stops[-1]]:
        left, y = path[-1]
        middle = (left + right) / 2
        path += [(middle, y), (middle, after), (right, after)]
    return tuple(path)
