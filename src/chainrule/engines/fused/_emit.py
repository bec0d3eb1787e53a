"""The sixth pass: the whole step as the text of one Python function.

It can be read beside the lesson, run as it is, and compiled. Loops are written out, element by element; what a person
would call a matrix product is one call.
"""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._node import Node, Shape
from .._step import Application
from ._big import BigWriter
from ._expression import LOOPS, Expressions
from ._group import Big, Schedule, Single
from ._hazards import Access, barriers
from ._index import identity, own_index
from ._loops import LoopWriter
from ._names import CALLED
from ._pieces import Piece, accumulate, by_first, finish, nested, places_of, share_of, start_of
from ._place import Array, Placement
from ._rows import joined, kept_in, of_one_row
from ._units import is_single, source, squeezed


@dataclass(frozen=True, slots=True)
class Source:
    """The emitted function.

    text    ``def step(n, …)``
    arrays  its array parameters, in order
    numbers its number parameters, in order
    calls   gates that are run as they are, the memory of their arguments, and that of their results by position
    pieces  each with the number of its first line, from 0
    """

    text: str
    arrays: tuple[Array, ...]
    numbers: tuple[str, ...]
    calls: tuple[tuple[Node, tuple[Array, ...], Mapping[int, Array]], ...]
    pieces: tuple[tuple[int, Piece], ...]
    gathers: bool
    team: bool


def emit(placement: Placement, *, team: bool, profile: bool = False) -> Source:
    """Write the function.

    team     for several threads, each of which runs it on its own share
    profile  count the time that each piece takes
    """
    return Emitter(placement, team).source(profile)


