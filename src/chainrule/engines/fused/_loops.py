"""The text of one loop over rows, with all its levels."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ...graph import Dimension
from .._node import Node
from ._expression import Expressions, literal, shared
from ._group import Loop, reduction_kind
from ._hazards import Access
from ._index import Index, Term, accesses, arguments, identity, own_index, result_index, result_indices
from ._pieces import (
    SPLIT_FROM,
    Piece,
    Rows,
    accumulate,
    by_first,
    bytes_of,
    extreme,
    finish,
    nested,
    places_of,
    start_of,
)
from ._units import LEAVES, domain, is_alias, source, squeezed

if TYPE_CHECKING:
    from ._emit import Emitter


_AHEAD = 4  # rows of a mini-batch that are fetched before they are needed


class LoopWriter:
    """Writes one loop over rows, with all its levels."""

    def __init__(self, emitter: Emitter, loop: Loop) -> None:
        self.emitter, self.loop = emitter, loop
        self.units = emitter.units
        self.kinds = {unit: reduction_kind(unit) for unit in loop.level}
        self.variables: dict[Any, str] = {}
        self.cost: int = 0
        work = sum(int(math.prod(domain(unit))) * 4 for unit in loop.level)
        # What ends as one number everybody must know: then each thread has its part of it, however small.
        total = "all" in self.kinds.values()
        # Windows of one image overlap: rows are apart only where they are images, or channels.
        apart = all(_rows_are_apart(unit) for unit, kind in self.kinds.items() if kind == "placed")
        self.split = (
            emitter.team and apart and (isinstance(loop.rows, Dimension) or work >= SPLIT_FROM or total)
        )
        self.lone = emitter.team and not self.split
        # Alone, one thread has all rows; whoever reads the same rows may do so in the same loop.
        self.by_rows = self.split or (not emitter.team and isinstance(loop.rows, Dimension))
        self.share: tuple[object, ...] = ("rows", repr(loop.rows)) if self.by_rows else ("first",)
        self.bytes: int = 0

    def piece(self) -> Piece:
        before, after, accesses = self._accumulators()
        body = []
        if self._gathers():
            body.append("r = rows[i]")
            body += [f"fetch({name}, rows, i + {_AHEAD})" for name in self._wide()]
        for unit, kind in self.kinds.items():
            if kind == "placed" and _rows_are_apart(unit):
                body += self._background(unit)
        for level in self.loop.levels:
            body += self._rows(level)
            body += self._inner(level)
        head = (
            f"for i in {self.emitter._range(self.loop.rows, self.split)}:"
            if self.split or any(map(domain, self.loop.level))
            else "for i in range(1):"
        )
        loop = Rows(head, before, body, after)
        lines = loop.lines
        if self.lone:
            lines = by_first(lines)
        about = self.emitter._about(*self._computed())
        flops = self.cost * self.loop.rows
        said: dict[str, list[str]] = {}
        for application in about:
            said.setdefault(application.name, []).append(application.gate.name)
        comment = textwrap.wrap("; ".join(f"{name}: {', '.join(done)}" for name, done in said.items()), 100)
        comment = [f"# {line}" for line in comment]
        piece = Piece(lines, about, [*accesses, *self._accesses()], flops, self.bytes, comment)
        piece.units = self.loop.units
        piece.rows = loop if isinstance(self.loop.rows, Dimension) and not self.lone else None
        return piece

    def _computed(self) -> list[Node]:
        """All operations of the loop, those without a result of their own included."""
        found = set(self.loop.level)
        for unit in self.loop.level:
            found |= {node for node, _ in _inside(unit, own_index(unit), self._is_read)}
        return sorted(found, key=lambda node: node.number)

    def _is_read(self, node: Node, index: Index) -> bool:
        return node in self.units or node.op in LEAVES or is_alias(node) or node in self.emitter.names

    def _wide(self) -> list[str]:
        """Data of which a row is much to get."""
        reads = {r for u in self.loop.level for r in self.units.reads[u] if r.settings.get("gathered")}
        return [self.emitter.arrays[r].name for r in reads if len(squeezed(r.shape)) > 1]

    def _gathers(self) -> bool:
        return any(r.settings.get("gathered") for u in self.loop.level for r in self.units.reads[u])

    def _accesses(self) -> Iterator[Access]:
        arrays = self.emitter.arrays
        seen = {}
        for unit in self.loop.level:
            for read, place in accesses(self.units, unit):
                array = arrays.get(source(read))
                if array is None or source(read).settings.get("gathered"):
                    continue
                share = self.share if place != "any" or self.lone else ("all",)
                seen[self.emitter._access(array, False, share)] = array
            array = arrays.get(unit)
            if array is not None and self.kinds[unit] not in ("some", "all"):
                seen[self.emitter._access(array, True, self.share)] = array
        self.bytes = sum(bytes_of(array) for array in seen.values())
        return iter(seen)

    def _accumulators(self) -> tuple[list[str], list[str], list[Access]]:
        """What is set up before the loop for reductions over rows, and done after it."""
        e = self.emitter
        before: list[str] = []
        after: list[str] = []
        found: list[Access] = []
        for unit, kind in self.kinds.items():
            if kind == "placed" and not _rows_are_apart(unit):
                before += self._background(unit)
            if kind == "all":
                name = self.variables[unit, "sum"] = e._fresh(e._name(unit))
                before.append(f"{name} = {start_of(unit)}")
                if self.split:
                    parts = e.parts_of(unit, (), _of_one(unit))
                    after.append(f"{parts.name}[thread] = {name}")
                    found.append(Access(parts.name, True, ("own",)))
                else:
                    e.names[unit] = name
                    after += finish(unit, name)
                    if unit in e.arrays:
                        store = e._store_single(unit, e.arrays[unit], name)
                        after += store.lines
            elif kind == "some":
                out = e.arrays[unit]
                shape = squeezed(unit.shape)
                if self.split:
                    parts = e.parts_of(unit, shape, unit.dtype)
                    found.append(Access(parts.name, True, ("own",)))
                    target = f"{parts.name}[thread, {{}}]"
                    index = [Term(a) for a in range(len(shape))]
                else:
                    found.append(e._access(out, True, ("first",)))
                    target = f"{out.name}[{{}}]"
                    index = list(identity(unit.shape))
                zero = literal(0 if unit.op == "sum" else extreme(unit), unit.dtype)
                before += nested(shape, [f"{target.format(', '.join(places_of(tuple(index))))} = {zero}"])
                self.variables[unit, "target"] = target
        return before, after, found

    def _background(self, unit: Node) -> list[str]:
        """Fill the memory of a placement with what is nowhere else; of one row, if rows are apart."""
        if unit.op == "place" and _covers(unit):
            return []
        first = int(_rows_are_apart(unit))
        index = identity(unit.shape)
        value = literal(unit.settings.get("value", 0.0), unit.dtype)
        target = f"{self.emitter.arrays[unit].name}[{', '.join(places_of(index))}]"
        return nested(squeezed(unit.shape)[first:], [f"{target} = {value}"], first=first)

    # Levels.

    def _rows(self, level: int) -> list[str]:
        units = [u for u, at in self.loop.level.items() if at == level and len(domain(u)) <= 1]
        return self._block(units)

    def _inner(self, level: int) -> list[str]:
        lines: list[str] = []
        units = [u for u, at in self.loop.level.items() if at == level and len(domain(u)) > 1]
        for rest in dict.fromkeys(tuple(map(int, domain(u)[1:])) for u in units):
            here = [u for u in units if tuple(map(int, domain(u)[1:])) == rest]
            lengths = domain(here[0])[1:]
            for unit in here:
                if self.kinds[unit] == "row":
                    name = self.variables[unit, "sum"] = self.emitter._fresh(self.emitter._name(unit))
                    lines.append(f"{name} = {start_of(unit)}")
            before = self.cost
            lines += nested(lengths, self._block(here), first=1)
            self.cost = before + (self.cost - before) * math.prod(lengths)
            for unit in here:
                if self.kinds[unit] == "row":
                    name = self.variables[unit, "sum"]
                    lines += finish(unit, name)
                    self.variables[unit] = name
                    if unit in self.emitter.arrays:
                        lines.append(f"{self._target(unit)} = {name}")
        return lines

    def _target(self, unit: Node) -> str:
        out = self.emitter.arrays[unit]
        places = places_of(result_index(unit)) or ["0"]
        return f"{out.name}[{', '.join(places)}]"

    def _block(self, units: list[Node]) -> list[str]:
        """The innermost lines: what several units share first, then each unit in its order."""
        e = self.emitter
        lines: list[str] = []
        known = {k: v for k, v in self.variables.items() if isinstance(k, Node)}
        is_short = any(len(domain(unit)) > 2 for unit in units)
        write = Expressions(e.arrays, {**e.names, **known}, e.view, is_short=is_short)
        roots = [(unit, own_index(unit)) for unit in units]
        pending = shared(roots, self._is_read)
        for unit, index in roots:
            mine = _inside(unit, index, self._is_read)
            for pair in [pair for pair in pending if pair in mine]:
                pending.remove(pair)
                name = e._fresh(f"{pair[0].op}_")
                lines.append(f"{name} = {write.result(*pair)}")
                write.variables[pair] = name
                self.cost += 1
            kind = self.kinds[unit]
            if kind == "placed":
                self.cost += max(1, len(mine))
                lines += self._placed(unit, index, write)
                continue
            text = (
                write.result(unit, index)
                if not self.kinds[unit]
                else write.element(*next(arguments(unit, index)))
            )
            self.cost += max(1, len(mine))
            if kind in ("all", "row"):
                lines.append(accumulate(unit, self.variables[unit, "sum"], text))
            elif kind == "some":
                places = result_index(unit)
                if self.split:
                    places = tuple(t for t in places if t != Term(None))
                target = self.variables[unit, "target"].format(", ".join(places_of(places)))
                lines.append(accumulate(unit, target, text))
            else:
                lines += self._result(unit, text, write)
        return lines

    def _placed(self, unit: Node, index: Index, write: Expressions) -> list[str]:
        out, adds = self.emitter.arrays[unit].name, "+=" if unit.op == "fold" else "="
        return [
            f"{out}[{', '.join(places_of(places))}] {adds} {write.element(arg, at)}"
            for places, (arg, at) in zip(result_indices(unit), arguments(unit, index), strict=True)
        ]

    def _result(self, unit: Node, text: str, write: Expressions) -> list[str]:
        """A value: in a variable when this loop reads it again, in memory when others do."""
        stored = unit in self.emitter.arrays
        again = any(unit in self.units.reads[u] for u in self.loop.level if u is not unit)
        if not again:
            return [f"{self._target(unit)} = {text}"]
        name = self.emitter._fresh(f"{unit.op}_")
        lines = [f"{name} = {text}"]
        if len(domain(unit)) <= 1:
            self.variables[unit] = name
        write.variables[unit] = name
        if stored:
            lines.append(f"{self._target(unit)} = {name}")
        return lines


def _of_one(unit: Node) -> np.dtype[Any]:
    """In what the parts of one number are kept: sums in float64."""
    return np.dtype(np.float64) if unit.dtype.kind == "f" and unit.op == "sum" else unit.dtype


def _rows_are_apart(unit: Node) -> bool:
    """Whether the rows of the loop that computes a placement are rows of its result too: images, or channels."""
    images, channels = unit.shape[:2]
    return not (type(images) is int and images == 1 and channels == 1)


def _covers(unit: Node) -> bool:
    """Whether the parts of a placement, which have no place in common, leave none out."""
    return len(unit.args) * math.prod(unit.args[0].shape) == math.prod(unit.shape)


def _inside(unit: Node, index: Index, stop: Any) -> set[tuple[Node, Index]]:
    """The operations that the expression of a unit is made of, but itself."""
    found: set[tuple[Node, Index]] = set()
    todo = [pair for pair in arguments(unit, index) if not stop(*pair)]
    while todo:
        pair = todo.pop()
        if pair not in found:
            found.add(pair)
            todo += [p for p in arguments(*pair) if not stop(*p)]
    return found
