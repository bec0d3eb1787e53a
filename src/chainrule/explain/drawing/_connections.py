"""Which vertex leads to which, for drawers that do their own layout: ports left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ._diagram import Text
from ._scene import Scene


class Connection(NamedTuple):
    """An edge between two vertices that are drawn, with the texts of its line as far as they are known."""

    source: int
    target: int
    value: str
    gradient: str

    @property
    def text(self) -> str:
        """Both in one line."""
        return " / ".join(filter(None, (self.value, self.gradient)))


def connections(scene: Scene) -> Iterator[Connection]:
    vertices, lines = scene.diagram.vertices, scene.diagram.lines
    into_port = {line.target: line for line in lines if vertices[line.target].kind == "port"}
    for line in lines:
        if vertices[line.target].kind == "port":
            continue
        source, value, gradient = line.source, line.value, line.gradient
        while vertices[source].kind == "port":
            before = into_port[source]
            # The texts stand on one piece of the way; nearest to its end are those of this branch alone.
            if value is None and gradient is None:
                value, gradient = before.value, before.gradient
            source = before.source
        yield Connection(source, line.target, *_shown(scene, value, gradient))


def _shown(scene: Scene, value: Text | None, gradient: Text | None) -> tuple[str, str]:
    return scene.shown(value), scene.shown(gradient)
