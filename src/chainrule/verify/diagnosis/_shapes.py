"""Gradients of another shape: transposed, or not summed over what was broadcast."""

from __future__ import annotations

import math

import numpy as np

from .._slopes import Array
from ._evidence import Evidence
from ._found import Found, Patterns
from ._point import Sample, same
from ._sizes import is_bias


def transposed(e: Evidence, i: int) -> Patterns:
    """The gradient turned, or computed with a matrix that is turned."""
    shape = np.shape(e.claim.values[i])
    claimed = e.first.claimed[i]
    if claimed is None:
        return
    if claimed.shape == shape:
        yield from _with_turned_operand(e, i)
    if len(shape) != 2 or claimed.shape != shape[::-1]:
        return
    facts = {"shape": claimed.shape, "expected": shape, "operand": e.name(i)}
    if e.everywhere(i, lambda s: s.right(i).T):
        # What is the same along one axis of the input, and is claimed to be so along the other, was not turned.
        right = e.first.right(i)
        for axis in (0, 1):
            if np.allclose(right, right.take([0], axis), rtol=1e-6):
                yield Found("wrong_axis", {"axis": axis})
        yield Found("transposed", facts)
    elif shape[0] != shape[1]:
        yield Found("transposed", facts, exact=False)


def _with_turned_operand(e: Evidence, i: int) -> Patterns:
    """A square matrix was used as it is instead of turned, or the other way round."""
    for k, value in enumerate(e.first.point.values):
        shape = value.shape
        is_square = value.ndim == 2 and len(set(shape)) == 1
        if is_square and value.size > 1 and _explains_turned(e, i, k):
            facts = {"shape": shape, "expected": shape, "operand": e.name(k)}
            yield Found("transposed", facts)


def _explains_turned(e: Evidence, i: int, k: int) -> bool:
    for s in e.samples:
        values = list(s.point.values)
        values[k] = values[k].T
        point = e.point(values, [i])
        if point is None or point.out.shape != s.point.out.shape:
            return False
        if not same(s.claimed[i], point.right(i, s.dout), point.tolerance(i, s.dout)):
            return False
    return True


def not_summed(e: Evidence, i: int) -> Patterns:
    """What was broadcast in the forward pass has to be summed up in the backward pass."""
    shape = np.shape(e.claim.values[i])
    claimed = e.first.claimed[i]
    if claimed is None or claimed.shape == shape or math.prod(claimed.shape) <= math.prod(shape):
        return
    facts = {"shape": claimed.shape, "expected": shape}
    kind = "bias_not_summed" if is_bias(e, i) else "broadcast_not_undone"
    if e.everywhere(i, lambda s: _spread(s, i)):
        yield Found(kind, facts)
    elif claimed.shape == e.first.point.out.shape and _broadcasts(shape, claimed.shape):
        yield Found(kind, facts, exact=False)


def _spread(s: Sample, i: int) -> Array | None:
    """The claimed gradient itself, if it adds up to the numerical one over the axes that were broadcast."""
    claimed, right = s.claimed[i], s.right(i)
    if claimed is None or not _broadcasts(right.shape, claimed.shape):
        return None
    return claimed if same(_summed(claimed, right.shape), right, s.tolerance(i)) else None


def _broadcasts(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(small, large) == large
    except ValueError:
        return False


def _summed(gradient: Array, shape: tuple[int, ...]) -> Array:
    extra = gradient.ndim - len(shape)
    padded = (1,) * extra + shape
    axes = [axis for axis, extent in enumerate(padded) if extent == 1]
    return np.asarray(gradient.sum(axis=tuple(axes))).reshape(shape)


def shape(e: Evidence, i: int) -> Patterns:
    """Another shape than the value has."""
    expected = np.shape(e.claim.values[i])
    given = e.shapes_claimed(i) - {expected}
    if given:
        yield Found("shape", {"shape": min(given), "expected": expected}, exact=False)


FAMILY = (transposed, not_summed, shape)
