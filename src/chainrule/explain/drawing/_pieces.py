"""A scene as rectangles, curves, triangles and words: all that an exporter has to know how to draw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ._scene import SMALL, TITLE, Curve, Label, Node, Panel, Point, Scene
from ._text_width import text_width

PAPER, PAPER_EDGE = "#ffffff", "#e5e7eb"
INK, SOFT, LINE = "#1f2937", "#6b7280", "#64748b"
GRADIENT = "#b42318"  # 6.6 : 1 on white
CURRENT = "#0072b2"
PANEL, PANEL_EDGE = "#f8fafc", "#cbd5e1"
_FILL = {"leaf": "#eef4fb", "gate": "#ffffff", "group": "#f1f5f9"}
_EDGE = {"leaf": "#b6cbe3", "gate": INK, "group": INK}

_COLOUR = {"note": SOFT, "total": GRADIENT, "gradient": GRADIENT}
_BOLD = ("result", "total", "gradient")
_MARGIN = 22.0


@dataclass(frozen=True, slots=True)
class Rectangle:
    """With round corners; x and y are of its left upper corner."""

    x: float
    y: float
    width: float
    height: float
    radius: float
    fill: str
    stroke: str
    thickness: float


@dataclass(frozen=True, slots=True)
class Bezier:
    """A chain of cubic Béziers: start, control, control, point, …"""

    points: tuple[Point, ...]
    stroke: str
    thickness: float


@dataclass(frozen=True, slots=True)
class Triangle:
    points: tuple[Point, Point, Point]
    fill: str


@dataclass(frozen=True, slots=True)
class Words:
    """One line of text; y is where its letters stand."""

    x: float
    y: float
    text: str
    size: float
    fill: str
    bold: bool = False
    anchor: Literal["start", "middle"] = "middle"


Piece: TypeAlias = Rectangle | Bezier | Triangle | Words


@dataclass(frozen=True, slots=True)
class Group:
    """Pieces that are one thing, with a name that no other group of the scene has, and what it is in words."""

    name: str
    detail: str
    pieces: tuple[Piece, ...]


def groups_of(scene: Scene) -> Iterator[Group]:
    """Everything, from the back to the front."""
    yield Group("paper", "", tuple(_paper(scene)))
    for number, panel in enumerate(scene.panels):
        yield Group(f"p{number}", "", tuple(_panel(panel)))
    for number, curve in enumerate(scene.curves):
        yield Group(f"e{number}", "", tuple(_curve(scene, curve)))
    for number, node in scene.nodes_shown:
        yield Group(f"n{number}", node.vertex.detail, tuple(_node(scene, node)))


def _paper(scene: Scene) -> Iterator[Piece]:
    yield Rectangle(0.5, 0.5, scene.width - 1, scene.height - 1, 10, PAPER, PAPER_EDGE, 1)
    if scene.title:
        yield Words(_MARGIN, 36, scene.title, TITLE, INK, bold=True, anchor="start")
    x, y = _MARGIN, scene.height - 14
    above, below = scene.diagram.legend
    if above:
        yield Words(x, y, above, SMALL, SOFT, anchor="start")
        x += text_width(above, SMALL) + 14
    if below:
        yield Words(x, y, below, SMALL, GRADIENT, bold=True, anchor="start")


def _panel(panel: Panel) -> Iterator[Piece]:
    yield Rectangle(panel.x, panel.y, panel.width, panel.height, 12, PANEL, PANEL_EDGE, 1.2)
    yield Words(panel.x + 14, panel.y + 19, panel.title, SMALL + 1, SOFT, bold=True, anchor="start")


def _curve(scene: Scene, curve: Curve) -> Iterator[Piece]:
    yield Bezier(curve.points, LINE, 1.4)
    if scene.has_arrow(curve):
        yield Triangle(curve.arrow, LINE)
    yield from _words(scene, curve.labels, INK)


def _node(scene: Scene, node: Node) -> Iterator[Piece]:
    vertex = node.vertex
    if vertex.kind in _FILL:
        left, top = node.x - node.width / 2, node.y - node.height / 2
        stroke, thickness = (CURRENT, 3.5) if scene.is_current(vertex) else (_EDGE[vertex.kind], 1.4)
        radius = 8.0 if vertex.kind == "group" else node.height / 2
        yield Rectangle(left, top, node.width, node.height, radius, _FILL[vertex.kind], stroke, thickness)
    yield from _words(scene, node.labels, SOFT if vertex.kind == "constant" else INK)


def _words(scene: Scene, labels: Iterable[Label], ink: str) -> Iterator[Words]:
    for label in labels:
        if text := scene.shown(label.text):
            colour = _COLOUR.get(label.role, ink)
            yield Words(label.x, label.y, text, label.size, colour, bold=label.role in _BOLD)
