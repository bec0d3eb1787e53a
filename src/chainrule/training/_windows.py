"""Data that are not in memory, a window of mini-batches at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np

from .._rows import blocks, is_on_disk, read
from ._ranks import Ranks

Array = np.ndarray[Any, Any]
T = TypeVar("T")
R = TypeVar("R")

WINDOW_BYTES = 1 << 23  # of inputs: little beside memory, much beside what a step takes of it


def windows(
    x: Any, t: Any, batches: Array, ranks: Ranks, prepare: Callable[[Array], Array], row_bytes: int
) -> Iterator[tuple[Array, Array, Array]]:
    """Data and mini-batches as runners take them: those in memory as they are, of others the rows of some mini-batches.

    batches    row numbers, shape (steps, rows)
    ranks      of which each reads its own rows
    prepare    from inputs as they were read to what a step takes
    row_bytes  that an input takes then
    returns    arrays x and t, and mini-batches of row numbers of them; the next window is read while one is used
    """
    if not is_on_disk(x) and not is_on_disk(t):
        yield x, t, batches
        return
    own = ranks.rows(np.arange(batches.shape[1])[np.newaxis])[0][0]  # columns of the mini-batches

    def window(some: slice) -> tuple[Array, Array, Array]:
        numbers = batches[some][:, own]
        renumbered = np.zeros(batches[some].shape, np.int64)
        renumbered[:, own] = np.arange(numbers.size).reshape(numbers.shape)
        return prepare(read(x, numbers.ravel())), read(t, numbers.ravel()), renumbered

    yield from ahead(window, blocks(len(batches), batches.shape[1] * row_bytes, WINDOW_BYTES))


def ahead(work: Callable[[T], R], todo: Iterator[T]) -> Iterator[R]:
    """The result of each, the next of which is worked on in another thread meanwhile."""
    with ThreadPoolExecutor(1, "chainrule-reading") as reader:
        coming = None
        for item in todo:
            current, coming = coming, reader.submit(work, item)
            if current is not None:
                yield current.result()
        if coming is not None:
            yield coming.result()
