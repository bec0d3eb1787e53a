"""From a diagram to a scene: the layout is asked for places, frames from the inside out."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from ..layout import Box, Link, Placed, place
from ._diagram import Diagram, Line
from ._ends import at_outline, into, joined, out_of
from ._inside import GAP, Inside, extent, inside, links_of
from ._scene import SMALL, TITLE, Curve, Node, Panel, Point, Scene, box_of, size_of
from ._text_width import text_width

_MARGIN, _TITLE_ROOM, _LEGEND_ROOM = 22.0, 34.0, 26.0


def scene_of(diagram: Diagram, *, title: str, lang: str) -> Scene:
    """Find a place for everything."""
    places = _Places(diagram, _MARGIN, _MARGIN + (_TITLE_ROOM if title else 0.0))
    legend = sum(text_width(text, SMALL, bold=True) for text in diagram.legend) + 14
    heading = text_width(title, TITLE, bold=True)
    width = max(places.right, legend + _MARGIN, heading + _MARGIN) + _MARGIN
    height = places.lower + _LEGEND_ROOM + _MARGIN / 2
    return Scene(
        diagram=diagram,
        nodes=places.nodes,
        curves=tuple(places.curves()),
        panels=tuple(places.panels),
        width=round(width, 1),
        height=round(height, 1),
        title=title,
        lang=lang,
    )


class _Places:
    """Where every vertex and every line of a diagram is.

    left, top     where the drawing begins
    right, lower  where it ends
    """

    def __init__(self, diagram: Diagram, left: float, top: float) -> None:
        self._diagram = diagram
        self._centres: dict[int, Point] = {}
        self._labels: dict[int, Point] = {}
        self._paths: dict[int, tuple[Point, ...]] = {}
        self._frame_of: dict[int, int] = {}
        for number, frame in enumerate(diagram.frames):
            self._frame_of |= dict.fromkeys(frame.members, number)
        insides = [inside(diagram, frame) for frame in diagram.frames]
        self._within = {line for each in insides for line in each.lines}
        outside = _without(self._frame_of, len(diagram.vertices))
        across = _without(self._within, len(diagram.lines))
        boxes, links = self._rooms(outside, insides, across)
        placed = place(boxes, links, gap=GAP)

        upper, lower = extent(boxes, links, placed, insides)
        corner = left, top - upper
        self.right, self.lower = left + placed.width, top + lower - upper
        self._take(placed, outside, across, corner)
        self.panels: list[Panel] = []
        for each, (x, y) in zip(insides, placed.boxes[len(outside) :], strict=True):
            panel = each.panel_at((x + corner[0], y + corner[1]))
            self.panels.append(panel)
            self._take(each.placed, each.frame.members, each.lines, each.corner_in(panel))
        self.nodes = tuple(
            Node(vertex, *self._centres[number], *size_of(vertex))
            for number, vertex in enumerate(diagram.vertices)
        )

    def _rooms(
        self, outside: Sequence[int], insides: Sequence[Inside], across: Sequence[int]
    ) -> tuple[list[Box], list[Link]]:
        """What is outside of frames as the layout takes it, each frame as one box behind the other ones."""
        diagram = self._diagram
        index = {vertex: number for number, vertex in enumerate(outside)}
        for vertex, frame in self._frame_of.items():
            index[vertex] = len(outside) + frame
        boxes = [box_of(diagram.vertices[vertex], diagram.room) for vertex in outside]
        boxes += [each.box for each in insides]
        lines = [diagram.lines[line] for line in across]
        return boxes, links_of(lines, index, diagram.room)

    def _take(self, placed: Placed, vertices: Sequence[int], lines: Sequence[int], corner: Point) -> None:
        """Take over the places of vertices and lines, as seen from a corner."""
        left, top = corner
        for vertex, (x, y) in zip(vertices, placed.boxes, strict=False):  # behind them come the frames
            self._centres[vertex] = x + left, y + top
        for line, (x, y), path in zip(lines, placed.labels, placed.paths, strict=True):
            self._labels[line] = x + left, y + top
            self._paths[line] = tuple((px + left, py + top) for px, py in path)

    def curves(self) -> Iterator[Curve]:
        for number, line in enumerate(self._diagram.lines):
            yield Curve(line, self._path(number, line), *self._labels[number])

    def _path(self, number: int, line: Line) -> tuple[Point, ...]:
        """From the picture of the source to that of the target."""
        path = self._paths[number]
        (_, start), (_, end) = path[0], path[-1]
        source, target = self.nodes[line.source], self.nodes[line.target]
        first, last = [at_outline(source, start, 1)], [at_outline(target, end, -1)]
        is_within = number in self._within
        if source.vertex.kind == "port" and not is_within:
            first = out_of(self.panels[self._frame_of[line.source]], source, start)
        if target.vertex.kind == "port" and not is_within:
            last = into(self.panels[self._frame_of[line.target]], target, end)
        return joined(path, first, last)


def _without(some: Container[int], count: int) -> list[int]:
    """The numbers of the other ones."""
    return [number for number in range(count) if number not in some]
