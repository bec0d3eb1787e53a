"""The rows of a text file, some at a time, as columns of cells; memory is bounded however long the file is."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple, TextIO

from chainrule.datasets._tables._column import listed, normal
from chainrule.datasets._tables._dialect import Dialect
from chainrule.errors import DataError

MOST_COLUMNS = 10_000

_CHARACTERS = 1 << 18  # that are read, and about as many that are looked at, together
_FEWEST_ROWS, _MOST_ROWS = 16, 1 << 14  # that are looked at together
_LONGEST_ROW = 1 << 21  # characters
_SPACE = re.compile(r"\s")


class Chunk(NamedTuple):
    """Some rows: the number of the first of them, and for each column its cells."""

    start: int
    columns: Sequence[Sequence[str]]


class Rows:
    """The rows of a file, which can be gone through more than once.

    names   of the columns: those of the first row, or "column 1", … where it has none
    blank   how many rows without any value were left out, known when all have been gone through
    """

    def __init__(self, path: Path, dialect: Dialect) -> None:
        self.path, self._dialect, self.blank = path, dialect, 0
        with self._reading() as lines:
            first = next(filter(None, lines.rows()), [])
        if len(first) > MOST_COLUMNS:
            what = f"{path} has {len(first):,} columns; at most {MOST_COLUMNS:,} are read"
            raise DataError(what, fix="pixels and the like belong in an .npz file")
        names = [normal(cell) if dialect.has_header else "" for cell in first]
        self.names = [name or f"column {number}" for number, name in enumerate(names, start=1)]
        if twice := [name for name, times in Counter(self.names).items() if times > 1]:
            what = f"{path} has several columns called {listed(twice)}"
            raise DataError(what, fix="give each a name of its own")

    def chunks(self) -> Iterator[Chunk]:
        """All rows behind the names. DataError, with the line, for a row that has not one cell for each name."""
        start = self.blank = 0
        together = _FEWEST_ROWS
        with self._reading() as lines:
            cells = filter(None, lines.rows())
            if self._dialect.has_header:
                next(cells)
            while rows := list(islice(cells, together)):
                together = _how_many(rows)
                # Nearly always both are so, and found out without a loop in Python.
                if set(map(len, rows)) != {len(self.names)} or not all(map(any, rows)):
                    found, rows = rows, [row for row in rows if any(row)]
                    self.blank += len(found) - len(rows)
                    if not set(map(len, rows)) <= {len(self.names)}:
                        self._refuse()
                if rows:
                    yield Chunk(start, _columns(rows))
                start += len(rows)

    def line_of(self, row: int) -> int:
        """The line in which a row ends, rows without values not counted; found by going through the file again."""
        return next(islice((line for line, _ in self._numbered()), row, None))

    def _numbered(self) -> Iterator[tuple[int, list[str]]]:
        """The rows that have values, each with the line in which it ends."""
        with self._reading() as lines:
            rows = filter(None, lines.rows())
            if self._dialect.has_header:
                next(rows)
            for row in rows:
                if any(row):
                    yield lines.number, row

    def _refuse(self) -> None:
        wrong = [(line, len(row)) for line, row in self._numbered() if len(row) != len(self.names)]
        cells = ", ".join(f"line {line} has {count}" for line, count in wrong[:3])
        more = f" and {len(wrong) - 3:,} more" if len(wrong) > 3 else ""
        raise DataError(
            f"{self.path} has {len(self.names)} columns, but {cells}{more}",
            fix=f"give each row {len(self.names)} cells; one with the delimiter in it stands in quotation marks",
        )

    @contextmanager
    def _reading(self) -> Iterator[_Lines]:
        """The file, open at its first row; what is wrong with it is told with the line."""
        with self.path.open(encoding=self._dialect.encoding, newline="") as file:
            lines = _Lines(file, self.path, self._dialect)
            try:
                yield lines
            except csv.Error as error:
                raise DataError(
                    f"line {lines.number} of {self.path} cannot be read: {error}",
                    fix='a cell with " in it stands in " itself, and has "" for each',
                ) from None
            except UnicodeError as error:
                raise DataError(f"{self.path} is damaged: {error}") from None


class _Lines:
    """The rows of an open file, none of them so long that memory suffers."""

    def __init__(self, file: TextIO, path: Path, dialect: Dialect) -> None:
        self._file, self._path, self._skip, self._count = file, path, dialect.skip, 0
        self._reader = csv.reader(
            chain.from_iterable(self._blocks()), delimiter=dialect.delimiter, strict=True
        )

    @property
    def number(self) -> int:
        """Of the line that was read last."""
        return self._reader.line_num + self._skip

    def rows(self) -> Iterator[list[str]]:
        for row in self._reader:
            self._count += 1
            yield row

    def _blocks(self) -> Iterator[list[str]]:
        """All lines, many at a time; each line is bounded by `dialect_of`, but a row may have many in quotes."""
        for _ in range(self._skip):
            self._file.readline()
        before = characters = 0
        while block := self._file.readlines(_CHARACTERS):
            characters = sum(map(len, block)) + (characters if self._count == before else 0)
            before = self._count
            if characters > _LONGEST_ROW:
                what = f"a row of {self._path}, over many lines, has more than {_LONGEST_ROW:,} characters"
                raise DataError(what, fix="a quotation mark may be missing, or one is too many")
            yield block


def _how_many(rows: list[list[str]]) -> int:
    """How many rows to look at together, if they are all as these are."""
    characters = sum(len(cell) for row in rows[-_FEWEST_ROWS:] for cell in row) + len(rows[-1])
    return min(max(_CHARACTERS * _FEWEST_ROWS // characters, _FEWEST_ROWS), _MOST_ROWS)


def _columns(rows: list[list[str]]) -> list[Sequence[str]]:
    """The rows turned into columns, without spaces around the cells; few columns have any."""
    return [
        [cell.strip() for cell in column] if _SPACE.search("".join(column)) else column
        for column in zip(*rows, strict=True)
    ]
