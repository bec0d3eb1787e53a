"""The fourth pass: neighbouring elementwise operations, reductions and losses into one loop each.

A loop runs over rows (the first axis) and, in each row, over the rest. It has levels: what needs the sum or the largest
element of a row comes one level after the inner loop that finds it, in another inner loop over the same row, which is
still in the cache.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .._node import PLACEMENTS, REDUCTIONS, Node
from ._index import accesses
from ._units import BIG, Units, domain, is_single, source


@dataclass(slots=True, eq=False)
class Loop:
    """Units that are computed in one loop over rows.

    rows     length of the first axis of all of them
    level    of each unit
    """

    rows: int
    level: dict[Node, int] = field(default_factory=dict)

    @property
    def units(self) -> list[Node]:
        return list(self.level)

    @property
    def levels(self) -> range:
        return range(max(self.level.values()) + 1)


@dataclass(frozen=True, slots=True)
class Single:
    """One number, in a variable; every thread computes it."""

    unit: Node

    @property
    def units(self) -> list[Node]:
        return [self.unit]


@dataclass(frozen=True, slots=True)
class Big(Single):
    """A matrix product, a concatenation, or a gate that is run as it is."""


Statement = Loop | Single | Big


@dataclass(frozen=True, slots=True)
class Schedule:
    """What is done, in order.

    replaces  for units whose result is written over an input: that input
    """

    units: Units
    statements: tuple[Statement, ...]
    replaces: Mapping[Node, Node]


def reduction_kind(unit: Node) -> str:
    """ "all" to one number, "row" to a number for each row, "some" to an array, or "" for no reduction.

    A placement is "placed": as of a reduction, its result is there when the loop has ended.
    """
    if unit.op in PLACEMENTS:
        return "placed"
    if unit.op not in REDUCTIONS:
        return ""
    if is_single(unit):
        return "all"
    long = [a for a, n in enumerate(unit.args[0].shape) if not (type(n) is int and n == 1)]
    reduced = [a for a in unit.settings["axes"] if a in long]
    return "row" if reduced == long[1:] else "some"


def group(units: Units) -> Schedule:
    """Find the loops, and an order of all statements."""
    replaces = _replacements(units)
    while True:
        scheduler = _Scheduler(units, replaces)
        if scheduler.run():
            return Schedule(units, tuple(scheduler.statements), replaces)
        # What replaces an input waits for what reads it, and that waits for it: this one gets memory of its own.
        del replaces[next(unit for unit in replaces if unit not in scheduler.done)]


def _replacements(units: Units) -> dict[Node, Node]:
    """For each unit that may be written over an input: that input."""
    leaves = {n for reads in units.reads.values() for n in reads if n.op == "input" and not n.weak}
    inputs = {n.settings["name"]: n for n in leaves if not n.settings.get("gathered")}
    found: dict[Node, Node] = {}
    for name, unit in units.program.outputs.items():
        leaf = inputs.get(name)
        if (
            leaf is not None
            and unit not in found
            and (leaf.shape, leaf.dtype) == (unit.shape, unit.dtype)
            and _may_replace(units, unit, leaf)
        ):
            found[unit] = leaf
    return found


def _may_replace(units: Units, unit: Node, leaf: Node) -> bool:
    """Whether a unit reads, of an input, no element but the one in its own place (gemm: it adds to it)."""
    if unit.op == "gemm":
        return all(source(a) is not leaf for a in unit.args[:2])
    if unit.op in BIG or unit.op in REDUCTIONS | PLACEMENTS:
        return leaf not in units.reads[unit]
    return all(place == "same" for read, place in accesses(units, unit) if source(read) is leaf)


class _Scheduler:
    """Puts statements in order: what is ready, the oldest first, and with a loop all that can go into it."""

    def __init__(self, units: Units, replaces: Mapping[Node, Node]) -> None:
        self.units, self.replaces = units, replaces
        self.left = dict.fromkeys(units.order)
        self.done: set[Node] = set()
        self.early: set[Node] = set()
        self.statements: list[Statement] = []
        self.access = {
            unit: list(accesses(units, unit))
            for unit in units.order
            if unit.op not in BIG and unit.op != "part"
        }
        # Whoever reads an input does so before it is written over.
        self.before = {
            unit: [u for u in units.order if leaf in units.reads[u] and u is not unit]
            for unit, leaf in replaces.items()
        }

    def run(self) -> bool:
        """Whether everything found its place."""
        while self.left:
            ready = [unit for unit in self.left if self._is_ready(unit)]
            if not ready:
                return False
            singles = [unit for unit in ready if self._is_single(unit)]
            others = [unit for unit in ready if unit not in singles]
            # What comes from inputs alone is known from the beginning; of the rest, what is one number waits, since
            # threads must wait for each other before they can know it.
            early = [unit for unit in singles if self._is_early(unit)] if others else singles
            if early:
                self._take(*(Single(unit) for unit in early))
                self.early.update(early)
            elif others[0].op in BIG or others[0].op == "part":
                self._take(Big(others[0]))
            else:
                self._take(self._loop_around(others[0]))
        return True

    def _is_early(self, unit: Node) -> bool:
        return unit not in self.replaces and all(
            read in self.early for read in self.units.reads[unit] if read in self.units
        )

    def _take(self, *statements: Statement) -> None:
        for statement in statements:
            self.statements.append(statement)
            for unit in statement.units:
                del self.left[unit]
                self.done.add(unit)

    @staticmethod
    def _is_single(unit: Node) -> bool:
        return is_single(unit) and unit.op not in REDUCTIONS and unit.op not in BIG and unit.op != "part"

    def _needs(self, unit: Node) -> list[Node]:
        return [r for r in self.units.reads[unit] if r in self.units] + self.before.get(unit, [])

    def _is_ready(self, unit: Node) -> bool:
        return all(need in self.done for need in self._needs(unit))

    def _loop_around(self, seed: Node) -> Loop:
        loop = Loop(domain(seed)[0] if domain(seed) else 1, {seed: 0})
        grown = True
        while grown:
            grown = False
            for unit in self.left:
                if unit not in loop.level and (level := self._level_in(unit, loop)) is not None:
                    loop.level[unit] = level
                    grown = True
        return loop

    def _level_in(self, unit: Node, loop: Loop) -> int | None:
        """The level at which a unit can be computed in a loop, or None if it cannot, or gains nothing by it."""
        if unit not in self.access or self._is_single(unit) or domain(unit)[:1] != (loop.rows,):
            return None
        level, shares = 0, False
        for read, place in self.access[unit]:
            if read in loop.level:
                kind = reduction_kind(read)
                if place in ("any", "in row") or kind in ("all", "some", "placed"):
                    return None
                level = max(level, loop.level[read] + (kind == "row"))
                shares = True
            elif source(read) in loop.level:
                return None
            elif source(read) in self.units and source(read) not in self.done:
                return None
            else:
                shares = shares or (place == "same" and any(self._reads(u, read, unit) for u in loop.level))
        for other in self.before.get(unit, []):
            if other in loop.level:
                places = {place for read, place in self.access[other] if source(read) is self.replaces[unit]}
                if places - {"same"}:
                    return None
                level = max(level, loop.level[other])
            elif other not in self.done:
                return None
        return level if shares else None

    def _reads(self, unit: Node, read: Node, like: Node) -> bool:
        return domain(unit) == domain(like) and (read, "same") in self.access[unit]
