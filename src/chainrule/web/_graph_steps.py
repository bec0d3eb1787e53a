"""The passes of a graph as the page steps through them: each gate with its formulas, and the table of all values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from typing import Any

import numpy as np

from ..explain import Drawing, Explanation
from ..explain._backpropagation import Edge
from ..explain._expression import Equation, Gradient, Name
from ..explain._steps import Part, Step
from ..explain.drawing import value_text
from ..explain.notation import number as text_of_number
from ..explain.notation import text
from ..gates import Gate
from ..graph import Node, Variable, handed_back
from ..words import words
from ._tree import Memory, tree_of

MOST_NUMBERS = 1000  # of an array that is written out in the answer
_DIGITS = 6

Terms = dict[Name | Gradient, str]


class Steps:
    """All steps of a drawing, in words, formulas and ids.

    explanation  of the graph
    drawing      of it, gate by gate
    memory       of the same graph with other numbers
    """

    def __init__(self, explanation: Explanation, drawing: Drawing, memory: Memory) -> None:
        self._memory = memory
        self._steps = {step.node.variable: step for step in explanation.steps}
        self._passes, self._ids = explanation.passes, drawing.ids
        self._say, self._language = words(explanation.language, "graph_steps"), explanation.language
        self._output = self._passes.nodes[self._passes.graph.output].name

    def steps(self, nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Every step, in order.

        nodes   of the drawing, which say in which step each computes and hands back
        """
        at = {node["id"]: node for node in nodes}
        found = []
        for variable, step in self._steps.items():
            node = at[self._ids.nodes[variable]]
            found.append(self._forward(step, node["forward"]))
            if node["backward"] is not None:
                found.append(self._backward(step, node["backward"]))
        return sorted(found, key=lambda step: step["number"])

    def table(self) -> list[dict[str, Any]]:
        """A row for each value, in the order in which they are computed."""
        return [self._row(node) for node in self._passes.graph]

    # Steps

    def _forward(self, step: Step, number: int) -> dict[str, Any]:
        caption, terms = self._remembered(
            (number, "words"), lambda: (self._say("forward", name=step.node.name), self._terms(step))
        )
        formulas = [self._formula(step.forward, caption, terms, number)]
        edges = self._edges_out_of(step.node.variable)
        return self._common(step, number, "forward") | {"formulas": formulas, "sum": None, "edges": edges}

    def _backward(self, step: Step, number: int) -> dict[str, Any]:
        formulas = [
            self._formula(kept, self._say("kept"), self._terms(step), (number, "kept", place))
            for place, kept in enumerate(step.kept)
        ]
        edges = [self._ids.output] if step.node.variable is self._passes.graph.output else []
        for part in step.parts:
            key = number, part.edge.position
            caption, terms = self._remembered((key, "words"), partial(self._words_of, step, part))
            formulas.append(self._formula(part.equation, caption, terms, key))
            edges.append(self._id(part.edge))
        sums = [self._sum(equation, (number, "sum", place)) for place, equation in enumerate(step.sums)]
        whole = {"formulas": formulas, "sum": sums[0] if sums else None, "sums": sums, "edges": edges}
        return self._common(step, number, "backward") | whole

    def _words_of(self, step: Step, part: Part) -> tuple[str, Terms]:
        """The caption of a part, and which lines its names are about."""
        name, (place, count) = _source(part.edge).name, part.branch
        key = "branch" if count > 1 else "backward"
        own = self._both(name, self._id(part.edge), place if count > 1 else 0)
        return self._say(key, name=name, number=place, count=count), self._terms(step) | own

    def _common(self, step: Step, number: int, which: str) -> dict[str, Any]:
        known: dict[str, Any] = self._remembered(
            (number, "common"), lambda: self._new_common(step, number, which)
        )
        return known

    def _new_common(self, step: Step, number: int, which: str) -> dict[str, Any]:
        gate, name = _gate(step.node), _gate(step.node).title(self._language)
        return {
            "number": number,
            "pass": which,
            "node": self._ids.nodes[step.node.variable],
            "gate": gate.name,
            "gate_name": name,
            "name": step.node.name,
            "title": self._say("title", gate=name, statement=str(step.node)),
        }

    def _formula(self, equation: Equation, caption: str, terms: Terms, key: Any) -> dict[str, Any]:
        return {"caption": caption, "tree": tree_of(equation, self._language, terms, self._memory, key)}

    def _sum(self, equation: Equation, key: Any) -> dict[str, Any]:
        caption, terms = self._remembered((key, "words"), lambda: self._words_of_sum(equation))
        return self._formula(equation, caption, terms, key)

    def _words_of_sum(self, equation: Equation) -> tuple[str, Terms]:
        whole = equation.sides[0]
        assert isinstance(whole, Gradient)
        node = next(node for node in self._passes.graph if node.name == whole.wrt)
        uses = self._branches[node.variable]
        terms = self._both(node.name, " ".join((self._ids.nodes[node.variable], *uses.values())))
        for place, edge in uses.items():
            terms |= self._both(node.name, edge, place)
        return self._say("sum", name=node.name, count=len(uses)), terms

    def _remembered(self, key: Any, make: Callable[[], Any]) -> Any:
        found = self._memory.get(key)
        if found is None:
            found = self._memory[key] = make()
        return found

    # Which lines and circles a formula is about

    def _terms(self, step: Step) -> Terms:
        """Of the names around one gate: its inputs by their lines into it, its result by the lines out of it."""
        node = step.node
        out = " ".join((self._ids.nodes[node.variable], *self._edges_out_of(node.variable)))
        terms = self._both(node.name, " ".join(self._edges_out_of(node.variable)))
        terms[Name(node.name)] = out
        into: defaultdict[str, list[str]] = defaultdict(list)
        for edge in self._passes.edges_into[node.variable]:
            if edge.source is not None:
                into[edge.source.name].append(self._id(edge))
        for name, edges in into.items():
            terms[Name(name)] = " ".join(edges)
            terms[Gradient(node.name, name)] = " ".join((*edges, self._ids.nodes[node.variable]))
        return terms

    def _both(self, name: str, ids: str, branch: int = 0) -> Terms:
        """A gradient of the output, be it of a number or of an array."""
        return {Gradient(self._output, name, whole, branch=branch): ids for whole in (False, True)}

    def _id(self, edge: Edge) -> str:
        return self._ids.edges[edge.target.variable, edge.position]

    def _edges_out_of(self, variable: Variable) -> list[str]:
        edges = [self._id(edge) for edge in self._passes.edges_from.get(variable, ())]
        return edges + [self._ids.output] if variable is self._passes.graph.output else edges

    @cached_property
    def _branches(self) -> Mapping[Variable, dict[int, str]]:
        """For each value the lines on which its gradient comes back, by the order in which it does."""
        found: defaultdict[Variable, dict[int, str]] = defaultdict(dict)
        for step in self._steps.values():
            for part in step.parts:
                found[_source(part.edge).variable][part.branch[0]] = self._id(part.edge)
        return {variable: dict(sorted(edges.items())) for variable, edges in found.items()}

    # The table

    def _row(self, node: Node) -> dict[str, Any]:
        variable = node.variable
        value, gradient = self._passes.values[variable], self._passes.gradients.get(variable)
        step = self._steps.get(variable)
        return {
            "node": self._ids.nodes[variable],
            "name": node.name,
            "gate": _gate(node).title(self._language) if step else None,
            "inputs": list(node.arguments),
            "value": plain(value),
            "gradient": plain(gradient),
            "text_value": value_text(value, _DIGITS),
            "text_gradient": None if gradient is None else value_text(gradient, _DIGITS),
            "local": list(self._local(step)) if step else [],
        }

    def _local(self, step: Step) -> Iterator[dict[str, str]]:
        """The local derivative for each input as it is written and as a number; between arrays the rule."""
        slopes = () if step.node.variable.shape else handed_back(step.node.variable, 1.0)
        for part in step.parts:
            position = part.edge.position
            rule = part.equation.sides[1] if part.local is None else part.local
            written: str = self._remembered(
                (step.node.name, position, "local"), partial(text, rule, language=self._language)
            )
            if part.local is not None:
                slope = text_of_number(float(slopes[position]))
                written += f" = {slope}" if slope != written else ""
            yield {"to": _source(part.edge).name, "text": written}


def plain(value: Any) -> Any:
    """A number or nested lists as JSON has them: None for what is not finite, and for a large array as a whole.

    >>> plain(np.array([1.0, np.inf])), plain(2.5), plain(None)
    ([1.0, None], 2.5, None)
    """
    if value is None or np.size(value) > MOST_NUMBERS:
        return None
    if type(value) is float:
        return value if abs(value) < float("inf") else None
    array = np.asarray(value)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        numbers = array.astype(object)
        numbers[~np.isfinite(array)] = None
        return numbers.tolist()
    return array.tolist()


def _source(edge: Edge) -> Node:
    assert edge.source is not None
    return edge.source


def _gate(node: Node) -> Gate:
    assert node.variable.gate is not None
    return node.variable.gate
