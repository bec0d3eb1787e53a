"""A column and a table of them, as they are before anything is made of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError

Array: TypeAlias = NDArray[Any]
Kind = Literal["number", "boolean", "date", "category", "text", "empty"]
KINDS: tuple[Kind, ...] = get_args(Kind)

MISSING, OTHER = -1, -2  # codes of a category that is not there, and of one of those past MOST_CATEGORIES
MOST_CATEGORIES = 1000  # that are told apart in one column; with more it is an id or free text

_COMPACT = ("i1", "i2", "i4", "f4")


@dataclass(frozen=True)
class Column:
    """The values of one column, one for each row.

    kind        "number", "boolean", "date", "category"; "text" for more than 1,000 different values that are none of
                these, and "empty" where there is no value
    values      numbers with NaN where one is missing, 1 and 0 for true and false, days since 1970-01-01 for dates; for
                categories and texts their places in `categories`, −1 where one is missing, −2 for those left out
    categories  the different texts, in the order in which they occur; of a boolean column those for false and true
    """

    kind: Kind
    values: Array
    categories: tuple[str, ...] = ()

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Where there is no value."""
        if self.kind in ("category", "text"):
            return np.equal(self.values, MISSING)
        return np.isnan(self.values)

    def numbers(self, rows: Any = slice(None)) -> NDArray[np.float64]:
        """The values of some rows as float64."""
        return np.asarray(self.values[rows], np.float64).copy()

    def texts(self, rows: Any = slice(None)) -> tuple[list[str], NDArray[np.intp]]:
        """The different values of some rows as categories have them, "" for a missing one, and which each row has."""
        values = self.values[rows]
        different = np.unique(values)
        # To have np.unique say the places takes three times the memory.
        return [self._text(value) for value in different.tolist()], np.searchsorted(different, values)

    def _text(self, value: Any) -> str:
        if self.kind in ("category", "text"):
            return str((*self.categories, "", "")[value])  # the codes −1 and −2 count from the end
        if self.kind == "boolean" and value == value:
            return str((self.categories or ("False", "True"))[int(value)])
        return text_of(value)


@dataclass(frozen=True)
class Table:
    """Columns by name, all with as many rows.

    name    of the file or frame, for messages
    notes   what had to be decided to read it: encoding, delimiter, decimal commas, rows left out
    unread  the names of columns that nobody asked for
    """

    name: str
    columns: Mapping[str, Column]
    rows: int
    notes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Column:
        """A column; DataError, with the names that there are, where there is none."""
        try:
            return self.columns[name]
        except KeyError:
            raise DataError(
                f"{self.name} has no column {name!r}", fix=f"one of {listed(self.columns)}"
            ) from None


def listed(names: Any, most: int = 12) -> str:
    """Names for a message, of which there may be thousands."""
    names = list(names)
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(f"{name:.60}" for name in names[:most]) + more


def counted(rows: int) -> str:
    """A number of rows.

    >>> counted(1), counted(1200)
    ('1 row', '1,200 rows')
    """
    return f"{rows:,} row{'' if rows == 1 else 's'}"


def normal(text: str) -> str:
    """One spelling for what looks the same: 한 may be one code point or three; spaces around it do not count."""
    return unicodedata.normalize("NFC", text.strip())


def text_of(value: Any) -> str:
    """A value as a category is written: 3.0, which pandas makes of 3 beside a missing value, is 3 again."""
    if isinstance(value, float):
        if value != value:
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    return str(value)


def compact(values: Array) -> Array:
    """The same numbers in as few bytes as hold them exactly: a digit in a file has two bytes, in float64 eight."""
    for code in _COMPACT:
        with np.errstate(invalid="ignore", over="ignore"):
            smaller = values.astype(code)
        if np.array_equal(smaller, values, equal_nan=True):
            return smaller
    return values
