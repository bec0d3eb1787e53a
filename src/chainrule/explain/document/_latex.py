"""Documents in LaTeX, for pdfLaTeX, XeLaTeX and LuaLaTeX alike."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .. import notation
from .._expression import Expression
from .._tex import ENCODING, KOREAN, in_formula, tex
from ._model import Block, Bullets, Document, Formula, Heading, Inline, Paragraph, Table, Tone
from ._pieces import clean, tones_of, written

_SIGNS: dict[Tone, str] = {
    "plain": "",
    "good": r"\ding{51} ",
    "warning": r"\textbf{!} ",
    "bad": r"\ding{55} ",
}
_PAGE = r"""\usepackage[margin=1in]{geometry}
\parindent=0pt \parskip=.5em \emergencystretch=3em"""
_MANY = 8  # columns of a table; with more they stand closer
_LONG = 120  # letters of a formula's source; shorter ones fit into a line
_FITTED = r"""% A formula in one line; if that is too wide each side of the equation in its own, all smaller if need be.
\providecommand\fitted[1]{%
  \let\alignhere\relax\let\breakhere\relax\sbox0{$\displaystyle#1$}%
  \ifdim\wd0>\linewidth
    \def\alignhere{&}\def\breakhere{\\&}\sbox0{$\displaystyle\begin{aligned}#1\end{aligned}$}%
  \fi
  \ifdim\wd0>\linewidth\resizebox{\linewidth}{!}{\usebox0}\else\usebox0\fi}"""
_HEADINGS = ("section", "subsection", "subsubsection", "paragraph")


def latex(document: Document, *, standalone: bool = True) -> str:
    r"""A document in LaTeX.

    standalone  a whole article; without it a part of one, whose first line names the packages that it needs
    returns     text that can be compiled, with a line break at the end. Where no font has a letter (emoji, say), its
                number in Unicode stands for it

    >>> from chainrule.explain.document import Paragraph
    >>> print(latex(Document("What if?", (Paragraph("50 % of x_1"),), "en"), standalone=False))
    % needs the packages amsmath, booktabs, longtable, pifont
    \section*{What if?}
    <BLANKLINE>
    50 \% of x\_1
    <BLANKLINE>
    """
    writer = _Writer(document.language)
    blocks = ["\n".join(writer.lines(block)) for block in document.blocks]
    body = "\n\n".join([writer.heading(document.title, 0), *blocks])
    packages = ["amsmath", "booktabs", "longtable", "pifont"]
    if r"\fitted" in body:
        packages.append("graphicx")
        body = f"{_FITTED}\n{body}"
    if document.language == "ko" or re.search(KOREAN, body):
        packages.append("kotex")
    if not standalone:
        return f"% needs the packages {', '.join(packages)}\n{body}\n"
    loaded = "\n".join(rf"\usepackage{{{package}}}" for package in packages)
    head = "\n".join([r"\documentclass{article}", ENCODING, loaded, _PAGE])
    return f"{head}\n\\begin{{document}}\n\n{body}\n\n\\end{{document}}\n"


class _Writer:
    def __init__(self, language: str) -> None:
        self._language = language

    def heading(self, words: str, level: int) -> str:
        kind = _HEADINGS[min(level, len(_HEADINGS) - 1)]
        return rf"\{kind}*{{{tex(clean(words))}}}"

    def lines(self, block: Block) -> Iterator[str]:
        match block:
            case Heading(words, level):
                yield self.heading(words, level)
            case Paragraph(content, tone):
                yield _SIGNS[tone] + self._inline(content)
            case Formula(expression):
                yield rf"\[ {self._displayed(expression)} \]"
            case Bullets(items, numbered):
                kind = "enumerate" if numbered else "itemize"
                yield rf"\begin{{{kind}}}"
                yield from (rf"\item {self._inline(item)}" for item in items)
                yield rf"\end{{{kind}}}"
            case Table():
                yield from self._table(block)

    def _displayed(self, expression: Expression) -> str:
        formula = self._formula(expression)
        return (
            formula if len(formula) <= _LONG else rf"\fitted{{{self._formula(expression, breakable=True)}}}"
        )

    def _formula(self, expression: Expression, *, breakable: bool = False) -> str:
        return in_formula(clean(notation.latex(expression, language=self._language, breakable=breakable)))

    def _inline(self, content: Inline) -> str:
        return written(content, tex, lambda e: f"${self._formula(e)}$").strip()

    def _table(self, table: Table) -> Iterator[str]:
        if len(table.header) > _MANY:
            yield r"{\small\tabcolsep=4pt"
        yield rf"\begin{{longtable}}[l]{{{table.align}}}"
        yield r"\toprule"
        yield _row([tex(clean(name)) for name in table.header])
        yield r"\midrule \endhead \bottomrule \endlastfoot"
        for row, tone in zip(table.rows, tones_of(table), strict=True):
            first, *rest = map(self._inline, row)
            yield _row([_SIGNS[tone] + first, *rest])
        yield r"\end{longtable}" + ("}" if len(table.header) > _MANY else "")


def _row(cells: list[str]) -> str:
    return rf"{' & '.join(cells)} \tabularnewline"
