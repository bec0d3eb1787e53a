"""Formulas in MathML, the markup that browsers set by themselves. https://www.w3.org/TR/mathml-core/"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from html import escape
from typing import Any

from .._expression import Array, Equation, Expression, Gradient, Name, Number, Operation
from .._xml import NOT_IN_XML
from ._numbers import parts
from ._writer import FUNCTIONS, Writer, index_text, rows_of, shape_text, shown_settings

_ELEMENT = re.compile(r"<(\w+)>((?:(?!</?\1>).)*</\1>)", re.DOTALL)  # one alone, with none of its kind inside
_MARK = re.compile('^<mrow data-term="[^"]*">')
_LEFT = '<mtd style="text-align:left">'
Terms = Mapping[Name | Gradient, str]
_NO_TERMS: Terms = {}
_SIDE = "\0"  # which nothing in XML contains
_LETTER_AND_FIGURES = re.compile(r"([A-Za-z])(\d+)")


def mathml(expression: Expression, *, language: str = "en", breakable: bool = False) -> str:
    """A formula as an element ``<math>``.

    language   "en" or "ko", of the words in it
    breakable  give each side of an equation but the first an element of its own: browsers break lines between them only

    >>> from chainrule.explain._expression import Name
    >>> mathml(Operation("negative", (Name("x"),)))
    '<math><mo>−</mo><mi>x</mi></math>'
    """
    return f"<math>{_MathML(expression, language, breakable=breakable).written}</math>"


def mathml_sides(equation: Equation, *, language: str = "en", terms: Terms = _NO_TERMS) -> list[str]:
    """An equation piece by piece: its first side, and each other side with the sign before it.

    terms   for names and gradients what they and their values carry as ``data-term``

    >>> from chainrule.explain._expression import Name
    >>> mathml_sides(Equation((Name("x"), Number(2.0))), terms={Name("x"): "e0"})
    ['<mi data-term="e0">x</mi>', '<mo>=</mo><mn>2</mn>']
    """
    return _Sides(equation, language, breakable=True, terms=terms).written.split(_SIDE)


class _MathML(Writer):
    stacked = True
    minus = "<mo>−</mo>"
    breaks = ("", "</math> <math>")

    def __init__(
        self, expression: Expression, language: str, *, breakable: bool, terms: Terms = _NO_TERMS
    ) -> None:
        super().__init__(expression, language, breakable=breakable)
        self._terms = terms

    def piece(self, e: Expression) -> str:
        written = super().piece(e)
        of = e.of if isinstance(e, Number | Array) else e
        mark = self._terms.get(of) if isinstance(of, Name | Gradient) else None
        return _marked(written, mark) if mark else written

    def is_negative(self, written: str) -> bool:
        return super().is_negative(_MARK.sub("", written, count=1))

    def name(self, text: str) -> str:
        if found := _LETTER_AND_FIGURES.fullmatch(text):
            return f"<msub>{_tag('mi', found[1])}{_tag('mn', found[2])}</msub>"
        return _tag("mi", text)

    def gradient(self, e: Gradient) -> str:
        if e.whole:
            return _row(_tag("mi", "d"), self.name(e.wrt))
        above, below = (_row(_tag("mo", "∂"), self.name(name)) for name in (e.of, e.wrt))
        return self.fraction(above, below)

    def number(self, value: Any) -> str:
        mantissa, exponent = parts(value)
        minus = self.minus if mantissa.startswith("−") else ""
        digits = _tag("mn" if mantissa[-1].isdigit() else "mi", mantissa.removeprefix("−"))
        if not exponent:
            return minus + digits
        above = _row(
            *([self.minus] if exponent.startswith("-") else []), _tag("mn", exponent.removeprefix("-"))
        )
        return f"{minus}{digits}{_tag('mo', '×')}<msup><mn>10</mn>{above}</msup>"

    def array(self, rows: tuple[Any, ...]) -> str:
        cells = rows_of(rows, self.array, self.number)
        table = "".join(f"<mtr>{''.join(f'<mtd>{cell}</mtd>' for cell in row)}</mtr>" for row in cells)
        return _row(_tag("mo", "["), f"<mtable>{table}</mtable>", _tag("mo", "]"))

    def sign(self, sign: str) -> str:
        return _tag("mo", sign)

    def brackets(self, inside: str) -> str:
        # Browsers leave gaps beside what might stretch.
        mo = "<mo>" if "<mfrac>" in inside or "<mtable>" in inside else '<mo stretchy="false">'
        return _row(f"{mo}(</mo>", inside, f"{mo})</mo>")

    def fraction(self, above: str, below: str) -> str:
        return f"<mfrac>{_row(above)}{_row(below)}</mfrac>"

    def power(self, base: str, exponent: str) -> str:
        return f"<msup>{_row(base)}{_row(exponent)}</msup>"

    def transposed(self, x: str) -> str:
        return self.power(x, '<mi mathvariant="normal">T</mi>')

    def absolute(self, x: str) -> str:
        return _row(_tag("mo", "|"), x, _tag("mo", "|"))

    def root(self, x: str) -> str:
        return f"<msqrt>{x}</msqrt>"

    def cases(self, choices: list[tuple[str, str]], otherwise: str) -> str:
        before, behind = (_text(self._say(key)) for key in ("if", "then"))
        rows = [(value, f"{before}{condition}{behind}") for value, condition in choices]
        rows.append((otherwise, _text(self._say("otherwise"))))
        table = "".join(f"<mtr>{_LEFT}{value}</mtd>{_LEFT}{when}</mtd></mtr>" for value, when in rows)
        return _row(_tag("mo", "{"), f"<mtable>{table}</mtable>")

    def call(self, e: Operation) -> str:
        if e.op == "exp":
            return self.power("<mi>e</mi>", self.piece(e.args[0]))
        given = [self.piece(a) for a in e.args] + [_text(s) for s in shown_settings(e)]
        name = _tag("mo", "∑") if e.op == "sum" else _tag("mi", FUNCTIONS.get(e.op, e.op))
        return _row(name, self.brackets(_tag("mo", ",").join(given)))

    def index(self, index: tuple[Any, ...]) -> str:
        return _row(_tag("mo", "["), _text(index_text(index)), _tag("mo", "]"))

    def range(self, stop: Any) -> str:
        return _row(_tag("mn", "0"), _tag("mo", "…"), _tag("mn", str(stop - 1)))

    def shape(self, shape: tuple[int, ...]) -> str:
        return f'<mstyle scriptlevel="1">{_text(f" {shape_text(shape)}")}</mstyle>'


def _marked(written: str, mark: str) -> str:
    """A part with a mark on its element; around several one is put."""
    attribute = f' data-term="{escape(mark)}"'
    if single := _ELEMENT.fullmatch(written):
        return f"<{single[1]}{attribute}>{single[2]}"
    return f"<mrow{attribute}>{written}</mrow>"


class _Sides(_MathML):
    breaks = (_SIDE, _SIDE)

    def is_broken(self, equation: Equation) -> bool:
        return True


@lru_cache(maxsize=4096)  # formulas are made of few words, again and again
def _tag(name: str, inside: str) -> str:
    return f"<{name}>{escape(NOT_IN_XML.sub('�', inside), quote=False)}</{name}>"


def _text(inside: str) -> str:
    """Words within a formula; a space at an end of them would be dropped."""
    return _tag("mtext", re.sub("^ | $", "\u00a0", inside)) if inside else ""


def _row(*parts: str) -> str:
    return f"<mrow>{''.join(parts)}</mrow>"
