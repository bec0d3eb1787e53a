"""What a gate is written as: the table, which `_written_…` fill, and what they are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from ...errors import UnsupportedError
from ...gates import Gate
from ._writer import Shape, Writer


class Application(NamedTuple):
    """A gate applied to values that are in the graph already; lengths that follow the rows are `Dimension`s.

    inputs    their names
    shapes    of the inputs
    dtype     of the inputs, which are all of one
    settings  what was chosen, and what was left at its default
    """

    gate: Gate
    inputs: tuple[str, ...]
    shapes: tuple[Shape, ...]
    dtype: np.dtype[Any]
    settings: Mapping[str, Any]


Translation = Callable[[Writer, Application], str]

TRANSLATIONS: dict[Gate, Translation] = {}
"""What a gate is written as: a function that adds nodes to the graph and gives the name of the last one's output."""


def translation(*of: Gate) -> Callable[[Translation], Translation]:
    """Register how gates are written."""

    def register(function: Translation) -> Translation:
        TRANSLATIONS.update(dict.fromkeys(of, function))
        return function

    return register


def write(w: Writer, a: Application) -> str:
    """Add a gate to the graph; UnsupportedError for one that has no operators."""
    if a.gate not in TRANSLATIONS:
        raise UnsupportedError(
            f"the gate {a.gate.name} is no ONNX operator, and none have been put together for it",
            fix="build the network of layers whose gates are in the table of docs/onnx.md",
        )
    return TRANSLATIONS[a.gate](w, a)
