"""The slope of a function along a line, from its values alone, and what kind of point it was measured at.

A gradient check that knows smooth points only cries wolf at every kink of a ReLU. Here a point that looks odd is
measured from both sides with smaller and smaller steps. Where it stays bent, everything between the two slopes is
right (BVLC/caffe#1334 asked for this rule).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Kind = Literal["smooth", "one-sided", "kink", "infinite", "not finite", "unclear"]

_STEPS = 6  # of the closer look, each a quarter of the one before: from eps^⅓ down to a thousandth of it
_ROUNDING = 10.0  # results of a gate are off by a few units in the last place


def step_for(resolution: float) -> float:
    """The best step of a central difference, eps^⅓: larger ones bend more, smaller ones round more."""
    return float(np.cbrt(resolution))


@dataclass(frozen=True, slots=True)
class Line:
    """Results of a function along a line through the point in question.

    out         the results at a distance from the point, as one flat array
    here        the results at the point itself
    dout        the weight of each result
    resolution  eps of the precision that the results are computed in
    """

    out: Callable[[float], Array]
    here: Array
    dout: Array
    resolution: float

    def slopes(self, distance: float) -> Array:
        """Weighted slope of each result between the point and one at a (signed) distance."""
        there = self.out(distance)
        stays = (there == self.here) | (np.isnan(there) & np.isnan(self.here))
        return np.where(stays, 0.0, self.dout * ((there - self.here) / distance))

    def rounding(self, distance: float) -> Array:
        """How far rounding alone may move each of these slopes."""
        size = np.abs(self.dout * self.here)
        return np.where(np.isfinite(size), _ROUNDING * self.resolution / distance * size, 0.0)

    def noise(self, distance: float, moved: Array) -> float:
        """The same for their sum. A result that did not move may have been too coarse to."""
        each = self.rounding(distance)
        return float(np.sum(each[moved]) + np.max(each, initial=0.0))


class Look(NamedTuple):
    """A central difference, and what tells whether it can be trusted."""

    slope: float
    size: float  # the same sum without signs: what rounding errors are relative to
    bend: float  # difference of the two one-sided slopes
    noise: float


def first_look(line: Line, step: float) -> Look:
    """A central difference of one step: two runs of the function."""
    right, left = line.slopes(step), line.slopes(-step)
    size = np.maximum(np.abs(left), np.abs(right))
    noise = line.noise(step, size != 0)
    return Look(float(np.sum(left + right)) / 2, float(np.sum(size)), float(np.sum(np.abs(right - left))), noise)


@dataclass(frozen=True, slots=True)
class Slope:
    """What a closer look found: any gradient from `low` to `high`, give or take `error`, is right.

    left, right  the one-sided slopes; NaN where the function has no finite values on that side
    """

    kind: Kind
    low: float
    high: float
    left: float
    right: float
    step: float
    error: float

    @property
    def value(self) -> float:
        return self.low / 2 + self.high / 2

    def accepts(self, gradient: float) -> bool:
        return self.low - self.error <= gradient <= self.high + self.error

    def scaled(self, factor: float) -> Slope:
        """The same in another unit of distance."""
        numbers = (n * factor for n in (self.low, self.high, self.left, self.right))
        return Slope(self.kind, *numbers, self.step / factor, self.error * factor)


class _Rung(NamedTuple):
    """Both sides of the point at one step, by differences of second order."""

    step: float
    left: Array
    right: Array
    noise: float

    @property
    def one_sided(self) -> bool:
        return not bool(np.all(np.isfinite(self.left) & np.isfinite(self.right)))

    @property
    def both(self) -> tuple[Array, Array]:
        """The slopes with a side that does not exist taken from the other."""
        left = np.where(np.isfinite(self.left), self.left, self.right)
        return left, np.where(np.isfinite(self.right), self.right, self.left)

    @property
    def low(self) -> float:
        return float(np.sum(np.minimum(*self.both)))

    @property
    def high(self) -> float:
        return float(np.sum(np.maximum(*self.both)))

    @property
    def value(self) -> float:
        return (self.low + self.high) / 2

    @property
    def size(self) -> float:
        left, right = self.both
        return float(np.sum(np.maximum(np.abs(left), np.abs(right))))

    def slope(self, kind: Kind, error: float) -> Slope:
        left, right = float(np.sum(self.left)), float(np.sum(self.right))
        if kind == "kink":
            return Slope(kind, self.low, self.high, left, right, self.step, error)
        return Slope(kind, self.value, self.value, left, right, self.step, error)


def _rung(line: Line, step: float) -> _Rung:
    # 2·s(h) − s(2h) is the one-sided difference of second order: (4·out(h) − out(2h) − 3·out(0)) / 2h.
    right = 2 * line.slopes(step) - line.slopes(2 * step)
    left = 2 * line.slopes(-step) - line.slopes(-2 * step)
    return _Rung(step, left, right, line.noise(step, (left != 0) | (right != 0)))


def closer_look(line: Line, first_step: float, rtol: float, floor: float) -> Slope:
    """Both one-sided slopes with smaller and smaller steps, and what they say about the point.

    first_step  the largest step; a kink within a thousandth of it counts as at the point
    rtol        relative tolerance of the slope
    floor       absolute tolerance of the slope
    """
    rungs = [_rung(line, first_step * 4.0**-k) for k in range(_STEPS)]
    first, before, last = rungs[0], rungs[-2], rungs[-1]
    if not np.isfinite(last.value):
        return last.slope("not finite", 0.0)
    if _grows(line, rungs):
        return last.slope("infinite", np.inf)

    gaps, tolerances = _gaps(rungs), [rtol * r.size + floor + r.noise for r in rungs]
    for rung, gap, tolerance in zip(rungs, gaps, tolerances, strict=True):
        drowned = rung is not first and rung.noise > 1e-3 * rung.size
        if gap <= tolerance and not drowned:
            return rung.slope("one-sided" if rung.one_sided else "smooth", tolerance)
    if last.one_sided or gaps[-1] <= gaps[0] / 4:  # it bends, but straightens out as the steps get smaller
        error = tolerances[-1] + 2 * abs(last.value - before.value)
        kind: Kind = "one-sided" if last.one_sided else "smooth"
        return last.slope(kind if error <= 1e-2 * last.size + floor else "unclear", error)
    if _settled(rungs, gaps[0] / 4):
        # The widest step is the least disturbed by a kink that is near rather than at the point.
        return first.slope("kink", tolerances[0] + gaps[0] / 256)
    return last.slope("unclear", abs(last.value - before.value))


def _gaps(rungs: list[_Rung]) -> list[float]:
    """How far the two sides are apart; where there is one side only, how far it is from the step before."""
    gaps = []
    for before, rung in zip([None, *rungs], rungs, strict=False):
        gap = float(np.sum(np.abs(np.subtract(*rung.both))))
        if rung.one_sided:
            gap += abs(rung.value - before.value) if before else np.inf
        gaps.append(gap)
    return gaps


def _grows(line: Line, rungs: list[_Rung]) -> bool:
    """Whether the slope of some result grows without end as the steps get smaller, as that of √x at 0 and of a jump."""
    rounding = np.stack([line.rounding(r.step) for r in rungs])
    for side in ("left", "right"):
        slopes = np.stack([getattr(r, side) for r in rungs])
        sizes = np.abs(slopes)
        grows = np.all(sizes[1:] >= 1.15 * sizes[:-1], axis=0) & np.all(sizes > 10 * rounding, axis=0)
        one_sign = np.all(slopes > 0, axis=0) | np.all(slopes < 0, axis=0)
        if np.any(grows & one_sign & (sizes[-1] > 1e-3 * rungs[0].size)):
            return True
    return False


def _settled(rungs: list[_Rung], tolerance: float) -> bool:
    """Whether each side keeps its slope while the steps get smaller."""
    first, third = rungs[0], rungs[2]
    moves = (np.sum(np.abs(third.left - first.left)), np.sum(np.abs(third.right - first.right)))
    return max(moves) <= tolerance
