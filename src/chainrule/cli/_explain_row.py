"""``chainrule explain`` for a run that was trained on a table: which column moved the prediction of one row."""

from __future__ import annotations

import argparse
import os

from ..datasets import normal
from ..errors import ArgumentError
from ..runs import Influence, load_run


def is_expression(text: str) -> bool:
    """Whether it is not the folder of a run."""
    return not os.path.isdir(text)


def explanation_of_row(options: argparse.Namespace) -> Influence:
    """What moved the prediction for the values given; a column that is left out has a missing value."""
    if options.what_if or options.element:
        what = "--what-if and --element are for expressions"
        raise ArgumentError(what, fix="give the other value behind the run, and compare")
    model = load_run(options.expression)
    columns = [feature.name for feature in model.preprocessing.features]
    row: dict[str, str] = dict.fromkeys(columns, "")
    for text in options.values:
        name = next((name for name in columns if normal(text).startswith(f"{name}=")), None)
        if name is None:
            what = f"{text!r} gives no column of the run a value; it has {', '.join(columns):.300}"
            raise ArgumentError(what, fix=f"write it like {columns[0]}=…")
        row[name] = normal(text)[len(name) + 1 :]
    return model.explain(row, lang=options.lang)
