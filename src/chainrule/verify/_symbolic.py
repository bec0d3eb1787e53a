"""An array namespace of symbols: what a gate's own code makes of SymPy's expressions.

Arrays are NumPy's, with a `Number` in each place. A comparison must be answered, since the code goes on with True or
False; where the answer depends on the symbols, `Undecided` is raised, and the caller splits the space they live in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

_FUNCTIONS: Mapping[str, Callable[[Any], Any]] = {
    "exp": sympy.exp,
    "log": sympy.log,
    "log1p": lambda e: sympy.log(1 + e),
    "expm1": lambda e: sympy.exp(e) - 1,
    "sqrt": sympy.sqrt,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tanh": sympy.tanh,
    "erf": sympy.erf,
}


class Undecided(Exception):
    """The sign of an expression, or whether it is 0, depends on where the symbols are."""

    def __init__(self, expression: Any, *, is_zero: bool = False) -> None:
        self.expression, self.is_zero = expression, is_zero
        super().__init__(f"nothing tells whether {expression} is {'0' if is_zero else 'positive'}")


class Door:
    """The namespace: its own elementwise functions, NumPy's for all that only moves and joins."""

    def __init__(self, region: Region) -> None:
        self.region = region

    def __getattr__(self, name: str) -> Any:
        if name not in _FUNCTIONS:
            return getattr(np, name)
        function = _FUNCTIONS[name]
        return np.frompyfunc(lambda n: Number(function(exact(n)), self.region), 1, 1)

    def asarray(self, x: Any, dtype: Any = None) -> Any:
        """Symbols have no precision."""
        return x

    def isfinite(self, x: Any) -> Any:
        """Symbols stand for finite numbers."""
        return np.full(np.shape(x), True)

    def isnan(self, x: Any) -> Any:
        return np.full(np.shape(x), False)


class Number:
    """An expression that stands where a gate expects a number.

    region  answers its comparisons
    """

    __slots__ = ("expression", "region")

    def __init__(self, expression: Any, region: Region) -> None:
        self.expression, self.region = expression, region

    def __repr__(self) -> str:
        return str(self.expression)

    def _with(self, other: Any, operation: Callable[[Any, Any], Any]) -> Any:
        if not isinstance(other, Number | int | float | np.number):
            return NotImplemented  # an array comes back with each of its elements
        return Number(operation(self.expression, exact(other)), self.region)

    def __add__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a + b)

    def __sub__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a - b)

    def __mul__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a * b)

    def __truediv__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a / b)

    def __pow__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a**b)

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: b - a)

    def __rtruediv__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: b / a)

    def __rpow__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: b**a)

    def __neg__(self) -> Number:
        return Number(-self.expression, self.region)

    def __abs__(self) -> Number:
        return -self if self < 0 else self

    def _difference(self, other: Any) -> Any:
        return self.expression - exact(other)

    def __lt__(self, other: Any) -> bool:
        return self.region.sign(self._difference(other)) < 0

    def __le__(self, other: Any) -> bool:
        return self.region.sign(self._difference(other)) <= 0

    def __gt__(self, other: Any) -> bool:
        return self.region.sign(self._difference(other)) > 0

    def __ge__(self, other: Any) -> bool:
        return self.region.sign(self._difference(other)) >= 0

    def __eq__(self, other: object) -> bool:
        return self.region.is_zero(self._difference(other))

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # type: ignore[assignment]


