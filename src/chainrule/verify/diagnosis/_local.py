"""Mistakes in a local derivative: missing, taken at the wrong value, masked wrongly."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .._slopes import Array
from ._evidence import Evidence
from ._found import Found, Patterns
from ._point import Sample, same


def upstream(e: Evidence, i: int) -> Patterns:
    """The upstream gradient unchanged, not used at all, or left out where it comes by a second way."""
    if not e.claim.takes_dout or e.shapes_claimed(i) != {e.claim.values[i].shape}:
        return
    if e.everywhere(i, lambda s: s.dout):
        yield Found("identity")
    if e.everywhere(i, lambda s: s.point.right(i, np.ones_like(s.dout))):
        yield Found("upstream_ignored")
    if e.everywhere(i, lambda s: _without_dout(s, i)):
        yield Found("missing_term")


def _without_dout(s: Sample, i: int) -> Array | None:
    right = s.right(i)
    return right - s.dout if right.shape == s.dout.shape else None


class _Flow(NamedTuple):
    """Through which elements a gradient flows and is claimed to flow, and whether both are the same where it does."""

    flows: Array
    claimed: Array
    is_same: bool

    @property
    def is_inverted(self) -> bool:
        return np.array_equal(self.flows, ~self.claimed)

    @property
    def is_unmasked(self) -> bool:
        return self.is_same and bool(self.claimed.all())


def mask(e: Evidence, i: int) -> Patterns:
    """0 where something flows, and not where nothing does."""
    if e.shapes_claimed(i) != {e.claim.values[i].shape} or e.first.claimed[i] is None:
        return
    found = [_flow(s, i) for s in e.samples]
    if not all(f.flows.any() and not f.flows.all() for f in found):
        return
    facts = {"number": max(int(np.sum(~f.flows)) for f in found)}
    if all(f.is_inverted for f in found):
        yield Found("mask_inverted", facts)
    if all(f.is_unmasked for f in found):
        yield Found("mask_ignored", facts)


def _flow(s: Sample, i: int) -> _Flow:
    right, tolerance = s.right(i), s.tolerance(i)
    known = ~np.isnan(right)
    right, claimed = right[known], np.asarray(s.claimed[i])[known]
    flows = np.abs(right) > tolerance
    off = np.abs(claimed - right)
    return _Flow(flows, np.abs(claimed) > tolerance, bool(np.all(off[flows] <= tolerance)))


def saved(e: Evidence, i: int) -> Patterns:
    """A local derivative of the input's value taken at the output's, or the other way round.

    If claimed is g(x) and should have been g(out), then what is claimed at the point `out` is right at x.
    """
    pairs = [(s, _at_output(e, s, i)) for s in e.samples]
    if all(there and s.agrees(i, there.claimed[i]) for s, there in pairs):
        yield Found("input_for_output")
    if all(there and same(s.claimed[i], there.right(i), there.tolerance(i)) for s, there in pairs):
        yield Found("output_for_input")


def _at_output(e: Evidence, s: Sample, i: int) -> Sample | None:
    """The same with the result as the value, where it has its shape."""
    values = list(s.point.values)
    if values[i].shape != s.point.out.shape:
        return None
    values[i] = s.point.out
    point = e.point(values, [i])
    return None if point is None else e.sample(point, s.dout)


def swapped(e: Evidence, i: int) -> Patterns:
    """The gradient of another input: of a product, the wrong factor was saved."""
    for k, value in enumerate(e.claim.values):
        is_alike = k != i and value.shape == e.claim.values[i].shape
        if is_alike and e.everywhere(i, lambda s, k=k: s.right(k)):
            yield Found("swapped", {"other": e.name(k)})


FAMILY = (upstream, mask, saved, swapped)
