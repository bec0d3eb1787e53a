"""From a diagram to a scene: the layout is asked for places, frames from the inside out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..layout import Box, Link, Placed, place
from ._diagram import Diagram, Frame, Line
from ._scene import SMALL, TITLE, Curve, Node, Panel, Point, Scene, box_of, label_size, size_of
from ._text_width import text_width

_MARGIN, _TITLE_ROOM, _LEGEND_ROOM = 22.0, 34.0, 26.0
_FRAME_PADDING, _FRAME_TITLE, _FRAME_SIDE = 14.0, 18.0, 30.0
_GAP = 12.0


def scene_of(diagram: Diagram, *, title: str, lang: str) -> Scene:
    """Find a place for everything."""
    places = _Places(diagram)
    top = _MARGIN + (_TITLE_ROOM if title else 0.0)
    places.move(_MARGIN, top)
    legend = sum(text_width(text, SMALL) for text in diagram.legend) + 40
    heading = text_width(title, TITLE, bold=True)
    width = max(places.width, legend, heading) + 2 * _MARGIN
    height = places.height + top + _LEGEND_ROOM + _MARGIN / 2
    return Scene(
        diagram, places.nodes(), places.curves(), tuple(places.panels), round(width, 1), round(height, 1), title, lang
    )


@dataclass
class _Inside:
    """A frame laid out by itself."""

    frame: Frame
    lines: list[int]
    placed: Placed

    @property
    def box(self) -> Box:
        width = max(self.placed.width, text_width(self.frame.title, SMALL, bold=True)) + 2 * _FRAME_SIDE
        return Box(width, self.placed.height + 2 * (_FRAME_PADDING + _FRAME_TITLE / 2))


class _Places:
    """Where every vertex and every line of a diagram is."""

    def __init__(self, diagram: Diagram) -> None:
        self._diagram = diagram
        self._centres: dict[int, Point] = {}
        self._labels: dict[int, Point] = {}
        self._paths: dict[int, tuple[Point, ...]] = {}
        self.panels: list[Panel] = []
        frame_of = {member: number for number, frame in enumerate(diagram.frames) for member in frame.members}
        insides = [self._inside(frame) for frame in diagram.frames]
        within = {line for inside in insides for line in inside.lines}
        outside = [v for v in range(len(diagram.vertices)) if v not in frame_of]
        index = {v: i for i, v in enumerate(outside)}
        index |= {member: len(outside) + number for member, number in frame_of.items()}
        boxes = [box_of(diagram.vertices[v]) for v in outside] + [inside.box for inside in insides]
        lines = [i for i in range(len(diagram.lines)) if i not in within]
        placed = place(boxes, self._links(lines, index), gap=_GAP)
        self.width, self.height = placed.width, placed.height
        self._take(placed, outside, lines, (0.0, 0.0))
        for inside, centre in zip(insides, placed.boxes[len(outside) :], strict=True):
            self._put(inside, centre)

    def move(self, dx: float, dy: float) -> None:
        def moved(point: Point) -> Point:
            return point[0] + dx, point[1] + dy

        self._centres = {v: moved(point) for v, point in self._centres.items()}
        self._labels = {i: moved(point) for i, point in self._labels.items()}
        self._paths = {i: tuple(map(moved, path)) for i, path in self._paths.items()}
        self.panels = [Panel(p.title, p.x + dx, p.y + dy, p.width, p.height) for p in self.panels]

    def nodes(self) -> tuple[Node, ...]:
        vertices = self._diagram.vertices
        return tuple(Node(v, *self._centres[i], *size_of(v)) for i, v in enumerate(vertices))

    def curves(self) -> tuple[Curve, ...]:
        nodes = self.nodes()
        return tuple(
            Curve(line, self._whole_path(i, line, nodes), *self._labels[i])
            for i, line in enumerate(self._diagram.lines)
        )

    def _inside(self, frame: Frame) -> _Inside:
        members = {v: i for i, v in enumerate(frame.members)}
        lines = [
            i for i, line in enumerate(self._diagram.lines) if line.source in members and line.target in members
        ]
        boxes = [box_of(self._diagram.vertices[v]) for v in frame.members]
        return _Inside(frame, lines, place(boxes, self._links(lines, members), gap=_GAP))

    def _links(self, lines: Sequence[int], index: dict[int, int]) -> list[Link]:
        chosen = [self._diagram.lines[i] for i in lines]
        return [Link(index[line.source], index[line.target], *label_size(line)) for line in chosen]

    def _take(self, placed: Placed, vertices: Sequence[int], lines: Sequence[int], corner: Point) -> None:
        left, top = corner
        for v, (x, y) in zip(vertices, placed.boxes, strict=False):  # behind them come the frames
            self._centres[v] = x + left, y + top
        for line, (x, y), path in zip(lines, placed.labels, placed.paths, strict=True):
            self._labels[line] = x + left, y + top
            self._paths[line] = tuple((px + left, py + top) for px, py in path)

    def _put(self, inside: _Inside, centre: Point) -> None:
        """A frame with what is in it, at its place in the whole."""
        box = inside.box
        left, top = centre[0] - box.width / 2, centre[1] - box.height / 2
        self.panels.append(Panel(inside.frame.title, left, top, box.width, box.height))
        corner = centre[0] - inside.placed.width / 2, top + _FRAME_PADDING + _FRAME_TITLE
        self._take(inside.placed, inside.frame.members, inside.lines, corner)

    def _whole_path(self, number: int, line: Line, nodes: tuple[Node, ...]) -> tuple[Point, ...]:
        """From the picture of the source to that of the target. The layout knows no small texts, nor what is inside
        a frame: the ends are led on to where they belong."""
        path = list(self._paths[number])
        source, target = nodes[line.source], nodes[line.target]
        beginning = _led_on(path[0], source, self._edge_of_frame(source, path[0], 1), 1)
        end = _led_on(path[-1], target, self._edge_of_frame(target, path[-1], -1), -1)
        left, right = beginning[0][0], end[0][0]
        between = [(min(max(x, left), right), y) for x, y in path[1:-1]]
        return (*reversed(beginning), *between, *end)

    def _edge_of_frame(self, node: Node, end: Point, side: int) -> float | None:
        """Where the frame ends through whose port a line goes out of or into it; None for a line within or without."""
        if node.vertex.kind != "port":
            return None
        for panel in self.panels:
            inside = panel.x < node.x < panel.x + panel.width and panel.y < node.y < panel.y + panel.height
            if inside:
                edge = panel.x + (panel.width if side > 0 else 0.0)
                return edge if abs(end[0] - node.x) > 3 or abs(end[1] - node.y) > 3 else None
        return None


def _led_on(end: Point, node: Node, edge: float | None, side: int) -> list[Point]:
    """The end of a path and what comes behind it, up to the outline of a vertex.

    side   1 for the right side of the vertex, -1 for its left
    """
    if edge is not None:
        bend = (edge - node.x) / 2
        return [(edge, end[1]), (edge - bend, end[1]), (node.x + bend, node.y), (node.x, node.y)]
    radius = node.height / 2
    dy = min(abs(end[1] - node.y), radius)
    is_round = node.vertex.kind in ("leaf", "gate")
    round_end = radius - (radius**2 - dy**2) ** 0.5 if is_round else 0.0
    return [(node.x + side * (node.width / 2 - round_end), end[1])]
