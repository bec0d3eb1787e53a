"""A folder of Parquet files as a table whose rows stay on the disk; only the column of targets is in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from math import inf, sqrt
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.datasets._row_groups import (
    Field,
    GroupedRows,
    RowGroup,
    fields_of,
    groups_of,
    parquet_files,
    read_group,
)
from chainrule.datasets._tables._column import (
    MISSING,
    MOST_CATEGORIES,
    OTHER,
    Array,
    Column,
    Kind,
    Table,
    compact,
    counted,
)
from chainrule.datasets._tables._fit import Rows, Seen, settled, summary, target_of, target_of_rows
from chainrule.datasets._tables._load import TableData, about_target, split
from chainrule.datasets._tables._preprocessing import Preprocessing, Target, Task
from chainrule.datasets._tables._suspects import is_called_id
from chainrule.errors import DataError

_KINDS = ("number", "boolean", "date", "category", "empty")

Fields = Mapping[str, Field]


def load_folder(
    folder: Path,
    *,
    target: str,
    task: Task | None,
    drop: Collection[str],
    test_share: float,
    seed: int,
    dtype: np.dtype[Any],
) -> TableData:
    """A folder of Parquet files ready for training; see `load_table`.

    test_share   of the rows, for the test where no file is; of 0, `x_test` and `t_test` may have no rows
    """
    train_files, test_files = parquet_files(folder)
    fields = _fields(folder, [*train_files, *test_files], target, drop)
    groups, test_groups = groups_of(train_files), groups_of(test_files)
    if not groups:
        raise DataError(f"the Parquet files in {folder} have no rows for training", fix="give at least one")
    answers = _targets(folder, groups, target, fields[target])
    found = target_of(answers, target, task)
    labelled = _labelled(answers[target])
    train, test = labelled, labelled[:0]
    if test_share and not test_groups:
        train, test = map(np.sort, split(answers, found, labelled, test_share, seed))
    features = {name: field for name, field in fields.items() if name != target}
    seen = _seen(groups, features, train)
    preprocessing, left_out = settled(str(folder), seen, target_of_rows(found, answers[target], train), drop)
    used = {feature.name: fields[feature.name] for feature in preprocessing.features}

    def rows(groups: Sequence[RowGroup], chosen: Rows) -> Any:
        def encode(table: Table, some: Array) -> Array:
            return preprocessing.encode(table, some, dtype)[0]

        return GroupedRows(groups, chosen, used, encode, len(preprocessing.inputs), dtype)

    x_train, x_test = rows(groups, train), rows(groups, test)
    t_train, t_test = (preprocessing.target.encode(answers[target], some, dtype) for some in (train, test))
    gone = answers.rows - len(labelled)
    if test_groups:
        answers = _targets(folder, test_groups, target, fields[target])
        test = _labelled(answers[target])
        if not len(test):
            raise DataError(f"the test files in {folder} have no row with a {target!r}")
        x_test = rows(test_groups, test)
        t_test = _test_targets(folder, preprocessing.target, answers[target], test, dtype)
        gone += answers.rows - len(test)
    notes = [
        f"read as Parquet, {len(groups) + len(test_groups):,} row groups, by pyarrow",
        *([f"{counted(gone)} without a target left out"] if gone else []),
        *([] if test_groups else [f"rows for training and test are drawn with seed {seed}"]),
        *summary(preprocessing),
        *left_out,
        *_about_missing(preprocessing, seen),
        *about_target(preprocessing.target, t_train),
    ]
    return TableData(str(folder), x_train, t_train, x_test, t_test, preprocessing, tuple(notes))


def _fields(folder: Path, files: Sequence[Path], target: str, drop: Collection[str]) -> Fields:
    """The columns that are wanted, each of a kind that can become numbers."""
    fields = fields_of(files)
    names = Table(str(folder), dict.fromkeys(fields, Column("empty", np.empty(0))), 0)
    for name in (target, *drop):
        names[name]  # raises where there is none
    wanted = {name: field for name, field in fields.items() if name not in drop}
    for name, field in wanted.items():
        if field.kind not in _KINDS:
            what = f"the column {name!r} of {files[0]} holds {field.kind}: neither numbers, truths, dates nor texts"
            raise DataError(
                what, fix=f"--drop {name!r} (drop=[{name!r}] in Python), or leave it out of the files"
            )
    return wanted


def _targets(folder: Path, groups: Sequence[RowGroup], name: str, field: Field) -> Table:
    """The column of targets, all of it."""
    texts: dict[str, int] = {}
    parts, are_too_many = [], False
    for group in groups:
        part = read_group(group, {name: field})[name]
        if field.kind != "category":
            parts.append(compact(part.values))
            continue
        are_too_many = are_too_many or bool(np.any(part.values == OTHER))
        places = [texts.setdefault(text, len(texts)) for text in part.categories]
        parts.append(compact(np.array([*places, MISSING])[part.values]))
    kind: Kind = "text" if are_too_many or len(texts) > MOST_CATEGORIES else field.kind
    column = Column(kind, np.concatenate(parts), tuple(texts))
    return Table(str(folder), {name: column}, len(column.values))


def _labelled(column: Column) -> Rows:
    """The rows that have a target, in half the memory where there are less than two thousand million of them."""
    rows = np.flatnonzero(~column.missing)
    return rows if len(column.values) > np.iinfo(np.int32).max else rows.astype(np.int32)


def _test_targets(folder: Path, target: Target, column: Column, rows: Rows, dtype: Any) -> Array:
    try:
        return target.encode(column, rows, dtype)
    except DataError as error:
        raise DataError(f"the test files in {folder}: {error.what}", fix=error.fix) from None


def _seen(groups: Sequence[RowGroup], fields: Fields, rows: Rows) -> dict[str, Seen]:
    """What the training rows tell of each column, from one pass with a row group in memory at a time."""
    columns: dict[str, _Numbers | _Texts] = {
        name: _Texts() if field.kind == "category" else _Numbers(name, field.kind)
        for name, field in fields.items()
    }
    for group in groups:
        start, end = np.searchsorted(rows, np.array([group.first, group.first + group.rows], rows.dtype))
        open_fields = {name: fields[name] for name, column in columns.items() if column.is_open}
        table = read_group(group, open_fields)
        for name in open_fields:
            columns[name].look(table[name], rows[start:end] - group.first)
    return {name: column.seen(len(rows)) for name, column in columns.items()}


class _Numbers:
    """A column of numbers, as far as its row groups have been looked at.

    source   Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979
    """

    is_open = True

    def __init__(self, name: str, kind: Kind) -> None:
        self._kind = kind
        self._count, self._mean, self._squares = 0, 0.0, 0.0
        self._smallest, self._largest = inf, -inf
        self._counts_rows, self._last = kind == "number" and is_called_id(name), np.empty(0)

    def look(self, column: Column, rows: Rows) -> None:
        if self._counts_rows:
            steps = np.diff(np.concatenate([self._last, column.values]))
            self._counts_rows, self._last = bool(np.all(steps == 1)), column.values[-1:]
        numbers = column.numbers(rows)
        numbers = numbers[~np.isnan(numbers)]
        if not numbers.size:
            return
        both = self._count + numbers.size
        with np.errstate(over="ignore", invalid="ignore"):  # of numbers that are found to be too large
            gap = numbers.mean() - self._mean
            self._squares += float(np.sum(np.square(numbers - numbers.mean())))
            self._squares += gap**2 * self._count * numbers.size / both
        self._mean += gap * numbers.size / both
        self._count = both
        self._smallest = min(self._smallest, float(numbers.min()))
        self._largest = max(self._largest, float(numbers.max()))

    def seen(self, rows: int) -> Seen:
        std = sqrt(self._squares / max(self._count, 1))
        own = self._smallest, self._largest, self._mean, self._mean, std
        return Seen(self._kind, rows, rows - self._count, self._counts_rows and rows > 1, *own)


class _Texts:
    """A column of categories, as far as its row groups have been looked at."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._are_too_many = False

    @property
    def is_open(self) -> bool:
        """Whether more of it may tell more."""
        return not self._are_too_many and len(self._counts) - ("" in self._counts) <= MOST_CATEGORIES

    def look(self, column: Column, rows: Rows) -> None:
        self._are_too_many = bool(np.any(column.values == OTHER))
        texts, places = column.texts(rows)
        self._counts.update(dict(zip(texts, np.bincount(places).tolist(), strict=True)))

    def seen(self, rows: int) -> Seen:
        return Seen("category" if self.is_open else "text", rows, self._counts[""], counts=self._counts)


def _about_missing(preprocessing: Preprocessing, seen: Mapping[str, Seen]) -> list[str]:
    return [
        feature.about_missing(seen[feature.name].missing)
        for feature in preprocessing.features
        if feature.kind != "category" and seen[feature.name].missing
    ]
