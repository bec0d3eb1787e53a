"""Reading a drawing back: its numbers, and the room that its texts take."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from chainrule.explain.drawing._text_width import text_width

_LOWERED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")


def number(text: str) -> float:
    """A number as it is written on a line, with the arrow or the Σ before it or without."""
    text = text.removeprefix("← ").removeprefix("Σ ").replace("∞", "inf")
    return float(text.replace("×10", "e").translate(_LOWERED))


def name_of(node: dict[str, Any]) -> str:
    """Of the variable that a vertex stands for."""
    return str(node["detail"]).partition(" = ")[0]


class Room(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float
    what: str

    def meets(self, other: Room) -> bool:
        return (
            self.left < other.right - 0.01
            and other.left < self.right - 0.01
            and self.top < other.bottom - 0.01
            and other.top < self.bottom - 0.01
        )


def rooms(picture: dict[str, Any]) -> list[Room]:
    """What the texts on the lines and around the vertices take, and the vertices themselves."""
    found = [_text(label) for edge in picture["edges"] for label in edge["labels"]]
    for node in picture["nodes"]:
        half_width, half_height = node["width"] / 2, node["height"] / 2
        x, y = node["x"], node["y"]
        found.append(Room(x - half_width, y - half_height, x + half_width, y + half_height, node["text"]))
        found += [_text(label) for label in node["labels"] if label["role"] in ("name", "note", "total")]
    return found


def _text(label: dict[str, Any]) -> Room:
    is_bold = label["role"] in ("gradient", "total")
    width, size = text_width(label["text"], label["size"], bold=is_bold), label["size"]
    x, y = label["x"], label["y"]
    return Room(x - width / 2, y - 0.75 * size, x + width / 2, y + 0.15 * size, label["text"])


def points(path: str) -> list[tuple[float, float]]:
    """Of an SVG path of cubic curves, the curves cut into short straight pieces."""
    numbers = [float(n) for n in re.findall(r"-?[\d.]+", path)]
    corners = list(zip(numbers[::2], numbers[1::2], strict=True))
    return list(_along(corners))


def _along(corners: list[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    for i in range(0, len(corners) - 1, 3):
        a, b, c, d = corners[i : i + 4]
        for step in range(21):
            t = step / 20
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            yield tuple(sum(w * p[k] for w, p in zip(weights, (a, b, c, d), strict=True)) for k in (0, 1))  # type: ignore[misc]
