"""What every layout must keep, checked from the sizes and the points alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

from chainrule.explain.layout import Box, Link, Placed

CLOSE = 1e-6
_STEPS = 16  # a cubic is looked at in so many points

Point = tuple[float, float]
Segment = tuple[Point, Point, Point, Point]
Path = Sequence[Point]
Pieces = Sequence[Box | Link]


class Rectangle(NamedTuple):
    """What a box or a label covers."""

    left: float
    top: float
    right: float
    bottom: float

    def holds(self, point: Point) -> bool:
        x, y = point
        return self.left + CLOSE < x < self.right - CLOSE and self.top + CLOSE < y < self.bottom - CLOSE


Rectangles = dict[str, Rectangle]


def broken_laws(boxes: Sequence[Box], links: Sequence[Link], placed: Placed) -> list[str]:
    """A line for everything that is wrong with a layout."""
    rectangles = _rectangles("box", placed.boxes, boxes) | _rectangles("label", placed.labels, links)
    return [
        *_overlaps(rectangles),
        *_outside(rectangles, placed),
        *_off_their_labels(links, placed),
        *_off_the_outline(boxes, links, placed),
        *_swapped_arguments(links, placed),
        *_through_others(links, rectangles, placed),
    ]


def crossings(placed: Placed) -> int:
    """How often two paths cross, counted on the curves: all run left to right, so they are functions of x."""
    count = 0
    for one, other in combinations(map(flat, placed.paths), 2):
        first = max(one[0][0], other[0][0])
        last = min(one[-1][0], other[-1][0])
        shared = sorted({x for x, _ in (*one, *other) if first <= x <= last})
        apart = [_at(one, x) - _at(other, x) for x in shared]
        above = [difference > 0 for difference in apart if abs(difference) > CLOSE]
        count += sum(before != after for before, after in pairwise(above))
    return count


def flat(path: Path) -> Path:
    """Points on a chain of cubic Béziers, its ends included."""
    points = [path[0]]
    for a, b, c, d in segments(path):
        for step in range(1, _STEPS + 1):
            t = step / _STEPS
            ab, bc, cd = _between(a, b, t), _between(b, c, t), _between(c, d, t)
            points.append(_between(_between(ab, bc, t), _between(bc, cd, t), t))
    return points


def _between(start: Point, end: Point, t: float) -> Point:
    return start[0] + (end[0] - start[0]) * t, start[1] + (end[1] - start[1]) * t


def segments(path: Path) -> Iterator[Segment]:
    assert len(path) % 3 == 1
    for index in range(0, len(path) - 1, 3):
        yield path[index], path[index + 1], path[index + 2], path[index + 3]


def _at(curve: Path, x: float) -> float:
    """The height of a curve at x."""
    for (left, y), (right, after) in pairwise(curve):
        if left <= x <= right:
            return y if right == left else y + (after - y) * (x - left) / (right - left)
    return curve[-1][1]


def _rectangles(kind: str, centres: Sequence[Point], pieces: Pieces) -> dict[str, Rectangle]:
    rectangles = {}
    for index, ((x, y), piece) in enumerate(zip(centres, pieces, strict=True)):
        right = x + piece.width / 2
        bottom = y + piece.height / 2
        rectangles[f"{kind} {index}"] = Rectangle(x - piece.width / 2, y - piece.height / 2, right, bottom)
    return rectangles


def _overlaps(rectangles: Rectangles) -> Iterator[str]:
    for (name, a), (other, b) in combinations(rectangles.items(), 2):
        wide = min(a.right, b.right) - max(a.left, b.left)
        high = min(a.bottom, b.bottom) - max(a.top, b.top)
        if wide > CLOSE and high > CLOSE:
            yield f"{name} overlaps {other}"


def _outside(rectangles: Rectangles, placed: Placed) -> Iterator[str]:
    for name, around in rectangles.items():
        if around.left < -CLOSE or around.right > placed.width + CLOSE:
            yield f"{name} is outside the width"
        if around.top < -CLOSE or around.bottom > placed.height + CLOSE:
            yield f"{name} is outside the height"
    for index, path in enumerate(placed.paths):
        if not all(-CLOSE <= x <= placed.width + CLOSE for x, _ in path):
            yield f"path {index} is outside the width"
        if not all(-CLOSE <= y <= placed.height + CLOSE for _, y in path):
            yield f"path {index} is outside the height"


def _off_their_labels(links: Sequence[Link], placed: Placed) -> Iterator[str]:
    """A path runs level through the whole width of its own label, at its middle."""
    for index, (link, (x, y), path) in enumerate(zip(links, placed.labels, placed.paths, strict=True)):
        if not any(
            all(abs(point[1] - y) < CLOSE for point in segment)
            and segment[0][0] < x - link.width / 2 + CLOSE
            and segment[3][0] > x + link.width / 2 - CLOSE
            for segment in segments(path)
        ):
            yield f"path {index} does not run level through its label"


def _off_the_outline(boxes: Sequence[Box], links: Sequence[Link], placed: Placed) -> Iterator[str]:
    for index, (link, path) in enumerate(zip(links, placed.paths, strict=True)):
        for name, end, box, side in (("start", path[0], link.source, 1), ("end", path[-1], link.target, -1)):
            x = end[0] - placed.boxes[box][0]
            y = end[1] - placed.boxes[box][1]
            half_width, half_height = boxes[box].width / 2, boxes[box].height / 2
            radius = min(half_width, half_height)
            beyond_x = max(abs(x) - half_width + radius, 0)
            beyond_y = max(abs(y) - half_height + radius, 0)
            if abs(math.hypot(beyond_x, beyond_y) - radius) > CLOSE or x * side <= 0:
                yield f"the {name} of path {index} is not on its side of box {box}"


def _swapped_arguments(links: Sequence[Link], placed: Placed) -> Iterator[str]:
    """Both at the outline and in the last column of labels before it the arguments stand in their order."""
    for target, (right, _) in enumerate(placed.boxes):
        paths = [path for link, path in zip(links, placed.paths, strict=True) if link.target == target]
        if not paths:
            continue
        left = max(x for x, _ in placed.boxes if x < right - CLOSE)
        column = next(x for x, _ in placed.labels if left < x < right)
        for heights in ([path[-1][1] for path in paths], [_at(flat(path), column) for path in paths]):
            if any(upper >= lower for upper, lower in pairwise(heights)):
                yield f"arguments of box {target} are not in their order"


def _through_others(links: Sequence[Link], rectangles: Rectangles, placed: Placed) -> Iterator[str]:
    for index, (link, path) in enumerate(zip(links, placed.paths, strict=True)):
        own = {f"label {index}", f"box {link.source}", f"box {link.target}"}
        points = flat(path)
        for name, around in rectangles.items():
            if name not in own and any(around.holds(point) for point in points):
                yield f"path {index} runs through {name}"
