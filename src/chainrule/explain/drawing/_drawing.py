"""What `draw` returns: one scene, to be had in every form."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Any

from ._scene import Scene
from ._svg import svg


class Drawing:
    """A picture of a graph."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    @property
    def width(self) -> float:
        """In pixels."""
        return self._scene.width

    @property
    def height(self) -> float:
        """In pixels."""
        return self._scene.height

    @property
    def steps(self) -> int:
        """How many steps both passes have together."""
        return self._scene.diagram.steps

    def svg(self) -> str:
        return svg(self._scene)
