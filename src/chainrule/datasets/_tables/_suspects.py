"""Columns that are no knowledge: they count or name the rows, or give the answer away."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.datasets._tables._column import Array, Column, Table
from chainrule.datasets._tables._preprocessing import Preprocessing

_ID = re.compile(
    r"(?i)|(unnamed: \d+|column 1|index|idx|no\.?|nr\.?|id|.*[_ ]id|row.?(id|names?|number)?"
    r"|.*번호|순번|연번|학번|사번)"
)
_FEWEST_ROWS = 20  # of which something may be said
_MOST_ROWS = 100_000  # that are looked at
_NEARLY_ALL = 0.5
_GIVEN_AWAY = 0.9999  # the share of the variance


def counts_rows(name: str, column: Column) -> bool:
    """Whether a column counts the rows, from whatever number, and is named like that."""
    if column.kind != "number" or not is_called_id(name) or len(column.values) < 2:
        return False
    return bool(np.all(np.diff(column.numbers()) == 1))


def is_called_id(name: str) -> bool:
    """Whether a column is called as those are that count or name rows."""
    return _ID.fullmatch(name) is not None


def names_rows(values: Array) -> bool:
    """Whether categories are so many that they are names of the rows."""
    return are_names(len(np.unique(values)), len(values))


def are_names(different: int, rows: int) -> bool:
    """Whether so many different categories are names of so many rows."""
    return rows >= _FEWEST_ROWS and different > _NEARLY_ALL * rows


def suspects(
    table: Table, preprocessing: Preprocessing, rows: NDArray[np.integer[Any]], t: Array
) -> list[str]:
    """Warnings of columns that may not be known when something is to be predicted.

    t   the targets of these rows: class numbers (rows,), or standardised numbers (rows, 1)
    """
    if len(rows) < _FEWEST_ROWS:
        return []
    rows, t = rows[:_MOST_ROWS], t[:_MOST_ROWS]
    notes = []
    for feature in preprocessing.features:
        name, column = feature.name, table[feature.name]
        values = column.values[rows]
        if column.kind == "number" and _ID.fullmatch(name) and len(np.unique(values)) == len(values):
            notes.append(
                f"note: {name} is different in every row; is it an id? --drop {name!r} leaves it out"
            )
        elif _gives_away(column.kind, values, t):
            target = preprocessing.target.name
            notes.append(
                f"note: {name} alone tells {target}; is it known before {target} is? --drop {name!r} leaves it out"
            )
    return notes


def _gives_away(kind: str, values: Array, t: Array) -> bool:
    """Whether a column alone determines the target, more often than chance would have it."""
    if t.ndim == 2:
        numbers = values.astype(np.float64)
        there = ~np.isnan(numbers)
        if kind == "category" or len(np.unique(numbers[there])) < 3:
            return False
        return bool(np.corrcoef(numbers[there], t[there, 0].astype(np.float64))[0, 1] ** 2 > _GIVEN_AWAY)
    if kind in ("category", "boolean"):
        _, groups = np.unique(values, return_inverse=True)
        pairs = len(np.unique(groups.astype(np.int64) * (int(t.max()) + 1) + t))
        return pairs == len(np.unique(groups)) < _NEARLY_ALL * len(values)
    ordered = t[np.argsort(values, kind="stable")]
    changes = int(np.count_nonzero(np.diff(ordered)))
    return changes == len(np.unique(t)) - 1 and _apart(values, t)


def _apart(values: Array, t: Array) -> bool:
    """Whether no value occurs in two classes, and each class in more than one row."""
    different = len(np.unique(values))
    both = len(np.unique(np.stack([values.astype(np.float64), t.astype(np.float64)]), axis=1).T)
    return different == both and int(np.bincount(t).min()) > 1
