"""A table made ready for training: typed, encoded, split."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import DTypeLike

from chainrule.datasets._forms import Split
from chainrule.datasets._shards import has_row_groups
from chainrule.datasets._tables._column import Array, Table, counted, listed, normal
from chainrule.datasets._tables._fit import Rows, fit, summary, target_of
from chainrule.datasets._tables._preprocessing import Preprocessing, Target, Task
from chainrule.datasets._tables._read import read_table
from chainrule.datasets._tables._suspects import suspects
from chainrule.errors import ArgumentError

_TASKS: tuple[Task, ...] = get_args(Task)

_IMBALANCED = 0.8


@dataclass(frozen=True)
class TableData:
    """A table ready for training; it unpacks as ``(x_train, t_train), (x_test, t_test)``.

    x_train, x_test  inputs (rows, numbers)
    t_train, t_test  class numbers (rows,) int64; for regression standardised numbers (rows, 1)
    preprocessing    how these came about, and how rows of another table become inputs
    notes            what was decided on the way, a sentence each
    """

    name: str
    x_train: Array
    t_train: Array
    x_test: Array
    t_test: Array
    preprocessing: Preprocessing
    notes: tuple[str, ...]

    @property
    def inputs(self) -> int:
        """How many numbers a row has."""
        return int(self.x_train.shape[1])

    @property
    def outputs(self) -> int:
        """How many numbers a network has to give: one for each class, or one."""
        return self.preprocessing.target.outputs

    def __iter__(self) -> Iterator[Split]:
        yield self.x_train, self.t_train
        yield self.x_test, self.t_test

    def __str__(self) -> str:
        return "\n".join([self.name, *(f"  {note}" for note in self.notes)])


def load_table(
    source: Any,
    *,
    target: str,
    task: Task | None = None,
    drop: Collection[str] = (),
    test_share: float = 0.2,
    seed: int = 0,
    dtype: DTypeLike = np.float32,
) -> TableData:
    """Read a table, and make numbers of it that a network can be trained on.

    source      whatever `chainrule.datasets.read_table` takes: the path of a CSV or Parquet file, a data frame, a
                dictionary of columns, a list of rows. Or a folder of Parquet files, of any size, as `load_shards`
                takes it: inputs then are rows on the disk, and what is missing becomes the mean
    target      the column to be predicted
    task        "classification" or "regression"; else classification for categories, booleans, and at most 20 different
                whole numbers that recur, and regression for all other numbers
    drop        columns that the network shall not get
    test_share  of the rows, drawn by chance; for classification the same share of each class. Of a folder only where no
                file is called test….parquet
    seed        of that draw
    dtype       of the inputs: float32 or float64
    returns     inputs and targets for training and test, the preprocessing, and what was decided on the way
    raises      DataError for a damaged file, a target that is not there or cannot be predicted, and a table that has
                nothing to predict it from; ArgumentError for a share that leaves no rows

    Means, standard deviations, medians and categories are those of the training rows alone.

    >>> fruit = {"grams": [90, 110, 1200, 1500, 100] * 8, "skin": ["smooth", None, "net", "net", "smooth"] * 8,
    ...          "kind": ["plum", "plum", "melon", "melon", "plum"] * 8}
    >>> table = load_table(fruit, target="kind")
    >>> (x_train, t_train), (x_test, t_test) = table
    >>> x_train.shape, table.preprocessing.inputs, table.preprocessing.target.classes
    ((32, 4), ['grams', 'skin=(missing)', 'skin=net', 'skin=smooth'], ('melon', 'plum'))
    """
    if not 0 < test_share < 1:
        raise ArgumentError(
            f"test_share must be above 0 and below 1; it is {test_share}", fix="0.2 for a fifth"
        )
    if task not in (None, *_TASKS):
        raise ArgumentError(f"task must be one of {', '.join(_TASKS)}, or None; it is {task!r}")
    target, drop = normal(target), [normal(name) for name in drop]
    if target in drop:
        raise ArgumentError(f"{target!r} cannot be both the target and left out")
    if isinstance(source, str | os.PathLike) and has_row_groups(source):
        from chainrule.datasets._tables._folder import load_folder

        settings: Any = {"test_share": test_share, "seed": seed, "dtype": np.dtype(dtype)}
        return load_folder(Path(source), target=target, task=task, drop=drop, **settings)
    table = read_table(source, known=[target])
    for name in (target, *drop):
        table[name]  # raises where there is none
    found = target_of(table, target, task)
    labelled = np.flatnonzero(~table[target].missing)
    train, test = split(table, found, labelled, test_share, seed)
    preprocessing, left_out = fit(table, found, train, drop)
    return _data(
        table, preprocessing, (train, test), np.dtype(dtype), _notes(table, labelled, seed), left_out
    )


def column_names(source: Any) -> list[str]:
    """The names of the columns of a table; see `load_table` for what is one.

    >>> column_names({"grams": [90, 110], "kind": ["plum", "plum"]})
    ['grams', 'kind']
    """
    if isinstance(source, str | os.PathLike) and has_row_groups(source):
        from chainrule.datasets._row_groups import fields_of, parquet_files

        train, test = parquet_files(Path(source))
        return list(fields_of([*train, *test]))
    return list(read_table(source).columns)


def split(table: Table, target: Target, labelled: Rows, test_share: float, seed: int) -> tuple[Rows, Rows]:
    """The rows for training and for the test, in an order of chance."""
    rows = np.random.default_rng([seed, *b"table"]).permutation(labelled)
    count = len(rows)
    if target.classes:
        # Sorted by class, each has its share of evenly spaced rows.
        rows = rows[np.argsort(target.encode(table[target.name], rows), kind="stable")]
    wanted = round(count * test_share)
    if not 0 < wanted < count:
        raise ArgumentError(
            f"of {count} rows, a test_share of {test_share:g} leaves none for training or test"
        )
    is_test = np.zeros(count, bool)
    is_test[((np.arange(wanted) + 0.5) * count / wanted).astype(int)] = True
    return rows[~is_test], rows[is_test]


def _data(
    table: Table,
    preprocessing: Preprocessing,
    split: tuple[Rows, Rows],
    dtype: Any,
    notes: list[str],
    left_out: list[str],
) -> TableData:
    train, test = split
    target = preprocessing.target
    (x_train, made), (x_test, also_made) = (preprocessing.encode(table, rows, dtype) for rows in split)
    t_train, t_test = (target.encode(table[target.name], rows, dtype) for rows in split)
    said = [
        *notes,
        *summary(preprocessing),
        *left_out,
        *made,
        *(f"{note}, in the test rows" for note in also_made),
        *suspects(table, preprocessing, train, t_train),
        *about_target(target, t_train),
    ]
    return TableData(table.name, x_train, t_train, x_test, t_test, preprocessing, tuple(said))


def _notes(table: Table, labelled: Rows, seed: int) -> list[str]:
    gone = table.rows - len(labelled)
    notes = list(table.notes)
    if gone:
        notes.append(f"{counted(gone)} without a target left out")
    notes.append(f"rows for training and test are drawn with seed {seed}")
    return notes


def about_target(target: Target, t: Array) -> list[str]:
    """In words what is predicted, and what to look out for; t as training gets it."""
    if target.task == "regression":
        return [
            f"target {target.name}: regression, mean {target.mean:.6g}, standard deviation {target.std:.6g}"
        ]
    notes = [f"target {target.name}: classification, {listed(target.classes, 8)}"]
    counts = np.bincount(t, minlength=len(target.classes))
    if (share := counts.max() / len(t)) > _IMBALANCED:
        often = "always saying so is right as often, so look at each class"
        notes.append(f"note: {share:.1%} of the training rows are {target.typical}; {often}")
    few = [name for name, count in zip(target.classes, counts, strict=True) if count < 2]
    if few:
        notes.append(f"note: fewer than two training rows are {listed(few, 5)}")
    return notes
