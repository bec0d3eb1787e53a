"""Arrays that stay on the disk: rows are read when they are asked for."""

from __future__ import annotations

import mmap
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np

from .errors import DataError

Array = np.ndarray[Any, Any]

_RUN_BYTES = 1 << 20  # that are read at a time
_HOLE_BYTES = 1 << 12  # which are read along with the rows on both sides sooner than these one by one,
_FEW_ROWS = 8  # unless these are so few that to take them apart takes longer


class Rows(ABC):
    """What can be trained on without being in memory, used like a memory map of NumPy: row numbers read, slices do not.

    shape, dtype   as of an array
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @abstractmethod
    def read(self, numbers: Array) -> Array:
        """The rows of these numbers, in their order."""

    def order(self, rng: np.random.Generator, batch_size: int) -> Array:
        """All row numbers, shuffled in a way in which they can be read in mini-batches of this size."""
        return rng.permutation(len(self))

    @property
    def fingerprint(self) -> list[Any]:
        """What tells these rows from others, fit for JSON, without a look at all of them: a hundred, evenly spread."""
        some = np.linspace(0, len(self) - 1, min(len(self), 100)).astype(np.int64)
        return [self.shape, self.dtype.str, self.read(some).tobytes().hex()]

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

    Those of a memory map are read from its file: to look at them through the map would bring the pages around each row
    into memory, and in the end all of the file.
    """
    if isinstance(array, Rows):
        return array.read(numbers)
    place = _place(array)
    if place is not None:
        return read_file(*place, array.dtype, array.shape[1:], numbers)
    found: Array = np.array(array[numbers])
    forget(array)
    return found


def _place(array: Any) -> tuple[str, int] | None:
    """The file that an array maps, and at which byte of it its first row begins; None where that cannot be told."""
    if getattr(array, "mode", None) != "r" or not array.flags.c_contiguous or array.filename is None:
        return None
    first = array.offset - array.offset % mmap.ALLOCATIONGRANULARITY  # of the bytes that are mapped
    mapped = np.frombuffer(array._mmap, np.uint8).ctypes.data
    return str(array.filename), first + array.ctypes.data - mapped


def read_file(
    path: str | os.PathLike[str], start: int, dtype: np.dtype[Any], row: tuple[int, ...], numbers: Array
) -> Array:
    """Rows of a file of equally long ones, in the order of their numbers, each as it lies there.

    start    the byte at which the first row begins
    row      its shape
    raises   DataError where the file ends before them, or cannot be read
    """
    found = np.empty((len(numbers), *row), dtype)
    length = int(np.prod(row, dtype=np.int64)) * dtype.itemsize
    rows = found.reshape(len(numbers), -1).view(np.uint8)
    into = rows.reshape(-1).data
    order = np.argsort(numbers, kind="stable")
    by_place = numbers[order].astype(np.int64)  # times the length of a row
    breaks = np.flatnonzero((np.diff(by_place) - 1) * length > _HOLE_BYTES) + 1
    neighbours = np.diff(breaks, prepend=0, append=len(by_place))
    alone = np.repeat(neighbours, neighbours) < _FEW_ROWS
    try:
        with open(path, "rb", buffering=0) as file:
            places, positions = order[alone] * length, start + by_place[alone] * length
            # One call a row and no more: for rows as small as images of digits Python takes longer than the system.
            descriptor, read_at = file.fileno(), _preadv
            for place, position in zip(places.tolist(), positions.tolist(), strict=True):
                if read_at(descriptor, (into[place : place + length],), position) < length:
                    _fill(file, into[place : place + length], position)
            order, by_place = order[~alone], by_place[~alone]
            for first, last in _runs(by_place, length):
                run = np.empty((int(by_place[last - 1] - by_place[first]) + 1, length), np.uint8)
                _fill(file, run.reshape(-1).data, start + int(by_place[first]) * length)
                rows[order[first:last]] = run[by_place[first:last] - by_place[first]]
    except OSError as error:
        raise DataError(f"{os.fspath(path)} cannot be read: {error.strerror}") from error
    return found


def _runs(by_place: Array, length: int) -> Iterator[tuple[int, int]]:
    """Rows, in the order of their places, that are read together: from which to which."""
    holes = np.flatnonzero((np.diff(by_place) - 1) * length > _HOLE_BYTES) + 1
    most = max(1, _RUN_BYTES // max(length, 1))
    for first, last in zip([0, *holes.tolist()], [*holes.tolist(), len(by_place)], strict=True):
        while first < last:
            end = min(last, first + most)
            # Of rows between which there are holes fewer have room.
            while end - first > 1 and by_place[end - 1] - by_place[first] > 2 * most:
                end = first + (end - first) // 2
            yield first, end
            first = end


def _fill(file: Any, into: memoryview, position: int) -> None:
    count = 0
    while count < len(into):  # mostly once
        more = _preadv(file.fileno(), (into[count:],), position + count)
        if not more:
            raise DataError(f"{file.name} ends within the rows that it had", fix="get the file again")
        count += more


def _preadv(descriptor: int, buffers: tuple[memoryview], position: int) -> int:
    """As ``os.preadv``, where there is none; with a single buffer."""
    os.lseek(descriptor, position, os.SEEK_SET)
    piece = os.read(descriptor, len(buffers[0]))
    buffers[0][: len(piece)] = piece
    return len(piece)


if hasattr(os, "preadv"):
    _preadv = os.preadv  # type: ignore[assignment]  # takes more than one buffer


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
