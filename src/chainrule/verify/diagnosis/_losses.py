"""Mistakes about what a loss is made of: labels in the wrong form, a penalty that its gradient knows nothing of."""

from __future__ import annotations

import numpy as np

from .._slopes import Array
from ._evidence import Evidence
from ._found import Found, Patterns, rounded
from ._point import Point, largest
from ._sizes import fitted, is_bias

_MULTIPLES = 64  # labels miss by a few whole units, random numbers by fractions
_OFF = -1000.0  # a sigmoid or ReLU with this bias gives 0
_FAR = 1e9  # so far out that a loss's own gradient, below 1 behind a softmax, is nothing beside a penalty's


def labels(e: Evidence, i: int) -> Patterns:
    """Off by whole multiples of one number, whatever the values are: so only labels can be."""
    here, there = e.first, e.samples[-1]
    a, b = here.claimed[i], there.claimed[i]
    if here.point is there.point or a is None or b is None or a.shape != here.right(i).shape or a.ndim == 0:
        return
    off, off_there = a - here.right(i), b - there.right(i)
    tolerance = max(s.tolerance(i) for s in (here, there))
    known = ~np.isnan(off) & ~np.isnan(off_there)
    off, off_there = off[known], off_there[known]
    wrong = off[np.abs(off) > 10 * tolerance]
    if not wrong.size or not np.all(np.abs(off - off_there) <= 2 * tolerance):
        return
    if here.agrees(i, there.right(i)) or np.ptp(off) <= 2 * tolerance:
        return  # a gradient that is constant, or another constant added to it: nothing that labels do
    rows_wrong = ~np.isclose(a, here.right(i), rtol=0, atol=10 * tolerance, equal_nan=True) & known
    rows = rows_wrong.reshape(len(a), -1).any(axis=1)[known.reshape(len(a), -1).any(axis=1)]
    if wrong.size < 2 or (a.ndim > 1 and rows.mean() < 0.5):
        return
    unit = _common_unit(np.abs(wrong))
    if largest(wrong) <= _MULTIPLES ** min(len(wrong) / 2, 1.6) * unit:
        yield Found("label_form", {"unit": rounded(unit), "number": int(wrong.size)})


def _common_unit(sizes: Array) -> float:
    """What all sizes are whole multiples of, by Euclid's algorithm; tiny if nothing is."""
    unit, rest = 0.0, 1e-5 * float(np.max(sizes))
    for size in map(float, sizes):
        while size > rest:
            unit, size = size, unit % size
            size = 0.0 if unit - size <= rest else size
    return unit


def penalty(e: Evidence, i: int) -> Patterns:
    """Off by a constant times the value itself: the gradient of ½·λ·Σw² is λ·w."""
    off = _multiple(e, i)
    # All of it may be off by one factor, as where the loss is nothing but Σw².
    if off is None or fitted(e.samples, i):
        return
    known = _strengths(e, i, off)
    if known is None:
        if off < 0:
            yield Found("l2_missing", {"right": rounded(-off), "claimed": 0})
        elif is_bias(e, i):
            yield Found("l2_extra", {"right": 0, "claimed": rounded(off)})
        else:
            yield Found("l2_double", {"right": rounded(off), "claimed": rounded(2 * off), "factor": 2})
        return
    claimed, right = known
    facts = {"right": rounded(right), "claimed": rounded(claimed)}
    if abs(right) <= 1e-4 * abs(claimed):
        yield Found("l2_extra", {"right": 0, "claimed": rounded(claimed)})
    elif abs(claimed) <= 1e-4 * abs(right):
        yield Found("l2_missing", {"right": rounded(right), "claimed": 0})
    else:
        kind = "l2_double" if abs(claimed - 2 * right) <= 1e-3 * abs(right) else "l2_factor"
        yield Found(kind, {**facts, "factor": rounded(float(f"{claimed / right:.4g}"))})


def _multiple(e: Evidence, i: int) -> float | None:
    """The one multiple of the value that is between claimed and numerical gradient."""
    factors = []
    for s in e.samples:
        claimed, right, value = s.claimed[i], s.right(i), s.point.values[i]
        if claimed is None or claimed.shape != value.shape or value.size < 3:
            return None
        known, tolerance = ~np.isnan(right), 3 * s.tolerance(i)
        off, value = (claimed - right)[known], value[known]
        k = _slope(off, value)
        if not np.all(np.abs(off - k * value) <= tolerance) or abs(k) * largest(value) <= 2 * tolerance:
            return None
        factors.append(k / (float(s.dout) if s.dout.ndim == 0 else 1.0))
    k, spread = factors[0], 1e-4 * abs(factors[0])
    return k if all(abs(other - k) <= spread for other in factors) else None


def _slope(y: Array, x: Array) -> float:
    square = float(np.sum(x * x))
    return float(np.sum(x * y)) / square if square else 0.0


def _strengths(e: Evidence, i: int, off: float) -> tuple[float, float] | None:
    """λ as it is claimed and as it is, from a point where nothing but the penalty has a gradient."""
    value = e.first.point.values[i]
    nowhere = [np.zeros_like(v) for v in e.first.point.values]
    off_units = [np.full_like(v, _OFF if v.ndim == 1 else 0.0) for v in nowhere]
    points = (
        (nowhere, value),
        (off_units, value),
        (e.first.point.values, _FAR * value),
        (nowhere, _FAR * value),
    )
    for others, own in points:
        values = [own if k == i else other for k, other in enumerate(others)]
        point = e.point(values, [i])
        found = None if point is None else _strengths_at(e, point, i)
        if found is not None and abs(found[0] - found[1] - off) <= 1e-3 * abs(off):
            return found
    return None


def _strengths_at(e: Evidence, point: Point, i: int) -> tuple[float, float] | None:
    sample = e.sample(point, np.ones(point.out.shape))
    claimed = None if sample is None else sample.claimed[i]
    right, value = point.right(i, np.ones(point.out.shape)), point.values[i]
    if claimed is None or claimed.shape != value.shape:
        return None
    known = ~np.isnan(right)
    if not known.any():
        return None
    found = []
    for gradient in claimed[known], right[known]:
        k = _slope(gradient, value[known])
        if np.max(np.abs(gradient - k * value[known])) > 1e-5 * abs(k) * largest(value) + 1e-9:
            return None
        found.append(k)
    return found[0], found[1]


FAMILY = (labels, penalty)
