"""Documents in Markdown, GitHub's: tables between bars, formulas between dollar signs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .. import notation
from .._expression import Expression
from ._model import Block, Bullets, Document, Formula, Heading, Inline, Paragraph, Table
from ._pieces import clean, signed, tones_of, written

_SPECIAL = re.compile(r"[\\`*_\[\]~|#]")
_AT_THE_START = re.compile(r"[-+]|\d+(?=[.)])")  # of a line: a list, or a rule
# As entities, since programs look for dollars before they look for backslashes, and for tags before both.
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"}


def markdown(document: Document) -> str:
    """A document in GitHub's Markdown, with a line break at the end.

    Formulas are LaTeX between dollar signs, which GitHub and notebooks set.

    >>> from chainrule.explain._expression import Name
    >>> from chainrule.explain.document import Paragraph
    >>> print(markdown(Document("What if?", (Paragraph(("a|b is ", Name("x1"))),), "en")))
    # What if?
    <BLANKLINE>
    a\\|b is $x_{1}$
    <BLANKLINE>
    """
    writer = _Writer(document.language)
    blocks = ("\n".join(writer.lines(block)) for block in document.blocks)
    return "\n\n".join([f"# {_escaped(clean(document.title))}", *blocks]) + "\n"


class _Writer:
    def __init__(self, language: str) -> None:
        self._language = language

    def lines(self, block: Block) -> Iterator[str]:
        match block:
            case Heading(words, level):
                yield f"{'#' * min(level + 1, 6)} {_escaped(clean(words))}"
            case Paragraph(content, tone):
                yield signed(tone) + self._inline(content)
            case Formula(expression):
                yield f"$${self._latex(expression)}$$"
            case Bullets(items, numbered):
                for number, item in enumerate(items, 1):
                    yield f"{number}. {self._inline(item)}" if numbered else f"- {self._inline(item)}"
            case Table():
                yield from self._table(block)

    def _inline(self, content: Inline) -> str:
        line = written(content, _escaped, lambda formula: f"${self._latex(formula)}$").strip()
        start = _AT_THE_START.match(line)
        if start is None:
            return line
        return f"{start[0]}\\{line[start.end() :]}" if start[0].isdigit() else f"\\{line}"

    def _latex(self, expression: Expression) -> str:
        """A formula in one line; where no formulas are set, what looks like a tag in it stays text."""
        latex = clean(notation.latex(expression, language=self._language)).strip()
        return re.sub(r"<(?=[A-Za-z/!?])", "< ", latex)

    def _table(self, table: Table) -> Iterator[str]:
        yield _row([_escaped(clean(name)) for name in table.header])
        yield _row(["--:" if side == "r" else ":--" for side in table.align])
        for row, tone in zip(table.rows, tones_of(table), strict=True):
            first, *rest = map(self._cell, row)
            yield _row([signed(tone) + first, *rest])

    def _cell(self, content: Inline) -> str:
        """A bar in a formula is written as a word: between bars it would be the end of the cell."""

        def formula(expression: Expression) -> str:
            latex = self._latex(expression).replace(r"\|", r"\Vert ").replace("|", r"\vert ")
            return f"${latex}$"

        return written(content, _escaped, formula)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(words: str) -> str:
    """Words that Markdown takes for nothing but words."""
    escaped = _SPECIAL.sub(r"\\\g<0>", words)
    return re.sub("[&<>$]", lambda found: _ENTITIES[found[0]], escaped)
