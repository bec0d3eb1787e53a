"""A mini-batch that is a part of a larger one, which several processes share: what a layer must know of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..gates import Gate
from . import functions as F
from ._recording import apply


def all_reduce_gate(total: Callable[[Any], None]) -> Gate:
    """The sum of an array over all processes, as a gate for one group of them.

    total    puts, into a contiguous NumPy array of this process, the sum, the same on each

    What each process finds is the gradient of its own part of the loss. The sum goes into the loss of every process, so
    its gradient is the sum of their gradients: the rule is the gate itself.
    """

    def forward(xp: Any, x: Any, *, in_place: bool = False) -> Any:
        """in_place: for an engine that needs what it gives no more."""
        out = x if in_place else np.array(x, order="C")
        total(out)
        return out

    def rule(dout: Any) -> Any:
        return apply(gate, dout)

    gate = Gate(
        "all_reduce", symbol="Σ", en="sum over all processes", ko="모든 프로세스의 합", kind="collective",
        forward=forward,
        wrt={"x": rule},
    )  # fmt: skip
    return gate


@dataclass(frozen=True)
class Part:
    """A process's part of a mini-batch.

    share    its rows as a share of all rows; 0 where it has none of its own
    rows     the number of all rows
    first    the number of its first row among them
    reduce   the gate that adds up what the processes have
    """

    share: Any
    rows: Any
    first: Any
    reduce: Gate


_part: ContextVar[Part | None] = ContextVar("part", default=None)
part_of_batch = _part.get
"""The part that is being recorded, None for a whole mini-batch."""


@contextmanager
def recording_part(part: Part | None) -> Iterator[None]:
    """Within it, a mini-batch is such a part."""
    token = _part.set(part)
    try:
        yield
    finally:
        _part.reset(token)


def mean_of_batch(x: Any, axis: tuple[int, ...]) -> Any:
    """The mean over the rows, and other axes, of the whole mini-batch, with axes of length 1 in their place."""
    mean = F.mean(x, axis=axis, keepdims=True)
    part = part_of_batch()
    return mean if part is None else apply(part.reduce, F.multiply(mean, part.share))


def rows_of_batch(x: Any) -> Any:
    """The number of rows of the whole mini-batch: a variable where this process has a part of it."""
    part = part_of_batch()
    return x.shape[0] if part is None else part.rows
