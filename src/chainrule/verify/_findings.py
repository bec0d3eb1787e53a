"""The gradient of one input against differences, element by element, or along random directions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ._closer import closer_look
from ._report import GOOD, Verdict
from ._slopes import Array, Line, Slope, first_look, step_for

EVERY_ELEMENT_UP_TO = 10_000
DIRECTIONS = 16
_ENOUGH = 16  # bad elements that are looked at closely; more would only repeat what they say

_ORDER: Sequence[Verdict] = ("ok", "at a kink", "not differentiable here", "unclear", "not finite", "wrong")


class Tolerance(NamedTuple):
    """What counts as equal: `rtol` of the element's own size, plus `atol` of the largest one's."""

    rtol: float
    atol: float


class Point(NamedTuple):
    """Where a function is checked, and by which yardstick.

    dout        the upstream gradient, flat
    here        the results of the function, flat, computed in float64
    coarsest    the lowest precision among the inputs and the result that backprop had
    resolution  eps of the precision that `here` is computed in
    tolerance   what counts as equal
    """

    dout: Array
    here: Array
    coarsest: Any
    resolution: float
    tolerance: Tolerance

    @property
    def step(self) -> float:
        return step_for(self.resolution)

    @property
    def widest_step(self) -> float:
        """With float32 a kink is at the point if rounding in float32 could have brought the point onto it."""
        return step_for(max(self.resolution, float(np.finfo(self.coarsest).eps)))

    def unseen(self) -> float:
        """How steep a result may be without moving: the largest one is too coarse to move less than this."""
        size = np.abs(self.dout * self.here)
        largest = float(np.max(size, initial=0.0, where=np.isfinite(size)))
        steepest = float(np.max(np.abs(self.dout), initial=0.0))
        by_differences = self.resolution * (largest / self.step + steepest)
        by_backprop = float(np.finfo(self.coarsest).eps) * largest
        return by_differences + by_backprop


class Finding(NamedTuple):
    """A slope along one line, and what backprop says about it.

    part  the elements that move along the line
    """

    part: slice
    slope: Slope
    backprop: float

    @property
    def verdict(self) -> Verdict:
        kind = self.slope.kind
        if kind == "not finite" or kind == "unclear":
            return kind
        if kind == "infinite":
            return "wrong" if np.isnan(self.backprop) else "not differentiable here"
        if not self.slope.accepts(self.backprop):
            return "wrong"
        return "at a kink" if kind == "kink" else "ok"

    @property
    def error(self) -> float:
        """How far backprop is from the slope, or at a kink from the slopes."""
        if self.verdict == "not differentiable here":
            return 0.0
        if np.isnan(self.slope.value + self.backprop):
            return np.inf
        return max(self.slope.low - self.backprop, self.backprop - self.slope.high, 0.0)

    def relative_error(self, rtol: float) -> float:
        """The same in proportion to the slope's size, or to the size of its terms where these cancel."""
        size = max(abs(self.slope.value), abs(self.backprop), self.slope.error / rtol)
        return 0.0 if self.error == 0 else self.error / size if size < np.inf else np.inf

    @property
    def urgency(self) -> tuple[int, bool, float]:
        """What a person should see first: of what is equally bad an element, which can be looked at."""
        error = self.error / self.slope.error if self.slope.error else self.error
        return _ORDER.index(self.verdict), self.part.stop - self.part.start == 1, error


