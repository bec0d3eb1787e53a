"""Ranks that are threads of one process: as many as one likes, without an MPI, and each with its own trainer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule as cr

_SECONDS = 60.0  # after which a rank that nobody joins is a failure and not a hang


class Killed(BaseException):
    """The end of a rank."""


class _Group:
    """Ranks that add up together; once one of them dies, whoever waits here is told."""

    def __init__(self, size: int) -> None:
        self.barrier, self.table = threading.Barrier(size), [np.zeros(0)] * size


class _World:
    """All ranks, dead and alive."""

    def __init__(self, size: int) -> None:
        self.alive = list(range(size))
        self.lock = threading.Condition()
        self.groups = {tuple(self.alive): _Group(size)}
        self.asking: set[int] = set()  # who waits for the others to shrink


class ThreadComm(cr.Comm):
    """One of some ranks that share barriers and tables.

    dies_at   the number of the sum at which this rank dies
    """

    can_shrink = True

    def __init__(self, number: int, world: _World, dies_at: int | None = None) -> None:
        self._number, self._world, self._dies_at = number, world, dies_at
        self.sums = 0
        self._join(tuple(world.alive))

    def _join(self, members: tuple[int, ...]) -> None:
        self._members = members
        self.rank, self.size = members.index(self._number), len(members)

    def allreduce_sum(self, flat: np.ndarray[Any, Any]) -> None:
        self.sums += 1
        group = self._world.groups[self._members]
        if self.sums == self._dies_at:
            self.die()
            raise Killed
        try:
            group.table[self.rank] = flat.copy()
            group.barrier.wait(_SECONDS)
            parts = list(group.table)
            assert len({(part.shape, part.dtype) for part in parts}) == 1, "ranks add up different things"
            group.barrier.wait(_SECONDS)
        except threading.BrokenBarrierError:
            raise cr.errors.RankError("a rank is gone", lost=True) from None
        flat[...] = sum(parts[1:], parts[0])

    def die(self) -> None:
        world = self._world
        with world.lock:
            world.alive.remove(self._number)
            for group in world.groups.values():
                group.barrier.abort()
            world.lock.notify_all()

    def shrink(self) -> None:
        world = self._world
        with world.lock:
            world.groups[self._members].barrier.abort()
            world.asking.add(self._number)
            world.lock.notify_all()
            assert world.lock.wait_for(lambda: world.asking >= set(world.alive) or self._found(), _SECONDS)
            members = tuple(world.alive)
            world.groups.setdefault(members, _Group(len(members)))
            world.lock.notify_all()
            self._join(members)
            world.asking.discard(self._number)

    def _found(self) -> bool:
        """Whether those that are left have a group already, of which this one has not heard."""
        return tuple(self._world.alive) in self._world.groups


def on_ranks(size: int, function: Callable[[cr.Comm], Any], dies: dict[int, int] | None = None) -> list[Any]:
    """What a function gives on each of so many ranks, or the error that it raises there.

    dies   for a rank the number of the sum at which it dies
    """
    world = _World(size)
    comms = [ThreadComm(rank, world, (dies or {}).get(rank)) for rank in range(size)]
    results: list[Any] = [None] * size

    def run(rank: int) -> None:
        try:
            results[rank] = function(comms[rank])
        except BaseException as error:
            results[rank] = error
            if not isinstance(error, cr.errors.RankError | Killed):
                comms[rank].die()

    threads = [threading.Thread(target=run, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
