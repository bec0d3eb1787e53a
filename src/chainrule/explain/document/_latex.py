"""Documents in LaTeX, for pdfLaTeX, XeLaTeX and LuaLaTeX alike."""

from __future__ import annotations

from collections.abc import Iterator

from .. import notation
from .._tex import ENCODING, KOREAN, in_formula, tex
from ._model import Block, Bullets, Document, Formula, Heading, Inline, Paragraph, Table, Tone
from ._pieces import clean, tones_of, written

_SIGNS: dict[Tone, str] = {
    "plain": "",
    "good": r"\ding{51} ",
    "warning": r"\textbf{!} ",
    "bad": r"\ding{55} ",
}
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
    if document.language == "ko" or KOREAN.search(body):
        packages.append("kotex")
    if not standalone:
        return f"% needs the packages {', '.join(packages)}\n{body}\n"
    loaded = "\n".join(rf"\usepackage{{{package}}}" for package in packages)
    return f"\\documentclass{{article}}\n{ENCODING}\n{loaded}\n\\begin{{document}}\n\n{body}\n\n\\end{{document}}\n"


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
                yield rf"\[ {in_formula(clean(notation.latex(expression, language=self._language)))} \]"
            case Bullets(items, numbered):
                kind = "enumerate" if numbered else "itemize"
                yield rf"\begin{{{kind}}}"
                yield from (rf"\item {self._inline(item)}" for item in items)
                yield rf"\end{{{kind}}}"
            case Table():
                yield from self._table(block)

    def _inline(self, content: Inline) -> str:
        return written(
            content, tex, lambda e: f"${in_formula(clean(notation.latex(e, language=self._language)))}$"
        ).strip()

    def _table(self, table: Table) -> Iterator[str]:
        yield rf"\begin{{longtable}}[l]{{{table.align}}}"
        yield r"\toprule"
        yield _row([tex(clean(name)) for name in table.header])
        yield r"\midrule \endhead \bottomrule \endlastfoot"
        for row, tone in zip(table.rows, tones_of(table), strict=True):
            first, *rest = map(self._inline, row)
            yield _row([_SIGNS[tone] + first, *rest])
        yield r"\end{longtable}"


def _row(cells: list[str]) -> str:
    return rf"{' & '.join(cells)} \tabularnewline"
