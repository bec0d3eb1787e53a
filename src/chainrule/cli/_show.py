"""``chainrule show``."""

from __future__ import annotations

import argparse

from ..errors import UnsupportedError
from ..runs import Step, load_network, saved_settings, statements
from ..training import RunFolder
from ._listing import listing, summary
from ._screen import complain, counted, print_json


def show(options: argparse.Namespace) -> int:
    """Print the step of a run as the fused engine has it, with what each statement works on and what it costs."""
    from rich.console import Console

    about = RunFolder(options.run_folder).read_about()
    settings = saved_settings(about.get("settings"), options.run_folder)
    step = Step(load_network(options.run_folder, classes=False), settings, about.get("data"))
    source, seconds = step.source(), None
    if options.time:
        with Console(stderr=True).status("compiling and timing the step …"):
            seconds = _measured(step)
    costs = list(statements(source, step.rows, seconds))
    if options.json:
        said = {"rows": step.rows, "threads": step.threads, "seconds": seconds and sum(seconds)}
        pieces = [statement.to_json() for statement in costs]
        print_json({"run": options.run_folder, **said, "text": source.text, "statements": pieces})
        return 0
    plain = Console(color_system=None if options.plain else "auto", highlight=False, markup=False)
    print(
        f"{options.run_folder}: one step on {counted(step.rows, 'row')}, by {counted(step.threads, 'thread')}\n"
    )
    for line in listing(source.text, costs, plain.width if plain.is_terminal else None):
        plain.print(line, soft_wrap=True)
    print(f"\n{summary(costs)}")
    return 0


def _measured(step: Step) -> list[float] | None:
    """What each statement takes; None, and a note, where that cannot be measured."""
    try:
        return step.seconds()
    except UnsupportedError as problem:
        complain(f"note: no times: {problem.what}")
        return None
