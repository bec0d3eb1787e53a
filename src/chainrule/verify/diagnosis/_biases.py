"""Gradients of biases: sums over the rows, taken over something else or not at all."""

from __future__ import annotations

import numpy as np

from ._evidence import Evidence
from ._found import Found, Patterns
from ._hidden import Layer, layers_of
from ._point import Sample, largest, same
from ._sizes import is_bias


def axis(e: Evidence, i: int) -> Patterns:
    """A bias gradient that is a sum of the right numbers over the outputs, or over all, instead of the rows.

    In a network these numbers are not seen; then it has another shape, and its sum is right.
    """
    if all(_is_summed_wrongly(s, i) for s in e.samples):
        yield Found("wrong_axis", {"axis": 0})
        return
    shape = e.claim.values[i].shape
    claimed_shapes = e.shapes_claimed(i)
    if len(claimed_shapes) != 1 or shape in claimed_shapes or not is_bias(e, i):
        return
    if min(map(len, claimed_shapes)) < 2 and all(_has_its_sum(s, i) for s in e.samples):
        yield Found("wrong_axis", {"axis": 0})


def _has_its_sum(s: Sample, i: int) -> bool:
    claimed, right = s.claimed[i], s.right(i)
    if claimed is None or np.isnan(right).any():
        return False
    return same(claimed.sum(), right.sum(), right.size * s.tolerance(i))


def _is_summed_wrongly(s: Sample, i: int) -> bool:
    """A bias gradient summed over the outputs, or over all, instead of the rows."""
    point, claimed = s.point, s.claimed[i]
    jacobian = point.jacobian(i)
    if jacobian is None or claimed is None or point.out.ndim != 2:
        return False
    if point.values[i].size >= point.out.size or not np.all(np.count_nonzero(jacobian, axis=1) == 1):
        return False  # not one row of which every row of the result has its copy
    each = (np.ravel(s.dout) * jacobian.sum(axis=1)).reshape(point.out.shape)
    total = np.full_like(claimed, each.sum())
    return any(same(claimed.ravel(), sums.ravel(), s.tolerance(i)) for sums in (total, each.sum(axis=1)))


def one_row(e: Evidence, i: int) -> Patterns:
    """A bias gradient of a network that counts one row of the mini-batch only.

    With the matrix before it 0 all rows have the same values, and gradients that differ by their targets alone. What
    another bias at the end changes in them is then the same for each row, so of one row it is 1/N of the whole.
    """
    layers = layers_of(e)
    own = next((layer for layer in layers if layer.bias == i), None)
    if own is None:
        return
    here = _with_equal_rows(e, own, layers[-1].bias, 0.0)
    there = _with_equal_rows(e, own, layers[-1].bias, 1.0)
    rows = None if here is None or there is None else _rows_of_which_one_counts(here, there, i)
    if rows is not None:
        yield Found("bias_one_row", {"rows": rows})


def _rows_of_which_one_counts(here: Sample, there: Sample, i: int) -> int | None:
    """N, if the change is 1/N of the right one but the gradient itself is not."""
    claimed, claimed_there = here.claimed[i], there.claimed[i]
    right = here.right(i)
    if claimed is None or claimed_there is None or not claimed.shape == claimed_there.shape == right.shape:
        return None
    changed, right_change = claimed_there - claimed, there.right(i) - right
    tolerance = 3 * (here.tolerance(i) + there.tolerance(i))
    if np.isnan(right_change).any() or largest(changed) <= 100 * tolerance:
        return None
    rows = float(np.sum(right_change**2) / np.sum(changed * right_change))
    if not np.isfinite(rows) or rows < 1.5 or abs(rows - round(rows)) > 1e-4 * rows:
        return None
    is_one = same(rows * changed, right_change, rows * tolerance)
    return round(rows) if is_one and not same(rows * claimed, right, rows * tolerance) else None


def _with_equal_rows(e: Evidence, layer: Layer, last: int, turn: float) -> Sample | None:
    """What is claimed where a layer gives the same for each row; the last bias is turned by some numbers."""
    values = list(e.first.point.values)
    values[layer.weights] = np.zeros_like(values[layer.weights])
    values[last] = values[last] + turn * np.cos(np.arange(values[last].size))
    point = e.point(values, [layer.bias])
    return None if point is None else e.sample(point, e.first.dout)


FAMILY = (axis, one_row)
