"""A table from whatever holds one: a CSV or Parquet file, a data frame, a dictionary of columns, a list of rows."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from chainrule.datasets._tables._column import Kind, Table, counted, listed
from chainrule.datasets._tables._dialect import dialect_of
from chainrule.datasets._tables._frames import frame_columns
from chainrule.datasets._tables._parquet import is_parquet, parquet_table
from chainrule.datasets._tables._rows import Rows
from chainrule.datasets._tables._text import Guess, Reader
from chainrule.errors import DataError

Kinds = Mapping[str, Kind]


def read_table(source: Any, *, kinds: Kinds | None = None, known: Collection[str] = ()) -> Table:
    """Read a table, and tell what each column is.

    source   the path of a CSV file (any of the usual encodings, delimiters and ways to write numbers) or of a Parquet
             file; a data frame of pandas, polars or pyarrow, or of anything with ``__arrow_c_stream__``; a dictionary
             of columns, or a list of dictionaries, one for each row
    kinds    of columns by name, where they are known: only these are read, and each cell must be of its kind
    known    names of columns that the first line of a CSV file holds if it names columns at all
    returns  the columns, each with its kind
    raises   DataError, one sentence that names the file, and of a CSV file the line, for all that is damaged or no
             table; MissingExtraError for a Parquet file without pyarrow or polars

    Whatever bytes a CSV file holds, the result is a DataError or a table, in a time that grows with the file's length
    and in memory of about twice that at most, and 64 MB beside it: that is what a fuzzer has to try.

    >>> table = read_table({"city": ["Seoul", "Busan", None], "people": [9411, 3293, 2371]})
    >>> [(name, column.kind) for name, column in table.columns.items()]
    [('city', 'category'), ('people', 'number')]
    """
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        if path.is_dir():
            raise DataError(f"{path} is a folder", fix="give one of its files")
        if not path.is_file():
            raise DataError(f"there is no file {path}", fix="give the path of a CSV or Parquet file")
        try:
            table = parquet_table(path, kinds) if is_parquet(path) else _csv_table(path, kinds, known)
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error}") from error
    else:
        columns, unread = frame_columns(source, kinds)
        rows = {len(column.values) for column in columns.values()}
        if len(rows) > 1:
            raise DataError("the columns have different lengths", fix="one value in each column for each row")
        table = Table(f"the {type(source).__name__}", columns, rows.pop() if rows else 0, unread=unread)
    if table.rows == 0:
        raise DataError(f"{table.name} has no rows", fix="give at least one")
    return table


def _csv_table(path: Path, kinds: Kinds | None, known: Collection[str]) -> Table:
    dialect = dialect_of(path, {*known, *(kinds or ())})
    rows = Rows(path, dialect)
    guesses = {name: Guess() for name in rows.names if kinds is None or name in kinds}
    wanted = [(place, name) for place, name in enumerate(rows.names) if name in guesses]
    count = 0
    for chunk in rows.chunks():
        count += len(chunk.columns[0])
        for place, name in wanted:
            guesses[name].look(chunk.columns[place])
    with_commas = _with_decimal_commas(guesses, dialect.delimiter)
    readers = {
        name: Reader(name, kinds[name] if kinds else guess.kind(), count, decimal_comma=name in with_commas)
        for name, guess in guesses.items()
    }
    for chunk in rows.chunks():

        def where(row: int, start: int = chunk.start) -> str:
            return f"line {rows.line_of(start + row)} of {path}"

        for place, name in wanted:
            readers[name].add(chunk.columns[place], where)
    columns = {name: reader.column(guessed=kinds is None) for name, reader in readers.items()}
    notes = _notes(dialect.said, dialect.has_header, bool(with_commas), rows)
    return Table(str(path), columns, count, notes, tuple(name for name in rows.names if name not in guesses))


def _with_decimal_commas(guesses: Mapping[str, Guess], delimiter: str) -> set[str]:
    """The columns in which 1,5 is one and a half; a file is mostly written alike throughout.

    1,234 alone tells nothing: other columns do; or semicolons, which are there because the numbers have commas.
    """
    numbers = {name: guess for name, guess in guesses.items() if guess.point or guess.comma}
    written = [guess for guess in numbers.values() if not guess.plain and guess.has_value]
    only_commas = any(not guess.point for guess in written)
    only_points = any(not guess.comma for guess in written)
    if (only_commas or (written and delimiter == ";")) and not only_points:
        return {name for name, guess in numbers.items() if guess.comma}
    return {name for name, guess in numbers.items() if not guess.point}


def _notes(said: str, has_header: bool, has_commas: bool, rows: Rows) -> tuple[str, ...]:
    notes = [f"read as {said}"]
    if has_commas:
        notes.append("numbers are read with decimal commas: 1.234,5 is 1234.5")
    if not has_header:
        notes.append(
            f"the first line holds numbers, so it is a row; the columns are called {listed(rows.names, 3)}"
        )
    if rows.blank:
        notes.append(f"{counted(rows.blank)} without any value left out")
    return tuple(notes)
