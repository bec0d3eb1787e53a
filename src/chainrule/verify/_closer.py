"""A closer look at a point where a central difference looked odd: is it a kink, an edge, a cusp, or only curved?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._slopes import Array, Kind, Line, Slope, size_of

_STEPS = 6  # each a quarter of the one before: from eps^⅓ down to a thousandth of it


@dataclass(frozen=True, slots=True)
class _Rung:
    """Both sides of the point at one step, by differences of second order.

    left, right  the slope of each result; where one side has none, that of the other
    sums         of the slopes on the left and on the right as they are, NaN where there is none
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
    def low(self) -> float:
        return float(np.sum(np.minimum(self.left, self.right)))

    @property
    def high(self) -> float:
        return float(np.sum(np.maximum(self.left, self.right)))

    @property
    def value(self) -> float:
        return (self.low + self.high) / 2

    @property
    def size(self) -> float:
        return size_of(self.left, self.right)

    def slope(self, kind: Kind, error: float) -> Slope:
        low = high = self.value
        if kind == "kink":
            low, high = self.low, self.high
        return Slope(kind, low, high, *self.sums, self.step, error)


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
    first, last = rungs[0], rungs[-1]
    if not np.isfinite(last.value):
        return last.slope("not finite", 0.0)
    if _grows(line, rungs):
        return last.slope("infinite", np.inf)

    gaps = _gaps(rungs)
    tolerances = [rtol * rung.size + floor + rung.noise for rung in rungs]
    for rung, gap, tolerance in zip(rungs, gaps, tolerances, strict=True):
        is_drowned = rung is not first and rung.noise > 1e-3 * rung.size
        if gap <= tolerance and not is_drowned:
            return rung.slope(rung.kind, tolerance)
    widest = next((gap for gap in gaps if np.isfinite(gap)), np.inf)
    if last.one_sided or gaps[-1] <= widest / 4:  # it bends, but straightens out as the steps get smaller
        return _extrapolated(rungs, tolerances[-1], floor)
    if _is_settled(rungs, widest / 4):
        # The widest step is the least disturbed by a kink that is near rather than at the point.
        return first.slope("kink", tolerances[0] + widest / 256)
    return last.slope("unclear", abs(last.value - rungs[-2].value))


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
    return last.slope(last.kind if error <= allowed + floor else "unclear", error)


def _is_settled(rungs: list[_Rung], tolerance: float) -> bool:
    """Whether each side keeps its slope while the steps get smaller."""
    first, third = rungs[0], rungs[2]
    left = np.sum(np.abs(third.left - first.left))
    right = np.sum(np.abs(third.right - first.right))
    return bool(max(left, right) <= tolerance)
