"""The slope of a function along a line, from its values alone, and what kind of point it was measured at.

A gradient check that knows smooth points only cries wolf at every kink of a ReLU. Here a point that looks odd is
measured from both sides with smaller and smaller steps. Where it stays bent, everything between the two slopes is
right (BVLC/caffe#1334 asked for this rule).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Kind = Literal["smooth", "one-sided", "kink", "infinite", "not finite", "unclear"]

_ROUNDING = 10.0  # results of a gate are off by a few units in the last place


def step_for(resolution: float) -> float:
    """The best step of a central difference, eps^⅓: larger ones bend more, smaller ones round more."""
    return float(np.cbrt(resolution))


class Line(NamedTuple):
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
        return self._slopes(self.out(distance), distance, slice(None))

    def both_slopes(self, distance: float) -> tuple[Array, Array, Array]:
        """On the left and on the right, of the results that moved, and which results these are."""
        behind, ahead = self.out(-distance), self.out(distance)
        moved = np.flatnonzero((behind != self.here) | (ahead != self.here))
        return (
            self._slopes(behind[moved], -distance, moved),
            self._slopes(ahead[moved], distance, moved),
            moved,
        )

    def _slopes(self, there: Array, distance: float, only: Any) -> Array:
        here = self.here[only]
        stays = (there == here) | (np.isnan(there) & np.isnan(here))
        return np.where(stays, 0.0, self.dout[only] * ((there - here) / distance))

    def rounding(self, distance: float, only: Any = slice(None)) -> Array:
        """How far rounding alone may move each of these slopes."""
        size = np.abs(self.dout[only] * self.here[only])
        return np.where(np.isfinite(size), _ROUNDING * self.resolution / distance * size, 0.0)


class Look(NamedTuple):
    """A central difference, and what tells whether it can be trusted."""

    slope: float
    size: float  # what rounding errors are relative to
    bend: float  # difference of the two one-sided slopes
    noise: float  # how far rounding may move the slope


def first_look(line: Line, step: float) -> Look:
    """A central difference of one step: two runs of the function."""
    left, right, moved = line.both_slopes(step)
    return Look(
        slope=float(np.sum(left + right)) / 2,
        size=size_of(left, right),
        bend=float(np.sum(np.abs(right - left))),
        noise=float(np.sum(line.rounding(step, moved))),
    )


def size_of(left: Array, right: Array) -> float:
    """The sum of all slopes without their signs; of many, less, since their errors partly cancel."""
    each = np.maximum(np.abs(left), np.abs(right))
    return float(min(np.sum(each), 3 * np.sqrt(np.sum(each * each))))


class Slope(NamedTuple):
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
        low, high = self.low * factor, self.high * factor
        left, right = self.left * factor, self.right * factor
        return Slope(self.kind, low, high, left, right, self.step / factor, self.error * factor)
