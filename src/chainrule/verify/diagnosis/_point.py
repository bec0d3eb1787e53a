"""A function at one point: its numerical gradients in full, and what is claimed for them.

A checker stops at the first wrong element; a diagnosis has to see all of them, because "100 times too large" or
"transposed" is a statement about all. It may look at any point, so it moves aside where a kink is near.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from .._claim import Claim, Session, copies
from .._slopes import Array
from ._differences import EPS, EXACT, WIDEST, derivative, rows_to_measure, scale_of

WHOLE_UP_TO = 2000  # elements of all values together, which are all measured
PART = 24  # otherwise this many of each, which decide most patterns as well
_ALL_OF = 300  # elements; of more, one or the other is always near a kink
_JACOBIAN_UP_TO = 512  # outputs; one backward pass for each


class Point:
    """A function at one point: its result, its numerical derivatives and the gradients that are claimed there.

    values  of everything that has a gradient, in float64
    out     the result, in float64
    asked   positions of the values whose numerical gradients are meant
    hint    gradients that are claimed, to see where something flows
    """

    def __init__(self, claim: Claim, values: Sequence[Array], asked: Sequence[int], hint: Any = None):
        self.claim = claim
        self.values = [np.array(value, dtype=np.float64) for value in values]
        self.out = np.asarray(claim.value(self.values), dtype=np.float64)
        self.asked = tuple(asked)
        self._derivatives: dict[int, tuple[Array, Array, Array]] = {}
        self._claimed_jacobians: list[Array | None] | None = None
        self._right: dict[tuple[int, bytes], Array] = {}
        self._hint = hint
        self._session: Session | None = claim.open()

    @property
    def is_small(self) -> bool:
        """Whether everything can be measured in a moment."""
        return sum(value.size for value in self.values) <= WHOLE_UP_TO

    def claimed(self, dout: Array) -> list[Array | None]:
        """The gradients that a fresh object claims for an upstream gradient."""
        given: Any = dout if np.ndim(dout) else float(dout)
        gradients = self.claim.gradients(self.values, given)
        return [None if g is None else np.asarray(g, dtype=np.float64) for g in gradients]

    def right(self, i: int, dout: Array) -> Array:
        """The numerical gradient of a value; NaN for the elements that were not measured."""
        key = i, dout.tobytes()
        if key not in self._right:
            where, jacobian, _ = self.derivatives(i)
            gradient = np.full(self.values[i].shape, np.nan)
            gradient.flat[where] = np.ravel(dout) @ jacobian
            self._right[key] = gradient
        return self._right[key]

    def tolerance(self, i: int, dout: Array) -> float:
        """How far two gradients may be apart and still count as one."""
        right = self.right(i, dout)
        _, _, steps = self.derivatives(i)
        weights = float(np.linalg.norm(np.ravel(dout) * self.out.ravel()))
        noise = 20 * EPS * weights / float(np.min(steps, initial=WIDEST))
        return EXACT * largest(right) + noise

    def derivatives(self, i: int) -> tuple[Array, Array, Array]:
        """Which elements of a value were measured, the derivatives of all results by these, and the steps used."""
        if i not in self._derivatives:
            self._derivatives[i] = self._measured(i)
            if not np.array_equal(self._run(self.values), self.out.ravel(), equal_nan=True):
                self._session = None  # it keeps something between calls: a new one for each from now on
                self._derivatives[i] = self._measured(i)
        return self._derivatives[i]

    def _measured(self, i: int) -> tuple[Array, Array, Array]:
        elements = self._chosen(i)
        jacobian = np.empty((self.out.size, len(elements)))
        steps = np.empty(len(elements))
        for column, element in enumerate(elements):
            move = partial(self._moved, i, element)
            scale = scale_of(self.values[i], element)
            jacobian[:, column], steps[column] = derivative(move, self.out.ravel(), scale)
        measured = np.isfinite(jacobian).all(axis=0)
        return elements[measured], jacobian[:, measured], steps[measured]

    def jacobian(self, i: int) -> Array | None:
        """All derivatives of all results by all elements of a value, if all could be measured."""
        where, jacobian, _ = self.derivatives(i)
        return jacobian if len(where) == self.values[i].size else None

    def claimed_jacobian(self, i: int) -> Array | None:
        """The same as it is claimed: a backward pass for each result."""
        if self._claimed_jacobians is None:
            self._claimed_jacobians = self._ask_for_all()
        return self._claimed_jacobians[i]

    def _ask_for_all(self) -> list[Array | None]:
        none: list[Array | None] = [None] * len(self.values)
        if not self.claim.takes_dout or not 1 < self.out.size <= _JACOBIAN_UP_TO:
            return none
        units = np.eye(self.out.size).reshape(-1, *self.out.shape)
        rows = [self.claimed(unit) for unit in units]
        for i, value in enumerate(self.values):
            gradients = [g for g in (row[i] for row in rows) if g is not None and g.shape == value.shape]
            if len(gradients) == len(rows) and all(np.isfinite(g).all() for g in gradients):
                none[i] = np.array(gradients, dtype=np.float64).reshape(len(rows), -1)
        return none

    @property
    def is_smooth(self) -> bool:
        """Whether every element that was to be measured could be; of many, most."""
        chosen = sum(len(self._chosen(i)) for i in self.asked)
        measured = sum(len(self.derivatives(i)[0]) for i in self.asked)
        enough = chosen if chosen <= _ALL_OF else 0.9 * chosen
        return bool(np.isfinite(self.out).all()) and measured >= enough

    def _chosen(self, i: int) -> Array:
        """All elements; of a large value those of some rows."""
        value = self.values[i]
        if self.is_small or value.size <= PART:
            return np.arange(value.size)
        rows = len(value)
        width = value.size // rows
        number = min(max(2, PART // width), rows)
        starts = rows_to_measure(self._sizes_of_rows(i), number) * width
        elements = np.add.outer(starts, np.arange(width)).ravel()
        return np.asarray(elements[:: max(1, len(elements) // PART)])

    def _sizes_of_rows(self, i: int) -> Array:
        """How much is claimed for each row: where nothing flows there is little to see."""
        value, gradient = self.values[i], self._hint[i] if self._hint else None
        if gradient is None or np.shape(gradient) != value.shape:
            return np.zeros(len(value))
        sizes = np.nan_to_num(np.abs(gradient)).reshape(len(value), -1)
        return np.asarray(sizes.sum(axis=1))

    def _moved(self, i: int, element: int, distance: float) -> Array:
        moved = self.values[i].copy()
        moved.flat[element] += distance
        return self._run([*self.values[:i], moved, *self.values[i + 1 :]])

    def _run(self, values: Sequence[Array]) -> Array:
        session = self.claim.open() if self._session is None else self._session
        return np.array(session.forward(copies(values)), dtype=np.float64).ravel()


class Sample(NamedTuple):
    """What is claimed at a point for one upstream gradient."""

    point: Point
    dout: Array
    claimed: list[Array | None]

    def right(self, i: int) -> Array:
        return self.point.right(i, self.dout)

    def tolerance(self, i: int) -> float:
        return self.point.tolerance(i, self.dout)

    def agrees(self, i: int, gradient: Any, with_what: Any = None) -> bool:
        """Whether a gradient of a value is the numerical one, or another one that is given, as exactly as it can be."""
        other = self.right(i) if with_what is None else with_what
        return same(gradient, other, self.tolerance(i))


def largest(gradient: Any) -> float:
    """The size of the largest element that was measured."""
    sizes = np.abs(np.asarray(gradient, dtype=np.float64)).ravel()
    return float(np.max(sizes[np.isfinite(sizes)], initial=0.0))


def same(a: Any, b: Any, tolerance: float) -> bool:
    """Whether two gradients are one where the second was measured."""
    if a is None or np.shape(a) != np.shape(b):
        return False
    measured = ~np.isnan(b)
    return bool(np.all(np.abs(np.asarray(a)[measured] - np.asarray(b)[measured]) <= tolerance))
