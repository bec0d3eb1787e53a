"""Chains: the ways from an output back to an input, each a product of derivatives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush
from math import isnan, prod
from typing import NamedTuple

from ..graph import Variable, handed_back
from ._backpropagation import Backpropagation

MOST = 8  # chains of an input that are written out
LONGEST = 40  # derivatives of a chain that is written out


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


class _Way(NamedTuple):
    """A chain while it grows; many share their beginnings.

    before  the way to the value above, None at the output
    factor  the derivative of that value for this one
    """

    variable: Variable
    before: _Way | None = None
    factor: float = 1.0
    size: float = 1.0  # of the product, without its sign
    length: int = 0

    def onward(self, variable: Variable, factor: float) -> _Way:
        return _Way(variable, self, factor, self.size * abs(factor), self.length + 1)

    def backward(self) -> Iterator[_Way]:
        way: _Way | None = self
        while way is not None:
            yield way
            way = way.before


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
        return self._counts.get(leaf, 0)

    def to(self, leaf: Variable) -> tuple[Chain, ...]:
        """The chains to a leaf, as their branches come back.

        returns  the largest ones where there are more than `MOST`; none if one of these is longer than `LONGEST`
        """
        ways = self._ways.get(leaf, [])
        return () if any(way.length > LONGEST for way in ways) else tuple(map(self._chain, ways))

    @cached_property
    def _derivatives(self) -> Mapping[Variable, Mapping[Variable, float]]:
        """For each station its derivative for each of the stations next before it, the latest station first."""
        latest_first = sorted(self._stations, key=lambda v: -v.number)
        return {v: self._before(v) for v in latest_first if v.gate is not None}

    def _before(self, station: Variable) -> dict[Variable, float]:
        """The backward pass from one station to the next ones, through all that is no station."""
        gradients: dict[Variable, float] = {station: 1.0}
        found: dict[Variable, float] = {}
        todo = [(-station.number, station)]
        while todo:
            _, variable = heappop(todo)
            parts = handed_back(variable, gradients[variable])
            for source, part in zip(variable.inputs, parts, strict=True):
                if part is None:
                    continue
                is_inside = source not in self._stations
                if is_inside and source not in gradients:
                    heappush(todo, (-source.number, source))
                into = gradients if is_inside else found
                into[source] = into.get(source, 0.0) + float(part)
        return found

    @cached_property
    def _counts(self) -> Mapping[Variable, int]:
        counts: defaultdict[Variable, int] = defaultdict(int, {self._output: 1})
        for station, derivatives in self._derivatives.items():
            for before in derivatives:
                counts[before] += counts[station]
        return counts

    @cached_property
    def _ways(self) -> Mapping[Variable, list[_Way]]:
        """For each station the ways to it, the largest `MOST` of them. It needs no more of those to the stations above,
        since of two products that grow by one factor the larger one stays the larger."""
        ways: defaultdict[Variable, list[_Way]] = defaultdict(list, {self._output: [_Way(self._output)]})
        for station, derivatives in self._derivatives.items():
            for before, factor in derivatives.items():
                found = [*ways[before], *(way.onward(before, factor) for way in ways[station])]
                ways[before] = found if len(found) <= MOST else sorted(found, key=_largest_first)[:MOST]
        return ways

    def _chain(self, way: _Way) -> Chain:
        ways = [*way.backward()][::-1]
        names = tuple(self._passes.nodes[w.variable].name for w in ways)
        return Chain(names, tuple(w.factor for w in ways[1:]))


def _largest_first(way: _Way) -> float:
    """Of no number at all one wants to know first."""
    return -float("inf") if isnan(way.size) else -way.size


def has_chains(passes: Backpropagation) -> bool:
    """Whether all values on the way are single numbers, so that a chain is a product of numbers."""
    return all(v.shape == () for v in passes.gradients)
