"""How rows of a table become numbers, and how answers become words and units again; kept with a run as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np

from chainrule.datasets._tables._column import OTHER, Array, Column, Kind, Table, listed
from chainrule.datasets._tables._read import read_table
from chainrule.errors import DataError

Task = Literal["classification", "regression"]

_FORMAT = 1
_FARTHEST = 1e15  # standard deviations; beyond them float32 overflows inside a network
_ENCODED = ("number", "boolean", "date", "category")


@dataclass(frozen=True)
class Feature:
    """A column that a network gets, and the numbers that it becomes: one, or one for each category.

    kind        "number", "boolean", "date" or "category"
    typical     what stands for a missing value: the median (of a folder of Parquet files the mean), or the more
                frequent of 1 and 0; of categories the most frequent one, for comparison alone: a missing one is a
                category of its own, "", or none
    mean, std   of the training rows, for numbers and dates: x becomes (x − mean) / std; else 0 and 1
    categories  each has a number that is 1 where a row has it; of a category that is not among them all are 0
    """

    name: str
    kind: Kind
    typical: float | str
    mean: float = 0.0
    std: float = 1.0
    categories: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """How many numbers it becomes."""
        return len(self.categories) if self.kind == "category" else 1

    @property
    def inputs(self) -> list[str]:
        """A name for each of them."""
        if self.kind != "category":
            return [self.name]
        return [f"{self.name}={category or '(missing)'}" for category in self.categories]

    def encode(self, column: Column, rows: Any, out: Array) -> str | None:
        """Write the numbers of some rows into an array (rows, width); what was made of values that do not fit."""
        if self.kind == "category":
            return self._encode_categories(column, rows, out)
        numbers = column.numbers(rows)
        gaps = np.isnan(numbers)
        numbers[gaps] = self.typical
        with np.errstate(over="ignore"):  # what becomes inf is too far away
            numbers = (numbers - self.mean) / self.std
        if len(numbers) and np.max(np.abs(numbers)) > _FARTHEST:
            at = int(np.argmax(np.abs(numbers)))
            far = f"{column.numbers(rows)[at]:g}, {abs(numbers[at]):.0g} standard deviations from what was trained on"
            raise DataError(f"a row has {self.name} {far}", fix="correct it, or leave the cell empty")
        out[:, 0] = numbers
        missing = int(gaps.sum())
        return self.about_missing(missing) if missing else None

    def about_missing(self, missing: int) -> str:
        """In words what so many missing values become."""
        return f"{self.name}: {missing:,} missing, taken as {self.show(float(self.typical))}"

    def _encode_categories(self, column: Column, rows: Any, out: Array) -> str | None:
        places = {category: place for place, category in enumerate(self.categories)}
        codes, texts = (
            column.values[rows],
            [*column.categories, "others", ""],
        )  # the codes −2 and −1 count from the end
        found = np.array([places.get(text, -1) for text in texts])[codes]
        found[codes == OTHER] = -1
        known = np.flatnonzero(found >= 0)
        out[...] = 0
        out[known, found[known]] = 1
        if len(known) == len(found):
            return None
        names = listed([texts[code] or "(missing)" for code in np.unique(codes[found < 0])], 3)
        return (
            f"{self.name}: {len(found) - len(known):,} of no category that has a number of its own ({names})"
        )

    def shown(self, column: Column) -> str:
        """The first value of a column as a person writes it; "" where it is missing."""
        if self.kind == "category":
            return column.texts()[0][0]
        value = float(column.values[0])
        return "" if value != value else self.show(value)

    def show(self, value: float) -> str:
        """A value of the column as a person writes it."""
        if self.kind == "date":
            return str(np.datetime64(0, "s") + np.timedelta64(round(value * 86400), "s")).removesuffix(
                "T00:00:00"
            )
        if self.kind == "boolean":
            return "true" if value == 1 else "false"
        return f"{value:.6g}"


@dataclass(frozen=True)
class Target:
    """The column that is predicted.

    kind       that of the column
    classes    the names of the classes, in the order of their numbers; none for regression
    typical    the class that is most frequent in the training rows; "" for regression
    mean, std  of the training rows; a network for regression learns (t − mean) / std
    """

    name: str
    kind: Kind
    classes: tuple[str, ...] = ()
    typical: str = ""
    mean: float = 0.0
    std: float = 1.0

    @property
    def task(self) -> Task:
        return "classification" if self.classes else "regression"

    @property
    def outputs(self) -> int:
        """How many numbers a network for it gives."""
        return len(self.classes) or 1

    def encode(self, column: Column, rows: Any, dtype: Any = np.float32) -> Array:
        """Class numbers (rows,), or standardised numbers (rows, 1). DataError for a class nobody trained on."""
        if not self.classes:
            return ((column.numbers(rows)[:, np.newaxis] - self.mean) / self.std).astype(dtype)
        places = {name: place for place, name in enumerate(self.classes)}
        texts, which = column.texts(rows)
        if unknown := sorted(set(texts) - set(places)):
            raise DataError(
                f"{self.name} is {listed(unknown, 3)!r} in some rows; the classes are {listed(self.classes)}"
            )
        return np.array([places[text] for text in texts], np.int64)[which]

    def in_units(self, outputs: Array) -> Array:
        """Standardised numbers (rows, 1) as numbers (rows,) in the units of the column."""
        return outputs[:, 0].astype(np.float64) * self.std + self.mean


@dataclass(frozen=True)
class Prepared:
    """Rows of a table as a network takes them.

    x      float32 or float64 of shape (rows, inputs)
    t      class numbers (rows,), or standardised numbers (rows, 1); None where the table has no column of targets
    notes  what was made of missing values, unknown categories, and columns that are not needed
    """

    x: Array
    t: Array | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Preprocessing:
    """How rows of a table become numbers for a network, as the training rows have settled it.

    features  the columns that a network gets, in the order of its inputs
    target    the column that is predicted
    left_out  columns that it does not get, and why

    >>> fruit = {"size": [1, 2, 3, 9] * 5, "name": ["plum", "plum", "plum", "melon"] * 5}
    >>> table = cr.load_table(fruit, target="name")
    >>> again = Preprocessing.from_json(table.preprocessing.to_json())
    >>> again.transform([{"size": 3}]).x.shape, again.target.classes
    ((1, 1), ('melon', 'plum'))
    """

    features: tuple[Feature, ...]
    target: Target
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def inputs(self) -> list[str]:
        """A name for each number that a row becomes."""
        return [name for feature in self.features for name in feature.inputs]

    def transform(self, source: Any, *, dtype: Any = np.float32, targets: bool = False) -> Prepared:
        """Rows as the training rows were prepared: columns found by name, in any order; others are left alone.

        source   whatever `read_table` takes; one dictionary of single values is one row
        targets  whether the column of targets must be there
        raises   DataError for a column that is not there, and for a cell that is not of its kind
        """
        table = self.read(source, targets=targets)
        x, notes = self.encode(table, slice(None), dtype)
        strangers = [name for name in table.unread if name not in {*self.left_out, self.target.name}]
        if strangers:
            notes.append(f"not used: {listed(strangers)}")
        t = self._targets(table, dtype) if targets else None
        return Prepared(x, t, (*table.notes, *notes))

    def read(self, source: Any, *, targets: bool = False) -> Table:
        """The columns that are needed, as they are; see `transform`."""
        kinds = {feature.name: feature.kind for feature in self.features}
        if targets:
            kinds[self.target.name] = self.target.kind
        table = read_table(source, kinds=kinds)
        if absent := [name for name in kinds if name not in table.columns]:
            there = f"it has {listed([*table.columns, *table.unread])}"
            raise DataError(
                f"{table.name} has no column {listed(map(repr, absent))}; {there}",
                fix="give every column that the network was trained on; a cell may be empty",
            )
        return table

    def encode(self, table: Table, rows: Any, dtype: Any) -> tuple[Array, list[str]]:
        """The numbers of some rows, shape (rows, inputs), and what was made of values that do not fit."""
        count = len(np.empty(table.rows, "?")[rows])
        x, notes, start = np.empty((count, len(self.inputs)), dtype), [], 0
        for feature in self.features:
            out = x[:, start : start + feature.width]
            notes.append(feature.encode(table[feature.name], rows, out))
            start += feature.width
        return x, list(filter(None, notes))

    def _targets(self, table: Table, dtype: Any) -> Array:
        column = table[self.target.name]
        if column.missing.any():
            first = int(column.missing.argmax())
            what = f"{table.name} has rows without {self.target.name!r}, the first of them row {first}"
            raise DataError(what, fix="leave them out, or fill them in")
        return self.target.encode(column, slice(None), dtype)

    def to_json(self) -> dict[str, Any]:
        """All of it, fit for JSON."""
        return {
            "format": _FORMAT,
            "target": asdict(self.target),
            "columns": [asdict(feature) for feature in self.features],
            "left_out": dict(self.left_out),
        }

    @classmethod
    def from_json(cls, value: Any) -> Preprocessing:
        """What `to_json` gave. DataError, saying what is wrong, for anything else."""
        if not isinstance(value, dict) or value.keys() != {"format", "target", "columns", "left_out"}:
            raise DataError("the preprocessing has not exactly format, target, columns and left_out")
        if value["format"] != _FORMAT:
            raise DataError(
                f"it has format {value['format']!r:.40}; this version of chainrule reads {_FORMAT}"
            )
        columns, left_out = value["columns"], value["left_out"]
        if not isinstance(columns, list) or not columns or not _is_texts(left_out):
            raise DataError("the preprocessing names no columns")
        features = tuple(_made(Feature, column) for column in columns)
        if len({feature.name for feature in features}) < len(features):
            raise DataError("the preprocessing has one column twice")
        return cls(features, _made(Target, value["target"]), left_out)


def _made(kind: Any, value: Any) -> Any:
    """A feature or target from its JSON."""
    names = kind.__dataclass_fields__
    if not isinstance(value, dict) or value.keys() != names.keys():
        raise DataError(f"a {kind.__name__.lower()} has {', '.join(names)}, not {value!r:.100}")
    value = {name: tuple(v) if isinstance(v, list) else v for name, v in value.items()}
    texts = value.get("categories", value.get("classes"))
    sound = (
        isinstance(value["name"], str)
        and value["kind"] in _ENCODED
        and isinstance(texts, tuple)
        and all(isinstance(text, str) for text in texts)
        and len(set(texts)) == len(texts)
        and all(_is_finite(value[name]) for name in ("mean", "std"))
        and value["std"] > 0
        and (kind is Target or bool(texts) == (value["kind"] == "category"))
        and _is_typical(kind, value, texts)
    )
    if not sound:
        raise DataError(
            f"the column {value['name']!r:.60} is described in a way that cannot be: {value!r:.200}"
        )
    return kind(**value)


def _is_typical(kind: Any, value: dict[str, Any], texts: tuple[str, ...]) -> bool:
    """Whether there is a typical value of the right kind: one of the texts, if there are any."""
    typical = value["typical"]
    return typical in texts if texts else typical == "" if kind is Target else _is_finite(typical)


def _is_finite(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < float("inf")


def _is_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
