"""The sixth pass: the whole step as the text of one Python function.

It can be read beside the lesson, run as it is, and compiled. Loops are written out, element by element; what a person
would call a matrix product is one call.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...graph import Dimension
from .._node import Node
from .._step import Application
from ._expression import LOOPS, Expressions, literal
from ._group import Big, Loop, Schedule, Single
from ._hazards import Access, barriers
from ._index import identity, own_index
from ._loops import LoopWriter
from ._names import CALLED
from ._pieces import SPLIT_FROM, Piece, accumulate, bytes_of, finish, places_of, share_of, start_of, times
from ._place import Array, Placement
from ._units import is_alias, is_single, source, squeezed


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
        self.names: dict[Node, str] = dict(
            placement.numbers
        )  # of what is a variable of the function: single numbers
        self.parts: dict[Node, Array] = {}  # of reductions, one for each thread
        self.shares: dict[int, None] = {}  # lengths of which each thread has its share
        self.calls: list[Any] = []
        self.taken = {a.name for a in self.arrays.values()} | set(placement.numbers.values())
        self.gathers = any(leaf.settings.get("gathered") for leaf in self.arrays if leaf.op == "input")

    # The whole.

    def source(self, profile: bool) -> Source:
        pieces = self._pieces()
        waits = barriers([p.accesses for p in pieces]) if self.team else set()
        copied = [array for _, array in self.placement.copies]
        arrays = tuple({a.name: a for a in (*self.arrays.values(), *copied, *self.parts.values())}.values())
        numbers = self.placement.numbers
        parameters = ["n", *(["rows"] if self.gathers else []), *(a.name for a in arrays), *numbers.values()]
        parameters += ["calls"] if self.calls else []
        parameters += ["thread", "threads", "flags"] if self.team else []
        parameters += ["ticks"] if profile else []
        lines = [*_wrapped("def step(", parameters, "):")]
        for length in self.shares:
            lines.append(f"    {', '.join(share_of(length))} = share({length}, thread, threads)")
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
            lines += [f"    {line}" for line in (*piece.comment, *piece.lines)]
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
                pieces += self._big(statement.unit)
            elif isinstance(statement, Single):
                pieces += self._single(statement.unit)
            else:
                pieces.append(self._loop(statement))
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

    def _expressions(self, variables: dict[Any, str] | None = None) -> Expressions:
        return Expressions(self.arrays, {**self.names, **(variables or {})})

    def _memory(self, array: Array) -> object:
        return array.name if array.slot is None else array.slot

    def _access(self, array: Array, writes: bool, share: tuple[object, ...]) -> Access:
        if share[0] == "rows":
            width: int = 1
            for length in array.shape[1:]:
                width = width * length
            share = (*share, repr(width * array.dtype.itemsize))
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
        pieces = [Piece(lines, [] if is_early else self._about(unit), reads, is_part=not is_early)]
        if unit in self.arrays:
            pieces.append(self._store_single(unit, self.arrays[unit], name))
        return pieces

    def _store_single(self, unit: Node, array: Array, text: str) -> Piece:
        line = f"{array.name}[{', '.join('0' for _ in array.shape)}] = {text}"
        lines = [line] if not self.team else ["if thread == 0:", f"    {line}"]
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

    # Loops.

    def _loop(self, loop: Loop) -> Piece:
        writer = LoopWriter(self, loop)
        return writer.piece()

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
            piece = Piece(lines, self._about(unit), whole, is_part=True)
            if unit in self.arrays:
                store = self._store_single(unit, self.arrays[unit], name)
                piece.lines += store.lines
                piece.accesses += store.accesses
            return piece
        out = self.arrays[unit]
        inner = [LOOPS[a] for a in range(len(squeezed(unit.shape)))]
        index = identity(unit.shape)
        target = f"{out.name}[{', '.join(places_of(index))}]"
        lines = [
            f"for {v} in range({length}):" for v, length in zip(inner, squeezed(unit.shape), strict=True)
        ]
        lines = [f"{'    ' * depth}{line}" for depth, line in enumerate(lines)]
        pad = "    " * len(inner)
        part = f"{parts.name}[each, {', '.join(inner)}]"
        lines += [
            f"{pad}{target} = {parts.name}[0, {', '.join(inner)}]",
            f"{pad}for each in range(1, threads):",
            f"{pad}    {accumulate(unit, target, part)}",
        ]
        lines = ["if thread == 0:", *(f"    {line}" for line in lines)]
        return Piece(
            lines,
            self._about(unit),
            [Access(self._memory(parts), False, ("all",)), self._access(out, True, ("first",))],
        )

    def _copy(self, unit: Node, array: Array) -> Piece:
        if is_single(unit):
            return self._store_single(unit, array, self.names[unit])
        given = self.arrays[unit]
        loops = [f"for {v} in range({n}):" for v, n in zip(LOOPS, array.shape, strict=False)]
        lines = [f"{'    ' * depth}{line}" for depth, line in enumerate(loops)]
        at = ", ".join(LOOPS[: len(array.shape)])
        lines.append(f"{'    ' * len(loops)}{array.name}[{at}] = {given.name}[{at}]")
        lines = ["if thread == 0:", *(f"    {line}" for line in lines)] if self.team else lines
        return Piece(lines, [], [self._access(given, False, ("all",)), self._access(array, True, ("first",))])

    # Statements of their own.

    def _big(self, unit: Node) -> list[Piece]:
        if unit.op in ("matmul", "gemm"):
            return [self._product(unit)]
        if unit.op == "concat":
            return [self._concat(unit)]
        return [self._call(unit)] if unit.op == "call" else []

    def _product(self, unit: Node) -> Piece:
        x, y = unit.args[:2]
        out = self.arrays[unit]
        alpha = beta = literal(0, unit.dtype)
        if unit.op == "gemm":
            write = self._expressions()
            alpha = write.element(unit.args[2], ())
            beta = write.element(unit.args[3], ()) if len(unit.args) > 3 else beta
        else:
            alpha = literal(1, unit.dtype)
        *lead, height, width = unit.shape
        depth = x.shape[-1]
        size: int = height * width if not isinstance(height, Dimension) else SPLIT_FROM
        split = self.team and (isinstance(height, Dimension) or size * 64 >= SPLIT_FROM)
        flops: int = 2 * depth * width
        for length in (*lead, height):
            flops = times(flops, length)
        loops = [f"{'    ' * at}for {LOOPS[at]} in range({n}):" for at, n in enumerate(lead)]
        at = "".join(f"[{LOOPS[a]}]" for a in range(len(lead)))
        x_text, y_text, out_text = self._matrix(x, at), self._matrix(y, at), f"{out.name}{at}"
        share: tuple[object, ...] = ("first",)
        x_share: tuple[object, ...] = ("all",)
        if split:
            self.shares.setdefault(height)
            first, last = share_of(height)
            cut = f"[{first}:{last}]"
            x_text = (
                f"{x_text.removesuffix('.T')}[:, {first}:{last}].T"
                if x.op == "transpose"
                else f"{x_text}{cut}"
            )
            out_text += cut
            if not lead:
                share = ("rows", repr(height))
                x_share = share if x.op != "transpose" and not is_alias(x) else ("all",)
            else:
                share = ("all",)
        elif self.team:
            x_share = ("first",)
        line = f"matmul({x_text}, {y_text}, {out_text}, {alpha}, {beta})"
        lines = [*self._base(unit, split), *loops, f"{'    ' * len(lead)}{line}"]
        if self.team and not split:
            lines = ["if thread == 0:", *(f"    {line}" for line in lines)]
        accesses = [
            self._access(self.arrays[source(x)], False, x_share),
            self._access(self.arrays[source(y)], False, ("all",) if split else x_share),
            self._access(out, True, share),
        ]
        if len(unit.args) > 3:
            accesses.append(self._access(self.arrays[source(unit.args[-1])], False, share))
        moved = sum(bytes_of(a) for a in (self.arrays[source(x)], self.arrays[source(y)], out))
        piece = Piece(lines, self._about(unit), accesses, flops, moved)
        piece.comment = [f"# {self._formula(unit)}"]
        return piece

    def _base(self, unit: Node, split: bool) -> list[str]:
        """What a product is added to, brought to where it is added, if it is not there."""
        if len(unit.args) <= 3 or self.arrays[source(unit.args[-1])] is self.arrays[unit]:
            return []
        height, width = unit.shape
        given, out = self.arrays[source(unit.args[-1])].name, self.arrays[unit].name
        loops = [f"for i in {self._range(height, split)}:", f"    for j in range({width}):"]
        return [*loops, f"        {out}[i, j] = {given}[i, j]"]

    def _formula(self, unit: Node) -> str:
        x, y = (self._matrix(a, "").replace(".T", "ᵀ") for a in unit.args[:2])
        out = self.arrays[unit].name
        if unit.op == "gemm" and len(unit.args) > 3:
            return f"{out} ← beta · {out} + alpha · {x} · {y}"
        return f"{out} = {x} · {y}"

    def _matrix(self, node: Node, at: str) -> str:
        transposed = node.op == "transpose"
        if transposed:
            node = node.args[0]
        text = self._whole(node) + at
        return f"{text}.T" if transposed else text

    def _whole(self, node: Node) -> str:
        """An array in memory, perhaps counted otherwise."""
        if node.op == "reshape" and node.shape != source(node).shape:
            shape = ", ".join(map(str, node.shape))
            return f"{self.arrays[source(node)].name}.reshape(({shape}{',' * (len(node.shape) == 1)}))"
        return self.arrays[source(node)].name

    def _concat(self, unit: Node) -> Piece:
        out, axis = self.arrays[unit], unit.settings["axis"]
        write = self._expressions()
        lines: list[str] = []
        start = 0
        for arg in unit.args:
            index = identity(arg.shape)
            loops = [f"for {v} in range({n}):" for v, n in zip(LOOPS, squeezed(arg.shape), strict=False)]
            lines += [f"{'    ' * depth}{line}" for depth, line in enumerate(loops)]
            holder = Node("copy", (arg,), arg.shape, arg.dtype)
            places = places_of(index)
            places[axis] = f"{places[axis]} + {start}" if repr(start) != "0" else places[axis]
            lines.append(
                f"{'    ' * len(loops)}{out.name}[{', '.join(places)}] = {write.result(holder, index)}"
            )
            start = start + arg.shape[axis]
        lines = ["if thread == 0:", *(f"    {line}" for line in lines)] if self.team else lines
        reads = [self.arrays[source(r)] for r in self.units.reads[unit] if source(r) in self.arrays]
        shares = [self._access(a, False, ("first",)) for a in reads]
        return Piece(
            lines, self._about(unit), [*shares, self._access(out, True, ("first",))], 0, 2 * bytes_of(out)
        )

    def _call(self, unit: Node) -> Piece:
        results = [u for u in self.units.order if u.op == "part" and u.args[0] is unit] or [unit]
        results.sort(key=lambda u: u.settings.get("position", 0))
        given = tuple(self.arrays[source(a)] for a in unit.args)
        made = {int(r.settings.get("position", 0)): self.arrays[r] for r in results}
        number = len(self.calls)
        self.calls.append((unit, given, made))
        line = f"call_gate(calls, {number}, n)"
        results_text, given_text = (", ".join(a.name for a in some) for some in (made.values(), given))
        said = f"{results_text} = {unit.settings['gate'].name}({given_text})"
        lines = ["if thread == 0:", f"    {line}"] if self.team else [line]
        reads = [self._access(a, False, ("first",)) for a in given]
        writes = [self._access(a, True, ("first",)) for a in made.values()]
        return Piece(lines, self._about(unit), reads + writes, comment=[f"# {said}"])


def _wrapped(head: str, names: list[str], tail: str) -> list[str]:
    text = textwrap.fill(", ".join(names), 100, initial_indent="    ", subsequent_indent="    ")
    return [head, *text.splitlines(), tail] if len(text) > 80 else [f"{head}{', '.join(names)}{tail}"]
