"""Sums over the wrong axis, and ways through a sum that are left out: seen from which elements act on which."""

from __future__ import annotations

import numpy as np

from .._slopes import Array
from ._evidence import Evidence
from ._found import Found, Patterns
from ._point import largest, same

_SMALL = 1e-6


def axes(e: Evidence, i: int) -> Patterns:
    """A sum over the wrong axis: seen from which elements act on which."""
    point = e.first.point
    right, claimed = point.jacobian(i), point.claimed_jacobian(i)
    shape = point.out.shape
    if right is None or claimed is None or len(shape) != 2 or shape != point.values[i].shape:
        return
    if min(shape) < 2 or not e.is_linear(i):
        return
    blocks, claimed_blocks = right.reshape(shape + shape), claimed.reshape(shape + shape)
    couples = [_couples(blocks, axis) for axis in (0, 1)]
    wrong = [a for a in (0, 1) if couples[a] and not couples[1 - a] and _couples(claimed_blocks, 1 - a)]
    # Numbers that are moved elsewhere act across rows too: whoever explains each of them knows more.
    yield from (Found("wrong_axis", {"axis": axis}, second=True) for axis in wrong)
    if not wrong and _misses_one_term(blocks, blocks - claimed_blocks):
        yield Found("missing_term")


def _couples(blocks: Array, axis: int) -> bool:
    """Whether elements that differ along an axis, and not along the other, act on each other."""
    along = _along(blocks, axis)
    away = along[:, ~np.eye(along.shape[1], dtype=bool)]
    return largest(away) > _SMALL * largest(blocks)


def _along(blocks: Array, axis: int) -> Array:
    """Derivatives of elements by those in the same row (axis 1) or column (axis 0): a matrix for each."""
    return np.asarray(np.einsum("njnk->njk" if axis else "njmj->jnm", blocks))


def _misses_one_term(right: Array, difference: Array) -> bool:
    """Whether what is left out is one product: the way of each to each, through a mean, a sum or a variance."""
    whole = float(np.sum(difference**2))
    for axis in (0, 1):
        each, left = _along(right, axis), _along(difference, axis)
        is_all = whole and abs(np.sum(left**2) - whole) <= 1e-9 * whole
        goes_everywhere = all(
            np.max(np.abs(left), axis=side).min() > _SMALL * largest(left) for side in (1, 2)
        )
        if is_all and goes_everywhere and each.shape[1] > 2 and _rank(left) == 1 and _rank(each) > 1:
            return True
    return False


def _rank(matrices: Array) -> int:
    """The largest rank among matrices, up to a millionth."""
    sizes = np.linalg.svd(matrices, compute_uv=False)
    return int(np.max(np.sum(sizes > _SMALL * np.max(sizes), axis=1), initial=0))


def loss_axes(e: Evidence, i: int) -> Patterns:
    """A softmax before a loss that adds up to 1 along the wrong axis: the gradient's sums along an axis tell which."""
    here, there = e.first, e.samples[-1]
    shape = e.claim.values[i].shape
    if here.point.out.ndim or len(shape) != 2 or min(shape) < 2 or e.is_parameter(i):
        return
    if here.point is there.point or e.shapes_claimed(i) != {shape} or here.claimed[i] is None:
        return
    right = here.right(i), there.right(i)
    claimed = np.asarray(here.claimed[i]), np.asarray(there.claimed[i])
    right_is_fixed = [_sums_alike(*right, axis) for axis in (0, 1)]
    claimed_is_fixed = [_sums_alike(*claimed, axis) for axis in (0, 1)]
    if claimed_is_fixed[0] and right_is_fixed == [True, False]:  # forward takes it over the rows
        yield Found("wrong_axis", {"axis": 0})
    if claimed_is_fixed == [True, False] and right_is_fixed == [False, True]:
        yield Found("wrong_axis", {"axis": 1})
    if any(right_is_fixed):
        return
    if _sums_alike(*right, None) and not _sums_alike(right[0], claimed[0], None):
        # Over the whole mini-batch, as if it were one row.
        yield Found("wrong_axis", {"axis": None})


def _sums_alike(here: Array, there: Array, axis: int | None) -> bool:
    """Whether sums of a gradient along an axis do not depend on the values."""
    sums, other = here.sum(axis), there.sum(axis)
    return not np.isnan(sums).any() and same(sums, other, 1e-6 * largest(here))


FAMILY = (axes, loss_axes)
