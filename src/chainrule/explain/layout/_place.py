"""The whole layout, step by step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from ...errors import ArgumentError
from ._columns import layers
from ._heights import heights
from ._model import Box, Link, Placed
from ._order import Order, arrange
from ._paths import draw
from ._settle import settle


def place(boxes: Sequence[Box], links: Sequence[Link], *, gap: float = 16.0) -> Placed:
    """Lay out a computational graph from left to right.

    boxes    the vertices
    links    the edges; those into one box in the order of its arguments, and two between the same boxes are two.
             The first argument arrives above the second
    gap      the least room between two columns, and between a box and what is above it; two labels, or a label and
             a passing link, are half as far apart
    returns  where all of them stand, the same for the same input on every machine. Nothing overlaps, and no link
             runs through a label or a box that is not its own
    raises   ArgumentError for links in a circle, a link to a box that does not exist, a size that is negative or
             not finite, or a gap that is not above 0
    source   Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical System Structures" (1981);
             the modules name the sources of their steps

    >>> x, square = Box(30, 30), Box(30, 30)
    >>> placed = place([x, square], [Link(0, 1, 40, 24), Link(0, 1, 40, 24)])
    >>> placed.boxes
    ((15.0, 28.0), (117.0, 28.0))
    >>> placed.labels
    ((66.0, 12.0), (66.0, 44.0))
    """
    _check(boxes, links, gap)
    return _placed(tuple(boxes), tuple(links), gap)


@lru_cache(maxsize=32)  # who changes a value step by step asks for the same layout again
def _placed(boxes: tuple[Box, ...], links: tuple[Link, ...], gap: float) -> Placed:
    if not boxes:
        return Placed(0.0, 0.0, (), (), ())
    graph = layers(boxes, links)
    order = [*map(list, _order(len(boxes), tuple((link.source, link.target) for link in links)))]

    def distance(upper: int, lower: int) -> float:
        between = gap if upper < graph.boxes or lower < graph.boxes else gap / 2
        return (graph.height[upper] + graph.height[lower]) / 2 + between

    level = settle(graph, order, heights(graph, order, distance), distance)
    top = min(y - height / 2 for y, height in zip(level, graph.height, strict=True))
    level = [y - top for y in level]
    x, paths = draw(graph, order, level, gap)
    centres = tuple(zip(x, level, strict=True))
    return Placed(
        width=max(x + width / 2 for x, width in zip(x, graph.width, strict=True)),
        height=max(y + height / 2 for y, height in zip(level, graph.height, strict=True)),
        boxes=centres[: len(boxes)],
        labels=tuple(centres[vertex] for vertex in graph.labels),
        paths=tuple(paths),
    )


@lru_cache(maxsize=32)
def _order(count: int, ends: tuple[tuple[int, int], ...]) -> Order:
    """The order within the columns, for which sizes do not matter."""
    return arrange(layers([Box(0.0, 0.0)] * count, [Link(*pair, 0.0, 0.0) for pair in ends]))


def _check(boxes: Sequence[Box], links: Sequence[Link], gap: float) -> None:
    if not (math.isfinite(gap) and gap > 0):
        raise ArgumentError(f"gap must be finite and above 0, not {gap}", fix="leave gap out")
    kinds: tuple[tuple[str, Sequence[Box | Link]], ...] = ("box", boxes), ("link", links)
    for kind, pieces in kinds:
        for index, piece in enumerate(pieces):
            if not all(math.isfinite(size) and size >= 0 for size in (piece.width, piece.height)):
                raise ArgumentError(
                    f"{kind} {index} must have finite sizes that are not negative, "
                    f"not {piece.width} × {piece.height}",
                    fix="measure its text, and give its width and height in the unit of the drawing",
                )
    for index, link in enumerate(links):
        if not (0 <= link.source < len(boxes) and 0 <= link.target < len(boxes)):
            raise ArgumentError(
                f"link {index} runs from box {link.source} to box {link.target}, and there are {len(boxes)} boxes",
                fix="give the indices of boxes, which are counted from 0",
            )
