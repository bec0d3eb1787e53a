"""``chainrule explain`` for a run that was trained on a table: which column moved the prediction of one row."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable

from ..datasets import normal
from ..errors import ArgumentError
from ..graph import Variable
from ..runs import TableModel, load_run


def is_expression(text: str) -> bool:
    """Whether it is not the folder of a run."""
    return not os.path.isdir(text)


def row_of(options: argparse.Namespace) -> tuple[TableModel, dict[str, str]]:
    """The model of the run, and the row of the values given; a column that is left out has a missing value."""
    if options.element:
        raise ArgumentError("--element is for expressions", fix="leave it out: every column is explained")
    model = load_run(options.expression)
    columns = [feature.name for feature in model.preprocessing.features]
    row: dict[str, str] = dict.fromkeys(columns, "")
    for text in options.values:
        name = next((name for name in columns if normal(text).startswith(f"{name}=")), None)
        if name is None:
            what = f"{text!r} gives no column of the run a value; it has {', '.join(columns):.300}"
            raise ArgumentError(what, fix=f"write it like {columns[0]}=…")
        row[name] = normal(text)[len(name) + 1 :]
    return model, row


def prediction_of(model: TableModel, row: dict[str, str], changes: Iterable[str]) -> Variable:
    """The prediction with its graph. ArgumentError for a change of a category, which has no slope."""
    for feature in model.preprocessing.features:
        if feature.kind == "category" and feature.name in changes:
            what = f"{feature.name} is a category, which has no slope that could predict a change"
            raise ArgumentError(what, fix="give the other value behind the run, and compare")
    return model.record(row)
