"""Whether code is truly wrong, decided with plain differences in NumPy and nothing of the checkers that are measured.

A mutant that no seed shows to be wrong is equivalent to the right code, and is left out; so is one that raises.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .live import Live, values_of
from .subject import Point, Subject

SEEDS = (101, 102, 103)
_CLEARLY = 1e-5  # relative to the largest element; differences below err by some 1e-9


def where_wrong(subject: Subject, single: bool = False) -> Point | None:
    """The first point at which gradients differ from differences, or a call changes what is not its own.

    single  whether it is also run in float32, at values that float32 holds
    """
    with np.errstate(all="ignore"):
        points = (subject.point(np.random.default_rng(seed)) for seed in SEEDS)
        return next((point for point in points if _is_wrong_at(subject, point, single)), None)


def _is_wrong_at(subject: Subject, point: Point, single: bool) -> bool:
    rng = np.random.default_rng(7)
    values = [np.asarray(value, dtype=np.float64) for value in values_of(subject, point)]
    out = np.asarray(Live(subject, point).forward(_copies(values)))
    first, second = rng.normal(size=(2, *out.shape))
    right = numerical(subject, point, values, first)
    claimed = gradients(subject, point, values, first)
    if not _same(claimed, right):
        return True
    if single and not _same(_in_float32(subject, point, first), right, 1e-2):
        return True
    return _writes(subject, point, first) or _remembers(subject, point, rng, first, second)


def numerical(subject: Subject, point: Point, values: Sequence[Any], dout: Any) -> list[Any]:
    """Central differences of Σ dout · out, element by element."""

    def weighted(moved: Sequence[Any]) -> float:
        return float(np.sum(dout * Live(subject, point).forward(_copies(moved))))

    found = []
    for number, value in enumerate(values):
        gradient = np.zeros(np.shape(value))
        for index in np.ndindex(gradient.shape):
            sides = []
            for step in (1e-5, -1e-5):
                moved = _copies(values)
                moved[number][index] += step
                sides.append(weighted(moved))
            gradient[index] = (sides[0] - sides[1]) / 2e-5
        found.append(gradient)
    return found


def gradients(subject: Subject, point: Point, values: Sequence[Any], dout: Any) -> list[Any]:
    """What an object that has seen nothing claims."""
    live = Live(subject, point)
    live.forward(_copies(values))
    return live.backward(_copy(dout))


def _in_float32(subject: Subject, point: Point, dout: Any) -> list[Any]:
    singles = [value.astype(np.float32) for value in values_of(subject, point)]
    return gradients(subject, point, singles, np.asarray(dout, dtype=np.float32))


def _writes(subject: Subject, point: Point, dout: Any) -> bool:
    """Whether inputs, parameters, results or the upstream gradient are other ones after a call."""
    values = _copies(values_of(subject, point))
    live = Live(subject, point)
    out = live.forward(values)
    after_forward = _copy(out)
    given = _copy(dout)
    live.backward(given)
    pairs = [(values, values_of(subject, point)), ([given], [dout]), ([out], [after_forward])]
    return not all(np.array_equal(a, b) for now, before in pairs for a, b in zip(now, before, strict=True))


def _remembers(subject: Subject, point: Point, rng: np.random.Generator, first: Any, second: Any) -> bool:
    """Whether a second call, with other inputs, gives something else than a first call with these."""
    values = values_of(subject, point)
    others = values_of(subject, subject.point(rng))
    live = Live(subject, point)
    live.forward(_copies(values))
    live.backward(_copy(first))
    live.forward(_copies(others))
    return not _same(live.backward(_copy(second)), gradients(subject, point, others, second))


def _same(claimed: Sequence[Any], right: Sequence[Any], close: float = _CLEARLY) -> bool:
    for a, b in zip(claimed, right, strict=True):
        if np.shape(a) != np.shape(b):
            return False
        size = np.max(np.abs(b), initial=0.0)
        if not np.all(np.abs(np.asarray(a) - b) <= close * size + 1e-8):
            return False
    return True


def _copy(value: Any) -> Any:
    return np.array(value) if np.ndim(value) else float(value)


def _copies(values: Sequence[Any]) -> list[Any]:
    return [np.array(value) for value in values]
