"""A closer look at a point where a central difference looked odd: is it a kink, an edge, a cusp, or only curved?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ._slopes import Array, Kind, Line, Slope, size_of

_STEPS = 6  # each a quarter of the one before: from eps^⅓ down to a thousandth of it


class _Rung(NamedTuple):
    """Both sides of the point at one step.

    left, right  the slope of each result, of second order; where one side has none, that of the other
    sums         of the slopes on the left and on the right as they are, NaN where there is none
    noise        how far rounding may move a slope
    """

    step: float
    left: Array
    right: Array
    sums: tuple[float, float]
    noise: float

    @property
    def one_sided(self) -> bool:
        return not all(map(np.isfinite, self.sums))

    @property
    def kind(self) -> Kind:
        """If there is no kink."""
        return "one-sided" if self.one_sided else "smooth"

    @property
    def value(self) -> float:
        return float(np.sum(self.left + self.right)) / 2

    @property
    def size(self) -> float:
        return size_of(self.left, self.right)

    def slope(self, kind: Kind, value: float, error: float) -> Slope:
        return Slope(kind, value, value, *self.sums, self.step, error)

    def kink(self, error: float) -> Slope:
        low = float(np.sum(np.minimum(self.left, self.right)))
        high = float(np.sum(np.maximum(self.left, self.right)))
        return Slope("kink", low, high, *self.sums, self.step, error)


def _rung(line: Line, step: float) -> _Rung:
    # 2·s(h) − s(2h) is the one-sided difference of second order: (4·out(h) − out(2h) − 3·out(0)) / 2h.
    right = 2 * line.slopes(step) - line.slopes(2 * step)
    left = 2 * line.slopes(-step) - line.slopes(-2 * step)
    noise = line.rounding(step)[(left != 0) | (right != 0)]
    return _Rung(
        step,
        left=np.where(np.isfinite(left), left, right),
        right=np.where(np.isfinite(right), right, left),
        sums=(float(np.sum(left)), float(np.sum(right))),
        noise=float(np.sum(noise)),
    )


def closer_look(line: Line, first_step: float, rtol: float, floor: float) -> Slope:
    """Both one-sided slopes with smaller and smaller steps, and what they say about the point.

    first_step  the largest step; a kink within a thousandth of it counts as at the point
    rtol        relative tolerance of the slope
    floor       absolute tolerance of the slope
    """
    rungs = [_rung(line, first_step * 4.0**-k) for k in range(_STEPS)]
    last = rungs[-1]
    if not np.isfinite(last.value):
        return last.slope("not finite", last.value, 0.0)
    if _grows(line, rungs):
        return last.slope("infinite", last.value, np.inf)
    gaps = _gaps(rungs)
    smooth = _smooth(rungs, gaps, rtol, floor)
    if smooth:
        return smooth
    tolerance = rtol * last.size + floor + last.noise
    kink = _kink(rungs, gaps, tolerance)
    if kink:
        return kink
    if last.one_sided or gaps[-1] <= max(filter(np.isfinite, gaps)) / 4:
        return _extrapolated(
            rungs, tolerance, floor
        )  # it bends, but straightens out as the steps get smaller
    return last.slope("unclear", last.value, abs(last.value - rungs[-2].value))


def _smooth(rungs: list[_Rung], gaps: list[float], rtol: float, floor: float) -> Slope | None:
    """The widest step at which both sides agree, and a narrower one leaves the slope where it is."""
    for rung, narrower, gap in zip(rungs, rungs[1:], gaps, strict=False):
        tolerance = rtol * rung.size + floor + narrower.noise
        move = narrower.value - rung.value
        is_drowned = rung is not rungs[0] and narrower.noise > 1e-3 * rung.size
        # What is left of an error of second order is of fourth: 30 times the tolerance becomes less than 1.
        if gap <= tolerance and abs(move) <= 30 * tolerance and not is_drowned:
            return rung.slope(rung.kind, narrower.value + move / 15, tolerance)
    return None


def _kink(rungs: list[_Rung], gaps: list[float], tolerance: float) -> Slope | None:
    """The widest step at which each side has settled to its slope, and the two are apart.

    The widest, because it is the least disturbed by a kink that is near rather than at the point; but another kink
    may disturb it, which a narrower step does not reach.
    """
    for rung, narrower, gap in zip(rungs, rungs[1:], gaps, strict=False):
        left = float(np.sum(np.abs(rung.left - narrower.left)))
        right = float(np.sum(np.abs(rung.right - narrower.right)))
        if not rung.one_sided and max(left, right) <= gap / 16:
            return rung.kink(tolerance + left + right)
    return None


def _gaps(rungs: list[_Rung]) -> list[float]:
    """How far the two sides are apart; where there is one side only, how far it is from the step before."""
    gaps = []
    for i, rung in enumerate(rungs):
        gap = float(np.sum(np.abs(rung.left - rung.right)))
        if rung.one_sided:
            gap += abs(rung.value - rungs[i - 1].value) if i else np.inf
        gaps.append(gap)
    return gaps


def _grows(line: Line, rungs: list[_Rung]) -> bool:
    """Whether the slope of some result grows without end as the steps get smaller: that of √x at 0, or of a jump."""
    rounding = np.stack([line.rounding(rung.step) for rung in rungs])
    lefts = np.stack([rung.left for rung in rungs])
    rights = np.stack([rung.right for rung in rungs])
    for slopes in (lefts, rights):
        sizes = np.abs(slopes)
        grows = np.all(sizes[1:] >= 1.15 * sizes[:-1], axis=0)
        is_real = np.all(sizes > 10 * rounding, axis=0)
        counts = sizes[-1] > 1e-3 * rungs[-1].size
        one_sign = np.abs(np.sum(np.sign(slopes), axis=0)) == len(rungs)
        if np.any(grows & is_real & counts & one_sign):
            return True
    return False


def _extrapolated(rungs: list[_Rung], tolerance: float, floor: float) -> Slope:
    """The last slope, with what is left to where the slopes go if they go there in a geometric series (Aitken)."""
    first, last = rungs[0], rungs[-1]
    before = rungs[-2].value - rungs[-3].value
    now = last.value - rungs[-2].value
    ratio = abs(now / before) if before else 0.0
    error = tolerance + (abs(now) * ratio / (1 - ratio) if ratio < 0.9 else np.inf)
    allowed = 5e-2 * first.size if last.one_sided else 1e-2 * last.size
    return last.slope(last.kind if error <= allowed + floor else "unclear", last.value, error)
