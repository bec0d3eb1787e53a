"""How a text file writes a table: its encoding, what stands between cells, whether it names its columns."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from chainrule.datasets._tables._column import normal
from chainrule.datasets._tables._text import is_number
from chainrule.errors import DataError

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}

LONGEST_LINE = 1 << 21  # bytes

_SAMPLE = 1 << 16  # bytes or characters
_SAMPLE_ROWS = 100
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# Of the last three each is stricter than the next: text of Western Europe is hardly ever Korean by chance.
_ENCODINGS = {
    "utf-8-sig": "UTF-8", "utf-16": "UTF-16", "utf-8": "UTF-8", "cp949": "CP949 (Korean)",
    "cp1252": "Windows-1252 (Western Europe)",
}  # fmt: skip
_OTHER_FILES = {
    b"PK\x03\x04": ("an Excel workbook or another zip archive", "save the sheet as CSV"),
    b"\xd0\xcf\x11\xe0": ("an Excel workbook", "save the sheet as CSV"),
    b"\x1f\x8b": ("compressed with gzip", "unpack it first"),
    b"\x93NUMPY": ("an array of NumPy", "a table has a line for each row"),
}


@dataclass(frozen=True)
class Dialect:
    """How a file is read.

    skip        lines before the first row
    has_header  whether the first row names the columns
    """

    encoding: str
    delimiter: str
    skip: int
    has_header: bool

    @property
    def said(self) -> str:
        return f"{_ENCODINGS[self.encoding]}, cells between {DELIMITERS[self.delimiter]}"


def dialect_of(path: Path, known: Collection[str] = ()) -> Dialect:
    """How a file seems to be written.

    known    names of columns: a first row that holds one of them is no data
    raises   DataError when it is no text
    """
    encoding = _encoding_of(path)
    with path.open(encoding=encoding, newline="") as file:
        sample = file.read(_SAMPLE)
        is_cut = bool(file.read(1))
    if "\0" in sample:
        raise DataError(f"{path} holds NUL characters, so it is no table in text", fix="save it as CSV")
    lines = sample.splitlines(keepends=True)
    if is_cut and len(lines) > 1:
        lines.pop()
    skip, first = 0, lines[0].strip().lower() if lines else ""
    if first.startswith("sep=") and first[4:] in DELIMITERS:  # as Excel writes and reads it
        skip, delimiter = 1, first[4:]
    else:
        delimiter = max(DELIMITERS, key=lambda mark: _fits(lines, mark))
    rows = _rows(lines[skip:], delimiter)
    if not rows:
        raise DataError(
            f"{path} holds no rows", fix="give a file with a line of names, and a line for each row"
        )
    return Dialect(encoding, delimiter, skip, _is_header(rows, known))


def _encoding_of(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(8)
    for magic, (kind, fix) in _OTHER_FILES.items():
        if start.startswith(magic):
            raise DataError(f"{path} is {kind}, not a table in text", fix=fix)
    _check_lines(path)
    marked = [encoding for mark, encoding in _BYTE_ORDER_MARKS.items() if start.startswith(mark)]
    for encoding in marked or ("utf-8", "cp949", "cp1252"):
        if _is_text(path, encoding):
            return encoding
    what = (
        f"{path} begins as {_ENCODINGS[marked[0]]}, and is damaged"
        if marked
        else (f"{path} is no text in UTF-8, CP949 or Windows-1252")
    )
    raise DataError(what, fix="save it as CSV in UTF-8")


def _check_lines(path: Path) -> None:
    """Refuse lines that would be read as a whole although they are too long for a row."""
    length = 0
    for piece in _pieces(path):
        end = max(piece.rfind(b"\n"), piece.rfind(b"\r"))
        length = length + len(piece) if end < 0 else len(piece) - end
        if length > LONGEST_LINE:
            what = f"{path} has a line of more than {LONGEST_LINE:,} bytes"
            raise DataError(what, fix="give a file with a line for each row")


def _is_text(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for piece in _pieces(path):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_SAMPLE):
            yield piece


def _fits(lines: list[str], delimiter: str) -> tuple[bool, float, int]:
    """How well a delimiter explains the lines: more than one cell, as many in all rows, and many."""
    counts = [len(row) for row in _rows(lines, delimiter)]
    if not counts:
        return False, 0.0, 0
    return counts[0] > 1, sum(count == counts[0] for count in counts) / len(counts), counts[0]


def _rows(lines: list[str], delimiter: str) -> list[list[str]]:
    try:
        return [row for row in islice(csv.reader(lines, delimiter=delimiter), _SAMPLE_ROWS) if any(row)]
    except csv.Error:
        return []


def _is_header(rows: list[list[str]], known: Collection[str]) -> bool:
    """Whether the first row names columns: nothing in it is a number, unless all of those are years."""
    first = [normal(cell) for cell in rows[0]]
    if not set(known).isdisjoint(first):
        return True
    numbers = [cell for cell in first if is_number(cell)]
    return all(len(cell) == 4 and cell.isdigit() and "1500" < cell < "2500" for cell in numbers) and any(
        first
    )
