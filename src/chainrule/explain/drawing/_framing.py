"""Frames: a line crosses the edge of one through a port, and there is one port for each value that goes in or out."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from ._diagram import Frame, Line, Text, Vertex

Key: TypeAlias = Hashable


class Way(NamedTuple):
    """A line between two vertices that are known by their keys."""

    source: Key
    target: Key
    value: Text | None
    gradient: Text | None


def framed(
    vertices: Mapping[Key, Vertex], ways: Sequence[Way], frame_of: Mapping[Key, str]
) -> tuple[list[Vertex], list[Line], list[Frame]]:
    """Vertices and lines by number, with frames around those that have one.

    frame_of   for each vertex that is in a frame, the frame's title
    """
    everything, inside = dict(vertices), dict(frame_of)
    through: list[Way] = []
    for way in ways:
        through += _pieces(way, everything, inside)
    index = {key: number for number, key in enumerate(everything)}
    members: dict[str, list[int]] = {}
    for key, title in inside.items():
        members.setdefault(title, []).append(index[key])
    lines = [Line(index[way.source], index[way.target], way.value, way.gradient) for way in through]
    return list(everything.values()), lines, [Frame(title, tuple(m)) for title, m in members.items()]


def _pieces(way: Way, vertices: dict[Key, Vertex], inside: dict[Key, str]) -> list[Way]:
    """A line cut at the frames that it crosses. Its texts stand outside of them."""
    leaves, enters = inside.get(way.source), inside.get(way.target)
    if leaves == enters:
        return [way]
    first, last, source, target = [], [], way.source, way.target
    if leaves is not None:
        source = ("out", leaves, way.source)
        if source not in vertices:
            vertices[source], inside[source] = Vertex("port", ""), leaves
            first = [Way(way.source, source, None, None)]
    if enters is not None:
        target = ("in", enters, way.source)
        last = [Way(target, way.target, None, None)]
        if target in vertices:
            return [*first, *last]
        vertices[target], inside[target] = Vertex("port", ""), enters
    return [*first, Way(source, target, way.value, way.gradient), *last]
