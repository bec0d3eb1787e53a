"""Rows of text as a table: in plain characters, or rich's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..graph import columns_of

Rows = Sequence[Sequence[str]]


def plain_table(header: Sequence[str], rows: Rows) -> str:
    """Columns padded to their widest cell, two spaces apart.

    >>> print(plain_table(["input", "verdict"], [["x", "ok"], ["W1", "wrong"]]))
    input  verdict
    x      ok
    W1     wrong
    """
    widths = [max(map(columns_of, column)) for column in zip(header, *rows, strict=True)]
    lines = (
        "  ".join(
            cell + " " * (width - columns_of(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in [header, *rows]
    )
    return "\n".join(lines)


def rich_table(title: str, header: Sequence[str], rows: Rows, right: Sequence[bool]) -> Any:
    """The same for a terminal, wrong rows in red.

    right  for each row whether what it says is all right
    """
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(title), title_justify="left")
    for name in header:
        table.add_column(escape(name))
    for row, fine in zip(rows, right, strict=True):
        table.add_row(*map(escape, row), style=None if fine else "red")
    return table


def for_json(value: Any) -> Any:
    """A value as JSON can hold it: numbers that are not finite become text, shapes and indices become lists."""
    if isinstance(value, float):
        return value if abs(value) < float("inf") else str(value)
    if isinstance(value, list | tuple):
        return [for_json(v) for v in value]
    if isinstance(value, dict):
        return {k: for_json(v) for k, v in value.items()}
    return value
