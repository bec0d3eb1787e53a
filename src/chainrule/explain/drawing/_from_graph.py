"""The diagram of a graph of variables: all of it gate by gate, or parts of it as one vertex or in a frame."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import Any, NamedTuple

from ...graph import Node, Variable
from .._backpropagation import Backpropagation, Edge
from ._diagram import Frame, Kind, Line, Passes, Text, Vertex
from ._framing import Key, Tie, through_ports
from ._order import forward_order
from ._symbols import note_of, symbol_of
from ._text_width import shortened
from ._writing import BACK, Writing

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


class GraphDiagram:
    """Vertices, lines and frames of a graph with its passes, and how many steps the passes have."""

    def __init__(self, passes: Backpropagation, writing: Writing, shown: Passes, parts: Parts) -> None:
        self._passes, self._writing, self._shown, self._parts = passes, writing, shown, parts
        *_, self._output = passes.graph
        self._name = self._output.name
        self._constants: defaultdict[Node, dict[Key, Vertex]] = defaultdict(dict)
        self._plain_constants: list[tuple[int, int]] = []
        self._ties = list(self._find_ties())
        computing, handing_back = self._computing(), self._handing_back()
        self._forward = {} if shown == "backward" else _numbered(computing, 1)
        backward = [key for key in reversed(computing) if key in handing_back]
        self._backward = _numbered(backward, len(self._forward) + 1)
        self.steps = len(self._forward) + len(self._backward)

    def build(self) -> tuple[list[Vertex], list[Line], list[Frame]]:
        """All of them by number, those in frames with the ports of these."""
        vertices: dict[Key, Vertex] = {}
        for node in self._passes.graph:
            vertices |= self._constants.get(node, {})
            key = self._key(node.variable)
            if key not in vertices:
                vertices[key] = self._vertex(key, node)
        vertices[OUTPUT] = Vertex("output", _short(self._name, _LONGEST_NAME), self.sentence(self._output))
        frame_of: dict[Key, str] = {
            v.number: title for v, title in self._parts.framed.items() if v.number in vertices
        }
        frame_of |= {place: frame_of[place[0]] for place in self._plain_constants if place[0] in frame_of}
        last = Tie(self._key(self._output.variable), OUTPUT, [])
        ties, ports = through_ports([*self._ties, last], frame_of)
        vertices |= dict.fromkeys(ports, Vertex("port", ""))
        index = {key: number for number, key in enumerate(vertices)}
        members: defaultdict[str, list[int]] = defaultdict(list)
        for key, title in (frame_of | ports).items():
            members[title].append(index[key])
        lines = [
            Line(index[tie.source], index[tie.target], *self._texts(tie), edges=tie.edges) for tie in ties
        ]
        return list(vertices.values()), lines, [Frame(title, tuple(m)) for title, m in members.items()]

    def sentence(self, node: Node) -> str:
        """A variable with its formula, its value and its gradient."""
        text = str(node)
        if self._forward or node.variable.gate is None:
            text += f" = {self._writing.value(self._passes.values[node.variable])}"
        if self._backward and node.variable in self._passes.gradients:
            gradient = self._writing.gradient(self._passes.gradients[node.variable]).removeprefix(BACK)
            text += f", ∂{self._name}/∂{node.name} = {gradient}"
        return text

    # Which vertices and lines there are.

    def _key(self, variable: Variable) -> Key:
        return self._parts.closed.get(variable, variable.number)

    def _find_ties(self) -> Iterable[Tie]:
        """The lines in the order of the forward pass; into or out of a group, one for all that takes the same way."""
        shared: dict[tuple[Key, Key], Tie] = {}
        for edge in self._passes.edges:
            target = self._key(edge.target.variable)
            if edge.source is None:
                place = self._constant_at(edge)
                if place is not None:
                    yield Tie(place, target, [edge])
                continue
            source = self._key(edge.source.variable)
            if source == target:
                continue
            if isinstance(source, str) or isinstance(target, str):
                known = shared.get((source, target))
                if known:
                    known.edges.append(edge)
                    continue
            tie = shared[source, target] = Tie(source, target, [edge])
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

    def _computing(self) -> list[Key]:
        """Gates and groups of gates, in the order of the forward pass."""
        keys = dict.fromkeys(self._key(node.variable) for node in self._passes.graph)
        leaves: set[Key] = {node.variable.number for node in self._passes.graph if node.variable.gate is None}
        leaves |= {name for name, group in self._parts.groups.items() if group.kind == "leaf"}
        return [key for key in forward_order(keys, self._ties) if key not in leaves]

    def _handing_back(self) -> set[Key]:
        return {
            tie.target for tie in self._ties if any(self._passes.part(edge) is not None for edge in tie.edges)
        }

    # What is written on them.

    def _vertex(self, key: Key, node: Node) -> Vertex:
        forward, backward = self._forward.get(key), self._backward.get(key)
        if isinstance(key, str):
            kind, text, note = self._parts.groups[key]
            return Vertex(kind, text, key, note=note, forward=forward, backward=backward)
        variable, total, sentence = node.variable, self._total(node.variable), self.sentence(node)
        if variable.gate is None:
            return Vertex("leaf", _short(node.name, _LONGEST_NAME), sentence, total=total, variable=variable)
        name = variable.name if variable.name and node is not self._output else ""
        symbol, note = symbol_of(variable)[0], note_of(variable)
        short = _short(name, _LONGEST_SMALL)
        return Vertex("gate", symbol, sentence, short, note, total, forward, backward, variable)

    def _total(self, variable: Variable) -> Text | None:
        """The sum of the gradients that come back to a value that is used more than once."""
        ways = [tie for tie in self._ties if tie.source == variable.number and self._part(tie) is not None]
        if len(ways) < 2:
            return None
        since = max(self._backward[tie.target] for tie in ways)
        return Text(self._writing.total(self._passes.gradients[variable]), since)

    def _texts(self, tie: Tie) -> tuple[Text | None, Text | None]:
        """What stands above and below a line."""
        if not tie.has_texts:
            return None, None
        return (self._value(tie), self._gradient(tie)) if tie.edges else self._last_texts()

    def _value(self, tie: Tie) -> Text | None:
        if self._shown == "backward":
            return None
        edge = tie.edges[0]
        given = edge.target.variable.inputs[edge.position]
        if edge.source is None and id(given) not in self._parts.constants:
            return None  # the constant itself stands at the beginning of the line
        if any(other.source is not edge.source for other in tie.edges):
            return None
        since = 0 if edge.source is None else self._forward.get(self._key(edge.source.variable), 0)
        return Text(self._writing.value(edge.value), since)

    def _gradient(self, tie: Tie) -> Text | None:
        part = self._part(tie)
        if part is None:
            return None
        since = max(self._backward.get(self._key(edge.target.variable), 0) for edge in tie.edges)
        return Text(self._writing.gradient(part), since)

    def _last_texts(self) -> tuple[Text | None, Text | None]:
        variable = self._output.variable
        value = gradient = None
        if self._shown != "backward":
            value = Text(self._writing.value(variable._value), self._forward.get(self._key(variable), 0))
        if self._backward:
            gradient = Text(self._writing.gradient(self._passes.gradients[variable]), len(self._forward) + 1)
        return value, gradient

    def _part(self, tie: Tie) -> Any:
        """The gradient that comes back on a line; None where nothing does, or where several values share it."""
        if any(edge.source is not tie.edges[0].source for edge in tie.edges):
            return None
        parts = [part for edge in tie.edges if (part := self._passes.part(edge)) is not None]
        return reduce(add, parts) if parts else None


def _numbered(keys: Iterable[Key], start: int) -> dict[Key, int]:
    return {key: number for number, key in enumerate(keys, start)}


def _short(text: str, most: float) -> str:
    return shortened(" ".join(text.split()), 14, most)
