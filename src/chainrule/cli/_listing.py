"""An emitted step on the screen: its text, and beside and under each statement what it costs and works on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..runs import Statement
from ._screen import percent, short, table

if TYPE_CHECKING:
    from rich.text import Text

_HEADS = ("time", "flops", "bytes")
_WIDTHS = (8, 8, 9)
_PARTS = {"data": "mini-batch", "forward": "forward pass", "backward": "backward pass"}
_LEAST_SHOWN = 0.05  # percents
_GUTTER = sum(_WIDTHS) + 3


def listing(text: str, about: Sequence[Statement], width: int | None) -> list[Text]:
    """The text, line by line, with what each statement costs.

    width    columns of the screen, None where lines may be as long as they are; where they are too few for a column
             at the left, costs stand in a comment under each statement
    """
    from rich.text import Text

    coloured = _coloured(text)
    is_wide = width is None or _GUTTER + max(len(line) for line in coloured) <= width
    starts, ends = {s.first: s for s in about}, {s.last: s for s in about}
    total = _seconds(about)
    lines = [Text(_row(_HEADS).rstrip(), style="bold")] if is_wide else []
    for number, line in enumerate(coloured, start=1):
        costs = _costs(starts[number], total) if number in starts else ("", "", "")
        lines.append(Text.assemble((_row(costs), "cyan"), line) if is_wide else line)
        lines[-1].rstrip()
        if number in ends and (note := _note(ends[number], total, with_costs=not is_wide)):
            gutter = _row(("", "", "")) if is_wide else ""
            lines.append(Text(f"{gutter}    # ↑ {note}", style="dim"))
    return lines


def summary(about: Sequence[Statement]) -> str:
    """What each part of the step costs."""
    total = _seconds(about)
    phases = dict.fromkeys(s.phase for s in about)
    parts = {_PARTS.get(phase, phase): [s for s in about if s.phase == phase] for phase in phases}
    rows = [(name, *_sums(some, total)) for name, some in {**parts, "all": list(about)}.items()]
    header = ("part of the step", *(("time", "share") if total else ()), "flops", "bytes")
    return table(header, rows)


def _sums(some: Sequence[Statement], total: float) -> tuple[str, ...]:
    took = _seconds(some)
    times = (short(took, "s"), percent(took / total)) if total else ()
    return (*times, short(sum(s.flops for s in some)), short(sum(s.bytes for s in some), "B"))


def _seconds(some: Iterable[Statement]) -> float:
    return sum(s.seconds or 0.0 for s in some)


def _costs(statement: Statement, total: float) -> tuple[str, str, str]:
    percents = 100 * (statement.seconds or 0.0) / total if total else 0.0
    share = f"{percents:.1f} %" if percents >= _LEAST_SHOWN else ""
    flops = short(statement.flops) if statement.flops else ""
    return share, flops, short(statement.bytes, "B") if statement.bytes else ""


def _note(statement: Statement, total: float, *, with_costs: bool) -> str:
    costs = zip(_costs(statement, total), ("", " flops", ""), strict=True)
    said = ", ".join(f"{cost}{unit}" for cost, unit in costs if cost) if with_costs else ""
    shapes = ", ".join(f"{name} {'×'.join(map(str, shape))}" for name, shape in statement.shapes.items())
    return ": ".join(filter(None, (said, shapes)))


def _row(cells: Sequence[str]) -> str:
    return f"{''.join(cell.rjust(width) for cell, width in zip(cells, _WIDTHS, strict=True))} │ "


def _coloured(text: str) -> list[Text]:
    """The lines of a Python text in the terminal's own colours."""
    from rich.syntax import Syntax

    syntax = Syntax(text, "python", theme="ansi_dark", background_color="default")
    return list(syntax.highlight(text).split("\n", allow_blank=True))[: text.count("\n")]
