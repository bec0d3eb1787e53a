"""Results that are several arrays one above the other: the new parameter and the new state of an optimizer's step."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from .._slopes import Array
from ._evidence import Evidence
from ._found import Found, Patterns
from ._point import Sample, largest

_SMALL = 1e-6


def ways(e: Evidence, i: int) -> Patterns:
    """The way to a value from one of the arrays is right, or off by a factor, and that from another one is not."""
    point = e.first.point
    right, claimed = point.jacobian(i), point.claimed_jacobian(i)
    if not e.is_stack or right is None or claimed is None or not e.is_linear(i):
        return
    parts = len(point.out)
    blocks = zip(right.reshape(parts, -1), claimed.reshape(parts, -1), strict=True)
    factors = [_factor(a, b) for a, b in blocks if largest(a) > _SMALL * largest(right)]
    known = [factor for factor in factors if factor is not None]
    if known and len(factors) > 1 and (len(known) < len(factors) or np.ptp(known) > _SMALL):
        yield Found("missing_term")


def _factor(right: Array, claimed: Array) -> float | None:
    """What a part of the derivatives is multiplied by, if it is one number."""
    factor = float(right @ claimed / (right @ right))
    return factor if largest(claimed - factor * right) <= _SMALL * largest(right) else None


def saved(e: Evidence, i: int) -> Patterns:
    """The old state was saved where the new one is needed.

    If so, what is claimed with the new state in the place of the old one is right for the old one.
    """
    if e.is_stack and any(_explains(e, i, olds) for olds in _exchanges(e)):
        yield Found("input_for_output")


Exchange = tuple[tuple[int, int], ...]  # a value, and the part of the result that takes its place


def _exchanges(e: Evidence) -> Iterator[Exchange]:
    """Each value by each part, then two by two neighbouring parts."""
    point = e.first.point
    fitting = [k for k, value in enumerate(point.values) if value.shape == point.out.shape[1:]]
    one = list(product(fitting, range(len(point.out))))
    yield from ((single,) for single in one)
    yield from (((k, n), (m, n + 1)) for k, n in one for m in fitting if m > k and n + 1 < len(point.out))


def _explains(e: Evidence, i: int, exchange: Exchange) -> bool:
    return all(_is_explained(e, s, i, exchange) for s in e.samples)


def _is_explained(e: Evidence, s: Sample, i: int, exchange: Exchange) -> bool:
    values = list(s.point.values)
    for k, part in exchange:
        values[k] = s.point.out[part]
    point = e.point(values, ())
    there = None if point is None else e.sample(point, s.dout)
    return there is not None and s.agrees(i, there.claimed[i])


FAMILY = (ways, saved)
