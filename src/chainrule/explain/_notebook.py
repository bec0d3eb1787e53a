"""What a notebook shows of a variable, a network and the reports of verify."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from ..errors import ChainruleError
from ..graph import Variable
from ..networks import Network
from ..verify import CheckReport, GradientReport, Proof
from .document import Block, Document, Heading, Paragraph, Table, Tone, html

_Checked: TypeAlias = GradientReport | CheckReport | Proof


def mimebundle(thing: Any) -> dict[str, str]:
    """The forms of a thing by MIME type, plain text always among them.

    thing    a variable (drawn, if it is the result of a gate), a network (drawn), a report of a check or a proof (a
             table), or anything else (text alone)

    >>> mimebundle(Variable(3.0, name="x"))
    {'text/plain': "Variable(3.0, name='x')"}
    """
    match thing:
        case Variable(gate=gate) if gate is not None:
            return {**_drawn(thing), "text/plain": repr(thing)}
        case Network():
            return {**_drawn(thing), "text/plain": thing.summary()}
        case GradientReport() | CheckReport() | Proof():
            return {"text/html": html(_document_of(thing)), "text/plain": str(thing)}
        case _:
            return {"text/plain": repr(thing)}


def _drawn(thing: Variable | Network) -> dict[str, str]:
    """The drawing, or nothing where there can be none: a notebook shows the text then, and no error."""
    from .drawing import draw

    try:
        return {"image/svg+xml": draw(thing).svg()}
    except ChainruleError:
        return {}


def _document_of(report: _Checked) -> Document:
    _, *blocks = _blocks(report)  # the first is the title's heading
    return Document(report.title, tuple(blocks), "en")


def _blocks(report: _Checked | str) -> Iterator[Block]:
    """The table that a report shows in a terminal, and the sentences and reports below it."""
    if isinstance(report, str):
        yield Paragraph(report)
        return
    shown = report.__rich__()
    table, *details = getattr(shown, "renderables", [shown])
    yield Heading(report.title)
    if table.rows:
        yield _table(table)
    for detail in details:
        yield from _blocks(detail)


def _table(table: Any) -> Table:
    from rich.text import Text

    columns = [[Text.from_markup(cell).plain for cell in column.cells] for column in table.columns]
    header = tuple(Text.from_markup(column.header).plain for column in table.columns)
    tones: tuple[Tone, ...] = tuple("bad" if row.style else "good" for row in table.rows)
    return Table(header, tuple(zip(*columns, strict=True)), "l" * len(header), tones)
