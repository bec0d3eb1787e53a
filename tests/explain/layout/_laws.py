"""What every layout must keep, checked from the sizes and the points alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations

from chainrule.explain.layout import Box, Link, Placed

CLOSE = 1e-6
_STEPS = 16  # a cubic is looked at in so many points

Point = tuple[float, float]
Rectangle = tuple[float, float, float, float]


def broken_laws(boxes: Sequence[Box], links: Sequence[Link], placed: Placed) -> list[str]:
    """A line for everything that is wrong with a layout."""
    return [
        *_overlaps(boxes, links, placed),
        *_outside(boxes, links, placed),
        *_off_their_labels(links, placed),
        *_off_the_outline(boxes, links, placed),
        *_swapped_arguments(boxes, links, placed),
        *_through_others(boxes, links, placed),
    ]


def crossings(placed: Placed) -> int:
    """How often two paths cross, counted on the curves: all run left to right, so they are functions of x."""
    curves = [flat(path) for path in placed.paths]
    count = 0
    for one, other in combinations(curves, 2):
        places = sorted({x for x, _ in (*one, *other)})
        shared = [x for x in places if max(one[0][0], other[0][0]) <= x <= min(one[-1][0], other[-1][0])]
        apart = [_at(one, x) - _at(other, x) for x in shared]
        above = [difference > 0 for difference in apart if abs(difference) > CLOSE]
        count += sum(before != after for before, after in zip(above, above[1:], strict=False))
    return count


def flat(path: Sequence[Point]) -> list[Point]:
    """Points on a chain of cubic Béziers, its ends included."""
    points = [path[0]]
    for p0, p1, p2, p3 in segments(path):
        for step in range(1, _STEPS + 1):
            t = step / _STEPS
            weights = (1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3
            x, y = (
                sum(w * p[axis] for w, p in zip(weights, (p0, p1, p2, p3), strict=True)) for axis in (0, 1)
            )
            points.append((x, y))
    return points


def segments(path: Sequence[Point]) -> Iterator[tuple[Point, Point, Point, Point]]:
    assert len(path) % 3 == 1
    for index in range(0, len(path) - 1, 3):
        yield path[index], path[index + 1], path[index + 2], path[index + 3]


def _at(curve: list[Point], x: float) -> float:
    """The height of a curve at x."""
    for (left, y), (right, after) in zip(curve, curve[1:], strict=False):
        if left <= x <= right:
            return y if right == left else y + (after - y) * (x - left) / (right - left)
    return curve[-1][1]


def _rectangle(centre: Point, piece: Box | Link) -> Rectangle:
    (x, y), width, height = centre, piece.width, piece.height
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _rectangles(
    boxes: Sequence[Box], links: Sequence[Link], placed: Placed
) -> tuple[dict[str, Rectangle], dict[str, Rectangle]]:
    around_boxes = map(_rectangle, placed.boxes, boxes)
    around_labels = map(_rectangle, placed.labels, links)
    return (
        {f"box {index}": rectangle for index, rectangle in enumerate(around_boxes)},
        {f"label {index}": rectangle for index, rectangle in enumerate(around_labels)},
    )


def _overlaps(boxes: Sequence[Box], links: Sequence[Link], placed: Placed) -> Iterator[str]:
    around_boxes, around_labels = _rectangles(boxes, links, placed)
    for (name, a), (other, b) in combinations((around_boxes | around_labels).items(), 2):
        wide = min(a[2], b[2]) - max(a[0], b[0])
        high = min(a[3], b[3]) - max(a[1], b[1])
        if wide > CLOSE and high > CLOSE:
            yield f"{name} overlaps {other}"


def _outside(boxes: Sequence[Box], links: Sequence[Link], placed: Placed) -> Iterator[str]:
    around_boxes, around_labels = _rectangles(boxes, links, placed)
    corners = {name: [(r[0], r[1]), (r[2], r[3])] for name, r in (around_boxes | around_labels).items()}
    paths = {f"path {index}": list(path) for index, path in enumerate(placed.paths)}
    for name, points in (corners | paths).items():
        if not all(-CLOSE <= x <= placed.width + CLOSE for x, _ in points):
            yield f"{name} is outside the width"
        if not all(-CLOSE <= y <= placed.height + CLOSE for _, y in points):
            yield f"{name} is outside the height"


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
            x, y = (end[axis] - placed.boxes[box][axis] for axis in (0, 1))
            width, height = boxes[box].width, boxes[box].height
            radius = min(width, height) / 2
            from_axis = math.hypot(max(abs(x) - width / 2 + radius, 0), max(abs(y) - height / 2 + radius, 0))
            if abs(from_axis - radius) > CLOSE or x * side <= 0:
                yield f"the {name} of path {index} is not on its side of box {box}"


def _swapped_arguments(boxes: Sequence[Box], links: Sequence[Link], placed: Placed) -> Iterator[str]:
    """Both at the outline and before their last bend the arguments stand in their order."""
    for target in range(len(boxes)):
        paths = [path for link, path in zip(links, placed.paths, strict=True) if link.target == target]
        for before, after in zip(paths, paths[1:], strict=False):
            at_the_end = before[-1][1] < after[-1][1]
            if not (at_the_end and _before_the_last_bend(before) < _before_the_last_bend(after)):
                yield f"arguments of box {target} are not in their order"


def _before_the_last_bend(path: Sequence[Point]) -> float:
    height = path[-1][1]
    for start, _, _, end in segments(path):
        if start[1] != end[1]:
            height = start[1]
    return height


def _through_others(boxes: Sequence[Box], links: Sequence[Link], placed: Placed) -> Iterator[str]:
    around_boxes, around_labels = _rectangles(boxes, links, placed)
    for index, (link, path) in enumerate(zip(links, placed.paths, strict=True)):
        own = {f"label {index}", f"box {link.source}", f"box {link.target}"}
        points = flat(path)
        for name, (left, top, right, bottom) in (around_boxes | around_labels).items():
            if name not in own and any(
                left + CLOSE < x < right - CLOSE and top + CLOSE < y < bottom - CLOSE for x, y in points
            ):
                yield f"path {index} runs through {name}"