def exact(value: Any) -> Any:
    """A number of a gate's code as SymPy's: 0.01 is 1/100, and 1.4142135623730951 is √2.

    A float is read as the root of a simple fraction, times π or divided by it, if there is one within its last digit.
    """
    if isinstance(value, Number):
        return value.expression
    if isinstance(value, int | np.integer) or math.isinf(value):
        return sympy.sympify(int(value)) if not math.isinf(value) else sympy.oo * int(math.copysign(1, value))
    value = float(value)
    fraction = Fraction(value).limit_denominator(10_000)
    if float(fraction) == value:
        return sympy.Rational(fraction.numerator, fraction.denominator)
    for power in (0, 1, -1):
        square = Fraction(value**2 / math.pi**power).limit_denominator(1000)
        if abs(math.sqrt(square * math.pi**power) - abs(value)) <= 2 * math.ulp(value):
            root = sympy.sqrt(sympy.Rational(square.numerator, square.denominator) * sympy.pi**power)
            return -root if value < 0 else root
    return sympy.Rational(*value.as_integer_ratio())


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the space the symbols live in, in which every comparison so far has one answer.

    conditions  the same for people: ``x < 0``
    where       how the symbols are made of ones that are positive: (x, −p) for x < 0
    edge        what symbols are replaced by before the gate runs: (x, 0) for x = 0, the border of two regions
    nonzero     expressions that are not 0 here
    """

    conditions: tuple[str, ...] = ()
    where: tuple[tuple[Any, Any], ...] = ()
    edge: tuple[tuple[Any, Any], ...] = ()
    nonzero: tuple[Any, ...] = ()

    def __str__(self) -> str:
        return ", ".join(self.conditions) or "everywhere"

    def at(self, expression: Any) -> Any:
        """An expression of the symbols, written in the positive ones."""
        for symbol, value in self.where:
            expression = expression.subs(symbol, value)
        return expression

    def on_edge(self, expression: Any) -> Any:
        for symbol, value in self.edge:
            expression = expression.subs(symbol, value)
        return expression

    def sign(self, expression: Any) -> int:
        value = self.at(expression)
        for form in (value, sympy.factor(value)):
            if form.is_zero:
                return 0
            if form.is_extended_positive or form.is_extended_negative:
                return 1 if form.is_extended_positive else -1
        raise Undecided(expression)

    def is_zero(self, expression: Any) -> bool:
        if self.at(expression).is_zero is False or expression in self.nonzero:
            return False
        try:
            return self.sign(expression) == 0
        except Undecided:
            raise Undecided(expression, is_zero=True) from None

    def without(self, expression: Any) -> Region:
        """The part where the expression is not 0, for want of a way to say where it is."""
        left, right = _sides(expression)
        conditions = (*self.conditions, f"{left} ≠ {right}")
        return replace(self, conditions=conditions, nonzero=(*self.nonzero, expression))

    def split(self, expression: Any) -> tuple[Region, Region, Region] | None:
        """Where the expression is negative, zero and positive; None if there is no simple way to say that."""
        value = self.at(expression)
        symbol = _to_split_by(value)
        if symbol is None:
            return None
        border = _zero(value, symbol)
        positive = sympy.Symbol(f"p{len(self.where)}", positive=True)
        # A positive symbol stays so on both sides of a positive border.
        under = border / (1 + positive) if symbol.is_positive else border - positive
        low, high = under, border + positive
        if value.diff(symbol) < 0:
            low, high = high, low
        given = symbol if symbol in expression.free_symbols else _to_split_by(expression)
        left, right = _sides(expression)
        return (
            self._part(f"{left} < {right}", symbol, low),
            replace(
                self._part(f"{left} = {right}", symbol, border),
                edge=(*self.edge, (given, _zero(expression, given))),
            ),
            self._part(f"{left} > {right}", symbol, high),
        )

    def _part(self, condition: str, symbol: Any, value: Any) -> Region:
        return replace(self, conditions=(*self.conditions, condition), where=(*self.where, (symbol, value)))


def _to_split_by(expression: Any) -> Any:
    """A symbol on which the sign of an expression depends in a simple way: a real one, or else a positive one."""
    linear = [s for s in expression.free_symbols if expression.diff(s).is_number]
    free = [s for s in linear if not s.is_positive or _zero(expression, s).is_positive]
    return min(free, key=lambda s: (bool(s.is_positive), str(s)), default=None)


def _zero(expression: Any, symbol: Any) -> Any:
    """Where an expression that is linear in a symbol is 0."""
    return symbol - expression / expression.diff(symbol)


def _sides(expression: Any) -> tuple[Any, Any]:
    """x − y as x and y, for a text that reads as a comparison."""
    terms = sympy.Add.make_args(expression)
    left = [t for t in terms if not t.could_extract_minus_sign()]
    right = [-t for t in terms if t.could_extract_minus_sign()]
    return sympy.Add(*left), sympy.Add(*right)
