"""The nodes of a model as layers in a row.

Between two neighbouring nodes a graph can be cut where all that is needed further on is one value: there one layer
ends and the next begins. A chain of nodes is cut everywhere; a residual block, whose input is needed twice, stays in
one piece.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from typing import Any

from ...layers import Layer
from ._model import Array, Node
from ._run import run_nodes


class Operators(Layer):
    """Some nodes of a model as a layer: from one value, by parameters, to one value.

    nodes       in order
    source      the name of the value that comes in
    result      the name of the value that goes out
    constants   the arrays that do not learn, by name
    parameters  those that do
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        source: str,
        result: str,
        constants: Mapping[str, Array],
        parameters: Mapping[str, Array],
    ) -> None:
        self.parameter_names = tuple(parameters)
        super().__init__(**parameters)
        self.nodes, self.source, self.result, self.constants = tuple(nodes), source, result, constants

    def compute(self, x: Any, /, **parameters: Any) -> Any:
        values = {**self.constants, **parameters, self.source: x}
        run_nodes(self.nodes, values)
        return values[self.result]

    def __repr__(self) -> str:
        return f"Operators({' · '.join(node.operator for node in self.nodes)})"


def layers_of(
    nodes: Sequence[Node],
    source: str,
    result: str,
    constants: Mapping[str, Array],
    parameters: Mapping[str, Array],
) -> dict[str, Operators]:
    """The layers that lead from a value to another one, by the names that they are shown under."""
    pieces = _cut(nodes, source, result, parameters)
    # Exporters name nodes after the layers that they come from: /fc1/MatMul, /fc1/Add.
    scoped = [(_scope(piece) or str(number), piece) for number, piece in enumerate(pieces)]
    joined = [sum((piece for _, piece in some), []) for _, some in groupby(scoped, key=lambda pair: pair[0])]
    layers = {}
    names = _names(joined)
    for name, piece in zip(names, joined, strict=True):
        made = {output for node in piece for output in node.outputs}
        behind = {i for node in nodes if node not in piece for i in node.inputs} | {result}
        (end,) = (value for value in made if value in behind)
        own = {i: parameters[i] for node in piece for i in node.inputs if i in parameters}
        layers[name] = Operators(piece, source, end, constants, own)
        source = end
    return layers


def _cut(nodes: Sequence[Node], source: str, result: str, parameters: Collection[str]) -> list[list[Node]]:
    last_use = {name: number for number, node in enumerate(nodes) for name in node.inputs}
    last_use[result] = len(nodes)
    pieces: list[list[Node]] = [[]]
    alive = {source}
    for number, node in enumerate(nodes):
        pieces[-1].append(node)
        # A parameter that is used again further on keeps both places in one layer: each is one layer's own.
        alive.update(
            name for name in (*node.outputs, *node.inputs) if name in parameters or name in node.outputs
        )
        alive = {name for name in alive if last_use.get(name, -1) > number}
        if len(alive) == 1 and not alive & set(parameters) and number + 1 < len(nodes):
            pieces.append([])
    return pieces


def _scope(piece: Sequence[Node]) -> str:
    """What the names of some nodes have in common in front of their last slash."""
    scopes = {node.name.rpartition("/")[0].strip("/") for node in piece}
    return scopes.pop() if len(scopes) == 1 else ""


def _names(pieces: Sequence[Sequence[Node]]) -> list[str]:
    """Names of layers: their scope, else the operator, numbered; several operators are a block."""
    scopes = Counter(map(_scope, pieces))
    count: Counter[str] = Counter()
    names = []
    for piece in pieces:
        scope = _scope(piece)
        if scope and scopes[scope] == 1:
            names.append(scope)
            continue
        kind = piece[0].operator if len(piece) == 1 else "Block"
        count[kind] += 1
        names.append(f"{kind}{count[kind]}")
    return names