class Lines(NamedTuple):
    """All lines through the point along which one input moves.

    x, gradient  the input in float64 and its gradient by backprop, flat
    run          flat results for another value of the input
    """

    x: Array
    gradient: Array
    run: Callable[[Array], Array]
    point: Point

    def along_elements(self, indices: Sequence[int]) -> list[Finding]:
        """One line for each element, in its own unit."""
        scale = self._scale()
        lines = [(slice(k, k + 1), scale[k : k + 1]) for k in indices]
        findings = zip(indices, self._findings(lines), strict=True)
        return [Finding(f.part, f.slope.scaled(1 / scale[k]), float(self.gradient[k])) for k, f in findings]

    def along_directions(self, rng: np.random.Generator) -> list[Finding]:
        """Random directions; one that is wrong is narrowed down to an element."""
        everything, scale, usual = slice(0, self.x.size), self._scale(), self._usual_size()
        signs = [rng.choice([-1.0, 1.0], self.x.size) for _ in range(DIRECTIONS)]
        findings = self._findings([(everything, scale * one) for one in signs])
        odd = [k for k, finding in enumerate(findings) if finding.verdict != "ok"]
        again = self._findings([(everything, usual * signs[k]) for k in odd]) if odd and usual < 1 else []
        for k, finding in zip(odd, again, strict=False):
            # Who was wrong by more than rounding hides now was driven over kinks.
            would_show = usual * findings[k].error > finding.slope.error
            if finding.verdict == "ok" and (would_show or findings[k].verdict != "wrong"):
                findings[k] = finding
        for finding, one in zip(findings, signs, strict=True):
            if finding.verdict not in GOOD:
                suspects = {self._narrowed(step * one) for step in (scale, usual)}
                return [*findings, *self.along_elements(sorted(suspects))]
        return findings

    def _scale(self) -> Array:
        """The step of each element is in proportion to it, but for small numbers not less than to 1."""
        return np.where(np.isfinite(self.x), np.maximum(1.0, np.abs(self.x)), 1.0)

    def _usual_size(self) -> float:
        """The step of small elements where all are moved: as many steps in proportion to 1 drive many a ReLU over its
        kink. Rounding counts for more then."""
        usual = float(np.sqrt(np.mean(np.square(self.x[np.isfinite(self.x)]))))
        return min(1.0, usual) if usual > 0 else 1.0

    def _line(self, part: slice, weights: Array) -> Line:
        def out(distance: float) -> Array:
            moved = self.x.copy()
            moved[part] += distance * weights
            return self.run(moved)

        return Line(out, self.point.here, self.point.dout, self.point.resolution)

    def _findings(self, lines: Sequence[tuple[slice, Array]]) -> list[Finding]:
        """A look at every line, the worst first, and a closer one where something is odd."""
        point, rtol = self.point, self.point.tolerance.rtol
        looks = [first_look(self._line(*line), point.step) for line in lines]
        backprops = [float(np.dot(self.gradient[part], weights)) for part, weights in lines]
        errors = np.abs(np.subtract([look.slope for look in looks], backprops))
        largest = max((look.size for look in looks if np.isfinite(look.size)), default=0.0)
        floor = point.tolerance.atol * largest + point.unseen()

        findings: dict[int, Finding] = {}
        bad = 0
        for i in map(int, np.argsort(-np.nan_to_num(errors, nan=np.inf))):
            look = looks[i]
            tolerance = rtol * look.size + floor + look.noise
            slope = Slope("smooth", look.slope, look.slope, np.nan, np.nan, point.step, tolerance)
            is_odd = not errors[i] <= tolerance or look.bend > 1e-3 * look.size + look.noise
            if is_odd and bad < _ENOUGH:
                slope = closer_look(self._line(*lines[i]), point.widest_step, rtol, floor)
            findings[i] = Finding(lines[i][0], slope, backprops[i])
            bad += findings[i].verdict not in GOOD
        return [findings[i] for i in range(len(lines))]

    def _narrowed(self, weights: Array) -> int:
        """The element that disagrees most, by halving what moves."""
        start, stop = 0, self.x.size
        while stop - start > 1:
            middle = (start + stop) // 2
            first = self._disagreement(slice(start, middle), weights)
            second = self._disagreement(slice(middle, stop), weights)
            start, stop = (start, middle) if first >= second else (middle, stop)
        return start

    def _disagreement(self, part: slice, weights: Array) -> float:
        slope = first_look(self._line(part, weights[part]), self.point.step).slope
        error = abs(slope - float(np.dot(self.gradient[part], weights[part])))
        return np.inf if np.isnan(error) else error
