"""Formulas as a line of text: ∂L/∂x = 1 · 1.1 · 2 = 2.2."""

from __future__ import annotations

from typing import Any

from .._expression import Expression, Gradient, Operation
from ._numbers import number, superscript
from ._writer import FUNCTIONS, Writer, index_text, shape_text, shown_settings


def text(expression: Expression, *, language: str = "en") -> str:
    """A formula as a line of text.

    language  "en" or "ko", of the words in it: ``{ 0 if y ≤ 0, dout otherwise }``

    >>> from chainrule.explain._expression import Name, Number
    >>> text(Operation("divide", (Number(1.0), Operation("add", (Name("x"), Number(2.0))))))
    '1 / (x + 2)'
    """
    return _Text(expression, language).written


class _Text(Writer):
    stacked = False
    minus = "−"

    def name(self, text: str) -> str:
        return text

    def gradient(self, e: Gradient) -> str:
        return f"d{e.wrt}" if e.whole else f"∂{e.of}/∂{e.wrt}"

    def number(self, value: Any) -> str:
        return number(value)

    def array(self, rows: tuple[Any, ...]) -> str:
        return f"[{' '.join(self.array(r) if isinstance(r, tuple) else number(r) for r in rows)}]"

    def sign(self, sign: str) -> str:
        return f" {sign} "

    def brackets(self, inside: str) -> str:
        return f"({inside})"

    def fraction(self, above: str, below: str) -> str:
        return f"{above} / {below}"

    def power(self, base: str, exponent: str) -> str:
        if exponent.removeprefix(self.minus).isdecimal():
            return base + superscript(exponent.replace(self.minus, "-"))
        return f"{base} ^ {self.brackets(exponent) if exponent.startswith(self.minus) else exponent}"

    def transposed(self, x: str) -> str:
        return f"{x}ᵀ"

    def absolute(self, x: str) -> str:
        return f"|{x}|"

    def root(self, x: str) -> str:
        return f"√{x}"

    def cases(self, choices: list[tuple[str, str]], otherwise: str) -> str:
        given = [f"{value} {self._say('if')}{condition}{self._say('then')}" for value, condition in choices]
        return f"{{ {', '.join([*given, otherwise])} {self._say('otherwise')} }}"

    def call(self, e: Operation) -> str:
        given = [self.piece(a) for a in e.args] + shown_settings(e)
        return f"{FUNCTIONS.get(e.op, e.op)}({', '.join(given)})"

    def index(self, index: tuple[Any, ...]) -> str:
        return f"[{index_text(index)}]"

    def range(self, stop: Any) -> str:
        return f"0…{stop - 1}"

    def shape(self, shape: tuple[int, ...]) -> str:
        return f" {shape_text(shape)}"
