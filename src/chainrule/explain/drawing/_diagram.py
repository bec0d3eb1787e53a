"""What is to be drawn, before anybody says where: vertices, the lines between them, and when each text is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from ...graph import Variable
from .._backpropagation import Edge

Kind = Literal["leaf", "constant", "gate", "group", "output", "port"]
Passes = Literal["both", "forward", "backward"]


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is known from some step of the passes on."""

    text: str
    since: int = 0


@dataclass(frozen=True, slots=True)
class Vertex:
    """What a drawing shows as one thing.

    kind      a port is where a line passes through a frame; it has no picture
    text      what stands in it: the name of a leaf, the symbol of a gate
    detail    the whole truth in a sentence, for those who point at it or cannot see it
    name      above it, of a value that somebody named
    note      below it: a setting of the gate
    total     below it: the gradient of a value that is used more than once, the sum of those that come back
    forward   the step in which it computes, None for what does not compute
    backward  the step in which it hands gradients back, None where it does not
    variable  that it stands for, if it is one alone
    """

    kind: Kind
    text: str
    detail: str = ""
    name: str = ""
    note: str = ""
    total: Text | None = None
    forward: int | None = None
    backward: int | None = None
    variable: Variable | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Line:
    """An edge. Those into one vertex are in the order of its arguments.

    source, target  indices of vertices
    value           above the line
    gradient        below it
    edges           of the graph that it stands for; none for the line to the output's name
    """

    source: int
    target: int
    value: Text | None = None
    gradient: Text | None = None
    edges: Sequence[Edge] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Frame:
    """Vertices that belong together, in a frame with a title."""

    title: str
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Diagram:
    """All that a drawing shows.

    heading      what it is a picture of, in a line
    description  the same with its numbers, in sentences
    legend       what stands above a line and below it
    steps        how many there are, of both passes
    room         the least that numbers get on a line, and with it more in steps: one that changes seldom moves anything
    """

    vertices: Sequence[Vertex]
    lines: Sequence[Line]
    heading: str
    description: str
    legend: tuple[str, str]
    steps: int
    frames: Sequence[Frame] = field(default=())
    room: float = 0.0
