"""The diagram of a graph of variables: all of it gate by gate, or parts of it as one vertex or in a frame."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, reduce
from operator import add
from typing import Any, NamedTuple, TypeAlias

from ...graph import Node, Variable
from .._backpropagation import Backpropagation, Edge
from ._diagram import Frame, Kind, Line, Passes, Text, Vertex
from ._framing import Way, framed
from ._symbols import note_of, symbol_of
from ._text_width import shortened
from ._writing import Writing

# Of what is one vertex: the number of a variable, the name of a group, the number and position of a constant. Not the
# variable itself: two of them that are compared make a third.
Key: TypeAlias = Hashable

OUTPUT: Key = "the output"
_LONGEST_NAME, _LONGEST_SMALL = 170.0, 120.0  # pixels


class Closed(NamedTuple):
    """How a group is drawn as one vertex."""

    kind: Kind
    text: str
    note: str = ""


@dataclass(frozen=True)
class Parts:
    """What is not drawn gate by gate.

    closed     variables whose group is one vertex, by the group's name
    groups     these groups
    framed     variables whose group is in a frame, by its title
    constants  names of constants that are drawn as inputs, by the id of the object
    """

    closed: Mapping[Variable, str] = field(default_factory=dict)
    groups: Mapping[str, Closed] = field(default_factory=dict)
    framed: Mapping[Variable, str] = field(default_factory=dict)
    constants: Mapping[int, str] = field(default_factory=dict)


class _Tie(NamedTuple):
    """What goes from one vertex to another on one line."""

    source: Key
    target: Key
    edges: list[Edge]


class GraphDiagram:
    """Vertices, lines and frames of a graph with its passes, and how many steps the passes have."""

    def __init__(self, passes: Backpropagation, writing: Writing, shown: Passes, parts: Parts) -> None:
        self._passes, self._writing, self._shown, self._parts = passes, writing, shown, parts
        *_, self._output = passes.graph
        self._name = self._output.name
        self._constants: defaultdict[Node, dict[Key, Vertex]] = defaultdict(dict)
        self._plain_constants: list[tuple[int, int]] = []
        self._ties = list(self._find_ties())
        self._forward = {} if shown == "backward" else _numbered(self._computing, 1)
        backward = [key for key in reversed(self._computing) if self._hands_back(key)]
        self._backward = _numbered(backward, len(self._forward) + 1)
        self.steps = len(self._forward) + len(self._backward)

    def build(self) -> tuple[list[Vertex], list[Line], list[Frame]]:
        vertices: dict[Key, Vertex] = {}
        for node in self._passes.graph:
            vertices |= self._constants.get(node, {})
            key = self._key(node.variable)
            if key not in vertices:
                vertices[key] = self._vertex(key, node)
        vertices[OUTPUT] = Vertex("output", _short(self._name, _LONGEST_NAME), self.sentence(self._output))
        ways = [Way(tie.source, tie.target, self._value(tie), self._gradient(tie)) for tie in self._ties]
        ways.append(Way(self._key(self._output.variable), OUTPUT, *self._last_texts()))
        frame_of = {v.number: title for v, title in self._parts.framed.items() if v.number in vertices}
        frame_of |= {place: frame_of[place[0]] for place in self._plain_constants if place[0] in frame_of}
        return framed(vertices, ways, frame_of)

    def sentence(self, node: Node) -> str:
        """A variable with its formula, its value and its gradient."""
        text = str(node)
        if self._forward or node.variable.gate is None:
            text += f" = {self._writing.value(node.variable._value)}"
        if self._backward and node.variable in self._passes.gradients:
            gradient = self._writing.gradient(self._passes.gradients[node.variable])
            text += f", ∂{self._name}/∂{node.name} {gradient}"
        return text

    # Which vertices and lines there are.

    def _key(self, variable: Variable) -> Key:
        return self._parts.closed.get(variable, variable.number)

    def _find_ties(self) -> Iterable[_Tie]:
        """The lines in the order of the forward pass; into or out of a group, one for all that takes the same way."""
        shared: dict[tuple[Key, Key], _Tie] = {}
        for edge in self._passes.edges:
            target = self._key(edge.target.variable)
            if edge.source is None:
                place = self._constant_at(edge)
                if place is not None:
                    yield _Tie(place, target, [edge])
                continue
            source = self._key(edge.source.variable)
            if source == target:
                continue
            if isinstance(source, str) or isinstance(target, str):
                known = shared.get((source, target))
                if known:
                    known.edges.append(edge)
                    continue
            tie = shared[source, target] = _Tie(source, target, [edge])
            yield tie

    def _constant_at(self, edge: Edge) -> Key | None:
        """The vertex of a constant; None for one that the symbol of the gate shows, or that is inside of a group."""
        variable, position = edge.target.variable, edge.position
        name = self._parts.constants.get(id(variable.inputs[position]))
        if name is None and (variable in self._parts.closed or position in symbol_of(variable)[1]):
            return None
        text = self._writing.value(edge.value)
        kind: Kind = "constant" if name is None else "leaf"
        place = (variable.number, position)
        if name is None:
            self._plain_constants.append(place)
        self._constants[edge.target][place] = Vertex(kind, name or text, f"{name} = {text}" if name else text)
        return place

    @cached_property
    def _computing(self) -> list[Key]:
        """Gates and groups in an order in which each comes behind all that it depends on: that of the forward pass."""
        first: dict[Key, int] = {}
        for node in self._passes.graph:
            first.setdefault(self._key(node.variable), len(first))
        waiting: dict[Key, int] = dict.fromkeys(first, 0)
        behind: defaultdict[Key, list[Key]] = defaultdict(list)
        for tie in self._ties:
            if tie.source in first:
                waiting[tie.target] += 1
                behind[tie.source].append(tie.target)
        ready = [(number, key) for key, number in first.items() if not waiting[key]]
        keys = {number: key for key, number in first.items()}
        numbers = [number for number, _ in ready]
        heapq.heapify(numbers)
        order = []
        while numbers:
            key = keys[heapq.heappop(numbers)]
            order.append(key)
            for after in behind[key]:
                waiting[after] -= 1
                if not waiting[after]:
                    heapq.heappush(numbers, first[after])
        return [key for key in order if self._computes(key)]

    @cached_property
    def _gates(self) -> frozenset[Key]:
        return frozenset(node.variable.number for node in self._passes.graph if node.variable.gate is not None)

    def _computes(self, key: Key) -> bool:
        return self._parts.groups[key].kind == "group" if isinstance(key, str) else key in self._gates

    def _hands_back(self, key: Key) -> bool:
        return any(tie.target == key and self._part(tie) is not None for tie in self._ties)

    # What is written on them.

    def _vertex(self, key: Key, node: Node) -> Vertex:
        forward, backward = self._forward.get(key), self._backward.get(key)
        if isinstance(key, str):
            kind, text, note = self._parts.groups[key]
            return Vertex(kind, text, key, note=note, forward=forward, backward=backward)
        variable, total, sentence = node.variable, self._total(node.variable), self.sentence(node)
        if variable.gate is None:
            return Vertex("leaf", _short(node.name, _LONGEST_NAME), sentence, total=total)
        name = variable.name if variable.name and node is not self._output else ""
        symbol, note = symbol_of(variable)[0], note_of(variable)
        return Vertex("gate", symbol, sentence, _short(name, _LONGEST_SMALL), note, total, forward, backward)

    def _total(self, variable: Variable) -> Text | None:
        """The sum of the gradients that come back to a value that is used more than once."""
        ways = [tie for tie in self._ties if tie.source == variable.number and self._part(tie) is not None]
        if len(ways) < 2:
            return None
        since = max(self._backward[tie.target] for tie in ways)
        return Text(self._writing.total(self._passes.gradients[variable]), since)

    def _value(self, tie: _Tie) -> Text | None:
        if self._shown == "backward":
            return None
        edge = tie.edges[0]
        if edge.source is None and id(edge.target.variable.inputs[edge.position]) not in self._parts.constants:
            return None  # the constant itself stands at the beginning of the line
        if any(other.source is not edge.source for other in tie.edges):
            return None
        return Text(self._writing.value(edge.value), self._forward.get(tie.source, 0))

    def _gradient(self, tie: _Tie) -> Text | None:
        part = self._part(tie)
        return None if part is None else Text(self._writing.gradient(part), self._backward[tie.target])

    def _last_texts(self) -> tuple[Text | None, Text | None]:
        variable = self._output.variable
        value = gradient = None
        if self._shown != "backward":
            value = Text(self._writing.value(variable._value), self._forward.get(self._key(variable), 0))
        if self._backward:
            gradient = Text(self._writing.gradient(self._passes.gradients[variable]), len(self._forward) + 1)
        return value, gradient

    def _part(self, tie: _Tie) -> Any:
        """The gradient that comes back on a line; None where nothing does, or where several values share it."""
        if any(edge.source is not tie.edges[0].source for edge in tie.edges):
            return None
        parts = [part for edge in tie.edges if (part := self._passes.part(edge)) is not None]
        return reduce(add, parts) if parts else None


def _numbered(keys: Iterable[Key], start: int) -> dict[Key, int]:
    return {key: number for number, key in enumerate(keys, start)}


def _short(text: str, most: float) -> str:
    return shortened(" ".join(text.split()), 14, most)
