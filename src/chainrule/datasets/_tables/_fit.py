"""What the training rows settle: which columns a network gets, and how each becomes numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from math import fsum, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.datasets._tables._column import MOST_CATEGORIES, Array, Column, Kind, Table, listed
from chainrule.datasets._tables._preprocessing import Feature, Preprocessing, Target, Task
from chainrule.datasets._tables._suspects import are_names, counts_rows, names_rows
from chainrule.errors import DataError

MOST_INPUTS = 100  # of one column of categories
_MOST_CLASSES_OF_NUMBERS, _FEWEST_ROWS_A_CLASS = 20, 3
_CONSTANT = "it is the same in every row"
_LARGEST = 1e150  # whose square is still a number
_MANY_MISSING = 0.5

Rows = NDArray[np.integer[Any]]


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
        numbers = column.values[~column.missing]  # as small as they are: there may be very many
        if (task or _task_of(numbers, len(classes))) == "regression":
            check_size(name, max(-float(numbers.min()), float(numbers.max())))
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


@dataclass(frozen=True)
class Seen:
    """What the training rows tell of a column, whether they were looked at together or piece by piece.

    counts_rows             whether it is one number more in each row, and is called like that
    smallest, largest       of numbers, dates and booleans
    typical, mean, std      of these; booleans need no mean and std
    counts                  of categories: how often each occurs, "" for a missing one
    """

    kind: Kind
    rows: int
    missing: int
    counts_rows: bool = False
    smallest: float = 0.0
    largest: float = 0.0
    typical: float = 0.0
    mean: float = 0.0
    std: float = 0.0
    counts: Mapping[str, int] = field(default_factory=dict)


def fit(
    table: Table, target: Target, rows: Rows, drop: Collection[str] = ()
) -> tuple[Preprocessing, list[str]]:
    """The preprocessing that the training rows settle, and in words what was left out and why.

    rows     of the table that are trained on; the others may not be looked at
    drop     columns that somebody does not want
    raises   DataError when no column is left
    """
    wanted = [name for name in table.columns if name != target.name and name not in drop]
    columns = {name: _seen(name, table[name], rows) for name in wanted}
    return settled(table.name, columns, target_of_rows(target, table[target.name], rows), drop)


def settled(
    table: str, columns: Mapping[str, Seen], target: Target, drop: Collection[str]
) -> tuple[Preprocessing, list[str]]:
    """The preprocessing of columns of which this was seen; see `fit`."""
    features: list[Feature] = []
    left_out = dict.fromkeys(drop, "not wanted")
    notes: list[str] = []
    for name, seen in columns.items():
        feature = _feature(name, seen)
        if isinstance(feature, str):
            left_out[name] = feature
            notes.append(f"{name} is left out: {feature}")
        else:
            features.append(feature)
            notes += _remarks(feature, seen)
    if not features:
        what = f"{table} has no column to predict {target.name!r} from"
        raise DataError(what, fix="; ".join(notes) or "a table needs another column beside the target")
    return Preprocessing(tuple(features), target, left_out), notes


def target_of_rows(target: Target, column: Column, rows: Rows) -> Target:
    """The target with what its training rows tell."""
    if target.classes:
        counts = np.bincount(target.encode(column, rows))
        return replace(target, typical=target.classes[int(counts.argmax())])
    mean, std = _mean_and_std(column.numbers(rows))
    if std == 0:
        raise DataError(f"the target {target.name!r} is {mean:g} in every training row")
    return replace(target, mean=mean, std=std)


def _feature(name: str, seen: Seen) -> Feature | str:
    """What a column becomes, or why it cannot help."""
    if seen.kind == "text":
        return f"more than {MOST_CATEGORIES:,} different values that are no numbers: an id or free text"
    if seen.missing == seen.rows:
        return "it has no values"
    if seen.counts_rows:
        return "it counts the rows"
    if seen.kind == "category":
        if len(seen.counts) == 1:
            return _CONSTANT
        if are_names(len(seen.counts), seen.rows):
            return "it names nearly every row"
        return _one_hot(name, seen.counts)
    check_size(name, max(-seen.smallest, seen.largest))
    if seen.smallest == seen.largest:
        return _CONSTANT
    if seen.kind == "boolean":
        return Feature(name, "boolean", float(seen.typical >= 0.5))
    if seen.std == 0:
        return "its numbers are too close to each other to be told apart"
    return Feature(name, seen.kind, seen.typical, seen.mean, seen.std)


def check_size(name: str, largest: float) -> None:
    """Refuse numbers whose squares are none."""
    if largest > _LARGEST:
        raise DataError(
            f"column {name!r} holds numbers up to {largest:g}, too large to compute with", fix="another unit"
        )


def _seen(name: str, column: Column, rows: Rows) -> Seen:
    """What a column in memory tells."""
    missing = int(column.missing[rows].sum())
    if column.kind == "text" or missing == len(rows):
        return Seen(column.kind, len(rows), missing)
    if column.kind == "category":
        texts, places = column.texts(rows)
        counts = dict(zip(texts, np.bincount(places).tolist(), strict=True))
        return Seen("category", len(rows), missing, counts=counts)
    numbers = column.numbers(rows)
    there = numbers[~np.isnan(numbers)]
    smallest, largest = float(there.min()), float(there.max())
    check_size(name, max(-smallest, largest))
    typical = float(np.median(there))
    numbers[np.isnan(numbers)] = typical
    mean, std = _mean_and_std(numbers) if column.kind != "boolean" else (0.0, 0.0)
    is_counter = counts_rows(name, column)
    return Seen(column.kind, len(rows), missing, is_counter, smallest, largest, typical, mean, std)


def _mean_and_std(numbers: Array) -> tuple[float, float]:
    """Of sums that are rounded once: so they are the same on every machine."""
    mean = fsum(numbers) / len(numbers)
    return mean, sqrt(fsum(np.square(numbers - mean)) / len(numbers))


def _one_hot(name: str, counts: Mapping[str, int]) -> Feature:
    """A number for each category, for the most frequent ones where there are very many."""
    kept = sorted(counts, key=lambda text: (-counts[text], text))[:MOST_INPUTS]
    typical = next(text for text in kept if text)
    return Feature(name, "category", typical, categories=tuple(sorted(kept)))


def _remarks(feature: Feature, seen: Seen) -> list[str]:
    """What a person should know of a column that is used."""
    notes = []
    different, kept = len(seen.counts), len(feature.categories)
    if different > kept:
        notes.append(
            f"{feature.name} has {different:,} categories; the {kept} most frequent have a number of their own"
        )
    share = seen.missing / seen.rows
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
