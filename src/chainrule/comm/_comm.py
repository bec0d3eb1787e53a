"""What training needs of other processes: a number, how many there are, and one sum."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..errors import ArgumentError, RankError

Array = np.ndarray[Any, Any]


class Comm(ABC):
    """Processes ("ranks") that do the same thing at the same time, each on its part of the data.

    A communicator is `rank`, `size` and `allreduce_sum`; all else is made of these. Whatever one rank calls, all must
    call, in the same order.

    rank   the number of this process, from 0
    size   how many there are

    >>> class Alone(cr.Comm):
    ...     rank, size = 0, 1
    ...     def allreduce_sum(self, flat):
    ...         pass
    >>> Alone().broadcast({"lr": 0.1})
    {'lr': 0.1}
    """

    rank: int
    size: int
    splits_rows: bool = True
    """Whether each rank takes its rows of a mini-batch; where the engine sees to that, all are given all of them."""
    can_shrink: bool = False
    """Whether the others can go on when a rank is gone."""

    @abstractmethod
    def allreduce_sum(self, flat: Array) -> None:
        """Replace a one-dimensional contiguous array by the sum of those of all ranks, with the same bits on each.

        raises   RankError when a rank is gone
        """

    def shrink(self) -> None:
        """Go on without the ranks that are gone, with new numbers.

        raises   RankError where that cannot be done
        """
        raise RankError("a rank is gone, and the others cannot go on without it", lost=True)

    def broadcast(self, value: Any, *, root: int = 0) -> Any:
        """On every rank the value that rank `root` has; fit for JSON."""
        if self.size == 1:
            return value
        text = np.frombuffer(json.dumps(value).encode() if self.rank == root else b"", np.uint8)
        length = np.array([len(text)])
        self.allreduce_sum(length)
        letters = np.zeros(length[0], np.uint8)
        letters[: len(text)] = text
        self.allreduce_sum(letters)
        return json.loads(letters.tobytes())

    def broadcast_arrays(self, arrays: Iterable[Array]) -> None:
        """Give every rank, in place, the numbers that rank 0 has, to the last bit."""
        for array in arrays if self.size > 1 else ():
            # As bytes: a sum of numbers would turn −0 into 0.
            flat = np.frombuffer(array.tobytes() if self.rank == 0 else bytes(array.nbytes), np.uint8).copy()
            self.allreduce_sum(flat)
            array[...] = flat.view(array.dtype).reshape(array.shape)

    def gather(self, number: int) -> Array:
        """The whole numbers that the ranks have, by rank, on every rank."""
        numbers = np.zeros(self.size, np.int64)
        numbers[self.rank] = number
        self.allreduce_sum(numbers)
        return numbers

    def first(self, value: Any) -> Any:
        """On every rank the value of the first rank that has one, None where none has."""
        if self.size == 1:
            return value
        has = self.gather(value is not None)
        return self.broadcast(value, root=int(has.argmax())) if has.any() else None

    def different(self, value: Any) -> int | None:
        """The first rank that has another value than rank 0, the same answer on every rank; None when all agree."""
        before = self.broadcast(value)
        differs = json.loads(json.dumps(value)) != before
        rank: int | None = self.first(self.rank if differs else None)
        return rank


class NullComm(Comm):
    """A single process.

    >>> NullComm().rank, NullComm().size
    (0, 1)
    """

    rank, size = 0, 1

    def allreduce_sum(self, flat: Array) -> None:
        """The sum over one process is what it has."""


def comm_of(comm: Comm | str | None) -> Comm:
    """The communicator that an argument stands for: None is a single process, "mpi" all that ``mpiexec`` started.

    raises   ArgumentError for anything else, MissingExtraError without mpi4py or an MPI

    >>> comm_of(None).size
    1
    """
    if comm is None:
        return NullComm()
    if isinstance(comm, Comm):
        return comm
    if comm != "mpi":
        raise ArgumentError(f"comm must be None, 'mpi' or a Comm; it is {comm!r}")
    from ._mpi import MpiComm

    return MpiComm()
