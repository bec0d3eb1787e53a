"""What a cell's text may mean: a number, a date, true or false, a category, or that nothing is there."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from chainrule.datasets._tables._column import (
    MISSING,
    MOST_CATEGORIES,
    OTHER,
    Array,
    Column,
    Kind,
    compact,
    normal,
)
from chainrule.errors import DataError

NOTHING = frozenset(
    ("", "na", "n/a", "#n/a", "<na>", "nan", "nat", "null", "none", "?", "-", ".", "#value!", "#div/0!")
)
"""What stands for a missing value, in small letters."""

PAIRS = (
    ("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"), ("on", "off"), ("참", "거짓"), ("예", "아니오"),
    ("예", "아니요"), ("네", "아니오"), ("네", "아니요"),
)  # fmt: skip
_TRUTH = {word: truth for pair in PAIRS for word, truth in zip(pair, (1.0, 0.0), strict=True)}
_TRUTH |= {"1": 1.0, "0": 0.0, "1.0": 1.0, "0.0": 0.0}

# Cells are looked at many at a time, joined by a character that stands for nothing else.
_BEHIND = "\x1f"
_MISSING = "(?i:" + "|".join(re.escape(word) for word in sorted(NOTHING, reverse=True)) + ")"
_EXPONENT = "(?:[eE][+-]?[0-9]{1,5})?"
# Runs of digits are possessive (++): they are never given back, so the time is linear in the length of a cell.
_PLAIN = rf"[+-]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++){_EXPONENT}|[+-]?(?i:inf|infinity)"
_PERCENT = "(?: ?%)?"
_POINT = rf"(?:{_PLAIN}|[+-]?[0-9]{{1,3}}(?:,[0-9]{{3}})++(?:\.[0-9]*+)?){_PERCENT}"
_COMMA = rf"[+-]?(?:[0-9]++|[0-9]{{1,3}}(?:[. \u00a0][0-9]{{3}})++)(?:,[0-9]*+)?{_EXPONENT}{_PERCENT}"
_DAY = "|".join(rf"[0-9]{{4}}{mark}[0-9]{{1,2}}(?:{mark}[0-9]{{1,2}})?" for mark in ("-", "/", r"\."))
_TIME = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
_DATE = rf"(?:{_DAY})(?:[T ]{_TIME})?"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS_A_DAY = 86400
_DATE_PARTS = re.compile(
    r"([0-9]{4})[-/.]([0-9]{1,2})(?:[-/.]([0-9]{1,2}))?"
    r"(?:[T ]([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(\.[0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)


def _all(pattern: str) -> re.Pattern[str]:
    return re.compile(f"(?:(?:{pattern}|{_MISSING}){_BEHIND})*+")


_ALL_MISSING, _ALL_PLAIN, _ALL_POINT, _ALL_COMMA, _ALL_DATE = map(_all, ("", _PLAIN, _POINT, _COMMA, _DATE))


def _are(pattern: re.Pattern[str], cells: Sequence[str], joined: str) -> bool:
    return joined.count(_BEHIND) == len(cells) and pattern.fullmatch(joined) is not None


def _joined(cells: Sequence[str]) -> str:
    return _BEHIND.join(cells) + _BEHIND


def is_number(cell: str) -> bool:
    """Whether a cell alone may be a number, with a decimal point or a decimal comma.

    >>> [is_number(cell) for cell in ("5.1", "5,1", "1,234.5", "95 %", "NA", "setosa")]
    [True, True, True, True, False, False]
    """
    return re.fullmatch(f"{_POINT}|{_COMMA}", cell) is not None


class Guess:
    """What a column may be, as far as its cells have been seen."""

    def __init__(self) -> None:
        self.has_value = False
        self.plain = self.point = self.comma = self.date = True

    def look(self, cells: Sequence[str]) -> None:
        """Take note of some more cells, without spaces around them."""
        joined = _joined(cells)
        self.has_value = self.has_value or not _are(_ALL_MISSING, cells, joined)
        self.plain = self.plain and _are(_ALL_PLAIN, cells, joined)
        self.point = self.point and (self.plain or _are(_ALL_POINT, cells, joined))
        has_sign = "." in joined or "," in joined
        self.comma = self.comma and (self.plain and not has_sign or _are(_ALL_COMMA, cells, joined))
        self.date = self.date and _are(_ALL_DATE, cells, joined)

    def kind(self) -> Kind:
        if not self.has_value:
            return "empty"
        if self.point or self.comma:
            return "number"
        return "date" if self.date else "category"


class Reader:
    """Makes a column of one kind of its cells, some at a time.

    kind           what the cells are to be read as; "empty" and "text" are made only by those who guess
    decimal_comma  whether 1,5 is one and a half; otherwise it is no number, and 1,500 is 1500
    rows           how many cells there will be
    """

    def __init__(self, name: str, kind: Kind, rows: int, *, decimal_comma: bool = False) -> None:
        self.name, self.kind, self._decimal_comma = name, kind, decimal_comma
        self._values: Array = np.empty(rows, "i1")  # wider as soon as something does not fit
        self._filled = 0
        self._codes: dict[str, int] = {}  # of each spelling that has occurred
        self._categories: dict[str, int] = {}
        self._read = {"number": self._numbers, "boolean": self._truths, "date": self._dates}.get(
            kind, self._places
        )

    def add(self, cells: Sequence[str], where: Callable[[int], str]) -> None:
        """Read some more cells.

        where   from the number of a cell among these to its place, for a message
        raises  DataError for a cell that is not of the kind
        """
        some = self._read(cells, where)
        self._values = self._values.astype(np.result_type(self._values, some), copy=False)
        self._values[self._filled : self._filled + len(some)] = some
        self._filled += len(some)

    def column(self, guessed: bool = False) -> Column:
        """All cells so far; of a kind that was only guessed, what it turns out to be."""
        values = self._values[: self._filled]
        if self.kind == "empty":
            return Column("empty", np.full(len(values), np.nan, np.float32))
        if self.kind != "category":
            return Column(self.kind, values)
        categories = tuple(self._categories)
        if guessed and len(categories) == 2 and {word.lower() for word in categories} in map(set, PAIRS):
            truths = np.array([*(_TRUTH[word.lower()] for word in categories), np.nan], np.float32)
            no, yes = sorted(categories, key=lambda word: _TRUTH[word.lower()])
            return Column("boolean", truths[values], (no, yes))
        overflowed = guessed and bool(np.any(values == OTHER))
        return Column("text" if overflowed else "category", values, categories)

    def _numbers(self, cells: Sequence[str], where: Callable[[int], str]) -> Array:
        joined = _joined(cells)
        if not _are(_ALL_COMMA if self._decimal_comma else _ALL_POINT, cells, joined):
            self._refuse(cells, where, "number", _COMMA if self._decimal_comma else _POINT)
        joined = joined.replace("%", "")  # 95 % is 95
        if self._decimal_comma:
            joined = re.sub("[. \u00a0](?=[0-9])", "", joined).replace(",", ".")
        else:
            joined = joined.replace(",", "")
        numbers = _floats(joined.split(_BEHIND)[:-1])
        if np.isinf(numbers).any():
            at = int(np.isinf(numbers).argmax())
            raise DataError(
                f"{where(at)} has {cells[at]:.60} in column {self.name!r}, which is no finite number",
                fix="leave it empty or the row out",
            )
        return compact(numbers)

    def _dates(self, cells: Sequence[str], where: Callable[[int], str]) -> Array:
        if not _are(_ALL_DATE, cells, _joined(cells)):
            self._refuse(cells, where, "date", _DATE)
        days = np.empty(len(cells))
        for at, cell in enumerate(cells):
            try:
                days[at] = np.nan if cell.lower() in NOTHING else _days(cell)
            except ValueError as error:
                what = f"{where(at)} has {cell:.60} in column {self.name!r}: {error}"
                raise DataError(what, fix="correct it, or leave it empty") from None
        return compact(days)

    def _truths(self, cells: Sequence[str], where: Callable[[int], str]) -> Array:
        words = [cell.lower() for cell in cells]
        wrong = [at for at, word in enumerate(words) if word not in _TRUTH and word not in NOTHING]
        if wrong:
            what = f"{where(wrong[0])} has {cells[wrong[0]]!r:.60} in column {self.name!r}, not true or false"
            raise DataError(what, fix="correct it, or leave it empty")
        return np.array([_TRUTH.get(word, np.nan) for word in words], np.float32)

    def _places(self, cells: Sequence[str], where: Callable[[int], str]) -> Array:
        codes = self._codes
        for cell in dict.fromkeys(cells):
            if cell not in codes:
                place = self._place(cell)
                if place == OTHER:  # not remembered: there may be millions
                    return np.array([codes[c] if c in codes else self._place(c) for c in cells], "i2")
                codes[cell] = place
        return np.fromiter(map(codes.__getitem__, cells), "i2", len(cells))

    def _place(self, cell: str) -> int:
        """The code of a category by its text, which becomes one if there is room."""
        if cell.lower() in NOTHING:
            return MISSING
        text = normal(cell)
        if text not in self._categories and len(self._categories) == MOST_CATEGORIES:
            return OTHER
        return self._categories.setdefault(text, len(self._categories))

    def _refuse(self, cells: Sequence[str], where: Callable[[int], str], kind: str, pattern: str) -> None:
        one = re.compile(f"{pattern}|{_MISSING}")
        at = next(at for at, cell in enumerate(cells) if _BEHIND in cell or not one.fullmatch(cell))
        what = f"{where(at)} has {cells[at]!r:.60} in column {self.name!r}, which is no {kind}"
        raise DataError(what, fix="correct it, or leave it empty")


def _floats(cells: list[str]) -> Array:
    """Numbers of cells among which, if the pattern let them through, only missing ones are none."""
    try:
        return np.fromiter(map(float, cells), np.float64, len(cells))
    except ValueError:
        gaps = (cell if cell.lower() not in NOTHING else "nan" for cell in cells)
        return np.fromiter(map(float, gaps), np.float64, len(cells))


def _days(text: str) -> float:
    """Days since 1970-01-01 of a date; what has no time zone is taken as it stands."""
    parts: Any = _DATE_PARTS.fullmatch(text)
    year, month, day, hour, minute, second, fraction, zone = parts.groups()
    rest = f"{int(hour or 0):02}:{minute or '00'}:{second or '00'}"
    iso = f"{year}-{int(month):02}-{int(day or 1):02}T{rest}{zone or 'Z'}"
    seconds = (datetime.fromisoformat(iso) - _EPOCH).total_seconds() + float(fraction or 0)
    return seconds / _SECONDS_A_DAY
