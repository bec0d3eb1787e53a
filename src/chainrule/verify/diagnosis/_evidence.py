"""What patterns are looked for in: several points and upstream gradients, and what is claimed for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from .._claim import Claim
from .._compare import upstream
from .._slopes import Array
from .._traced import Traced, traced
from ._point import WHOLE_UP_TO, Point, Sample, largest, same

_TRIES = 4  # points that are tried until none is near a kink
_ROUNDING = 1e-9  # of the largest element: two ways to compute one gradient


class Evidence:
    """Everything that patterns are looked for in.

    samples  at the point itself, or as near as there is no kink: with a random upstream gradient, ones, and another
             random one; then at another point
    """

    def __init__(self, claim: Claim, wrong: Sequence[str], seed: int):
        self.claim = claim
        self.rng = np.random.default_rng(seed)
        self.wrong = tuple(claim.names.index(name) for name in wrong)
        self.samples = list(self._samples())

    def name(self, i: int) -> str:
        return self.claim.names[i]

    @property
    def first(self) -> Sample:
        return self.samples[0]

    def is_parameter(self, i: int) -> bool:
        return i >= len(self.claim.names) - self.claim.parameters

    def is_right(self, i: int) -> bool:
        """Whether every claim about a value agrees with the numbers."""
        return all(_is_nothing(s, i) or _is_right(s, i) for s in self.samples)

    def everywhere(self, i: int, expected: Any) -> bool:
        """Whether what is claimed is, in all samples, what a pattern expects: a function of the sample."""
        for s in self.samples:
            gradient = expected(s)
            if gradient is None or s.claimed[i] is None or not s.agrees(i, s.claimed[i], gradient):
                return False
        return True

    @cached_property
    def traces(self) -> list[Traced]:
        """For each sample what the code turned out to be made of; none where that is not known, or nothing is wrong."""
        found = [traced(self.claim, s.point.values, s.dout) for s in self.samples if self.wrong]
        known = [trace for trace in found if trace is not None]
        return known if len(known) == len(self.samples) else []

    def is_claimed(self, i: int, gradients: Sequence[Sequence[Array | None]]) -> bool:
        """Whether what is claimed is, up to rounding, what gates gave: for each sample, or for the first ones."""
        pairs = zip(self.samples, gradients, strict=False)
        return all(_is_same_but_for_rounding(s.claimed[i], g[i]) for s, g in pairs)

    def shapes_claimed(self, i: int) -> set[tuple[int, ...]]:
        """The shapes of what is claimed; one, unless the code is odd."""
        return {claimed.shape for claimed in (s.claimed[i] for s in self.samples) if claimed is not None}

    def is_linear(self, i: int) -> bool:
        """Whether what is claimed for each result alone adds up to what is claimed for all."""
        s = self.first
        jacobian = s.point.claimed_jacobian(i)
        if jacobian is None:
            return False
        return s.agrees(i, s.claimed[i], (np.ravel(s.dout) @ jacobian).reshape(s.point.values[i].shape))

    def point(self, values: Sequence[Array], asked: Sequence[int]) -> Point | None:
        """The function at other values, if it can be computed there."""
        try:
            point = Point(self.claim, values, asked)
        except Exception:  # the code is somebody's: at values of our own it may raise anything
            return None
        return point if np.isfinite(point.out).all() else None

    def sample(self, point: Point, dout: Array) -> Sample | None:
        """What is claimed at a point, if anything can be."""
        try:
            return Sample(point, dout, point.claimed(dout))
        except Exception:  # as above
            return None

    @cached_property
    def rows(self) -> int | None:
        """The number of rows of the mini-batch, if an input shows it; of a number, the elements of a vector too."""
        values, result = self.claim.values, np.ndim(self.first.point.out)
        inputs = values[: len(values) - self.claim.parameters]
        if self.claim.parameters == 0 and result >= 2:
            inputs = inputs[:1]  # the others may be parameters that nobody called so
        return next((len(x) for x in inputs if x.ndim >= (2 if result else 1)), None)

    @cached_property
    def outputs(self) -> tuple[int, ...]:
        """What may be the number of outputs: the last extents of the result, of inputs and of biases."""
        shapes = [v.shape for v in (self.first.point.out, *self.claim.values)]
        least = 1 if self.claim.parameters else 2  # a vector alone has no outputs
        return tuple(dict.fromkeys(shape[-1] for shape in shapes if len(shape) >= least and shape[-1] > 1))

    def summed(self, i: int) -> int | None:
        """How many elements of an input become one of the result."""
        value, out = self.claim.values[i], self.first.point.out
        is_summed = out.ndim and out.size < value.size and not self.is_parameter(i)
        return value.size // out.size if is_summed and value.size % out.size == 0 else None

    @cached_property
    def is_stack(self) -> bool:
        """Whether the result is several arrays, as a new value above a new state, and no mini-batch."""
        out, values = self.first.point.out, self.claim.values
        is_batch = any(v.ndim == out.ndim and len(v) == len(out) for v in values if v.ndim)
        return bool(out.ndim and not is_batch and any(v.shape == out.shape[1:] for v in values if v.ndim))

    def _samples(self) -> Iterator[Sample]:
        here = self._smooth_point(0.0)
        shape = here.out.shape
        douts = [upstream(self.rng, shape), np.ones(shape), upstream(self.rng, shape)]
        if not self.claim.takes_dout:
            douts = douts[1:2]
        for dout in douts:
            yield Sample(here, dout, here.claimed(dout))
        try:
            there = self._smooth_point(0.3)
            yield Sample(there, douts[0], there.claimed(douts[0]))
        except Exception:  # code that works for its own values only
            return

    def _smooth_point(self, distance: float) -> Point:
        """The claim's own point, or one at a distance in proportion to its values, where no kink is near."""
        is_large = sum(value.size for value in self._float64) > WHOLE_UP_TO
        for attempt in range(_TRIES):
            far = distance or (0.0 if attempt == 0 else 0.02)
            values = [value + far * _size(value) * upstream(self.rng, value.shape) for value in self._float64]
            prefer = self.claim.gradients(values, self._ones(values)) if is_large else None
            point = Point(self.claim, values, self.wrong, prefer)
            if point.is_smooth:
                break
        return point

    @property
    def _float64(self) -> list[Array]:
        return [np.asarray(value, dtype=np.float64) for value in self.claim.values]

    def _ones(self, values: Sequence[Array]) -> Any:
        shape = np.shape(self.claim.value(values))
        return np.ones(shape) if shape else 1.0


def _size(value: Array) -> Array:
    """How far each element may be moved: small ones as far as a part of the usual."""
    usual = float(np.sqrt(np.mean(value * value))) if value.size else 0.0
    return np.maximum(np.abs(value), 0.1 * usual if usual else 1.0)


def _is_same_but_for_rounding(claimed: Any, expected: Any) -> bool:
    if claimed is None or expected is None or np.shape(claimed) != np.shape(expected):
        return False
    return bool(largest(claimed - np.asarray(expected)) <= _ROUNDING * largest(expected))


def _is_right(s: Sample, i: int) -> bool:
    """Less strict than a pattern has to be: what this misses no step of training sees."""
    return same(s.claimed[i], s.right(i), 10 * s.tolerance(i))


def _is_nothing(sample: Sample, i: int) -> bool:
    """Whether nothing is claimed and nothing is there."""
    return sample.claimed[i] is None and largest(sample.right(i)) <= sample.tolerance(i)
