"""The length of an axis that follows the number of rows of a mini-batch."""

from __future__ import annotations

from typing import Any

# What the rows are counted as while a step is recorded: a prime that no axis of a network has, so that equal numbers
# mean equal lengths.
ROWS = 999_983


class Dimension(int):
    """scale · n + offset, where n is the number of rows: a whole number that remembers what it is made of.

    With whole numbers it adds, multiplies and divides as such; whatever else is done to it gives a plain number.

    >>> n = Dimension(1, 0)
    >>> 28 * n + 1, (28 * n) // 28, (28 * n + 1).at(2)
    (28 * n + 1, n, 57)
    """

    scale: int
    offset: int
    rows: int

    def __new__(cls, scale: int, offset: int, rows: int = ROWS) -> Dimension:
        made = super().__new__(cls, scale * rows + offset)
        made.scale, made.offset, made.rows = scale, offset, rows
        return made

    def at(self, rows: int) -> int:
        """The length for so many rows."""
        return self.scale * rows + self.offset

    def __repr__(self) -> str:
        product = "n" if self.scale == 1 else f"{self.scale} * n"
        return product if not self.offset else f"{product} {'+-'[self.offset < 0]} {abs(self.offset)}"

    __str__ = __repr__

    def _with(self, scale: int, offset: int) -> int:
        return Dimension(scale, offset, self.rows) if scale else offset

    def __add__(self, other: Any) -> Any:
        if isinstance(other, Dimension):
            return self._with(self.scale + other.scale, self.offset + other.offset)
        return self._with(self.scale, self.offset + other) if type(other) is int else int(self) + other

    def __sub__(self, other: Any) -> Any:
        if isinstance(other, Dimension):
            return self._with(self.scale - other.scale, self.offset - other.offset)
        return self._with(self.scale, self.offset - other) if type(other) is int else int(self) - other

    def __rsub__(self, other: Any) -> Any:
        return self._with(-self.scale, other - self.offset) if type(other) is int else other - int(self)

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Dimension):
            return int(self) * int(other)
        return (
            self._with(self.scale * other, self.offset * other) if type(other) is int else int(self) * other
        )

    def __floordiv__(self, other: Any) -> Any:
        if type(other) is int and other and not self.scale % other and not self.offset % other:
            return self._with(self.scale // other, self.offset // other)
        if isinstance(other, Dimension) and int(other) and not int(self) % int(other):
            return int(self) // int(other)
        return int(self) // other

    __radd__, __rmul__ = __add__, __mul__


def length_at(length: int, rows: int) -> int:
    """A length, with a number in place of n."""
    return length.at(rows) if isinstance(length, Dimension) else length


def shape_at(shape: tuple[int, ...], rows: int) -> tuple[int, ...]:
    return tuple(length_at(length, rows) for length in shape)


def fitted(two: int, three: int) -> int:
    """The dimension that is `two` for two rows and `three` for three."""
    scale = three - two
    return Dimension(scale, two - 2 * scale) if scale else two
