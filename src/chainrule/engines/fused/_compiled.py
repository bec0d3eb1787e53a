"""A step from its graph to what runs: all passes, the emitted text, and its machine code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ...errors import MissingExtraError
from ...graph import length_at
from .._node import Node
from .._step import StepGraph
from ._drop import drop
from ._emit import Source, emit
from ._fold import fold
from ._group import group
from ._lower import lower
from ._names import names_of
from ._place import Placement, place
from ._units import units_of

if TYPE_CHECKING:
    from ._native import Native

_FLOPS_FOR_A_TEAM = 500_000  # of a step; below, waiting for each other costs more than a second thread gains


@dataclass(frozen=True)
class Compiled:
    """What became of a step."""

    placement: Placement

    @cached_property
    def alone(self) -> Source:
        """The text for one thread."""
        return emit(self.placement, team=False)

    @cached_property
    def team(self) -> Source:
        """The text for several threads."""
        return emit(self.placement, team=True)

    def threads(self, rows: int) -> int:
        """How many threads share a step with so many rows: as many as there are, or one where little is to be done."""
        from ._team import threads_allowed

        return threads_allowed() if self.flops(rows) >= _FLOPS_FOR_A_TEAM else 1

    def flops(self, rows: int) -> int:
        """The floating-point operations of a step with so many rows."""
        return sum(length_at(piece.flops, rows) for _, piece in self.alone.pieces)

    def source(self, threads: int) -> Source:
        return self.alone if threads == 1 else self.team

    def native(self, threads: int, *, profile: bool = False) -> Native:
        """The machine code, from the cache or compiled now; with `profile` it takes the time of each piece."""
        key = threads > 1, profile
        if key not in self._natives:
            source = emit(self.placement, team=threads > 1, profile=True) if profile else self.source(threads)
            text = source.text + driver(source, profile=profile)
            arguments = ("int64*", *_ARGUMENTS[1:], "int64") if profile else _ARGUMENTS
            try:
                from ._native import native

                self._natives[key] = native(text, "run", arguments)
            except ImportError as missing:
                package = missing.name or "numba"
                raise MissingExtraError.for_extra("fast", package, "the fused engine") from None
        return self._natives[key]

    @cached_property
    def _natives(self) -> dict[tuple[bool, bool], Native]:
        return {}


def compiled(step: StepGraph, inputs: Mapping[str, Node]) -> Compiled:
    """All passes but the last.

    inputs  what stands for each input, by name
    """
    program = drop(fold(drop(lower(step, inputs))))
    schedule = group(units_of(program))
    placement = place(schedule, names_of(schedule.units))
    return Compiled(placement)


_ARGUMENTS = (
    "int64*", "float64*", "int64", "float64*", "int64", "int64", "int64", "int64", "int64", "int64",
)  # fmt: skip


def driver(source: Source, *, profile: bool = False) -> str:
    """The text of the function that runs many steps one after the other; it is called with addresses."""
    ticks = ", ticks" if profile else ""
    lines = [f"def run(addresses, numbers, rows, record, n, steps, calls{ticks}, thread, threads, flags):"]
    for number, array in enumerate(source.arrays):
        shape = ", ".join([*(["threads"] if array.kind == "parts" else []), *map(str, array.shape)])
        kind = "bool_" if array.dtype == bool else array.dtype.name  # Python's bool is no dtype to Numba
        lines.append(f"    {array.name} = array_at(addresses[{number}], ({shape},), {kind})")
    given = ["n"]
    if source.gathers:
        given.append("array_at(rows + s * n * 8, (n,), int64)")
    given += [array.name for array in source.arrays]
    count = len(source.numbers)
    given += [f"numbers[s * {count} + {at}]" for at in range(count)]
    given += ["calls"] if source.calls else []
    given += ["thread", "threads", "flags"] if source.team else []
    if profile:
        lines.append("    clock = ticks if thread == 0 else 0")
        given.append("clock")
    lines += ["    for s in range(steps):", f"        step({', '.join(given)})"]
    if any(array.name == "loss" for array in source.arrays):
        lines += ["        if thread == 0:", "            record[s] = loss[0]"]
    return "\n\n" + "\n".join(lines) + "\n"
