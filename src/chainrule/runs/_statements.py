"""The statements of an emitted step, each with what it works on and what it costs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ..graph import length_at, shape_at

if TYPE_CHECKING:
    from ..engines.fused._emit import Source


@dataclass(frozen=True)
class Statement:
    """Some lines of the text that belong together.

    first, last  the lines, counted from 1; a comment above is not among them
    phase        "data" (taking the mini-batch), "forward", "backward" or "update"
    names        of the layers and gradients that it computes, and their gates
    shapes       of the arrays that stand in it, for so many rows
    flops, bytes floating-point operations, and bytes read and written
    seconds      in one step; None where nobody took the time
    """

    first: int
    last: int
    phase: str
    names: list[str]
    gates: list[str]
    shapes: dict[str, list[int]]
    flops: int
    bytes: int
    seconds: float | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def statements(source: Source, rows: int, seconds: Sequence[float] | None) -> Iterator[Statement]:
    """The statements of a text, in order.

    rows     of a mini-batch
    seconds  what `Stepper.profile` measured, if it did
    """
    shapes = {a.name: list(shape_at(a.shape, rows)) for a in source.arrays if a.kind != "parts"}
    times = [None] * len(source.pieces) if seconds is None else seconds
    for (line, piece), took in zip(source.pieces, times, strict=True):
        words = dict.fromkeys(re.findall(r"\w+", "\n".join(piece.lines)))
        yield Statement(
            first=line + 1,
            last=line + len(piece.lines),
            phase=piece.about[0].phase if piece.about else "data",
            names=list(dict.fromkeys(a.name for a in piece.about)),
            gates=[a.gate.name for a in piece.about],
            shapes={word: shapes[word] for word in words if word in shapes},
            flops=length_at(piece.flops, rows),
            bytes=length_at(piece.bytes, rows),
            seconds=took,
        )
