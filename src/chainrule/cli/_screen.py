"""What goes to the screen: text, tables, JSON; and what else happens when nobody reads it."""

from __future__ import annotations

import io
import json
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TextIO

from .._json import json_ready
from ..errors import ChainruleError, CheckpointWarning, NonFiniteError


def prepare() -> None:
    """Make it safe to print anything, also with the outputs closed or of another encoding than UTF-8."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by the shell: >&-
            setattr(sys, name, open(os.devnull, "w"))
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def silence() -> None:
    """Let what is still to be flushed go nowhere: the reader has left."""
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def print_json(value: Any) -> None:
    """One value as one line of JSON; NaN and inf, which JSON cannot say, become null."""
    print(json.dumps(json_ready(value), ensure_ascii=False, allow_nan=False))


def complain(text: str) -> None:
    """Print to stderr, after everything that was printed to stdout."""
    sys.stdout.flush()
    print(text, file=sys.stderr)


@contextmanager
def warnings_as_notes(say: Callable[[str], None]) -> Iterator[None]:
    """Let warnings that are for whoever uses a command be notes, instead of lines of our code."""
    with warnings.catch_warnings():
        show = warnings.showwarning

        def show_note(message: Warning | str, category: type[Warning], *more: Any) -> None:
            if issubclass(category, UserWarning):
                say(f"note: {message}")
            else:
                show(message, category, *more)

        warnings.showwarning = show_note  # type: ignore[assignment]  # Python's own calls it with these
        warnings.simplefilter("always", CheckpointWarning)
        yield


def as_text(error: ChainruleError) -> str:
    """What an error says to somebody who typed a command: not at which line of Python."""
    lines = [error.what]
    if isinstance(error, NonFiniteError) and error.why:
        lines.append(f"  why   {error.why}")
    if error.fix:
        lines.append(f"  fix   {error.fix}")
    return "\n".join(lines)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns of text, flush right.

    >>> print(table(["class", "share"], [["0", "98.10 %"], ["10", "7.00 %"]]))
    class    share
        0  98.10 %
       10   7.00 %
    """
    lines = [header, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.rjust, line, widths)) for line in lines)


def new_grid(*columns: str, first: Literal["left", "right"] = "left") -> Any:
    """A table under a line, whose columns fold what is wider than the screen.

    first   where the first column has its texts; the others have numbers, flush right
    returns a ``rich.table.Table``, to `add_row` to
    """
    from rich import box
    from rich.table import Table

    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number, name in enumerate(columns):
        grid.add_column(name, justify="right" if number else first, overflow="fold")
    return grid


def print_grid(grid: Any, stream: TextIO) -> None:
    """Print what `new_grid` made."""
    from rich.console import Console

    Console(file=stream, highlight=False, markup=False).print(grid)


def counted(number: int, what: str) -> str:
    """A number of things.

    >>> counted(1, "epoch"), counted(1200, "epoch")
    ('1 epoch', '1,200 epochs')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def short(number: float, unit: str = "") -> str:
    """A size in three digits and a prefix.

    >>> short(78_400), short(999_999, "B"), short(1.2345e-5, "s"), short(0)
    ('78.4 k', '1 MB', '12.3 µs', '0')
    """
    mantissa, exponent = f"{number:.2e}".split("e")
    power = min(max(int(exponent) // 3, -3), 4)
    value = float(mantissa) * 10 ** (int(exponent) - 3 * power)
    return f"{value:.3g} {'nµm kMGT'[power + 3].strip()}{unit}".strip()


def percent(share: float) -> str:
    """A share as text.

    >>> percent(0.97034)
    '97.03 %'
    """
    return f"{100 * share:.2f} %"


def share(part: int, whole: int) -> str:
    """A part of a whole as `percent`; of nothing there is none.

    >>> share(1, 4), share(0, 0)
    ('25.00 %', '-')
    """
    return percent(part / whole) if whole else "-"
