"""Formulas in LaTeX, for between two dollar signs, with the package amsmath."""

from __future__ import annotations

import re
from typing import Any

from .._expression import Expression, Gradient, Operation
from ._numbers import parts
from ._writer import FUNCTIONS, Writer, index_text, rows_of, shape_text, shown_settings

_SIGNS = {
    "·": r" \cdot ", "×": r" \times ", "−": " - ", "+": " + ", "=": " = ", "≈": r" \approx ", "≠": r" \ne ",
    "<": " < ", ">": " > ", "≤": r" \le ", "≥": r" \ge ", "∧": r" \land ", "∨": r" \lor ",
}  # fmt: skip
_FUNCTIONS = {
    "sum": r"\sum",
    "logical_not": r"\lnot",
    **{f: rf"\{f}" for f in "exp log sin cos tanh max min".split()},
}
_ESCAPED = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_LETTER_AND_FIGURES = re.compile(r"([A-Za-z])(\d+)")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*")


def latex(expression: Expression, *, language: str = "en", breakable: bool = False) -> str:
    r"""A formula in LaTeX's mathematics, with what amsmath adds to it.

    language   "en" or "ko", of the words in it; Korean names and words need a font and engine that have them
    breakable  put ``\alignhere`` before the first sign of an equation with several, ``\breakhere`` before the others

    >>> from chainrule.explain._expression import Gradient, Name
    >>> print(latex(Operation("multiply", (Gradient("L", "y"), Name("x1")))))
    \frac{\partial L}{\partial y} \cdot x_{1}
    """
    return _Latex(expression, language, breakable=breakable).written


class _Latex(Writer):
    stacked = True
    minus = "-"
    breaks = (r" \alignhere", r" \breakhere")

    def name(self, text: str) -> str:
        if len(text) == 1 and text.isascii() and text.isalpha():
            return text
        if found := _LETTER_AND_FIGURES.fullmatch(text):
            return f"{found[1]}_{{{found[2]}}}"
        return rf"\mathrm{{{text}}}" if _WORD.fullmatch(text) else _words(text)

    def gradient(self, e: Gradient) -> str:
        if e.whole:
            return f"d{self.name(e.wrt)}"
        return rf"\frac{{\partial {self.name(e.of)}}}{{\partial {self.name(e.wrt)}}}"

    def number(self, value: Any) -> str:
        mantissa, exponent = parts(value)
        if mantissa.isalpha():
            return rf"\mathrm{{{mantissa}}}"
        written = mantissa.replace("−", "-").replace("∞", r"\infty")
        return written + (rf" \times 10^{{{exponent}}}" if exponent else "")

    def array(self, rows: tuple[Any, ...]) -> str:
        table = rows_of(rows, self.array, self.number)
        return _environment("bmatrix", table)

    def sign(self, sign: str) -> str:
        return _SIGNS[sign]

    def brackets(self, inside: str) -> str:
        return rf"\left({inside}\right)"

    def fraction(self, above: str, below: str) -> str:
        return rf"\frac{{{above}}}{{{below}}}"

    def power(self, base: str, exponent: str) -> str:
        return f"{{{base}}}^{{{exponent}}}"

    def transposed(self, x: str) -> str:
        return rf"{{{x}}}^{{\mathsf{{T}}}}"

    def absolute(self, x: str) -> str:
        return rf"\left|{x}\right|"

    def root(self, x: str) -> str:
        return rf"\sqrt{{{x}}}"

    def cases(self, choices: list[tuple[str, str]], otherwise: str) -> str:
        before, behind = (rf"\text{{{self._say(key)}}}" if self._say(key) else "" for key in ("if", "then"))
        rows = [[value, f"{before}{condition}{behind}"] for value, condition in choices]
        return _environment("cases", [*rows, [otherwise, rf"\text{{{self._say('otherwise')}}}"]])

    def call(self, e: Operation) -> str:
        if e.op == "exp":
            return f"e^{{{self.piece(e.args[0])}}}"
        name = FUNCTIONS.get(e.op, e.op)
        called = _FUNCTIONS.get(e.op) or _FUNCTIONS.get(name) or rf"\operatorname{{{_escaped(name)}}}"
        given = [self.piece(a) for a in e.args]
        given += [_words(setting) for setting in shown_settings(e)]
        return called + self.brackets(r",\, ".join(given))

    def index(self, index: tuple[Any, ...]) -> str:
        return rf"\left[{index_text(index).replace(':', '{:}')}\right]"

    def range(self, stop: Any) -> str:
        return rf"0 \ldots {stop - 1}"

    def shape(self, shape: tuple[int, ...]) -> str:
        return rf"\,{{\scriptstyle {shape_text(shape)}}}"


def _environment(name: str, table: list[list[str]]) -> str:
    rows = r" \\ ".join(" & ".join(row) for row in table)
    return rf"\begin{{{name}}} {rows} \end{{{name}}}"


def _words(text: str) -> str:
    return rf"\text{{{_escaped(text)}}}"


def _escaped(text: str) -> str:
    return re.sub(r"[\\~^{}$&#_%]", lambda found: _ESCAPED.get(found[0], "\\" + found[0]), text)
