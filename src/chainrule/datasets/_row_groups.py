"""Folders of Parquet files: rows are read in row groups, since single ones are dear."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule._rows import Rows
from chainrule.errors import ArgumentError, DataError, MissingExtraError

Array = NDArray[Any]

_BUNDLE_BYTES = 1 << 25  # of the row groups that are in memory at a time, and among whose rows is shuffled


class _Group(NamedTuple):
    """A row group of a file."""

    path: Path
    number: int
    rows: int


class GroupedRows(Rows):
    """Some columns of Parquet files, row by row; what is unpacked stays for a while.

    groups   all row groups, in order
    columns  which
    decode   from these columns of a row group, as pyarrow reads them, to its rows
    row      their shape
    names    what the classes are called, where these are class numbers of texts
    """

    def __init__(
        self,
        groups: Sequence[_Group],
        columns: Sequence[str],
        decode: Callable[[Any, Path], Array],
        row: tuple[int, ...],
        dtype: np.dtype[Any],
        names: tuple[str, ...] = (),
    ) -> None:
        self.shape, self.dtype, self.names = (sum(group.rows for group in groups), *row), dtype, names
        self._groups, self._columns, self._decode = groups, columns, decode
        self._ends = np.cumsum([group.rows for group in groups])
        self._unpacked: OrderedDict[int, Array] = OrderedDict()
        self._lock = Lock()  # others may look at rows while training goes on

    def read(self, numbers: Array) -> Array:
        found = np.empty((len(numbers), *self.shape[1:]), self.dtype)
        where = np.searchsorted(self._ends, numbers, side="right")
        for number in np.unique(where).tolist():
            mine = np.flatnonzero(where == number)
            found[mine] = self._rows_of(number)[numbers[mine] - self._first(number)]
        return found

    def order(self, rng: np.random.Generator) -> Array:
        """Row groups shuffled, and then the rows of so many of them as are in memory together."""
        order: list[Array] = []
        bundle: list[Array] = []
        size = 0
        row_bytes = self.size // len(self) * self.dtype.itemsize
        for number in rng.permutation(len(self._groups)).tolist():
            own = self._groups[number].rows
            if bundle and size + own * row_bytes > _BUNDLE_BYTES:
                order.append(rng.permutation(np.concatenate(bundle)))
                bundle, size = [], 0
            bundle.append(self._first(number) + np.arange(own))
            size += own * row_bytes
        return np.concatenate([*order, rng.permutation(np.concatenate(bundle))])

    def _first(self, number: int) -> int:
        return int(self._ends[number]) - self._groups[number].rows

    def _rows_of(self, number: int) -> Array:
        with self._lock:
            if number not in self._unpacked:
                group = self._groups[number]
                rows = self._decode(read_group(group, self._columns), group.path).astype(
                    self.dtype, copy=False
                )
                size = rows.nbytes + sum(other.nbytes for other in self._unpacked.values())
                while self._unpacked and size > _BUNDLE_BYTES:
                    size -= self._unpacked.popitem(last=False)[1].nbytes
                self._unpacked[number] = rows
            self._unpacked.move_to_end(number)
            return self._unpacked[number]


def read_group(group: _Group, columns: Sequence[str]) -> Any:
    """Some columns of a row group, as pyarrow reads them."""
    parquet = _pyarrow()
    try:
        with parquet.ParquetFile(group.path) as file:
            return file.read_row_group(group.number, columns=list(columns))
    except Exception as error:  # with classes of pyarrow's own
        raise DataError(f"{group.path} cannot be read: {str(error) or type(error).__name__:.300}") from error


def load_row_groups(
    train: Sequence[Path], test: Sequence[Path], target: str | None, dtype: Any
) -> tuple[tuple[Rows, Rows], tuple[Rows, Rows] | None]:
    """Inputs and targets of Parquet files; see `load_shards`."""
    splits = [_groups(files) for files in (train, test)]
    schema = _schema([*train, *test])
    if target not in schema:
        what = "which column shall be predicted?" if target is None else f"there is no column {target!r}"
        raise ArgumentError(f"{train[0].parent}: {what}", fix=f"target=, one of {', '.join(schema):.300}")
    features = [name for name in schema if name != target]
    for name in features:
        if schema[name] not in ("number", "boolean"):
            what = f"the column {name!r} in {train[0]} holds {schema[name]}; shards need numbers"
            raise DataError(what, fix="leave it out of the files, or load_table, which encodes categories")
    mean, scale = _spread(splits[0], features)
    targets, row, t_dtype, names = _targets(splits[0], target, schema[target], np.dtype(dtype))

    def inputs(table: Any, path: Path) -> Array:
        rows: Array = np.empty((table.num_rows, len(features)), dtype)
        for place, name in enumerate(features):
            standard = (_numbers(table, name) - mean[place]) / scale[place]
            rows[:, place] = np.where(np.isnan(standard), 0.0, standard)
        return rows

    def rows(groups: list[_Group]) -> tuple[Rows, Rows]:
        return (
            GroupedRows(groups, features, inputs, (len(features),), np.dtype(dtype)),
            GroupedRows(groups, [target], targets, row, t_dtype, names),
        )

    return rows(splits[0]), rows(splits[1]) if splits[1] else None


def _groups(files: Sequence[Path]) -> list[_Group]:
    groups = []
    for path in files:
        try:
            with _pyarrow().ParquetFile(path) as file:
                sizes = [file.metadata.row_group(n).num_rows for n in range(file.metadata.num_row_groups)]
        except Exception as error:  # with classes of pyarrow's own
            raise DataError(f"{path} cannot be read: {str(error) or type(error).__name__:.300}") from error
        groups += [_Group(path, number, rows) for number, rows in enumerate(sizes) if rows]
    return groups


def _schema(files: Sequence[Path]) -> dict[str, str]:
    """The kind of each column, which must be those of all files."""
    import pyarrow as arrow

    kinds: list[dict[str, str]] = []
    for path in files:
        schema = _pyarrow().read_schema(path)
        types = {
            field.name: "number"
            if arrow.types.is_integer(field.type) or arrow.types.is_floating(field.type)
            else "boolean"
            if arrow.types.is_boolean(field.type)
            else str(field.type)
            for field in schema
        }
        kinds.append(types)
        if types != kinds[0]:
            differ = sorted(name for name in {*types, *kinds[0]} if types.get(name) != kinds[0].get(name))
            raise DataError(f"{path} and {files[0]} have other columns: {', '.join(differ):.300}")
    return kinds[0]


def _numbers(table: Any, name: str) -> Array:
    """A column of numbers as float64, NaN where there is none."""
    import pyarrow as arrow

    column = table.column(name)
    column = column.cast(arrow.uint8()) if arrow.types.is_boolean(column.type) else column
    numbers: Array = column.cast(arrow.float64(), safe=False).to_numpy()
    return numbers


def _spread(groups: Sequence[_Group], columns: Sequence[str]) -> tuple[Array, Array]:
    """Mean and standard deviation of each column, from one pass with a row group in memory at a time.

    source   Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979
    """
    count, mean, squares = (np.zeros(len(columns)) for _ in range(3))
    for group in groups:
        table = read_group(group, columns)
        for place, name in enumerate(columns):
            numbers = _numbers(table, name)
            numbers = numbers[~np.isnan(numbers)]
            if not numbers.size:
                continue
            with np.errstate(invalid="ignore"):  # of ∞ - ∞, which is found below
                both, gap = count[place] + numbers.size, numbers.mean() - mean[place]
                squares[place] += np.sum(np.square(numbers - numbers.mean()))
                squares[place] += gap**2 * count[place] * numbers.size / both
            mean[place] += gap * numbers.size / both
            count[place] = both
    deviation = np.sqrt(squares / np.maximum(count, 1))
    for name, number in zip(columns, deviation, strict=True):
        if not np.isfinite(number):
            raise DataError(f"the column {name!r} in {groups[0].path.parent} has numbers that are not finite")
    return mean, np.where(deviation > 0, deviation, 1.0)


def _targets(
    groups: Sequence[_Group], target: str, kind: str, dtype: np.dtype[Any]
) -> tuple[Callable[[Any, Path], Array], tuple[int, ...], np.dtype[Any], tuple[str, ...]]:
    """How targets are read: whole numbers as classes, texts as classes in their order, other numbers as they are."""
    import pyarrow as arrow

    column = read_group(groups[0], [target]).column(target)
    if arrow.types.is_floating(column.type):
        return lambda table, path: _complete(table, target, path).reshape(-1, 1), (1,), dtype, ()
    if kind == "number":
        return lambda table, path: _complete(table, target, path), (), np.dtype(np.int64), ()
    found: set[str] = set()
    for group in groups:
        found |= set(map(str, _complete(read_group(group, [target]), target, group.path)))
    names = tuple(sorted(found))
    places = {name: place for place, name in enumerate(names)}

    def classes(table: Any, path: Path) -> Array:
        texts = list(map(str, _complete(table, target, path)))
        for text in texts:
            if text not in places:
                raise DataError(f"{path} holds {text!r} in {target!r}, which no training row does")
        return np.array([places[text] for text in texts], np.int64)

    return classes, (), np.dtype(np.int64), names


def _complete(table: Any, target: str, path: Path) -> Array:
    column = table.column(target)
    if column.null_count:
        raise DataError(f"{path}: {column.null_count:,} rows have no {target!r}", fix="leave these rows out")
    values: Array = column.to_numpy()
    return values


def _pyarrow() -> Any:
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise MissingExtraError.for_extra("parquet", "pyarrow", "reading Parquet files") from None
    return parquet
