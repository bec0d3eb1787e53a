"""Gradients of which only some elements or rows are wrong, or whose numbers are shifted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from .._slopes import Array
from ._evidence import Evidence
from ._found import Found, Patterns, rounded
from ._point import Sample
from ._sizes import is_bias

_FEW = 6  # indices that are told; more nobody reads


def summed_rows(e: Evidence, i: int) -> Patterns:
    """A gradient that is a sum over the rows of the mini-batch, in which rows are missing."""
    extents = {s.point.out.shape[:1] for s in e.samples}
    rows = max(*extents.pop(), 0) if len(extents) == 1 and e.first.point.out.ndim else 0
    if rows < 3 or e.is_stack or not e.claim.takes_dout:
        return
    parts = {id(s): _parts(s, i, rows) for s in e.samples}
    for row in range(rows):
        if e.everywhere(i, _only(parts, np.array([row]))):
            kind = "bias_first_row" if is_bias(e, i) else "rows"
            others = [k for k in range(rows) if k != row]
            yield Found(kind, {"row": row, **_few(others)})
    for missing in _left_out(rows):
        kept = np.setdiff1d(np.arange(rows), missing)
        if e.everywhere(i, _only(parts, kept)):
            yield Found("rows", _few(missing))


def _left_out(rows: int) -> Iterator[range]:
    """Each row alone, and some of the first or last."""
    for row in range(rows):
        yield range(row, row + 1)
    for number in range(2, rows - 1):
        yield range(number)
        yield range(rows - number, rows)


def _only(parts: Mapping[int, Array], rows: Array) -> Callable[[Sample], Array]:
    return lambda s: np.asarray(parts[id(s)][rows].sum(axis=0))


def _parts(s: Sample, i: int, rows: int) -> Array:
    """What each row of the result adds to the numerical gradient."""
    where, jacobian, _ = s.point.derivatives(i)
    value = s.point.values[i]
    weighted = np.ravel(s.dout)[:, None] * jacobian
    parts = np.full((rows, value.size), np.nan)
    parts[:, where] = weighted.reshape(rows, -1, len(where)).sum(axis=1)
    return parts.reshape(rows, *value.shape)


def _few(rows: Any) -> dict[str, Any]:
    return {"rows": tuple(map(int, rows))[:_FEW], "number": len(rows)}


def order(e: Evidence, i: int) -> Patterns:
    """The right numbers, shifted by one or in reversed order."""
    for axis, extent in enumerate(e.claim.values[i].shape):
        if extent < 3:
            continue
        for shift in (1, -1):
            if e.everywhere(i, lambda s, n=shift, a=axis: np.roll(s.right(i), n, a)):
                yield Found("shifted", {"axis": axis, "shift": shift})
        if e.everywhere(i, lambda s, a=axis: np.flip(s.right(i), a)):
            yield Found("reversed", {"axis": axis})


def some(e: Evidence, i: int) -> Patterns:
    """Only few elements, or only some rows, are wrong."""
    shape = e.claim.values[i].shape
    if not shape or e.shapes_claimed(i) != {shape} or e.first.claimed[i] is None:
        return
    bad, known = _bad(e, i)
    if bad.size > 2 and 0 < bad.sum() <= max(1, known.sum() // 5):
        yield _worst_of(e, i, bad)
    if len(shape) < 2 or shape[0] < 3:
        return
    share = bad.reshape(shape[0], -1).mean(axis=1)
    rows = np.flatnonzero(share)
    seen = np.count_nonzero(known.reshape(shape[0], -1).any(axis=1))
    if 0 < len(rows) <= seen // 2 and np.all(share[rows] >= 0.5):
        yield Found("rows", _few(rows), exact=False)


def _bad(e: Evidence, i: int) -> tuple[Array, Array]:
    """Which elements are wrong in some sample, and which were measured."""
    shape = e.claim.values[i].shape
    bad, known = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    for s in e.samples:
        right = s.right(i)
        measured = ~np.isnan(right)
        agrees = np.abs(s.claimed[i] - right) <= s.tolerance(i)
        known |= measured
        bad |= measured & ~agrees
    return bad, known


def _worst_of(e: Evidence, i: int, bad: Array) -> Found:
    s = next(s for s in e.samples if not s.agrees(i, s.claimed[i]))
    claimed, right = np.asarray(s.claimed[i]), s.right(i)
    errors = np.where(bad, np.nan_to_num(np.abs(claimed - right)), -1.0)
    index = np.unravel_index(int(np.argmax(errors)), errors.shape)
    indices = tuple(tuple(map(int, one)) for one in np.argwhere(bad)[:_FEW])
    facts = {
        "number": int(np.sum(bad)),
        "indices": indices,
        "index": tuple(map(int, index)),
        "claimed": rounded(claimed[index]),
        "numerical": rounded(right[index]),
    }
    return Found("elements", facts, exact=False)


FAMILY = (summed_rows, order, some)
