"""Ranks that are threads of one process: as many as one likes, without an MPI, and each with its own trainer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule as cr

_SECONDS = 60.0  # after which a rank that nobody joins is a failure and not a hang


class ThreadComm(cr.Comm):
    """One of `size` ranks that share a barrier and a table."""

    def __init__(self, rank: int, size: int, barrier: threading.Barrier, table: list[Any]) -> None:
        self.rank, self.size, self._barrier, self._table = rank, size, barrier, table
        self.sums = 0

    def allreduce_sum(self, flat: np.ndarray[Any, Any]) -> None:
        self.sums += 1
        self._table[self.rank] = flat.copy()
        self._barrier.wait(_SECONDS)
        parts = list(self._table)
        assert len({(part.shape, part.dtype) for part in parts}) == 1, "ranks add up different things"
        self._barrier.wait(_SECONDS)
        flat[...] = sum(parts[1:], parts[0])


def on_ranks(size: int, function: Callable[[cr.Comm], Any]) -> list[Any]:
    """What a function gives on each of so many ranks, or the error that it raises there."""
    barrier, table = threading.Barrier(size), [None] * size
    results: list[Any] = [None] * size

    def run(rank: int) -> None:
        try:
            results[rank] = function(ThreadComm(rank, size, barrier, table))
        except BaseException as error:
            results[rank] = error
            if not isinstance(error, cr.errors.RankError):
                barrier.abort()

    threads = [threading.Thread(target=run, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
