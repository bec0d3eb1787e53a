"""The text of statements of their own: matrix products, concatenations, and gates that are run as they are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ...graph import Dimension
from .._node import Node
from ._expression import LOOPS, literal
from ._hazards import Access
from ._index import identity
from ._pieces import SPLIT_FROM, Piece, Rows, by_first, bytes_of, nested, places_of, share_of
from ._units import is_alias, source, squeezed

if TYPE_CHECKING:
    from ._emit import Emitter


_LARGE = 2**18  # elements of a matrix, from which all threads should not each rearrange the whole of it


class BigWriter:
    """Writes one such statement; see `write`."""

    def __init__(self, emitter: Emitter) -> None:
        self.emitter = emitter

    def write(self, unit: Node) -> list[Piece]:
        if unit.op == "matmul_total":
            return [self._of_rows(unit)]
        if unit.op in ("matmul", "gemm"):
            return [self.product(unit)]
        if unit.op == "concat":
            return self.concat(unit)
        return [self.call(unit)] if unit.op == "call" else []  # the parts of a call are written by it

    def product(self, unit: Node) -> Piece:
        x, y = unit.args[:2]
        out = self.emitter.arrays[unit]
        alpha = beta = literal(0, unit.dtype)
        if unit.op == "gemm":
            write = self.emitter._expressions()
            alpha = write.element(unit.args[2], ())
            beta = write.element(unit.args[3], ()) if len(unit.args) > 3 else beta
        else:
            alpha = literal(1, unit.dtype)
        *lead, height, width = unit.shape
        depth = x.shape[-1]
        size: int = height * width if not isinstance(height, Dimension) else SPLIT_FROM
        split = self.emitter.team and (isinstance(height, Dimension) or size * 64 >= SPLIT_FROM)
        flops = 2 * depth * width * math.prod(lead) * height
        at = "".join(f"[{LOOPS[a]}]" for a in range(len(lead)))
        if lead and isinstance(lead[0], Dimension):
            return self._of_rows(unit)
        x_text, y_text, out_text = self._matrix(x, at), self._matrix(y, at), f"{out.name}{at}"
        share: tuple[object, ...] = ("first",)
        x_share: tuple[object, ...] = ("all",)
        y_share: tuple[object, ...] = ("all",)
        if split and not lead and isinstance(height, Dimension) and depth * width >= _LARGE:
            # Each thread has all rows and its share of the columns, so that it brings only its part of y into the
            # order that BLAS wants.
            self.emitter.shares.setdefault(width)
            first, last = share_of(width)
            y_text = (
                f"{y_text.removesuffix('.T')}[{first}:{last}].T"
                if y.op == "transpose"
                else f"{y_text}[:, {first}:{last}]"
            )
            out_text += f"[:, {first}:{last}]"
            share = ("columns", repr(width))
            y_share = ("rows", repr(width)) if y.op == "transpose" else share
        elif split:
            self.emitter.shares.setdefault(height)
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
        elif self.emitter.team:
            x_share = y_share = ("first",)
        line = f"matmul({x_text}, {y_text}, {out_text}, {alpha}, {beta})"
        lines = [*self._base(unit, split), *nested(lead, [line])]
        if self.emitter.team and not split:
            lines = by_first(lines)
        accesses = [
            self.emitter._access(self.emitter.arrays[source(x)], False, x_share),
            self.emitter._access(self.emitter.arrays[source(y)], False, y_share),
            self.emitter._access(out, True, share),
        ]
        if len(unit.args) > 3:
            accesses.append(self.emitter._access(self.emitter.arrays[source(unit.args[-1])], False, share))
        moved = sum(
            bytes_of(a) for a in (self.emitter.arrays[source(x)], self.emitter.arrays[source(y)], out)
        )
        piece = Piece(lines, self.emitter._about(unit), accesses, flops, moved, units=[unit])
        piece.comment = [f"# {self._formula(unit)}"]
        return piece

    def _of_rows(self, unit: Node) -> Piece:
        """A product for each row of a mini-batch, or their sum; each thread has its share of the rows."""
        e, out = self.emitter, self.emitter.arrays[unit]
        x, y = unit.args
        rows, *lead, height, depth = x.shape
        at = "".join(f"[{LOOPS[a]}]" for a in range(1 + len(lead)))
        share = ("rows", repr(rows))
        before: list[str] = []
        beta = literal(0, unit.dtype)
        if unit.op == "matmul":
            target, written = f"{out.name}{at}", e._access(out, True, share)
        else:
            target, written = self._accumulator(unit)
            zero = f"{target}[i, j] = {beta}"
            before, beta = nested(unit.shape[1:], [zero]), literal(1, unit.dtype)
        line = f"matmul({self._matrix(x, at)}, {self._matrix(y, at)}, {target}, {literal(1, unit.dtype)}, {beta})"
        loop = Rows(f"for i in {e._range(rows, e.team)}:", before, nested(lead, [line], first=1), ())
        given = [(e.arrays[source(a)], ("all",) if a.op == "broadcast" else share) for a in unit.args]
        accesses = [*(e._access(array, False, own) for array, own in given), written]
        flops = 2 * depth * unit.shape[-1] * height * math.prod(lead) * rows
        moved = sum(map(bytes_of, (*(array for array, _ in given), out)))
        comment = [f"# {self._formula(unit)}"]
        return Piece(loop.lines, e._about(unit), accesses, flops, moved, comment, units=[unit], rows=loop)

    def _accumulator(self, unit: Node) -> tuple[str, Access]:
        """The matrix to which products are added: with several threads one for each."""
        e = self.emitter
        if not e.team:
            return f"{e.arrays[unit].name}[0]", e._access(e.arrays[unit], True, ("first",))
        parts = e.parts_of(unit, unit.shape[1:], unit.dtype)
        return f"{parts.name}[thread]", Access(parts.name, True, ("own",))

    def _base(self, unit: Node, split: bool) -> list[str]:
        """What a product is added to, brought to where it is added, if it is not there."""
        if len(unit.args) <= 3 or self.emitter.arrays[source(unit.args[-1])] is self.emitter.arrays[unit]:
            return []
        height, width = unit.shape
        given, out = self.emitter.arrays[source(unit.args[-1])].name, self.emitter.arrays[unit].name
        loops = [f"for i in {self.emitter._range(height, split)}:", f"    for j in range({width}):"]
        return [*loops, f"        {out}[i, j] = {given}[i, j]"]

    def _formula(self, unit: Node) -> str:
        x, y = (self._matrix(a, "").replace(".T", "ᵀ") for a in unit.args[:2])
        out = self.emitter.arrays[unit].name
        if unit.op == "gemm" and len(unit.args) > 3:
            return f"{out} ← beta · {out} + alpha · {x} · {y}"
        if unit.op == "matmul_total":
            return f"{out} = Σ {x} · {y}"
        return f"{out} = {x} · {y}"

    def _matrix(self, node: Node, at: str) -> str:
        if node.op == "broadcast":  # one for all of a stack
            node, at = node.args[0], ""
        transposed = node.op == "transpose"
        if transposed:
            node = node.args[0]
        text = self.emitter._expressions().whole(node) + at
        return f"{text}.T" if transposed else text

    def concat(self, unit: Node) -> list[Piece]:
        """Nothing, where all arguments were computed in their places."""
        e, axis = self.emitter, unit.settings["axis"]
        out, write = e.arrays[unit], e._expressions()
        lines: list[str] = []
        copied: list[Node] = []
        start = 0
        for arg in unit.args:
            array = e.arrays.get(source(arg))
            if array is None or array.whole is not out or array.start != start:
                index = identity(arg.shape)
                holder = Node("copy", (arg,), arg.shape, arg.dtype)
                places = places_of(index)
                places[axis] = f"{places[axis]} + {start}" if repr(start) != "0" else places[axis]
                element = f"{out.name}[{', '.join(places)}] = {write.result(holder, index)}"
                lines += nested(squeezed(arg.shape), [element])
                copied.append(source(arg))
            start = start + arg.shape[axis]
        if not lines:
            return []
        reads = [e._access(e.arrays[read], False, ("first",)) for read in copied if read in e.arrays]
        accesses = [*reads, e._access(out, True, ("first",))]
        lines = by_first(lines) if e.team else lines
        return [Piece(lines, e._about(unit), accesses, bytes=2 * bytes_of(out), units=[unit])]

    def call(self, unit: Node) -> Piece:
        results = [u for u in self.emitter.units.order if u.op == "part" and u.args[0] is unit] or [unit]
        results.sort(key=lambda u: u.settings.get("position", 0))
        given = tuple(self.emitter.arrays[source(a)] for a in unit.args)
        made = {}
        for result in results:
            array = self.emitter.arrays[result]
            made[int(result.settings.get("position", 0))] = array.whole or array
        number = len(self.emitter.calls)
        self.emitter.calls.append((unit, given, made))
        line = f"call_gate(calls, {number}, n)"
        results_text, given_text = (", ".join(a.name for a in some) for some in (made.values(), given))
        said = f"{results_text} = {unit.settings['gate'].name}({given_text})"
        lines = by_first([line]) if self.emitter.team else [line]
        reads = [self.emitter._access(a, False, ("first",)) for a in given]
        writes = [self.emitter._access(a, True, ("first",)) for a in made.values()]
        made_here = [unit, *results]
        comment = [f"# {said}"]
        return Piece(lines, self.emitter._about(unit), reads + writes, comment=comment, units=made_here)
