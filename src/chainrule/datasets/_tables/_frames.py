"""Columns from data frames, dictionaries and lists of rows; none of the packages that make frames is imported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.datasets._tables._column import Array, Column, Kind, compact, listed, normal, text_of
from chainrule.datasets._tables._text import Guess, Reader
from chainrule.errors import DataError, MissingExtraError

_ROWS = 1 << 14  # whose texts are looked at together
_KINDS: Mapping[str, Kind] = {"f": "number", "i": "number", "u": "number", "b": "boolean", "M": "date"}
_CATEGORIES = ("category", "categorical", "enum")  # dtypes of pandas and polars
_DAY = np.timedelta64(1, "D") / np.timedelta64(1, "us")


def frame_columns(
    frame: Any, kinds: Mapping[str, Kind] | None = None
) -> tuple[dict[str, Column], tuple[str, ...]]:
    """The columns of a frame by name, and the names of those that nobody asked for; see `read_table`."""
    columns: dict[str, Column] = {}
    unread: list[str] = []
    for label, values, own in _labelled(frame):
        name = normal(str(label))
        if name in columns or name in unread:
            raise DataError(f"there are several columns called {name!r}", fix="give each a name of its own")
        if kinds is None or name in kinds:
            columns[name] = column_of(name, values, kinds[name] if kinds else own)
        else:
            unread.append(name)
    return columns, tuple(unread)


def column_of(name: str, values: Array, kind: Kind | None = None) -> Column:
    """A column from an array (rows,): numbers as they are, all else by its text.

    kind   what each value must be; None guesses
    """
    if values.ndim != 1 or values.dtype.kind not in "fiubMOUST":
        what = f"column {name!r} is {values.dtype} of shape {values.shape}; a column has one number or text a row"
        raise DataError(what)
    own = _KINDS.get(values.dtype.kind)
    if own is not None and kind in (None, own):
        return _column_as_it_is(name, own, values)
    cells = [_text(values[start : start + _ROWS]) for start in range(0, len(values), _ROWS)]
    guess = Guess()
    for part in cells if kind is None else ():
        guess.look(part)
    reader = Reader(name, kind or guess.kind(), len(values))
    for number, part in enumerate(cells):
        reader.add(part, lambda row, start=number * _ROWS: f"row {start + row}")  # type: ignore[misc]
    return reader.column(guessed=kind is None)


def _column_as_it_is(name: str, kind: Kind, values: Array) -> Column:
    if kind == "date":
        days = values.astype("M8[us]").astype(np.int64) / _DAY
        return Column(kind, compact(np.where(np.isnat(values), np.nan, days)))
    numbers = values.astype(np.float64)
    if np.isinf(numbers).any():
        at = int(np.isinf(numbers).argmax())
        raise DataError(f"row {at} has {numbers[at]} in column {name!r}, which is no finite number")
    if np.isnan(numbers).all():
        return Column("empty", numbers.astype(np.float32))
    return Column(kind, compact(numbers))


def _text(values: Array) -> list[str]:
    """Values as they would stand in a CSV file; the names of None, NaN, NaT and pandas.NA stand for nothing there."""
    if values.dtype.kind == "M":  # whose tolist gives whole numbers, of nanoseconds
        return list(map(str, values))
    return [text_of(value).strip() for value in values.tolist()]


def _labelled(frame: Any) -> Iterator[tuple[Any, Array, Kind | None]]:
    """Each column's label, its values, and its kind where its owner has settled that it holds categories."""
    if isinstance(frame, Mapping):
        if not any(isinstance(v, Sequence) and not isinstance(v, str) or np.ndim(v) for v in frame.values()):
            frame = {name: [value] for name, value in frame.items()}  # one row
        return ((name, *_array(values)) for name, values in frame.items())
    if isinstance(frame, Sequence) and frame and all(isinstance(row, Mapping) for row in frame):
        names = dict.fromkeys(name for row in frame for name in row)
        return ((name, *_array([row.get(name) for row in frame])) for name in names)
    labels = getattr(frame, "column_names", None)  # of pyarrow, whose columns are the arrays themselves
    labels = getattr(frame, "columns", None) if labels is None else labels
    if labels is not None and hasattr(frame, "__getitem__"):
        labels = list(labels)
        if len(set(labels)) < len(labels):
            raise DataError(
                f"several columns have one name: {listed(labels)}", fix="give each a name of its own"
            )
        if all(hasattr(frame[label], "to_numpy") for label in labels):
            return ((label, *_series(frame[label])) for label in labels)
    return _labelled(_arrow_table(frame))


def _series(series: Any) -> tuple[Array, Kind | None]:
    """The values of a column of a frame, and whether they are categories: numbers, too, are names there."""
    arrow_type: Any = getattr(series, "type", None)
    if hasattr(arrow_type, "index_type"):  # of which pyarrow's to_numpy makes other values of missing ones
        series = series.cast(arrow_type.value_type)
    dtype = str(getattr(series, "dtype", "")).partition("(")[0].lower()
    return np.asarray(series.to_numpy()), "category" if dtype in _CATEGORIES else None


def _array(values: Any) -> tuple[Array, Kind | None]:
    if isinstance(values, np.ndarray):
        return values, None
    if hasattr(values, "to_numpy"):
        return _series(values)
    values = list(values)
    kinds = {type(value) for value in values}
    if kinds and kinds <= {int, float}:
        try:
            return np.array(values, np.float64), None
        except OverflowError:
            pass
    column = np.empty(len(values), object)
    column[:] = values
    return column, None


def _arrow_table(frame: Any) -> Any:
    """Anything else that gives its columns by the Arrow PyCapsule interface, as a table of pyarrow."""
    if not hasattr(frame, "__arrow_c_stream__"):
        raise DataError(
            f"{type(frame).__name__} is no table",
            fix="give a path, a data frame, a dictionary of columns or a list of rows",
        )
    try:
        import pyarrow
    except ImportError:
        raise MissingExtraError.for_extra("parquet", "pyarrow", f"reading a {type(frame).__name__}") from None
    return pyarrow.table(frame)
