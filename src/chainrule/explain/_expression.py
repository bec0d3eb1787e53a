"""What a formula is: a small tree that says what is computed from what, before anybody decides how it is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, TypeAlias

Expression: TypeAlias = "Name | Gradient | Number | Array | Operation | Equation"


@dataclass(frozen=True, slots=True)
class Name:
    """A value by its name: x, W1, multiply1, 총액.

    shape  written behind the name if it is given; two names with one text are the same value
    """

    text: str
    shape: tuple[int, ...] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Gradient:
    """The derivative of one value with respect to another.

    whole   written as that of a whole array, dW1; otherwise ∂L/∂x
    shape   written behind it if it is given
    branch  which of the parts that add up to it, counted from 1 as they come back; 0 for the whole of it
    """

    of: str
    wrt: str
    whole: bool = False
    shape: tuple[int, ...] | None = field(default=None, compare=False)
    branch: int = 0


@dataclass(frozen=True, slots=True)
class Number:
    """A number, True and False among them.

    of  what it is the value of, where that is known; the same number of something else is the same number
    """

    value: float
    of: Name | Gradient | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Array:
    """A small array, shown in full.

    rows  numbers in nested tuples
    of    what it is the value of, where that is known
    """

    rows: tuple[Any, ...]
    of: Name | Gradient | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Operation:
    """A primitive operation on expressions.

    op        the name of a primitive (those of the engines: add, exp, where, sum, matmul, …), or of a gate that is
              written as a call; "of" is a function of a name and what it is applied to: f(x)
    settings  axis, shape and so on, by name
    """

    op: str
    args: tuple[Expression, ...]
    settings: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Equation:
    """Several ways to write one value: a = b = c.

    exact    False if the last side is rounded: a = b ≈ c
    symbols  how many of the first sides are the same whatever the numbers are, if that is known
    """

    sides: tuple[Expression, ...]
    exact: bool = True
    symbols: int = field(default=0, compare=False, repr=False)


def product(factors: Iterable[Expression]) -> Expression:
    """All of them multiplied in this order, as they are: a factor of 1 stays to be seen.

    >>> product([Name("x"), Number(2)])
    Operation(op='multiply', args=(Name(text='x', shape=None), Number(value=2)), settings=())
    """
    return _joined("multiply", factors, empty=1)


def total(terms: Iterable[Expression]) -> Expression:
    """All of them added in this order.

    >>> total([Name("x")])
    Name(text='x', shape=None)
    """
    return _joined("add", terms, empty=0)


def _joined(op: str, parts: Iterable[Expression], empty: int) -> Expression:
    first, *rest = [*parts] or [Number(empty)]
    return reduce(lambda left, right: Operation(op, (left, right)), rest, first)


def substituted(expression: Expression, by: Mapping[Any, Expression]) -> Expression:
    """The same expression with names and gradients replaced; their shapes do not matter for which are the same.

    by  for each `Name` or `Gradient` what stands in its place

    >>> substituted(product([Name("x"), Name("m")]), {Name("x"): Number(100.0)})
    Operation(op='multiply', args=(Number(value=100.0), Name(text='m', shape=None)), settings=())
    """
    match expression:
        case Name() | Gradient():
            return by.get(expression, expression)
        case Operation(op, args, settings):
            return Operation(op, tuple(substituted(a, by) for a in args), settings)
        case Equation(sides, exact):
            return Equation(tuple(substituted(side, by) for side in sides), exact)
        case _:
            return expression