class Emitter:
    def __init__(self, placement: Placement, team: bool) -> None:
        self.placement, self.team = placement, team
        self.schedule: Schedule = placement.schedule
        self.units = self.schedule.units
        self.arrays = dict(placement.arrays)
        self.names = dict(placement.numbers)  # of what is a variable of the function: single numbers
        self.parts: dict[Node, Array] = {}  # of reductions, one for each thread
        self.shares: dict[int, None] = {}  # lengths of which each thread has its share
        self.views: dict[tuple[Array, Shape, int], str] = {}
        self.calls: list[Any] = []
        self.taken = {a.name for a in self.arrays.values()} | set(placement.numbers.values())
        self.gathers = any(leaf.settings.get("gathered") for leaf in self.arrays if leaf.op == "input")

    # The whole.

    def source(self, profile: bool) -> Source:
        pieces = joined(self._pieces(), self.units)
        names = {array.name: [array.name, *self._views_of(array)] for array in self.arrays.values()}
        called = {a.name for _, given, made in self.calls for a in (*given, *made.values())}  # as a whole
        private = of_one_row(pieces, [a for a in self.arrays.values() if a.name not in called], names)
        by_row = [name for array in private for name in names[array]]
        waits = barriers([p.accesses for p in pieces]) if self.team else set()
        copied = [array for _, array in self.placement.copies]
        own = [_of_a_thread(a) if a.name in private else a for a in self.arrays.values()]
        every = {a.name: a for a in (*own, *copied, *self.parts.values())}
        arrays = tuple(a for a in every.values() if a.whole is None)
        numbers = self.placement.numbers
        parameters = ["n", *(["rows"] if self.gathers else []), *(a.name for a in arrays), *numbers.values()]
        parameters += ["calls"] if self.calls else []
        parameters += ["thread", "threads", "flags"] if self.team else []
        parameters += ["ticks"] if profile else []
        lines = [*_wrapped("def step(", parameters, "):")]
        for length in self.shares:
            lines.append(f"    {', '.join(share_of(length))} = share({length}, thread, threads)")
        for array in every.values():
            if array.whole is not None:
                lines.append(f"    {array.name} = {_stretch(array.whole, array.start, array.shape)}")
        for (array, shape, start), name in self.views.items():
            if array.name in private:
                one_each = ("threads" if self.team else 1, *shape[1:])
                lines.append(f"    {name} = {_reshaped(array.name, one_each)}")
            else:
                lines.append(f"    {name} = {_stretch(array, start, shape)}")
        if profile:
            lines.append("    tick(ticks, 0)")
        numbered = []
        head = None
        for number, piece in enumerate(pieces):
            if piece.head not in (None, head):
                head = piece.head
                lines += ["", f"    # {head}"]
            if number in waits:
                lines.append("    wait(flags, thread, threads)")
            numbered.append((len(lines) + len(piece.comment), piece))
            done = kept_in("thread" if self.team else "0", piece.lines, by_row)
            lines += [f"    {line}" for line in (*piece.comment, *done)]
            if profile:
                lines.append(f"    tick(ticks, {number + 1})")
        return Source(
            "\n".join(lines) + "\n",
            arrays,
            tuple(leaf.settings["name"] for leaf in numbers),
            tuple(self.calls),
            tuple(numbered),
            self.gathers,
            self.team,
        )

    def _pieces(self) -> list[Piece]:
        pieces: list[Piece] = []
        waiting: list[Node] = []  # reductions of which every thread has a part so far
        for statement in self.schedule.statements:
            if self.team:
                reads = {source(r) for unit in statement.units for r in self.units.reads[unit]}
                for unit in [u for u in waiting if u in reads]:
                    waiting.remove(unit)
                    pieces.append(self._total(unit))
            if isinstance(statement, Big):
                pieces += BigWriter(self).write(statement.unit)
                waiting += [u for u in statement.units if u in self.parts]
            elif isinstance(statement, Single):
                pieces += self._single(statement.unit)
            else:
                pieces.append(LoopWriter(self, statement).piece())
                waiting += [u for u in statement.units if u in self.parts]
        pieces += [self._total(unit) for unit in waiting]
        for unit, array in self.placement.copies:
            pieces.append(self._copy(unit, array))
        return pieces

    # Small helpers.

    def _about(self, *units: Node) -> list[Application]:
        found = {}
        for unit in units:
            if unit.number in self.units.program.origin:
                application = self.units.program.origin[unit.number]
                found[id(application)] = application
        return list(found.values())

    def _expressions(self) -> Expressions:
        return Expressions(self.arrays, {**self.names}, self.view)

    def _views_of(self, array: Array) -> list[str]:
        return [name for (seen, _, _), name in self.views.items() if seen is array]

    def parts_of(self, unit: Node, shape: Shape, dtype: np.dtype[Any]) -> Array:
        """Memory in which each thread has its part of a reduction."""
        name = self.arrays[unit].name if unit in self.arrays else self._name(unit)
        self.parts[unit] = Array(self._fresh(f"{name}_parts"), shape, dtype, "parts")
        return self.parts[unit]

    def view(self, array: Array, shape: Shape, start: int) -> str:
        """The name of an array counted otherwise. The views are made once, before anything else."""
        if (array, shape, start) not in self.views:
            lengths = "_".join(re.sub(r"\W+", "_", str(length)) for length in shape)
            self.views[array, shape, start] = self._fresh(f"{array.name}_{lengths}")
        return self.views[array, shape, start]

    def _memory(self, array: Array) -> object:
        return array.name if array.slot is None else array.slot

    def _access(self, array: Array, writes: bool, share: tuple[object, ...]) -> Access:
        if share[0] == "rows":
            share = (*share, repr(math.prod(array.shape[1:]) * array.dtype.itemsize))
        return Access(self._memory(array), writes, share)

    def _fresh(self, wanted: str) -> str:
        name, number = wanted, 2
        while name in self.taken:
            name, number = f"{wanted}_{number}", number + 1
        self.taken.add(name)
        return name

    def _range(self, length: int, split: bool) -> str:
        if not split:
            return f"range({length})"
        self.shares.setdefault(length)
        return f"range({', '.join(share_of(length))})"

    # Single numbers.

    def _single(self, unit: Node) -> list[Piece]:
        text = self._expressions().result(unit, own_index(unit))
        name = self.names[unit] = self._fresh(self._name(unit))
        lines = [f"{name} = {text}"]
        reads = [
            self._access(self.arrays[r], False, ("all",))
            for r in map(source, self.units.reads[unit])
            if r in self.arrays and r not in self.names
        ]
        is_early = not any(r in self.units for r in self.units.reads[unit])
        about = [] if is_early else self._about(unit)
        pieces = [Piece(lines, about, reads, is_part=not is_early, units=[unit])]
        if unit in self.arrays:
            pieces.append(self._store_single(unit, self.arrays[unit], name))
        return pieces

    def _store_single(self, unit: Node, array: Array, text: str) -> Piece:
        line = f"{array.name}[{', '.join('0' for _ in array.shape)}] = {text}"
        lines = by_first([line]) if self.team else [line]
        return Piece(lines, self._about(unit), [self._access(array, True, ("first",))], is_part=True)

    def _name(self, unit: Node) -> str:
        if unit in self.arrays:
            return f"{self.arrays[unit].name}_now"
        if unit.op == "astype" and unit.args[0].op == "input":
            return f"{unit.args[0].settings['name']}_{unit.dtype.itemsize * 8}"
        return self.short(unit.op)

    @staticmethod
    def short(op: str) -> str:
        """What a result of an operation is called that has no name of its own."""
        return CALLED.get(op, f"{op}_")

    # What ends a loop, or a step.

    def _total(self, unit: Node) -> Piece:
        """Put together what each thread has found of a reduction."""
        parts = self.parts[unit]
        whole = [self._access(parts, False, ("all",))]
        if is_single(unit):
            name = self.names[unit] = self._fresh(self._name(unit))
            lines = [
                f"{name} = {start_of(unit)}",
                "for each in range(threads):",
                f"    {accumulate(unit, name, f'{parts.name}[each]')}",
                *finish(unit, name),
            ]
            piece = Piece(lines, self._about(unit), whole, is_part=True, units=[unit])
            if unit in self.arrays:
                store = self._store_single(unit, self.arrays[unit], name)
                piece.lines += store.lines
                piece.accesses += store.accesses
            return piece
        out = self.arrays[unit]
        shape = squeezed(unit.shape)
        inner = ", ".join(LOOPS[: len(shape)])
        target = f"{out.name}[{', '.join(places_of(identity(unit.shape)))}]"
        body = [
            f"{target} = {parts.name}[0, {inner}]",
            "for each in range(1, threads):",
            f"    {accumulate(unit, target, f'{parts.name}[each, {inner}]')}",
        ]
        return Piece(
            by_first(nested(shape, body)),
            self._about(unit),
            [Access(self._memory(parts), False, ("all",)), self._access(out, True, ("first",))],
            units=[unit],
        )

    def _copy(self, unit: Node, array: Array) -> Piece:
        if unit in self.names:
            return self._store_single(unit, array, self.names[unit])
        given = self.arrays[unit]
        at = ", ".join(LOOPS[: len(array.shape)])
        lines = nested(array.shape, [f"{array.name}[{at}] = {given.name}[{at}]"])
        return Piece(
            by_first(lines) if self.team else lines,
            [],
            [self._access(given, False, ("all",)), self._access(array, True, ("first",))],
        )


def _of_a_thread(array: Array) -> Array:
    """Memory for one row in each thread."""
    return Array(array.name, array.shape[1:], array.dtype, "parts")


def _stretch(array: Array, start: int, shape: Shape) -> str:
    """So many numbers of an array, from one on, in a shape."""
    size = math.prod(shape)
    cut = "" if size == math.prod(array.shape) else f"[{start}:{start + size}]"
    rows = array.shape[1:]
    if cut and rows:  # of which an array of rows has whole ones
        each = math.prod(rows)
        cut = f"[{start // each}:{(start + size) // each}]"
    if cut and shape[1:] == rows:
        return f"{array.name}{cut}"
    return _reshaped(f"{array.name}{cut}", shape)


def _reshaped(text: str, shape: tuple[object, ...]) -> str:
    return f"reshaped({text}, ({', '.join(map(str, shape))}{',' * (len(shape) == 1)}))"


def _wrapped(head: str, names: list[str], tail: str) -> list[str]:
    text = textwrap.fill(", ".join(names), 100, initial_indent="    ", subsequent_indent="    ")
    return [head, *text.splitlines(), tail] if len(text) > 80 else [f"{head}{', '.join(names)}{tail}"]
