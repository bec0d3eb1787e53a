"""A diagram with a place for everything: what every exporter reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from typing import Literal

from ..layout import Box
from ._diagram import Diagram, Kind, Line, Text, Vertex
from ._text_width import text_width

Point = tuple[float, float]
Role = Literal["symbol", "result", "name", "note", "total", "value", "gradient"]

# Sizes of letters, in pixels.
TITLE, VALUE, SMALL = 17.0, 13.0, 11.0
_SYMBOL: dict[Kind, float] = {"leaf": 14, "constant": 13, "gate": 15, "group": 14, "output": 16, "port": 0}

_ARROW_LENGTH, _ARROW_WIDTH = 8.0, 6.4
ABOVE, BELOW = -6.0, 16.0  # from a line to the feet of the letters above and below it
SMALL_ROW = 14.0  # from one small text above or below a vertex to the next

_LABEL_HEIGHT = 40.0
_STEP = 26.0  # from one width of a label that is rounded up to the next
_PADDING: dict[Kind, float] = {"leaf": 22, "constant": 8, "gate": 26, "group": 30, "output": 10, "port": 0}
_CIRCLE_PADDING = 10.0
_HEIGHT: dict[Kind, float] = {"leaf": 30, "constant": 22, "gate": 38, "group": 42, "output": 26, "port": 2}


@dataclass(frozen=True, slots=True)
class Label:
    """A text with its place: the middle of the line on which its letters stand."""

    role: Role
    text: Text
    x: float
    y: float
    size: float


@dataclass(frozen=True, slots=True)
class Node:
    """A vertex with its place: the centre and the size of its picture."""

    vertex: Vertex
    x: float
    y: float
    width: float
    height: float

    @property
    def labels(self) -> Iterator[Label]:
        vertex, size, below = self.vertex, symbol_size(self.vertex), self.y + self.height / 2 + SMALL_ROW
        role: Role = "result" if vertex.kind == "output" else "symbol"
        yield Label(role, Text(vertex.text), self.x, self.y + 0.35 * size, size)
        if vertex.name:
            yield Label("name", Text(vertex.name), self.x, self.y - self.height / 2 - 5, SMALL)
        if vertex.note:
            yield Label("note", Text(vertex.note), self.x, below, SMALL)
            below += SMALL_ROW
        if vertex.total:
            yield Label("total", vertex.total, self.x, below, SMALL)


@dataclass(frozen=True, slots=True)
class Curve:
    """A line with its way, a chain of cubic Béziers, and the middle of its label."""

    line: Line
    points: tuple[Point, ...]
    x: float
    y: float

    @property
    def labels(self) -> Iterator[Label]:
        if self.line.value:
            yield Label("value", self.line.value, self.x, self.y + ABOVE, VALUE)
        if self.line.gradient:
            yield Label("gradient", self.line.gradient, self.x, self.y + BELOW, VALUE)

    @property
    def arrow(self) -> tuple[Point, Point, Point]:
        """The head of an arrow at its end, in the direction in which it arrives: the tip, and the two other corners."""
        x, y = self.points[-1]
        cx, cy = next((point for point in reversed(self.points) if point != (x, y)), (x - 1, y))
        length = ((x - cx) ** 2 + (y - cy) ** 2) ** 0.5
        ux, uy = (x - cx) / length, (y - cy) / length
        bx, by, half = x - _ARROW_LENGTH * ux, y - _ARROW_LENGTH * uy, _ARROW_WIDTH / 2
        return (x, y), (bx - half * uy, by + half * ux), (bx + half * uy, by - half * ux)


@dataclass(frozen=True, slots=True)
class Panel:
    """A frame with its place: its left upper corner and its size."""

    title: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Scene:
    """Everything in its place.

    title  written above the picture, or ""
    step   up to which everything is shown; None for all
    """

    diagram: Diagram
    nodes: tuple[Node, ...]
    curves: tuple[Curve, ...]
    panels: tuple[Panel, ...]
    width: float
    height: float
    title: str
    lang: str
    step: int | None = None

    def at(self, step: int | None) -> Scene:
        """The same picture at another step: nothing moves."""
        return replace(self, step=step)

    def shown(self, text: Text | None) -> str:
        """A text as far as it is known by now."""
        known = text is not None and (self.step is None or text.since <= self.step)
        return text.text if known and text is not None else ""

    def is_current(self, vertex: Vertex) -> bool:
        """Whether it is this one's turn."""
        return self.step is not None and self.step > 0 and self.step in (vertex.forward, vertex.backward)

    def has_arrow(self, curve: Curve) -> bool:
        """Whether it ends at something that is drawn."""
        return self.diagram.vertices[curve.line.target].kind != "port"

    @cached_property
    def nodes_shown(self) -> tuple[tuple[int, Node], ...]:
        return tuple((i, node) for i, node in enumerate(self.nodes) if node.vertex.kind != "port")


def symbol_size(vertex: Vertex) -> float:
    """Of the letters in a vertex; a dot alone would hardly be seen."""
    return 28.0 if vertex.text == "·" and vertex.kind == "gate" else _SYMBOL[vertex.kind]


def size_of(vertex: Vertex) -> tuple[float, float]:
    """Width and height of the picture of a vertex; a gate's is a circle until its symbol is longer."""
    kind = vertex.kind
    bold = kind == "output"
    width, height = text_width(vertex.text, symbol_size(vertex), bold=bold), _HEIGHT[kind]
    if kind == "gate" and width + _CIRCLE_PADDING <= height:
        return height, height
    return max(width + _PADDING[kind], height if kind == "leaf" else 0.0), height


def box_of(vertex: Vertex, room: float) -> Box:
    """The room that it needs: the picture in the middle, small texts above and below it."""
    width, height = size_of(vertex)
    below = [vertex.note, vertex.total.text if vertex.total else ""]
    rows = max(bool(vertex.name), sum(map(bool, below)))
    fixed = max(text_width(text, SMALL, bold=True) for text in (vertex.name, vertex.note))
    total = text_width(vertex.total.text, SMALL, bold=True) if vertex.total else 0.0
    return Box(max(width, fixed, _rounded_up(total, room)), height + 2 * SMALL_ROW * rows)


def label_size(line: Line, room: float) -> tuple[float, float]:
    """Width and height of the two texts of a line together."""
    value = text_width(line.value.text, VALUE) if line.value else 0.0
    gradient = text_width(line.gradient.text, VALUE, bold=True) if line.gradient else 0.0
    widest = _rounded_up(max(value, gradient), room)
    return (widest + 16.0, _LABEL_HEIGHT) if widest else (10.0, 2.0)


def _rounded_up(width: float, room: float) -> float:
    return max(room, ceil(width / _STEP) * _STEP) if room and width else width
