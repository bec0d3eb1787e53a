"""Arrays that stay on the disk: rows are read when they are asked for."""

from __future__ import annotations

import mmap
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_BLOCK_BYTES = 1 << 20  # that are read at a time into memory of their own


class Rows(ABC):
    """What can be trained on without being in memory, used like a memory map of NumPy: row numbers read, slices do not.

    shape, dtype   as of an array
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @abstractmethod
    def read(self, numbers: Array) -> Array:
        """The rows of these numbers, in their order."""

    def order(self, rng: np.random.Generator) -> Array:
        """All row numbers, shuffled in a way in which they can be read."""
        return rng.permutation(len(self))

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> Any:
        if isinstance(rows, slice):
            return _Part(self, range(len(self))[rows])
        numbers = np.asarray(rows)
        if numbers.size and not (-len(self) <= numbers.min() and numbers.max() < len(self)):
            raise IndexError(
                f"there are rows 0 to {len(self) - 1}, and no {numbers.min()} to {numbers.max()}"
            )
        found = self.read(np.atleast_1d(numbers) % len(self))
        return found if numbers.ndim else found[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return self.read(np.arange(len(self))).astype(dtype or self.dtype, copy=False)


class _Part(Rows):
    """Some rows of others."""

    def __init__(self, whole: Rows, numbers: range) -> None:
        self._whole, self._numbers = whole, numbers
        self.shape, self.dtype = (len(numbers), *whole.shape[1:]), whole.dtype

    def read(self, numbers: Array) -> Array:
        return self._whole.read(self._numbers.start + self._numbers.step * numbers)


def is_on_disk(array: Any) -> bool:
    """Whether an array is read from a file when it is looked at."""
    return isinstance(array, Rows | np.memmap)


def read(array: Any, numbers: Array) -> Array:
    """Rows of an array, in memory of their own, and in the order of their numbers.

    Of a memory map they are read in the order in which they lie on the disk, and what was read is given back to the
    system: else all of the file would come to be in memory.
    """
    if isinstance(array, Rows):
        return array.read(numbers)
    found = np.empty((len(numbers), *array.shape[1:]), array.dtype)
    by_place = np.argsort(numbers, kind="stable")
    for some in blocks(len(numbers), found[:1].nbytes, _BLOCK_BYTES):
        found[by_place[some]] = array[numbers[by_place[some]]]
    forget(array)
    return found


def blocks(rows: int, row_bytes: int, most: int, multiple: int = 1) -> Iterator[slice]:
    """So many rows in slices of at most so many bytes, each but the last of a multiple of some rows.

    >>> list(blocks(10, 4, 13))
    [slice(0, 3, None), slice(3, 6, None), slice(6, 9, None), slice(9, 12, None)]
    """
    length = max(multiple, most // max(row_bytes, 1) // multiple * multiple)
    return (slice(start, start + length) for start in range(0, rows, length))


def forget(array: Any) -> None:
    """Give back the pages of a memory map that nobody writes to; they are read again when they are needed."""
    mapped = getattr(array, "_mmap", None)
    if mapped is not None and getattr(array, "mode", None) == "r" and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
