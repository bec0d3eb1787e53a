"""Documents for terminals that have colours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ._model import Block, Bullets, Document, Formula, Heading, Paragraph, Table, Tone
from ._pieces import SIGNS, clean, is_apart, signed, tones_of
from ._text import INDENT, inline_text

_STYLES: dict[Tone, str] = {"plain": "", "good": "green", "warning": "yellow", "bad": "red"}


def rich_of(document: Document) -> Any:
    """A document as something that ``rich.print`` shows: as wide as the screen, tones by a colour and a sign.

    >>> from rich.console import Console
    >>> from chainrule.explain.document import Paragraph
    >>> document = Document("What if?", (Paragraph("x is [larger].", "good"),), "en")
    >>> Console(width=40).print(rich_of(document))
    What if?
    ✓ x is [larger].
    """
    from rich.console import Group
    from rich.text import Text

    parts: list[Any] = [Text(clean(document.title), style="bold underline")]
    before: Block | None = None
    for block in document.blocks:
        if is_apart(before, block):
            parts.append(Text(""))
        parts += _parts(block, document.language)
        before = block
    return Group(*parts)


def _parts(block: Block, language: str) -> Iterator[Any]:
    from rich.padding import Padding
    from rich.text import Text

    match block:
        case Heading(words):
            yield Text(clean(words), style="bold")
        case Paragraph(content, tone):
            yield _hanging(signed(tone), inline_text(content, language), _STYLES[tone])
        case Formula(expression):
            yield Padding(Text(inline_text(expression, language)), (0, 0, 0, len(INDENT)), expand=False)
        case Bullets(items, numbered):
            last = len(str(len(items)))
            for number, item in enumerate(items, 1):
                yield _hanging(f"{number:{last}}. " if numbered else "- ", inline_text(item, language), "")
        case Table():
            yield _table(block, language)


def _hanging(sign: str, words: str, style: str) -> Any:
    """Words that go on beside their sign, not below it."""
    from rich.table import Table as Grid
    from rich.text import Text

    if not sign:
        return Text(words)
    grid = Grid.grid()
    grid.add_column(no_wrap=True)
    grid.add_column()
    grid.add_row(Text(sign, style=style), Text(words, style=style))
    return grid


def _table(table: Table, language: str) -> Any:
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    shown = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    has_signs = any(tone != "plain" for tone in table.tones)
    if has_signs:
        shown.add_column("", no_wrap=True)
    for name, side in zip(table.header, table.align, strict=True):
        shown.add_column(Text(clean(name)), justify="right" if side == "r" else "left", overflow="fold")
    for row, tone in zip(table.rows, tones_of(table), strict=True):
        cells = [Text(inline_text(cell, language)) for cell in row]
        shown.add_row(*([Text(SIGNS[tone])] if has_signs else []), *cells, style=_STYLES[tone])
    return shown
