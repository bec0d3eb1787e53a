"""Rows chosen by their numbers, and rows added up by number: each the reverse of the other."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ._gate import Gate


def check_ids(ids: Any, count: int) -> None:
    """Refuse what is no number of one of `count` rows, and say which it is."""
    ids = np.asarray(ids)
    if ids.dtype.kind not in "iu":
        raise ArgumentError(f"ids are whole numbers, not {ids.dtype}", fix="ids.astype(np.int64)")
    if ids.size and not (0 <= ids.min() and ids.max() < count):
        at = np.unravel_index(np.argmax((ids < 0) | (ids >= count)), ids.shape)
        place = f"ids[{', '.join(map(str, at))}]" if at else "the id"
        raise ArgumentError(f"{place} is {ids[at]}; the {count} rows have the numbers 0 to {count - 1}")


def _take_rows(xp: Any, x: Any, ids: Any) -> Any:
    if hasattr(xp, "take_rows"):
        return xp.take_rows(x, ids)
    rows = xp.take(x, xp.reshape(ids, (-1,)), axis=0)
    return xp.reshape(rows, (*ids.shape, *x.shape[1:]))


def _add_rows(xp: Any, y: Any, ids: Any, *, count: int) -> Any:
    if hasattr(xp, "add_rows"):
        return xp.add_rows(y, ids, count=count)
    rest = y.shape[len(ids.shape) :]
    if xp is np:
        sums = np.zeros((count, *rest), y.dtype)
        np.add.at(sums, ids, y)
        return sums
    # Slow, but made of nothing that an array namespace could lack.
    hits = xp.reshape(xp.arange(count), (-1, 1)) == xp.reshape(ids, (1, -1))
    rows = xp.reshape(y, (1, -1, math.prod(rest)))
    sums = xp.sum(xp.where(xp.expand_dims(hits, axis=2), rows, xp.zeros_like(rows)), axis=1)
    return xp.reshape(sums, (count, *rest))


take_rows = Gate(
    "take_rows", symbol="[ids]", en="rows by number", ko="번호로 행 고르기", kind="shape",
    forward=_take_rows,
    wrt={"x": lambda xp, dout, ids, x_shape: _add_rows(xp, dout, ids, count=x_shape[0])},
    check=lambda xp, x, ids: check_ids(ids, x.shape[0]),
    doc="""The rows of x with these numbers. A row that is taken twice receives both gradients, the others none.

    x        shape (rows, …), float32 or float64
    ids      whole numbers from 0, any shape
    returns  shape (*ids.shape, …)
    raises   ArgumentError, naming the id that is out of range
    >>> cr.take_rows(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1, 0, 1]))
    array([[3., 4.],
           [1., 2.],
           [3., 4.]])
    """,
)  # fmt: skip

add_rows = Gate(
    "add_rows", symbol="[ids]+=", en="rows added by number", ko="번호별 행 더하기", kind="shape",
    forward=_add_rows,
    wrt={"y": lambda xp, dout, ids: _take_rows(xp, dout, ids)},
    check=lambda xp, y, ids: check_ids(ids, 2**63),
    doc="""Zeros, with each row of y added to the row that its number says: the reverse of `take_rows`.

    y        shape (*ids.shape, …), float32 or float64
    ids      whole numbers from 0, below `count`
    count    how many rows the result has
    returns  shape (count, …)
    >>> cr.add_rows(np.array([[1.0], [2.0], [3.0]]), np.array([1, 0, 1]), count=3)
    array([[2.],
           [4.],
           [0.]])
    """,
)  # fmt: skip
