"""The two passes gate by gate: each gate's formula and rules as it runs them, with the numbers that went through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from ..graph import Node, Variable
from ._backpropagation import Backpropagation, Edge
from ._expression import (
    Array,
    Equation,
    Expression,
    Gradient,
    Name,
    Number,
    Operation,
    product,
    substituted,
    total,
)
from ._symbols import forward_formula, local_derivative, rule_formula, settled
from .notation import text

MOST_ELEMENTS = 12  # of an array that is shown in full

# What sets values beside each other.
_ASKING = frozenset(
    "where sign equal not_equal less less_equal greater greater_equal maximum minimum".split()
)


class Summary(NamedTuple):
    """A large array in four numbers: its Euclidean norm, its extremes, and its share of zeros."""

    norm: float
    smallest: float
    largest: float
    zeros: float


@dataclass(frozen=True, slots=True)
class Part:
    """What a gate hands back to one of its inputs.

    edge      from the input into the gate
    equation  the rule in symbols and in numbers
    local     the derivative of the gate's result for that input; None between arrays, where it is no single number
    value     the gradient that it hands back
    branch    which use of the input this is, of how many: (1, 1) if it is used once
    """

    edge: Edge
    equation: Equation
    local: Expression | None
    value: Any
    branch: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Step:
    """One gate, on the way there and on the way back.

    node     the result of the gate
    forward  what it computed
    kept     what it computed on its way, by the names that its rules use
    dout     the upstream gradient, None if none came
    parts    what it handed back, in the order of its inputs
    sums     for each input of which all branches are back by now, if there are several: the branches added up
    """

    node: Node
    forward: Equation
    kept: tuple[Equation, ...]
    dout: Any
    parts: tuple[Part, ...]
    sums: tuple[Equation, ...]


def summary_of(array: Any) -> Summary:
    """An array in four numbers.

    >>> summary_of(np.array([3.0, 0.0, -4.0, 0.0]))
    Summary(norm=5.0, smallest=-4.0, largest=3.0, zeros=0.5)
    """
    values = np.asarray(array, dtype=float)
    if values.size == 0:
        return Summary(0.0, 0.0, 0.0, 0.0)
    zeros = float(np.mean(values == 0))
    return Summary(norm_of(values), float(values.min()), float(values.max()), zeros)


def norm_of(array: Any) -> float:
    """The Euclidean norm of all elements; squares of large ones do not overflow.

    >>> norm_of(np.array([3.0, -4.0]) * 2.0**800) == 5 * 2.0**800
    True
    """
    sizes = np.abs(np.ravel(array))
    largest = float(np.max(sizes, initial=0.0))
    return largest * float(np.linalg.norm(sizes / largest)) if 0 < largest < np.inf else largest


def steps_of(passes: Backpropagation) -> tuple[Step, ...]:
    """Every gate of a graph, in the order of the forward pass."""
    writer = _Writer(passes)
    return tuple(writer.step(node) for node in passes.graph if node.variable.gate is not None)


def shown(value: Any, of: Name | Gradient | None = None) -> Number | Array | None:
    """A number or a small array as it is written, None for a large one.

    of  what it is the value of
    """
    if np.ndim(value) == 0:
        return Number(value.item() if isinstance(value, np.generic | np.ndarray) else value, of)
    if 0 < np.size(value) <= MOST_ELEMENTS and np.ndim(value) <= 2:
        return Array(_tuples(np.asarray(value).tolist()), of)
    return None


def is_exact(value: Any) -> bool:
    """Whether the digits that are written are all there are, but for rounding in the last bits.

    >>> is_exact(2.2000000000000002), is_exact(1 / 3)
    (True, False)
    """
    if np.ndim(value):
        return (
            all(is_exact(v) for v in np.ravel(value).tolist()) if np.size(value) <= MOST_ELEMENTS else False
        )
    if isinstance(value, bool | np.bool_) or not np.isfinite(value):
        return True
    written = float(f"{float(value):.6g}")
    return bool(abs(written - value) <= 1e-12 * abs(value))


def may_have_kink(expression: Expression) -> bool:
    """Whether a rule asks which of two numbers is larger; one that does not is smooth."""
    match expression:
        case Operation(op, args):
            return op in _ASKING or any(map(may_have_kink, args))
        case Equation(sides):
            return any(map(may_have_kink, sides))
        case _:
            return False


def _tuples(rows: Any) -> Any:
    return tuple(map(_tuples, rows)) if isinstance(rows, list) else rows


class _Writer:
    """Writes equations about the gates of one graph."""

    def __init__(self, passes: Backpropagation) -> None:
        self._passes = passes
        self._output = passes.nodes[passes.graph.output].name
        self._behind = {  # the branches of a value, in the order in which they come back
            variable: [edge for edge in sorted(edges, key=_when_back) if passes.part(edge) is not None]
            for variable, edges in passes.edges_from.items()
        }
        self._branches = {
            (use.target.variable, use.position): (number_of, len(uses))
            for uses in self._behind.values()
            for number_of, use in enumerate(uses, 1)
        }

    def step(self, node: Node) -> Step:
        numbers = self._numbers(node)
        edges = self._passes.edges_into[node.variable]
        parts = tuple(self._part(edge, numbers) for edge in edges if self._passes.part(edge) is not None)
        return Step(
            node,
            self._forward(node, numbers),
            tuple(self._kept(node)),
            self._passes.gradients.get(node.variable),
            parts,
            tuple(self._sums(parts)),
        )

    def _kept(self, node: Node) -> Iterator[Equation]:
        gate, edges = node.variable.gate, self._passes.edges_into[node.variable]
        assert gate is not None
        for (name, by), value in zip(gate.keeps.items(), node.variable.kept, strict=True):
            given = [self._name(edge) for edge in edges[: len(by.inputs)]]
            written = shown(value)
            sides = [Name(name), Operation(by.name, tuple(given)), *([] if written is None else [written])]
            yield Equation(tuple(sides), written is None or is_exact(value), symbols=2)

    def _forward(self, node: Node, numbers: _Numbers | None) -> Equation:
        variable = node.variable
        assert variable.gate is not None
        formula = forward_formula(variable.gate, self._names(node), variable._values, variable.settings)
        return _with_numbers([self._whole(node), formula], formula, numbers, variable._value)

    def _part(self, edge: Edge, numbers: _Numbers | None) -> Part:
        """∂L/∂x = ∂L/∂z · ∂z/∂x = …, or for arrays dX = dY · Wᵀ."""
        assert edge.source is not None
        node, variable = edge.target, edge.target.variable
        gate, value = variable.gate, self._passes.part(edge)
        assert gate is not None
        names, out = self._names(node), self._whole(node)
        branch = self._branches[variable, edge.position]
        number_of = branch[0] if branch[1] > 1 else 0
        if _is_scalar(variable):
            above, local = Gradient(self._output, node.name), Gradient(node.name, edge.source.name)
            found = local_derivative(
                gate, edge.position, names, out, variable._values, variable._value, variable.settings
            )
            formula = product([above, found])
            sides: list[Expression] = [
                Gradient(self._output, edge.source.name, branch=number_of),
                product([above, local]),
                formula,
            ]
            if variable is self._passes.graph.output:
                del sides[1]  # ∂L/∂L · ∂L/∂x says no more than ∂L/∂x
        else:
            found = None
            above = self._gradient(node)
            formula = rule_formula(
                gate, edge.position, above, names, out, variable._values, variable._value, variable.kept,
                variable.settings,
            )  # fmt: skip
            sides = [self._gradient(edge.source, number_of), formula]
        equation = _with_numbers(sides, formula, numbers, value)
        return Part(edge, equation, found, value, branch)

    def _sums(self, parts: tuple[Part, ...]) -> Iterator[Equation]:
        for part in parts:
            assert part.edge.source is not None
            number_of, count = part.branch
            if count > 1 and number_of == count:
                source = part.edge.source
                value = self._passes.gradients[source.variable]
                whole = Gradient(self._output, source.name, bool(np.ndim(value)))
                result = shown(value, whole)
                if result is None:
                    continue
                uses = enumerate(self._behind[source.variable], 1)
                terms = [shown(self._passes.part(use), replace(whole, branch=place)) for place, use in uses]
                addends = [term for term in terms if term is not None]
                sides: list[Expression] = [whole]
                if count <= MOST_ELEMENTS:
                    sides.append(total(addends))
                yield Equation((*sides, result), is_exact(value), symbols=1)

    def _numbers(self, node: Node) -> _Numbers | None:
        """What stands for each name in the equations of one gate; None if these are too many numbers to be read."""
        edges = self._passes.edges_into[node.variable]
        values: dict[Expression, Any] = {self._name(edge): edge.value for edge in edges}
        values[self._whole(node)] = node.variable._value
        dout = self._passes.gradients.get(node.variable)
        if dout is not None:
            values[self._gradient(node)] = dout
        if sum(map(np.size, values.values())) > MOST_ELEMENTS:
            return None
        written = {name: shown(value, _as_of(name)) for name, value in values.items()}
        return _Numbers(values, {name: w for name, w in written.items() if w is not None})

    def _names(self, node: Node) -> list[Expression]:
        return [self._name(edge) for edge in self._passes.edges_into[node.variable]]

    def _name(self, edge: Edge) -> Expression:
        """An input by its name, a constant as it is written."""
        if edge.source is not None:
            return self._whole(edge.source)
        if np.ndim(edge.value) == 0:
            return shown(edge.value) or Name(edge.target.arguments[edge.position])
        return Name(edge.target.arguments[edge.position])

    def _whole(self, node: Node) -> Name:
        return Name(node.name, node.variable.shape or None)

    def _gradient(self, node: Node, branch: int = 0) -> Gradient:
        shape = node.variable.shape
        return Gradient(self._output, node.name, bool(shape), shape or None, branch)


def _with_numbers(
    sides: list[Expression], formula: Expression, numbers: _Numbers | None, value: Any
) -> Equation:
    """The sides, then the formula with numbers in the places of names, then the result."""
    result = shown(value, _as_of(sides[0]))
    symbols = len(sides)
    if result is None:
        return Equation(tuple(sides), symbols=symbols)
    if numbers is not None:
        sides = [*sides, substituted(settled(formula, numbers.values), numbers.written)]
    if not _is_written_as(sides[-1], result):
        sides = [*sides, result]
    return Equation(tuple(sides), is_exact(value), symbols)


def _is_written_as(last: Expression, result: Number | Array) -> bool:
    """Whether a side says the result already; −3 is written as the negation of 3 is."""
    return last == result or (
        isinstance(last, Operation) and last.op == "negative" and text(last) == text(result)
    )


def _as_of(expression: Expression) -> Name | Gradient | None:
    return expression if isinstance(expression, Name | Gradient) else None


class _Numbers(NamedTuple):
    """What stands for each name: as values, and as they are written."""

    values: dict[Expression, Any]
    written: dict[Expression, Expression]


def _when_back(edge: Edge) -> tuple[int, int]:
    return -edge.target.variable.number, edge.position


def _is_scalar(variable: Variable) -> bool:
    """Whether a gate made one number out of numbers, so that a local derivative is a number too."""
    gate = variable.gate
    return (
        gate is not None and gate.kind == "elementwise" and all(np.shape(v) == () for v in variable._values)
    )
