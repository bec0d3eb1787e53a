"""Where threads that share a step must wait for each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Access(NamedTuple):
    """What a piece of code does with some memory.

    memory  which one
    writes  whether it writes
    share   which part each thread has to do with: ("rows", …) its share of so many rows of so many numbers, ("own",)
            what no other thread looks at before it has waited, ("first",) all of it, but only the first thread,
            ("all",) every thread any part of it
    """

    memory: object
    writes: bool
    share: tuple[object, ...]


def conflict(a: Access, b: Access) -> bool:
    """Whether a thread may touch what another one writes."""
    if a.memory != b.memory or not (a.writes or b.writes):
        return False
    return a.share != b.share or a.share == ("all",)


def barriers(pieces: Sequence[Sequence[Access]]) -> set[int]:
    """The numbers of the pieces before which all threads must have come so far, when the pieces are run in a circle.

    >>> rows, everything = ("rows", "n", 50), ("all",)
    >>> barriers([[Access("H", True, rows)], [Access("H", False, rows)], [Access("H", False, everything)]])
    {0, 2}
    """
    found: set[int] = set()
    pending: list[Access] = []
    for _ in range(2):  # the second time round meets what the first has left
        for number, accesses in enumerate(pieces):
            if number in found:
                pending = []
            elif any(conflict(a, b) for a in accesses for b in pending):
                found.add(number)
                pending = []
            pending += accesses
    return found
