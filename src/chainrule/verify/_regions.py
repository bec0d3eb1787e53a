"""Running a gate on symbols, region by region, and comparing its rules with derivatives of its forward."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import sympy

from ..gates import Gate, formula_value
from ._setups import Setup, Symbols
from ._symbolic import Door, Number, Region, Undecided, exact

_MOST_CONDITIONS = 8  # of one region

Values = Mapping[str, Any]  # an expression for each element of an input: x, or x[0]


@dataclass(frozen=True, slots=True)
class Piece:
    """What a gate does in one region.

    derivatives  of dout · forward, by SymPy
    rules        the same by the gate's rules
    slopes       on the border of two regions, the derivatives on its two sides
    off_formula  forward minus the textbook formula
    """

    region: Region
    derivatives: Values
    rules: Values
    off_formula: Sequence[Any] = ()
    slopes: tuple[Sequence[Values], Sequence[Values]] | None = None

    def between(self, low: Sequence[Piece], high: Sequence[Piece]) -> Piece:
        """The piece as the border of the regions on its two sides."""
        return replace(self, slopes=(self._beside(low), self._beside(high)))

    def _beside(self, side: Sequence[Piece]) -> list[Values]:
        """The derivatives of a side, on this border."""
        return [
            {name: self.region.on_edge(value) for name, value in piece.derivatives.items()}
            for piece in side
            if piece.slopes is None
        ]

    def proved(self, name: str) -> bool:
        """Whether the rule of one element is right."""
        rule = self.rules[name]
        if self.slopes is None:
            return self.is_zero(self.derivatives[name] - rule)
        low, high = self._slopes_of(name)
        means = [(a + b) / 2 for a, b in product(low, high)]
        return any(self.is_zero(slope - rule) for slope in (*low, *high, *means))

    def _slopes_of(self, name: str) -> list[list[Any]]:
        assert self.slopes is not None
        return [[values[name] for values in side] for side in self.slopes]

    def derivative(self, name: str) -> str:
        """What the rule was compared with."""
        if self.slopes is None:
            return _text(self.derivatives[name])
        texts: list[str] = []
        for side in self._slopes_of(name):
            texts += sorted(set(map(_text, side)))
        return " and ".join(texts)

    def formula_holds(self) -> bool:
        return all(map(self.is_zero, self.off_formula))

    def is_zero(self, expression: Any) -> bool:
        """Whether an expression is 0 wherever the symbols are in this region."""
        expression = self.region.at(expression)
        if _is_not_zero_somewhere(expression):
            return False
        numerator = sympy.numer(sympy.together(expression))
        if sympy.expand(numerator) == 0:  # fast, and mostly enough
            return True
        simple = sympy.simplify(expression)
        if simple == 0:
            return True
        return bool(sympy.simplify(sympy.exp(simple)) == 1)  # sees through logarithms


def _is_not_zero_somewhere(expression: Any) -> bool:
    """A number that is not 0 spares a long search for a proof that there cannot be."""
    symbols = sorted(expression.free_symbols, key=str)
    somewhere = {symbol: sympy.Rational(3 + 2 * i, 7) for i, symbol in enumerate(symbols)}
    value = sympy.N(expression.subs(somewhere))
    return bool(value.is_number and abs(value) > 1e-9)


def _text(expression: Any) -> str:
    return min(str(expression), str(sympy.factor(expression)), key=len)


def pieces_of(gate: Gate, setup: Setup) -> list[Piece]:
    """What the gate does, in as many pieces as its own comparisons cut the space into.

    raises   Undecided where a comparison cannot be answered and the space cannot be split by it
    """
    return _explore(lambda region: _piece(gate, setup, region), Region())


def _explore(run: Callable[[Region], Piece], region: Region) -> list[Piece]:
    try:
        return [run(region)]
    except Undecided as question:
        parts = region.split(question.expression)
        if len(region.conditions) == _MOST_CONDITIONS or (parts is None and not question.is_zero):
            raise
        if parts is None:
            return _explore(run, region.without(question.expression))
    below, border, above = parts
    low, high = _explore(run, below), _explore(run, above)
    return [*low, *(piece.between(low, high) for piece in _explore(run, border)), *high]


def _piece(gate: Gate, setup: Setup, region: Region) -> Piece:
    """Run forward, formula and rules in one region."""
    xp = Door(region)
    given = dict(zip(gate.inputs, setup.inputs, strict=True))
    inputs = _values(given, region)
    settings = _values(setup.settings, region)
    result = gate.forward(xp, *inputs.values(), **settings)
    out, kept = (result[0], tuple(result[1:])) if gate.keeps else (result, ())
    shapes = tuple(map(np.shape, inputs.values()))
    dout = _symbols("dout", np.shape(out), region, nonzero=True)
    environment = gate.environment(xp, dout, out, tuple(inputs.values()), shapes, kept, settings)

    derivatives, rules = {}, {}
    for name, rule in gate.rules.items():
        value = given[name]
        if isinstance(value, Symbols):
            symbols = _symbols(name, value.shape, Region(), positive=value.positive)
            gradient = np.broadcast_to(np.asarray(rule(environment), dtype=object), value.shape)
            for index in np.ndindex(value.shape):
                symbol = _expression(symbols, index)
                derivatives[_element(name, index)] = _derivative(out, dout, symbol)
                rules[_element(name, index)] = _expression(gradient, index)

    off: Any = 0
    if gate.formula and setup.formula:
        rows = math.prod(shapes[0][:-1])
        off = out - formula_value(gate.formula, xp, {**inputs, **settings, "rows": rows})
    return Piece(region, derivatives, rules, _expressions(off))


def _values(given: Mapping[str, Any], region: Region) -> dict[str, Any]:
    """Symbols as the gate gets them, on a border already replaced; constants as they are."""
    values = dict(given)
    for name, value in given.items():
        if isinstance(value, Symbols):
            values[name] = _symbols(name, value.shape, region, positive=value.positive)
    return values


def _symbols(name: str, shape: tuple[int, ...], region: Region, **assumptions: bool) -> Any:
    assumed = {key: True for key, holds in assumptions.items() if holds}
    array = np.empty(shape, dtype=object)
    for index in np.ndindex(shape):
        symbol = sympy.Symbol(_element(name, index), real=True, **assumed)
        array[index] = Number(region.on_edge(symbol), region)
    return array if shape else array.item()


def _element(name: str, index: tuple[int, ...]) -> str:
    """``x`` for a number, ``x[0, 1]`` for an element of an array."""
    return f"{name}{list(index)}" if index else name


def _expression(values: Any, index: tuple[int, ...]) -> Any:
    array = np.asarray(values, dtype=object)
    return exact(array[index] if index else array.item())


def _expressions(values: Any) -> list[Any]:
    return [_expression(values, index) for index in np.ndindex(np.shape(values))]


def _derivative(out: Any, dout: Any, symbol: Any) -> Any:
    """Of dout · out, summed over all its elements."""
    total = sympy.Integer(0)
    for weight, result in zip(_expressions(dout), _expressions(out), strict=True):
        total += weight * sympy.diff(result, symbol)
    return total
