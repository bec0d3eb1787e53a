"""What `draw` returns: one scene, to be had in every form."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Mapping
from pathlib import PurePath
from typing import Any

from ...errors import ArgumentError
from ...storage import write_atomically
from ...words import words
from ._as_dict import Ids, as_dict, ids_of
from ._dot import dot
from ._mermaid import mermaid
from ._raster import raster
from ._scene import Scene
from ._svg import svg
from ._tikz import tikz


class Drawing:
    """A picture of a graph. A notebook shows it, `save` writes it to a file.

    Attributes: ``width`` and ``height`` in pixels; ``steps``, how many steps both passes have together; ``step``, up to
    which of them it shows, or None for all.

    >>> x = cr.Variable(3.0, name="x")
    >>> drawing = cr.draw(x * x)
    >>> drawing
    <Drawing: Computation graph of L, 344 × 145 pixels, 2 steps>
    >>> print(drawing.mermaid())
    flowchart LR
      n0(["x<br>Σ 6"])
      n1(("×"))
      n2["L"]
      n0 -- "3 / ← 3" --> n1
      n0 -- "3 / ← 3" --> n1
      n1 -- "9 / ← 1" --> n2
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.width, self.height = scene.width, scene.height
        self.steps, self.step = scene.diagram.steps, scene.step

    def svg(self) -> str:
        """An SVG document of its own, fit for light and dark pages."""
        return svg(self._scene)

    def png(self) -> bytes:
        """A picture in pixels.

        raises   MissingExtraError without Matplotlib, ChainruleError without a font that has all the letters
        """
        return raster(self._scene, "png")

    def dot(self) -> str:
        """In the language of Graphviz."""
        return dot(self._scene)

    def mermaid(self) -> str:
        """In the language of Mermaid."""
        return mermaid(self._scene)

    def tikz(self) -> str:
        """A LaTeX document."""
        return tikz(self._scene)

    def to_dict(self) -> dict[str, Any]:
        """Everything with its place, fit for JSON; texts of later steps too, each with the step it belongs to."""
        return as_dict(self._scene)

    @property
    def ids(self) -> Ids:
        """Under which names the dictionary has the parts of the graph."""
        return ids_of(self._scene)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a file, in the form that its name asks for, complete or not at all.

        path     ending in .svg, .png, .pdf, .dot, .mmd (Mermaid), .tex or .json
        raises   ArgumentError for another ending, CheckpointError if it cannot be written, MissingExtraError when
                 .png or .pdf lack Matplotlib, ChainruleError when they lack a font

        >>> import tempfile, pathlib
        >>> x = cr.Variable(3.0, name="x")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     cr.draw(x * x).save(f"{folder}/square.svg")
        ...     pathlib.Path(folder, "square.svg").read_text("utf-8")[:4]
        '<svg'
        """
        suffix = PurePath(path).suffix.lower()
        if suffix not in _FORMS:
            raise ArgumentError(
                f"a drawing is saved as {', '.join(_FORMS)}; {os.fspath(path)!r} ends in none of them",
                fix=f'save("{PurePath(path).stem or "graph"}.svg")',
            )
        write_atomically(path, _FORMS[suffix](self))

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        """What a notebook shows; source: IPython, "Integrating your objects with IPython"."""
        forms: Mapping[str, Callable[[], str]] = {"image/svg+xml": self.svg, "text/plain": self.__repr__}
        wanted = [form for form in forms if include is None or form in include]
        return {form: forms[form]() for form in wanted if form not in (exclude or ())}

    def __str__(self) -> str:
        heading = self._scene.title or self._scene.diagram.heading
        say = words(self._scene.lang, "draw")
        size = {"width": round(self.width), "height": round(self.height), "steps": self.steps}
        at = say("size", **size) if self.step is None else say("size at", step=self.step, **size)
        return f"{heading}, {at}"

    def __repr__(self) -> str:
        return f"<Drawing: {self}>"


def _encoded(text: str) -> bytes:
    # Half of a surrogate pair is no letter, and has no place in UTF-8.
    return text.encode("utf-8", "replace")


_FORMS: Mapping[str, Callable[[Drawing], bytes]] = {
    ".svg": lambda drawing: _encoded(drawing.svg()),
    ".png": Drawing.png,
    ".pdf": lambda drawing: raster(drawing._scene, "pdf"),
    ".dot": lambda drawing: _encoded(drawing.dot()),
    ".mmd": lambda drawing: _encoded(drawing.mermaid()),
    ".tex": lambda drawing: _encoded(drawing.tikz()),
    ".json": lambda drawing: _encoded(json.dumps(drawing.to_dict(), ensure_ascii=False, indent=1) + "\n"),
}
