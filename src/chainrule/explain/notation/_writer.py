"""What all notations share: the order of operations, and so the brackets that a formula needs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum
from typing import Any

from ...words import words
from .._expression import Array, Equation, Expression, Gradient, Name, Number, Operation


class Level(IntEnum):
    """How tightly the parts of a formula hold together; what holds less tightly than it must gets brackets."""

    SIDES, LOGIC, COMPARISON, SUM, PRODUCT, FACTOR, POWER, ATOM = range(8)


# For each sign between two values: itself, how tightly the result holds, and what its left and right side must.
_BETWEEN: Mapping[str, tuple[str, Level, Level, Level]] = {
    "add": ("+", Level.SUM, Level.SUM, Level.PRODUCT),
    "subtract": ("−", Level.SUM, Level.SUM, Level.PRODUCT),
    "multiply": ("·", Level.PRODUCT, Level.PRODUCT, Level.FACTOR),
    "matmul": ("·", Level.PRODUCT, Level.PRODUCT, Level.FACTOR),
    "equal": ("=", Level.COMPARISON, Level.SUM, Level.SUM),
    "not_equal": ("≠", Level.COMPARISON, Level.SUM, Level.SUM),
    "less": ("<", Level.COMPARISON, Level.SUM, Level.SUM),
    "less_equal": ("≤", Level.COMPARISON, Level.SUM, Level.SUM),
    "greater": (">", Level.COMPARISON, Level.SUM, Level.SUM),
    "greater_equal": ("≥", Level.COMPARISON, Level.SUM, Level.SUM),
    "logical_and": ("∧", Level.LOGIC, Level.COMPARISON, Level.COMPARISON),
    "logical_or": ("∨", Level.LOGIC, Level.COMPARISON, Level.COMPARISON),
}
_CHAINED = frozenset(("add", "multiply", "matmul", "logical_and", "logical_or"))  # (a + b) + c = a + (b + c)
_PRODUCTS = frozenset(("multiply", "matmul"))
FUNCTIONS: Mapping[str, str] = {"maximum": "max", "minimum": "min", "sum": "Σ", "logical_not": "¬"}
"""What a function is called where that is not the name of the operation."""


class Writer(ABC):
    """Writes expressions; a notation says how each kind of part looks.

    stacked  fractions and roots are drawn over and around what they hold, which then needs no brackets
    minus    what a negative part starts with
    breaks   what stands before the first sign of an equation that may break, and before the others
    """

    stacked: bool
    minus: str
    breaks = ("", "")

    def __init__(self, expression: Expression, language: str, *, breakable: bool = False) -> None:
        self._expression = expression
        self._breakable = breakable and isinstance(expression, Equation) and self.is_broken(expression)
        self._say = words(language, "notation")
        # Between arrays the dot is the matrix product's; element by element it is ×.
        self._times = "×" if _is_about_arrays(expression) else "·"

    def is_broken(self, equation: Equation) -> bool:
        """Whether an equation that may break does; what has two sides stays together."""
        return len(equation.sides) > 2

    @property
    def written(self) -> str:
        return self.piece(self._expression)

    def piece(self, e: Expression) -> str:
        match e:
            case Name(text, shape):
                return self.name(text) + self._shape(shape)
            case Gradient(shape=shape):
                return self.gradient(e) + self._shape(shape)
            case Number(value):
                return self.number(value)
            case Array(rows):
                return self.array(rows)
            case Equation(sides, exact):
                *firsts, last = sides
                signs = ["=" if exact or i < len(firsts) else "≈" for i in range(1, len(sides))]
                written = [self._operand(side, Level.SUM, first=True) for side in firsts]
                chosen = isinstance(last, Operation) and last.op == "where"
                written.append(self.piece(last) if chosen else self._operand(last, Level.SUM, first=True))
                return self._equation(written, signs)
        return self._operation(e)

    def _equation(self, sides: list[str], signs: list[str]) -> str:
        at_first, at_others = self.breaks if self._breakable else ("", "")
        marks = [at_first] + [at_others] * len(signs)
        others = zip(marks, map(self.sign, signs), sides[1:], strict=False)
        return sides[0] + "".join(mark + sign + side for mark, sign, side in others)

    def _operation(self, e: Operation) -> str:
        match e.op, e.args:
            case op, (left, right) if op in _BETWEEN:
                return self._between(op, left, right)
            case "divide", (above, below):
                return self._divided(above, below)
            case "power", (base, exponent):
                return self._power(base, exponent)
            case "negative", (x,):
                return self.minus + self._operand(x, Level.PRODUCT)
            case "transpose", (x,) if _swaps_last_two(dict(e.settings)["axes"]):
                return self._transposed(x)
            case "absolute", (x,):
                return self.absolute(self.piece(x))
            case "sqrt", (x,):
                return self.root(self.piece(x) if self.stacked else self._operand(x, Level.ATOM))
            case "where", _:
                return self.cases(*self._choices(e))
            case "slice", (x,):
                return self._operand(x, Level.ATOM) + self.index(dict(e.settings)["index"])
            case "of", (function, argument):
                return self.piece(function) + self.brackets(self.piece(argument))
            case "arange", _:
                return self.range(dict(e.settings)["stop"])
        return self.call(e)

    # Each of these is one notation's own -------------------------------------------------------------

    @abstractmethod
    def name(self, text: str) -> str: ...

    @abstractmethod
    def gradient(self, e: Gradient) -> str: ...

    @abstractmethod
    def number(self, value: Any) -> str: ...

    @abstractmethod
    def array(self, rows: tuple[Any, ...]) -> str: ...

    @abstractmethod
    def sign(self, sign: str) -> str:
        """A sign between two parts, with the space around it."""

    def is_negative(self, written: str) -> bool:
        """Whether a written part starts with a minus."""
        return written.startswith(self.minus)

    @abstractmethod
    def brackets(self, inside: str) -> str: ...

    @abstractmethod
    def fraction(self, above: str, below: str) -> str: ...

    @abstractmethod
    def power(self, base: str, exponent: str) -> str: ...

    @abstractmethod
    def transposed(self, x: str) -> str: ...

    @abstractmethod
    def absolute(self, x: str) -> str: ...

    @abstractmethod
    def root(self, x: str) -> str: ...

    @abstractmethod
    def cases(self, choices: list[tuple[str, str]], otherwise: str) -> str:
        """Values with their conditions, and the value for the rest."""

    @abstractmethod
    def call(self, e: Operation) -> str: ...

    @abstractmethod
    def index(self, index: tuple[Any, ...]) -> str: ...

    @abstractmethod
    def range(self, stop: Any) -> str: ...

    @abstractmethod
    def shape(self, shape: tuple[int, ...]) -> str: ...

    # Which brackets are needed ------------------------------------------------------------------------

    def _level(self, e: Expression) -> Level:
        match e:
            case Name(shape=shape):
                return Level.FACTOR if shape is not None else Level.ATOM
            case Gradient(whole=whole, shape=shape):
                return Level.ATOM if whole and shape is None else Level.FACTOR
            case Number():
                written = self.number(e.value)
                minus, ten = written.startswith(self.minus), "10" in written and "×" in written
                return Level.PRODUCT if minus else Level.FACTOR if ten else Level.ATOM
            case Array():
                return Level.ATOM
            case Equation():
                return Level.SIDES
        return self._level_of_operation(e)

    def _level_of_operation(self, e: Operation) -> Level:
        match e.op:
            case op if op in _BETWEEN:
                return _BETWEEN[op][1]
            case "negative":
                return Level.PRODUCT
            case "divide":
                return Level.FACTOR if self.stacked else Level.PRODUCT
            case "where":
                return Level.SIDES if self.stacked else Level.ATOM
            case "transpose":
                return self._level(e.args[0]) if self._has_shape(e.args[0]) else Level.POWER
            case "power" | "sqrt" | "arange":
                return Level.POWER
            case "exp":
                return Level.POWER if self.stacked else Level.ATOM
        return Level.ATOM

    def _operand(self, e: Expression, least: Level, *, first: bool = False) -> str:
        """A part, in brackets if it holds less tightly than it must, or starts with a minus and is not the first."""
        written = self.piece(e)
        loose = self._level(e) < least or (not first and self.is_negative(written))
        return self.brackets(written) if loose else written

    def _between(self, op: str, left: Expression, right: Expression) -> str:
        sign, level, on_left, on_right = _BETWEEN[op]
        if op in _CHAINED and isinstance(right, Operation) and right.op == op:
            on_right = level
        if op in _PRODUCTS and isinstance(left, Operation) and left.op in _PRODUCTS - {op}:
            on_left = Level.FACTOR
        if op == "multiply":
            sign = self._times
        on_its_own = level <= Level.COMPARISON  # a minus behind such a sign cannot be mistaken
        parts = [self._operand(left, on_left, first=True), self._operand(right, on_right, first=on_its_own)]
        return self._joined(parts, [sign])

    def _joined(self, parts: list[str], signs: Iterable[str]) -> str:
        return parts[0] + "".join(self.sign(s) + part for s, part in zip(signs, parts[1:], strict=True))

    def _divided(self, above: Expression, below: Expression) -> str:
        if self.stacked:
            return self.fraction(self.piece(above), self.piece(below))
        return self.fraction(
            self._operand(above, Level.PRODUCT, first=True), self._operand(below, Level.POWER)
        )

    def _power(self, base: Expression, exponent: Expression) -> str:
        above = self.piece(exponent) if self.stacked else self._operand(exponent, Level.ATOM)
        if not self.stacked and isinstance(exponent, Number):
            above = self.number(exponent.value)
        return self.power(self._operand(base, Level.ATOM), above)

    def _transposed(self, x: Expression) -> str:
        if isinstance(x, Name | Gradient) and x.shape is not None:
            plain = Name(x.text) if isinstance(x, Name) else Gradient(x.of, x.wrt, x.whole)
            turned = (*x.shape[:-2], x.shape[-1], x.shape[-2])
            return self._transposed(plain) + self._shape(turned)
        return self.transposed(self._operand(x, Level.ATOM))

    def _choices(self, e: Expression) -> tuple[list[tuple[str, str]], str]:
        """a if b, c if d, and e otherwise, of choices within choices."""
        choices = []
        while isinstance(e, Operation) and e.op == "where":
            condition, value, e = e.args
            choices.append((self._operand(value, Level.SUM, first=True), self.piece(condition)))
        return choices, self._operand(e, Level.SUM, first=True)

    def _shape(self, shape: tuple[int, ...] | None) -> str:
        return "" if shape is None else self.shape(shape)

    def _has_shape(self, e: Expression) -> bool:
        return isinstance(e, Name | Gradient) and e.shape is not None


def shown_settings(e: Operation) -> list[str]:
    """The settings that a call shows; whether reduced axes are kept concerns only who indexes the result."""
    shown = []
    for key, value in e.settings:
        if key == "shape":
            shown.append(shape_text(value))
        elif key == "index":
            shown.append(f"index=[{index_text(value)}]")
        elif value is not None and key not in ("keepdims", "classes"):
            shown.append(f"{key}={value}")
    return shown


def shape_text(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def index_text(index: tuple[Any, ...]) -> str:
    """Places and spans, as between [ and ]."""
    return ", ".join(_span_text(*part) if isinstance(part, tuple) else str(part) for part in index)


def _span_text(start: int | None, stop: int | None, step: int | None) -> str:
    ends = ["" if end is None else str(end) for end in (start, stop, step)]
    return ":".join(ends if step is not None else ends[:2])


def rows_of(
    rows: tuple[Any, ...], row: Callable[[tuple[Any, ...]], str], number: Callable[[Any], str]
) -> list[list[str]]:
    """The cells of an array as a table: of one axis a row, of more a row for each of the first; deeper ones nested."""
    if not any(isinstance(part, tuple) for part in rows):
        return [[number(part) for part in rows]]
    return [[row(cell) if isinstance(cell, tuple) else number(cell) for cell in part] for part in rows]


def _swaps_last_two(axes: tuple[int, ...]) -> bool:
    n = len(axes)
    return n >= 2 and axes == (*range(n - 2), n - 1, n - 2)


def _is_about_arrays(e: Expression) -> bool:
    todo = [e]
    while todo:
        match todo.pop():
            case Array() | Operation(op="matmul") | Gradient(whole=True):
                return True
            case Name(shape=shape) if shape is not None:
                return True
            case Operation(args=parts) | Equation(sides=parts):
                todo.extend(parts)
    return False
