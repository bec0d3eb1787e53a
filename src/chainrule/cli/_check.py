"""``chainrule check``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..verify import CheckReport, check_all
from ._screen import print_json

if TYPE_CHECKING:
    from rich.console import Console


def check(options: argparse.Namespace) -> int:
    """Prove and measure all gradients, and print what came out; the exit code is 1 if anything is wrong."""
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
