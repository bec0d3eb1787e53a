"""What the training rows settle: which columns a network gets, and how each becomes numbers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from math import fsum, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.datasets._tables._column import MOST_CATEGORIES, Array, Column, Table, listed
from chainrule.datasets._tables._preprocessing import Feature, Preprocessing, Target, Task
from chainrule.datasets._tables._suspects import counts_rows, names_rows
from chainrule.errors import DataError

MOST_INPUTS = 100  # of one column of categories
_MOST_CLASSES_OF_NUMBERS, _FEWEST_ROWS_A_CLASS = 20, 3
_CONSTANT = "it is the same in every row"
_LARGEST = 1e150  # whose square is still a number
_MANY_MISSING = 0.5

Rows = NDArray[np.intp]


def target_of(table: Table, name: str, task: Task | None) -> Target:
    """What the column of targets is for: classes or numbers; without mean and standard deviation.

    task     None where the column itself shall tell
    raises   DataError when it cannot be predicted, or not in this way
    """
    column = table[name]
    if column.kind in ("empty", "date", "text"):
        why = {
            "empty": "has no values",
            "date": "holds dates",
            "text": f"has more than {MOST_CATEGORIES:,} different values, which are no classes",
        }[column.kind]
        raise DataError(f"the target {name!r} {why}", fix="give another column as the target")
    classes = sorted(filter(None, column.texts()[0]))
    if len(classes) < 2:
        what = f"the target {name!r} is {classes[0]!r:.60} in every row: there is nothing to tell apart"
        raise DataError(what, fix="give another column as the target")
    if column.kind == "number":
        numbers = column.numbers()
        numbers = numbers[~np.isnan(numbers)]
        if (task or _task_of(numbers, len(classes))) == "regression":
            _check_size(name, numbers)
            return Target(name, "number")
        classes.sort(key=float)
    elif names_rows(column.values):
        what = f"the target {name!r} names nearly every row: there is nothing to learn that another row could use"
        raise DataError(what, fix="give another column as the target")
    elif task == "regression":
        what = f"the target {name!r} holds {listed(classes, 3)}: regression needs numbers"
        raise DataError(what, fix="leave --task out, or give another target")
    if len(classes) > MOST_CATEGORIES:
        what = f"the target {name!r} has {len(classes):,} different values; at most {MOST_CATEGORIES:,} can be classes"
        raise DataError(what, fix="--task regression")
    return Target(name, "number" if column.kind == "number" else "category", tuple(classes))


def _task_of(numbers: Array, different: int) -> Task:
    """Few whole numbers that recur are names of classes; all others are quantities."""
    are_few = different <= min(_MOST_CLASSES_OF_NUMBERS, len(numbers) // _FEWEST_ROWS_A_CLASS)
    return "classification" if are_few and np.all(numbers == np.floor(numbers)) else "regression"


def fit(
    table: Table, target: Target, rows: Rows, drop: Collection[str] = ()
) -> tuple[Preprocessing, list[str]]:
    """The preprocessing that the training rows settle, and in words what was left out and why.

    rows     of the table that are trained on; the others may not be looked at
    drop     columns that somebody does not want
    raises   DataError when no column is left
    """
    features: list[Feature] = []
    left_out = dict.fromkeys(drop, "not wanted")
    notes: list[str] = []
    for name, column in table.columns.items():
        if name == target.name or name in left_out:
            continue
        feature = _feature(name, column, rows)
        if isinstance(feature, str):
            left_out[name] = feature
            notes.append(f"{name} is left out: {feature}")
        else:
            features.append(feature)
            notes += _remarks(feature, column, rows)
    if not features:
        what = f"{table.name} has no column to predict {target.name!r} from"
        raise DataError(what, fix="; ".join(notes) or "a table needs another column beside the target")
    target = _settled(target, table[target.name], rows)
    return Preprocessing(tuple(features), target, left_out), notes


def _settled(target: Target, column: Column, rows: Rows) -> Target:
    """The target with what its training rows tell."""
    if target.classes:
        counts = np.bincount(target.encode(column, rows))
        return replace(target, typical=target.classes[int(counts.argmax())])
    mean, std = _mean_and_std(column.numbers(rows))
    if std == 0:
        raise DataError(f"the target {target.name!r} is {mean:g} in every training row")
    return replace(target, mean=mean, std=std)


def _feature(name: str, column: Column, rows: Rows) -> Feature | str:
    """What a column becomes, or why it cannot help."""
    values = column.values[rows]
    if column.kind == "text":
        return f"more than {MOST_CATEGORIES:,} different values that are no numbers: an id or free text"
    if column.missing[rows].all():
        return "it has no values"
    if counts_rows(name, column):
        return "it counts the rows"
    if column.kind == "category":
        if values.min() == values.max():
            return _CONSTANT
        if names_rows(values):
            return "it names nearly every row"
        return _one_hot(name, column, rows)
    _check_size(name, column.numbers(rows))
    if np.nanmin(values) == np.nanmax(values):
        return _CONSTANT
    feature = _numeric(name, column, rows)
    return feature if feature.std > 0 else "its numbers are too close to each other to be told apart"


def _check_size(name: str, numbers: Array) -> None:
    largest = float(np.nanmax(np.abs(numbers)))
    if largest > _LARGEST:
        raise DataError(
            f"column {name!r} holds numbers up to {largest:g}, too large to compute with", fix="another unit"
        )


def _numeric(name: str, column: Column, rows: Rows) -> Feature:
    numbers = column.numbers(rows)
    there = numbers[~np.isnan(numbers)]
    typical = float(np.median(there))
    if column.kind == "boolean":
        return Feature(name, "boolean", float(typical >= 0.5))
    numbers[np.isnan(numbers)] = typical
    mean, std = _mean_and_std(numbers)
    return Feature(name, column.kind, typical, mean, std)


def _mean_and_std(numbers: Array) -> tuple[float, float]:
    """Of sums that are rounded once: so they are the same on every machine."""
    mean = fsum(numbers) / len(numbers)
    return mean, sqrt(fsum(np.square(numbers - mean)) / len(numbers))


def _one_hot(name: str, column: Column, rows: Rows) -> Feature:
    """A number for each category, for the most frequent ones where there are very many."""
    places, counts = np.unique(column.values[rows], return_counts=True)
    texts = [*column.categories, "", ""]
    by_count = sorted(zip(-counts, (texts[place] for place in places), strict=True))
    kept = [text for _, text in by_count[:MOST_INPUTS]]
    typical = next(text for text in kept if text)
    return Feature(name, "category", typical, categories=tuple(sorted(kept)))


def _remarks(feature: Feature, column: Column, rows: Rows) -> list[str]:
    """What a person should know of a column that is used."""
    notes = []
    different = len(np.unique(column.values[rows])) if feature.kind == "category" else 0
    if different > len(feature.categories):
        kept = len(feature.categories)
        notes.append(
            f"{feature.name} has {different:,} categories; the {kept} most frequent have a number of their own"
        )
    share = float(np.mean(column.missing[rows]))
    if share > _MANY_MISSING:
        notes.append(f"{feature.name} is missing in {share:.0%} of the training rows")
    return notes


def summary(preprocessing: Preprocessing) -> list[str]:
    """The columns by kind, and what becomes of each kind."""
    what: dict[str, Any] = {
        "number": "standardised",
        "date": "as days, standardised",
        "boolean": "as 1 and 0",
        "category": "one number for each category",
    }
    lines = []
    for kind, how in what.items():
        names = [
            f"{feature.name} ({feature.width})" if kind == "category" else feature.name
            for feature in preprocessing.features
            if feature.kind == kind
        ]
        if names:
            plural = {"category": "categories"}.get(kind, f"{kind}s")
            lines.append(f"{plural}, {how}: {listed(names, 8)}")
    return lines
