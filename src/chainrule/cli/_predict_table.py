"""``chainrule predict`` for a run that was trained on a table."""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..datasets import Target
from ..runs import load_run, probabilities
from ..storage import write_atomically
from ._screen import counted, new_grid, percent, print_grid, print_json

_MOST_ROWS = 100  # on the screen


def predict_table(options: argparse.Namespace) -> int:
    """Say what each row of a table is taken for."""
    model = load_run(options.run_folder)
    prepared = model.prepare(options.file)
    target = model.preprocessing.target
    shares = probabilities(model.network, prepared.x) if target.classes else None
    answers = model.answers(model.network.predict(prepared.x) if shares is None else shares)
    if options.json:
        rows = list(_for_a_program(answers.tolist(), shares, target.classes))
        print_json(
            {"run": options.run_folder, "file": options.file, "notes": list(prepared.notes), "rows": rows}
        )
        return 0
    print(f"{options.file}: {counted(len(answers), 'row')}")
    for note in prepared.notes:
        print(f"  {note}")
    if options.out is not None:
        _write(options.out, target, answers, shares)
        print(options.out)
        return 0
    _print(target.name, answers[:_MOST_ROWS], shares, target.classes)
    if len(answers) > _MOST_ROWS:
        print(f"and {counted(len(answers) - _MOST_ROWS, 'row')} more; --out FILE.csv writes all of them")
    return 0


def _write(path: str, target: Target, answers: Any, shares: Any) -> None:
    """A CSV file with a line for each row: what it is taken for, and the probability of each class."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([target.name, *(f"probability of {name}" for name in target.classes)])
    probabilities = iter(lambda: (), None) if shares is None else shares.tolist()
    writer.writerows([answer, *own] for answer, own in zip(answers.tolist(), probabilities, strict=False))
    # Excel reads UTF-8 as such only behind a byte order mark; plain ASCII needs none.
    said = text.getvalue()
    write_atomically(path, said.encode("ascii" if said.isascii() else "utf-8-sig"))


def _for_a_program(answers: list[Any], shares: Any, classes: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    if shares is None:
        yield from ({"value": answer} for answer in answers)
        return
    for answer, own in zip(answers, shares.tolist(), strict=True):
        yield {"class": answer, "probabilities": dict(zip(classes, own, strict=True))}


def _print(target: str, answers: Any, shares: Any, classes: tuple[str, ...]) -> None:
    heads = ("row", target) if shares is None else ("row", target, "probability", "next", "probability")
    table = new_grid(*heads, first="right")
    for row, answer in enumerate(answers):
        if shares is None:
            table.add_row(f"{row}", f"{answer:.6g}")
            continue
        first, second = np.argsort(-shares[row], kind="stable")[:2]
        own = (percent(float(shares[row, c])) for c in (first, second))
        table.add_row(f"{row}", classes[first], next(own), classes[second], next(own))
    print_grid(table, sys.stdout)
