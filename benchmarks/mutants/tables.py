"""Tables on the screen, or in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.console import Console
from rich.table import Table as Shown

Row = Sequence[str]


class Table(NamedTuple):
    """A title, the columns' names, and rows of text; the first column is to the left, the others to the right."""

    title: str
    columns: Row
    rows: Sequence[Row]

    def show(self, *, markdown: bool) -> None:
        """Print it."""
        if markdown:
            print(self.in_markdown(), end="\n\n")
            return
        table = Shown(title=self.title, title_justify="left")
        for number, column in enumerate(self.columns):
            table.add_column(column, justify="right" if number else "left")
        for row in self.rows:
            table.add_row(*row)
        Console(width=120).print(table)

    def in_markdown(self) -> str:
        """The table as in the documents."""
        rule = ["---", *(["---:"] * (len(self.columns) - 1))]
        return "\n".join(f"| {' | '.join(row)} |" for row in (self.columns, rule, *self.rows))
