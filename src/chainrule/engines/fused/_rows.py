"""After the sixth pass: loops over the rows of a mini-batch that can be one loop become one.

What a loop makes of an image and the next one reads is then still in the cache, and what nobody reads later needs no
more memory than one image takes.

source  Wolf, Lam, A data locality optimizing algorithm, PLDI 1991
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from .._node import Node
from ._group import reduction_kind
from ._hazards import conflict
from ._pieces import Piece, Rows
from ._place import Array
from ._units import Units, is_single


def joined(pieces: Iterable[Piece], units: Units) -> list[Piece]:
    """The same pieces, those over rows moved up into an earlier loop whose results they read, where that is allowed."""
    found: list[Piece] = []
    for piece in pieces:
        home = _home(piece, found, units) if piece.rows else None
        if home is None:
            found.append(piece)
        else:
            found[home] = _one(found[home], piece)
    return found


def _home(piece: Piece, before: Sequence[Piece], units: Units) -> int | None:
    """The number of the piece whose loop may take this one in."""
    for number in reversed(range(len(before))):
        other = before[number]
        if _go_together(other, piece, units):
            return number
        if _depend(other, piece, units):
            return None
    return None


def _depend(first: Piece, second: Piece, units: Units) -> bool:
    """Whether the order of two pieces matters."""
    return bool(_reads(second, units) & set(first.units)) or any(
        a.memory == b.memory and (a.writes or b.writes) for a in first.accesses for b in second.accesses
    )


def _go_together(first: Piece, second: Piece, units: Units) -> bool:
    """Whether the second reads, of what the first makes, its own row alone."""
    if first.rows is None or second.rows is None or first.rows.head != second.rows.head:
        return False
    made = {unit for unit in _reads(second, units) if unit in first.units}
    if not made or any(is_single(unit) or _ends_with_the_loop(unit) for unit in made):
        return False
    return not any(conflict(a, b) for a in first.accesses for b in second.accesses)


def _ends_with_the_loop(unit: Node) -> bool:
    return unit.op == "matmul_total" or reduction_kind(unit) in ("all", "some")


def _reads(piece: Piece, units: Units) -> set[Node]:
    return {read for unit in piece.units for read in units.reads[unit]}


def _one(first: Piece, second: Piece) -> Piece:
    assert first.rows is not None
    assert second.rows is not None
    done = first.rows.body if any(line.startswith("#") for line in first.rows.body) else _said(first, ())
    rows = Rows(
        first.rows.head,
        [*first.rows.before, *second.rows.before],
        [*done, *_said(second, first.rows.body)],
        [*first.rows.after, *second.rows.after],
    )
    return Piece(
        rows.lines,
        [*first.about, *(a for a in second.about if a not in first.about)],
        [*first.accesses, *second.accesses],
        first.flops + second.flops,
        first.bytes + second.bytes,
        units=[*first.units, *second.units],
        rows=rows,
    )


def _said(piece: Piece, before: Sequence[str]) -> list[str]:
    """What a piece does for a row, under what it says about itself; the row of the data is found but once."""
    assert piece.rows
    finds = [line for line in piece.rows.body if line.startswith(("r = rows[i]", "fetch("))]
    body = [line for line in piece.rows.body if line not in finds or line not in before]
    return [*piece.comment, *body]


def of_one_row(pieces: Sequence[Piece], arrays: Iterable[Array], names: dict[str, list[str]]) -> set[str]:
    """The names of the arrays of which each row lives within one loop only, as part of a mini-batch.

    names   for each array how it is called in the text
    """
    found = set()
    for array in arrays:
        if array.kind == "buffer" and repr(array.shape[0]) == "n" and len(array.shape) > 2:
            called = names[array.name]
            users = [piece for piece in pieces if _mentions(piece.lines, called)]
            if len(users) == 1 and users[0].rows and not users[0].comment:
                found.add(array.name)
    return found


def _mentions(lines: Iterable[str], names: Collection[str]) -> bool:
    words = re.compile(rf"\b({'|'.join(names)})\b")
    return any(words.search(line) for line in lines if not line.lstrip().startswith("#"))


def kept_in(place: str, lines: Sequence[str], names: Collection[str]) -> list[str]:
    """Lines in which arrays are at `place` where they had a row i."""
    if not names:
        return list(lines)
    row = re.compile(rf"\b({'|'.join(names)})\[i\b")
    return [row.sub(rf"\1[{place}", line) for line in lines]
