"""Parquet files, of any size: rows are read in row groups, since single ones are dear."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule._rows import Rows
from chainrule.datasets._tables._column import MISSING, Column, Kind, Table, listed, normal
from chainrule.datasets._tables._frames import column_of
from chainrule.errors import DataError, MissingExtraError

Array = NDArray[Any]

_BUNDLE_BYTES = 1 << 25  # of the row groups that are in memory at a time, and among whose rows is shuffled
_DAY = 86_400e6  # microseconds


class Field(NamedTuple):
    """A column as a file has it: its name there, and what it holds."""

    name: str
    kind: Kind


class RowGroup(NamedTuple):
    """A row group of a file.

    first   the number of its first row among those of all groups
    """

    path: Path
    number: int
    first: int
    rows: int


class GroupedRows(Rows):
    """Some rows of Parquet files as numbers; what is unpacked stays for a while.

    groups   all row groups, in order
    chosen   which of their rows, in order, shape (rows,)
    fields   the columns that are read, by name
    encode   from such columns of a row group, and the numbers of rows in it, to rows (rows, numbers)
    numbers  how many numbers a row has
    """

    def __init__(
        self,
        groups: Sequence[RowGroup],
        chosen: Array,
        fields: Mapping[str, Field],
        encode: Callable[[Table, Array], Array],
        numbers: int,
        dtype: np.dtype[Any],
    ) -> None:
        self.shape, self.dtype = (len(chosen), numbers), dtype
        # With numbers of another dtype all of `chosen` would be converted.
        ends = np.searchsorted(chosen, np.array([group.first + group.rows for group in groups], chosen.dtype))
        firsts = [0, *ends[:-1].tolist()]
        self._groups = [
            (group, (chosen[start:end] - group.first).astype(np.int32))
            for group, start, end in zip(groups, firsts, ends.tolist(), strict=True)
        ]
        self._fields, self._encode, self._ends = fields, encode, ends
        self._unpacked: OrderedDict[int, Array] = OrderedDict()
        self._lock = Lock()  # others may look at rows while training goes on

    def read(self, numbers: Array) -> Array:
        found = np.empty((len(numbers), *self.shape[1:]), self.dtype)
        where = np.searchsorted(self._ends, numbers, side="right")
        for number in np.unique(where).tolist():
            mine = np.flatnonzero(where == number)
            found[mine] = self._rows_of(number)[numbers[mine] - self._first(number)]
        return found

    def order(self, rng: np.random.Generator, batch_size: int) -> Array:
        """Row groups shuffled, and then the rows of so many of them as are in memory together.

        Among these, each has places of its own in the mini-batches, as wide as it is large: so a rank, which takes the
        same places of all of them, unpacks its share of the row groups and no more, however many ranks there are.
        """
        order = np.empty(len(self), np.int64 if len(self) > np.iinfo(np.int32).max else np.int32)
        start = 0
        for bundle in self._bundles(rng):
            rows = np.concatenate([rng.permutation(self._numbers_of(number)) for number in bundle])
            places = start + np.arange(len(rows))
            order[places[np.argsort(places % batch_size, kind="stable")]] = rows
            start += len(rows)
        return order

    def _bundles(self, rng: np.random.Generator) -> Iterable[list[int]]:
        """The row groups, shuffled, in pieces that fit into memory together."""
        bundle: list[int] = []
        size = 0
        for number in rng.permutation(len(self._groups)).tolist():
            own = len(self._groups[number][1]) * self.shape[1] * self.dtype.itemsize
            if bundle and size + own > _BUNDLE_BYTES:
                yield bundle
                bundle, size = [], 0
            bundle.append(number)
            size += own
        yield bundle

    @property
    def fingerprint(self) -> list[Any]:
        return [[[group.path.name, group.rows] for group, _ in self._groups], *super().fingerprint]

    def _first(self, number: int) -> int:
        return int(self._ends[number]) - len(self._groups[number][1])

    def _numbers_of(self, number: int) -> Array:
        return np.arange(self._first(number), self._ends[number])

    def _rows_of(self, number: int) -> Array:
        with self._lock:
            if number not in self._unpacked:
                group, chosen = self._groups[number]
                rows = _naming(group.path, lambda: self._encode(read_group(group, self._fields), chosen))
                size = rows.nbytes + sum(other.nbytes for other in self._unpacked.values())
                while self._unpacked and size > _BUNDLE_BYTES:
                    size -= self._unpacked.popitem(last=False)[1].nbytes
                self._unpacked[number] = rows
            self._unpacked.move_to_end(number)
            return self._unpacked[number]


def _naming(path: Path, encode: Callable[[], Array]) -> Array:
    """What is made of rows; where they do not fit, an error that names their file."""
    try:
        return encode()
    except DataError as error:
        what = error.what if str(path) in error.what else f"{path}: {error.what}"
        raise DataError(what, fix=error.fix) from None


def parquet_files(folder: Path) -> tuple[list[Path], list[Path]]:
    """The Parquet files of a folder for training and for the test, in the order of their names.

    Where none is called train…, all are for training.
    """
    files = sorted(folder.glob("*.parquet"))
    train, test = ([path for path in files if path.name.startswith(word)] for word in ("train", "test"))
    return (train, test) if train else (files, [])


def groups_of(files: Iterable[Path]) -> list[RowGroup]:
    """The row groups of some files that have rows."""
    groups: list[RowGroup] = []
    first = 0
    for path in files:
        try:
            with _pyarrow().ParquetFile(path) as file:
                sizes = [file.metadata.row_group(n).num_rows for n in range(file.metadata.num_row_groups)]
        except Exception as error:  # with classes of pyarrow's own
            raise _unreadable(path, error) from error
        for number, rows in enumerate(sizes):
            if rows:
                groups.append(RowGroup(path, number, first, rows))
            first += rows
    return groups


def fields_of(files: Sequence[Path]) -> dict[str, Field]:
    """The columns by name, which must be those of all files; of kinds that cannot be read, by that name."""
    known: dict[str, Field] = {}
    for path in files:
        own = {}
        for field in _schema(path):
            name = normal(field.name)
            if name in own:
                raise DataError(f"{path} has several columns called {name!r}", fix="give each its own name")
            own[name] = Field(field.name, _kind(field.type))
        known = known or own
        if own != known:
            none = Field("", "none")  # type: ignore[arg-type]
            differ = [
                f"{name} (here {own.get(name, none).kind}, there {known.get(name, none).kind})"
                for name in sorted({*own, *known})
                if own.get(name) != known.get(name)
            ]
            raise DataError(f"{path} has other columns than {files[0]}: {listed(differ, 3)}")
    return known


def read_group(group: RowGroup, fields: Mapping[str, Field]) -> Table:
    """Some columns of a row group."""
    try:
        with _pyarrow().ParquetFile(group.path) as file:
            table = file.read_row_group(group.number, columns=[field.name for field in fields.values()])
    except Exception as error:  # with classes of pyarrow's own
        raise _unreadable(group.path, error) from error
    return Table(str(group.path), _Columns(table, fields, group.path), table.num_rows)


class _Columns(Mapping[str, Column]):
    """Columns of a row group, made when they are asked for: one of them in float64 is enough at a time."""

    def __init__(self, table: Any, fields: Mapping[str, Field], path: Path) -> None:
        self._table, self._fields, self._path = table, fields, path

    def __getitem__(self, name: str) -> Column:
        field = self._fields[name]
        return _column(name, self._table.column(field.name), field.kind, self._path)

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


def _column(name: str, column: Any, kind: Kind, path: Path) -> Column:
    """A column of a row group, as the same one of a whole table would be read."""
    import pyarrow as arrow

    if kind == "category":
        if not arrow.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        encoded = column.unify_dictionaries().combine_chunks()
        texts = column_of(name, np.array(encoded.dictionary.to_pylist(), object), kind)
        places = encoded.indices.cast(arrow.int64()).fill_null(len(texts.values)).to_numpy()
        return Column(kind, np.append(texts.values, MISSING)[places], texts.categories)
    if arrow.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if kind == "date":
        days = column.cast(arrow.timestamp("us")).cast(arrow.int64()).cast(arrow.float64(), safe=False)
        return Column(kind, days.to_numpy() / _DAY)
    column = column.cast(arrow.uint8()) if kind == "boolean" else column
    numbers = column.cast(arrow.float64(), safe=False).to_numpy()
    if np.isinf(numbers).any():
        raise DataError(f"{path} has {numbers[np.isinf(numbers)][0]} in column {name!r}, no finite number")
    return Column(kind, numbers)


def _kind(dtype: Any) -> Any:
    """What a column of this type holds; the name of the type where it is nothing that a network could get."""
    from pyarrow import types

    dtype = dtype.value_type if types.is_dictionary(dtype) else dtype
    if types.is_integer(dtype) or types.is_floating(dtype) or types.is_decimal(dtype):
        return "number"
    if types.is_boolean(dtype):
        return "boolean"
    if types.is_date(dtype) or types.is_timestamp(dtype):
        return "date"
    if types.is_string(dtype) or types.is_large_string(dtype):
        return "category"
    return "empty" if types.is_null(dtype) else str(dtype)


def _schema(path: Path) -> Any:
    try:
        return _pyarrow().read_schema(path)
    except Exception as error:  # with classes of pyarrow's own
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> Exception:
    if isinstance(error, MissingExtraError):
        return error
    why = " ".join(str(error).split()) or type(error).__name__
    return DataError(f"{path} cannot be read: {why:.300}", fix="get it again")


def _pyarrow() -> Any:
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise MissingExtraError.for_extra("parquet", "pyarrow", "reading Parquet files") from None
    return parquet
