"""The ends of lines. The layout knows rooms only: a line is led on from the room of a vertex to its outline."""

from __future__ import annotations

from ._scene import Node, Panel, Point


def joined(path: tuple[Point, ...], beginning: list[Point], end: list[Point]) -> tuple[Point, ...]:
    """A way with other ends; it goes back nowhere to reach them.

    beginning   the points that take the place of the first one, from the inside out
    end         those that take the place of the last one
    """
    left, right = beginning[-1][0], end[0][0]
    between = [(min(max(x, left), right), y) for x, y in path[1:-1]]
    return (*beginning, *between, *end)


def at_outline(node: Node, y: float, side: int) -> Point:
    """Where a level line meets the picture of a vertex.

    side   1 for its right side, -1 for its left
    """
    inset = 0.0
    if node.vertex.kind in ("leaf", "gate"):
        radius = node.height / 2
        inset = radius - (radius**2 - min(abs(y - node.y), radius) ** 2) ** 0.5
    return node.x + side * (node.width / 2 - inset), y


def out_of(panel: Panel, port: Node, y: float) -> list[Point]:
    """From a port to the right edge of its frame, at some height."""
    edge = panel.x + panel.width
    middle = (port.x + edge) / 2
    return [(port.x, port.y), (middle, port.y), (middle, y), (edge, y)]


def into(panel: Panel, port: Node, y: float) -> list[Point]:
    """From the left edge of a frame, at some height, to a port."""
    middle = (panel.x + port.x) / 2
    return [(panel.x, y), (middle, y), (middle, port.y), (port.x, port.y)]
