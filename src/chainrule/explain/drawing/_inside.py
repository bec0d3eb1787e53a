"""A frame, laid out by itself before it is laid out among the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..layout import Box, Link, Placed, place
from ._diagram import Diagram, Frame, Line
from ._scene import SMALL, Panel, Point, box_of, label_size
from ._text_width import text_width

GAP = 12.0  # between the rooms of two things
_PADDING, _TITLE, _SIDE = 14.0, 18.0, 30.0


@dataclass(frozen=True)
class Inside:
    """What is in a frame, with its places.

    lines   indices of the lines that stay within
    level   of what goes out of the frame, from its upper end
    """

    frame: Frame
    lines: list[int]
    placed: Placed
    level: float

    @property
    def width(self) -> float:
        title = text_width(self.frame.title, SMALL + 1, bold=True)
        return max(self.placed.width, title) + 2 * _SIDE

    @property
    def height(self) -> float:
        return self.placed.height + 2 * _PADDING + _TITLE

    @property
    def box(self) -> Box:
        """Its middle is level with what goes out, so that lines from frame to frame are straight."""
        return Box(self.width, 2 * max(self.level, self.height - self.level))

    def panel_at(self, centre: Point) -> Panel:
        """The frame where its box has that centre."""
        left, top = centre[0] - self.width / 2, centre[1] - self.level
        return Panel(self.frame.title, left, top, self.width, self.height)

    def corner_in(self, panel: Panel) -> Point:
        """Where what is in the frame begins."""
        return panel.x + (panel.width - self.placed.width) / 2, panel.y + _PADDING + _TITLE


def inside(diagram: Diagram, frame: Frame) -> Inside:
    index = {vertex: number for number, vertex in enumerate(frame.members)}
    lines = [
        number for number, line in enumerate(diagram.lines) if line.source in index and line.target in index
    ]
    links = links_of([diagram.lines[number] for number in lines], index, diagram.room)
    boxes = [box_of(diagram.vertices[vertex], diagram.room) for vertex in frame.members]
    placed = place(boxes, links, gap=GAP)
    targets = [diagram.lines[number].target for number in lines]
    leading_out = [index[target] for target in targets if diagram.vertices[target].kind == "port"]
    level = placed.boxes[leading_out[0]][1] if leading_out else placed.height / 2
    return Inside(frame, lines, placed, level + _PADDING + _TITLE)


def links_of(lines: Sequence[Line], index: dict[int, int], room: float) -> list[Link]:
    """Lines as the layout takes them.

    index   of the box for each vertex
    """
    return [Link(index[line.source], index[line.target], *label_size(line, room)) for line in lines]


def extent(boxes: Sequence[Box], links: Sequence[Link], placed: Placed, insides: Sequence[Inside]) -> Point:
    """The upper and the lower end of all that is drawn: a frame takes less room than its box."""
    outside = len(boxes) - len(insides)
    rooms = [(y, box.height) for (_, y), box in zip(placed.boxes[:outside], boxes, strict=False)]
    rooms += [(y, link.height) for (_, y), link in zip(placed.labels, links, strict=True)]
    uppers = [y - height / 2 for y, height in rooms]
    lowers = [y + height / 2 for y, height in rooms]
    for (_, y), each in zip(placed.boxes[outside:], insides, strict=True):
        uppers.append(y - each.level)
        lowers.append(y - each.level + each.height)
    return min(uppers), max(lowers)
