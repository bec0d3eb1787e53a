"""``chainrule check``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..errors import ArgumentError
from ..verify import CheckReport, check_all
from ._check_file import check_file
from ._screen import print_json

if TYPE_CHECKING:
    from rich.console import Console

ABOUT_A_FILE = (
    "input", "argument", "gradient", "targets", "last", "tolerance", "seed", "time_limit", "lang"
)  # fmt: skip


def check(options: argparse.Namespace) -> int:
    """Check what was named, or prove and measure all gradients there are; the exit code is 1 if one is wrong."""
    if options.target is not None:
        return check_file(options)
    about_a_file = [name for name in ABOUT_A_FILE if getattr(options, name) is not None]
    if about_a_file:
        flag = f"--{about_a_file[0].replace('_', '-')}"
        raise ArgumentError(f"{flag} needs something to check", fix="chainrule check FILE.py:NAME")
    return _check_everything(options)


def _check_everything(options: argparse.Namespace) -> int:
    from rich.console import Console

    report = _watched(Console(stderr=True))
    screen = Console()
    if options.json:
        print_json(report.to_dict())
    elif screen.is_terminal:
        screen.print(report)
    else:
        print(report)  # as wide as it is: rich would cut it at 80 columns
    return 0 if report.ok else 1


def _watched(screen: Console) -> CheckReport:
    """The report, with a bar on the terminal while it is made."""
    from rich.progress import Progress

    with Progress(console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task("")

        def show(done: int, total: int, name: str) -> None:
            bar.update(task, completed=done, total=total, description=name)

        return check_all(progress=show)
