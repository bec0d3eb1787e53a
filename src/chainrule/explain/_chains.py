"""Chains: the ways from an output back to an input, each a product of derivatives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod

from ..graph import Variable, handed_back
from ._backpropagation import Backpropagation

MOST = 8  # chains of an input that are written out


@dataclass(frozen=True, slots=True)
class Chain:
    """One way from the output back to an input.

    names    of the values on it, from the output to the input
    factors  the derivative of each of them for the next
    """

    names: tuple[str, ...]
    factors: tuple[float, ...]

    @property
    def product(self) -> float:
        return prod(self.factors)


class Chains:
    """The chains of a graph of single numbers.

    They lead through the values that somebody named; where nobody named any, through all of them. The derivative of a
    named value for the next holds all the ways between the two that pass no other named value, so that the products of
    all chains to an input add up to its gradient.

    source   Bauer, Computational Graphs and Rounding Error, SIAM Journal on Numerical Analysis 11 (1974)

    >>> from ._backpropagation import backpropagation
    >>> x = Variable(3.0, name="x")
    >>> [chain.factors for chain in Chains(backpropagation(x * x)).to(x)]
    [(6.0,)]
    """

    def __init__(self, passes: Backpropagation) -> None:
        self._passes = passes
        self._output = passes.graph.output
        inner = [v for v in passes.gradients if v.gate is not None and v is not self._output]
        named = [v for v in inner if v.name]
        self._stations = {self._output, *(named or inner), *(v for v in passes.gradients if v.gate is None)}

    def count(self, leaf: Variable) -> int:
        """How many chains lead to a leaf."""
        return self._counts[leaf]

    def to(self, leaf: Variable) -> tuple[Chain, ...]:
        """The chains to a leaf, in the order of the arguments; the largest ones where there are more than `MOST`."""
        if self.count(leaf) <= MOST:
            return tuple(self._ways(leaf, (), ()))
        return tuple(self._largest(leaf))

    @cached_property
    def _counts(self) -> Mapping[Variable, int]:
        counts = {self._output: 1}
        for node in reversed(list(self._passes.graph)):
            for before in self._derivatives.get(node.variable, ()):
                counts[before] = counts.get(before, 0) + counts.get(node.variable, 0)
        return defaultdict(int, counts)

    @cached_property
    def _derivatives(self) -> Mapping[Variable, Mapping[Variable, float]]:
        """For each station its derivative for each of the stations next before it."""
        return {v: self._before(v) for v in self._stations if v.gate is not None}

    @cached_property
    def _users(self) -> Mapping[Variable, list[Variable]]:
        """For each station the ones behind it, the latest first."""
        users: defaultdict[Variable, list[Variable]] = defaultdict(list)
        for station in sorted(self._derivatives, key=lambda v: -v.number):
            for before in self._derivatives[station]:
                users[before].append(station)
        return users

    def _before(self, station: Variable) -> dict[Variable, float]:
        """The backward pass from one station to the next ones, through all that is no station."""
        gradients: dict[Variable, float] = {station: 1.0}
        found: dict[Variable, float] = {}
        todo = {station}
        while todo:
            variable = max(todo, key=lambda v: v.number)
            todo.remove(variable)
            parts = handed_back(variable, gradients[variable])
            for source, part in zip(variable.inputs, parts, strict=True):
                if part is None:
                    continue
                into: dict[Variable, float] = found if source in self._stations else gradients
                into[source] = into.get(source, 0.0) + float(part)
                if source.gate is not None and source not in self._stations:
                    todo.add(source)
        return found

    def _ways(
        self, variable: Variable, names: tuple[str, ...], factors: tuple[float, ...]
    ) -> Iterator[Chain]:
        names = (self._passes.nodes[variable].name, *names)  # it is walked from the input
        if variable is self._output:
            yield Chain(names, factors)
            return
        for user in self._users[variable]:
            yield from self._ways(user, names, (self._derivatives[user][variable], *factors))

    def _largest(self, leaf: Variable) -> list[Chain]:
        """The chains of the largest products: a station needs no more than its own largest ones (a beam that loses
        nothing, since a longer product is larger when its beginning is)."""
        best: dict[Variable, list[tuple[float, tuple[Variable, ...]]]] = {
            self._output: [(1.0, (self._output,))]
        }
        for node in reversed(list(self._passes.graph)):
            for before, factor in self._derivatives.get(node.variable, {}).items():
                longer = [(abs(factor) * size, (*way, before)) for size, way in best.get(node.variable, ())]
                both = [*best.get(before, ()), *longer]
                best[before] = sorted(both, key=lambda item: -item[0])[:MOST]
        return [self._chain(way) for _, way in best[leaf]]

    def _chain(self, way: tuple[Variable, ...]) -> Chain:
        names = tuple(self._passes.nodes[v].name for v in way)
        factors = (self._derivatives[above][below] for above, below in zip(way, way[1:], strict=False))
        return Chain(names, tuple(factors))


def has_chains(passes: Backpropagation) -> bool:
    """Whether all values on the way are single numbers, so that a chain is a product of numbers."""
    return all(v.shape == () for v in passes.gradients)
