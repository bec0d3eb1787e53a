"""A graph with both of its passes: every value, every gradient, and what each gate handed to each of its inputs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ..errors import ArgumentError, GraphError
from ..graph import Graph, Node, Variable, describe, gradients_of, handed_back

Index = tuple[int, ...]


def element_name(name: str, index: Index) -> str:
    """An element as Python writes it; without an index the bare name.

    >>> element_name("W1", (3, 7)), element_name("x", ())
    ('W1[3, 7]', 'x')
    """
    return f"{name}[{', '.join(map(str, index))}]" if index else name


class Edge(NamedTuple):
    """A value on its way into a gate.

    source    where it comes from; None for a constant
    target    the node that the gate makes
    position  which of the gate's inputs it is
    """

    source: Node | None
    target: Node
    position: int

    @property
    def value(self) -> Any:
        """As the gate read it."""
        return self.target.variable._values[self.position]


@dataclass(frozen=True)
class Backpropagation:
    """All that explanations and drawings of one output say in numbers.

    The passes are those of the graph itself (`gradients_of`, `handed_back`), and no variable's ``grad`` is touched.

    graph      the nodes with their names, in the order of the forward pass
    gradients  of the output for every variable of the graph that it flows to; empty if the output is no single number
    """

    graph: Graph
    gradients: Mapping[Variable, Any]

    @cached_property
    def nodes(self) -> Mapping[Variable, Node]:
        return {node.variable: node for node in self.graph}

    @cached_property
    def values(self) -> Mapping[Variable, Any]:
        """As the gates read them: a leaf may have been given a new one since."""
        own = {variable: variable._value for variable in self.nodes}
        return own | {edge.source.variable: edge.value for edge in self.edges if edge.source is not None}

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """In the order of the forward pass, those into one gate in the order of its arguments; constants too."""
        return tuple(edge for edges in self.edges_into.values() for edge in edges)

    @cached_property
    def edges_into(self) -> Mapping[Variable, tuple[Edge, ...]]:
        """For each variable the edges into its gate, in the order of the arguments."""
        return {
            node.variable: tuple(
                Edge(self.nodes.get(source) if isinstance(source, Variable) else None, node, position)
                for position, source in enumerate(node.variable.inputs)
            )
            for node in self.graph
        }

    @cached_property
    def edges_from(self) -> Mapping[Variable, list[Edge]]:
        """For each variable the edges on which it goes on: more than one if it is used more than once."""
        found: defaultdict[Variable, list[Edge]] = defaultdict(list)
        for edge in self.edges:
            if edge.source is not None:
                found[edge.source.variable].append(edge)
        return found

    @cached_property
    def _parts(self) -> Mapping[Variable, tuple[Any, ...]]:
        return {
            variable: handed_back(variable, self.gradients[variable])
            for variable in self.nodes
            if variable.gate is not None and variable in self.gradients
        }

    def part(self, edge: Edge) -> Any:
        """The gradient that comes back on an edge, None where nothing does. A variable's gradient is the sum of those
        that come back to it."""
        parts = self._parts.get(edge.target.variable)
        return None if parts is None else parts[edge.position]


def backpropagation(output: Variable, *, backward: bool = True) -> Backpropagation:
    """Both passes of a graph.

    output    a variable with a past: a single number, if there is to be a backward pass
    backward  whether to go back
    raises    ArgumentError when it is no variable; GraphError when it is no single number or has no past, or when a
              leaf was given a new value between two gates that read it

    >>> x = Variable(3.0, name="x")
    >>> passes = backpropagation(x * x)
    >>> [(edge.position, edge.value, passes.part(edge)) for edge in passes.edges]
    [(0, 3.0, 3.0), (1, 3.0, 3.0)]
    """
    if not isinstance(output, Variable):
        kind = type(output).__name__
        raise ArgumentError(
            f"a computation graph hangs on a Variable; this is a {kind}",
            fix='make the inputs variables: x = cr.Variable(100.0, name="x")',
        )
    graph = Graph(output, "L" if backward and output.size == 1 else None)
    _check_values(graph)
    if not backward:
        return Backpropagation(graph, {})
    if output.gate is None:
        raise GraphError(
            f"{describe(output)} is no result of a gate: there is nothing to go back through",
            fix="compute something from it first, outside no_grad()",
        )
    if output.size != 1:
        raise GraphError(
            f"{describe(output)} has shape {output.shape}; a backward pass starts from a single number",
            fix="sum it, or take one element: cr.sum(y), y[0, 1]",
        )
    seed = np.ones(output.shape, output.dtype) if output.shape else None
    order = [node.variable for node in graph]
    gradients = zip(order, gradients_of(output, order, seed=seed), strict=True)
    return Backpropagation(graph, {v: gradient for v, gradient in gradients if gradient is not None})


def _check_values(graph: Graph) -> None:
    """Refuse a graph of which nothing can be said for one value of a leaf."""
    read: dict[Variable, Any] = {}
    for node in graph:
        variable = node.variable
        for source, value in zip(variable.inputs, variable._values, strict=True):
            if isinstance(source, Variable) and read.setdefault(source, value) is not value:
                raise GraphError(
                    f"{describe(source)} was given a new value between two gates that read it",
                    fix="run the expression again",
                )
