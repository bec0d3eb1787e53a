"""What is to be placed, and where it was placed: plain sizes and points, nothing about gates or variables."""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A vertex to place, drawn as a pill: a rectangle whose ends are round.

    width   from its left to its right end, in the drawing's unit of length
    height  from its top to its bottom; equal to the width for a circle
    """

    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Link:
    """An edge from one box to another, with a label that gets room of its own.

    source  index of the box that it leaves
    target  index of the box that it enters; the links into one box are given in the order of its arguments
    width   of the label
    height  of the label: the text above and the text below the line together, centred on the line
    """

    source: int
    target: int
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Placed:
    """Where everything is; x grows to the right, y grows downwards, and the drawing begins at (0, 0).

    width   of the drawing
    height  of the drawing
    boxes   the centre of each box, in the order given
    labels  the centre of each link's label; the link runs level through the label's whole width
    paths   for each link a chain of cubic Béziers: start, control, control, point, control, control, point, …
            from the right side of the source's outline to the left side of the target's
    """

    width: float
    height: float
    boxes: tuple[Point, ...]
    labels: tuple[Point, ...]
    paths: tuple[tuple[Point, ...], ...]
