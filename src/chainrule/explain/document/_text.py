"""Documents as plain text, for terminals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...graph import columns_of
from .. import notation
from .._expression import Expression
from ._model import Block, Bullets, Document, Formula, Heading, Inline, Paragraph, Table
from ._pieces import SIGNS, clean, is_apart, signed, tones_of, written

INDENT = "  "
_GLUE = "\u00a0"  # a space at which no line is broken


def text(document: Document, width: int = 100) -> str:
    """A document as lines of plain text.

    width    columns of the screen; sentences are broken there, formulas and tables never. Letters of East Asia take
             two columns
    returns  lines without a space at their ends, and without a line break at the end of the last

    >>> from chainrule.explain.document import Paragraph
    >>> print(text(Document("What if?", (Paragraph("x is larger.", "good"),), "en")))
    What if?
    ========
    ✓ x is larger.
    """
    lines = [*_underlined(clean(document.title), "=")]
    before: Block | None = None
    for block in document.blocks:
        if is_apart(before, block):
            lines.append("")
        lines += _Writer(document.language, width).lines(block)
        before = block
    return "\n".join(line.replace(_GLUE, " ").rstrip() for line in lines)


def inline_text(content: Inline, language: str) -> str:
    """A piece of a line as plain text."""
    return written(content, str, lambda formula: clean(notation.text(formula, language=language)))


class _Writer:
    def __init__(self, language: str, width: int) -> None:
        self._language, self._width = language, width

    def lines(self, block: Block) -> Iterator[str]:
        match block:
            case Heading(words, level):
                yield from _underlined(clean(words), "-") if level == 1 else [clean(words)]
            case Paragraph(content, tone):
                yield from self._broken(content, signed(tone))
            case Formula(expression):
                yield INDENT + inline_text(expression, self._language)
            case Bullets(items, numbered):
                last = len(str(len(items)))
                for number, item in enumerate(items, 1):
                    yield from self._broken(item, f"{number:{last}}. " if numbered else "- ")
            case Table():
                yield from self._table(block)

    def _broken(self, content: Inline, sign: str) -> Iterator[str]:
        """The words in lines, those behind the first as far to the right as the first begins behind its sign."""
        line, filled = sign, False
        for word in written(content, str, self._glued).split(" "):
            longer = f"{line} {word}" if filled else line + word
            if filled and columns_of(longer) > self._width:
                yield line
                longer = " " * len(sign) + word
            line, filled = longer, filled or bool(word)
        yield line

    def _glued(self, formula: Expression) -> str:
        return inline_text(formula, self._language).replace(" ", _GLUE)

    def _table(self, table: Table) -> Iterator[str]:
        rows = [list(map(clean, table.header))]
        rows += [[inline_text(cell, self._language) for cell in row] for row in table.rows]
        columns = [
            _padded(cells, side) for cells, side in zip(zip(*rows, strict=True), table.align, strict=True)
        ]
        if any(tone != "plain" for tone in table.tones):
            columns.insert(0, _padded(["", *(SIGNS[tone] for tone in tones_of(table))], "l"))
        lines = [INDENT.join(row) for row in zip(*columns, strict=True)]
        yield lines[0]
        yield INDENT.join(("-" if column[0].strip() else " ") * columns_of(column[0]) for column in columns)
        yield from lines[1:]


def _padded(cells: Sequence[str], side: str) -> list[str]:
    """The cells of a column, all of one width."""
    width = max(map(columns_of, cells))
    spaces = [" " * (width - columns_of(cell)) for cell in cells]
    return [cell + space if side == "l" else space + cell for cell, space in zip(cells, spaces, strict=True)]


def _underlined(words: str, line: str) -> Iterator[str]:
    yield words
    yield line * columns_of(words)
