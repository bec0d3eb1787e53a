"""The checks of wrong gradients with the right ones beside them: those of the gates that differences confirm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ._claim import Claim
from ._compare import compare
from ._report import InputCheck
from ._right import RightGradient
from ._slopes import Array
from ._traced import Traced, traced

_WHOLE_UP_TO = 6  # elements of an input of which all are shown


def with_right(
    claim: Claim, checks: Sequence[InputCheck], claimed: Sequence[Any], dout: Array, rng: np.random.Generator
) -> list[InputCheck]:
    """Add to each wrong check the right gradient, where the code runs on variables.

    claimed  the gradients that the code gives for dout
    """
    if not any(map(_is_open, checks)):
        return list(checks)
    values = [np.array(value, dtype=np.float64, order="C") for value in claim.values]
    found = traced(claim, values, dout)
    if found is None:
        return list(checks)
    confirmed = _Confirmed(claim, values, dout, found, rng)
    return [
        replace(check, correct=confirmed.right(i, check, claimed[i])) if _is_open(check) else check
        for i, check in enumerate(checks)
    ]


def _is_open(check: InputCheck) -> bool:
    """Whether the question is what would be right here: not of a gradient that only later calls spoil."""
    return check.verdict == "wrong" and check.reason != "at first sight"


class _Confirmed:
    """The gradients of the gates, each measured with differences before it is shown."""

    def __init__(
        self,
        claim: Claim,
        values: Sequence[Array],
        dout: Array,
        found: Traced,
        rng: np.random.Generator,
    ) -> None:
        self._claim, self._values, self._dout, self._found, self._rng = claim, values, dout, found, rng

    def right(self, i: int, check: InputCheck, claimed: Any) -> RightGradient | None:
        gradient = self._found.gradients[i]
        if gradient is None:
            return None
        theirs = np.asarray(claimed, dtype=np.float64) if np.shape(claimed) == gradient.shape else None
        if gradient.size <= _WHOLE_UP_TO:
            index = None
            confirmed = self._agrees(i, gradient)
        else:
            index = check.index
            confirmed = index is not None and _accepts(check, float(gradient[index]))
        if not confirmed:
            return None
        of_theirs = None if theirs is None else _part(theirs, index)
        return RightGradient(
            index, _part(gradient, index), of_theirs, self._found.gates(i), self._found.rule(i)
        )

    def _agrees(self, i: int, gradient: Array) -> bool:
        """Whether all of a small gradient stands up to the check that the claimed one failed."""

        def run(values: Sequence[Array]) -> Any:
            return self._claim.value([*self._values[:i], *values, *self._values[i + 1 :]])

        out = np.asarray(run([self._values[i]]), dtype=np.float64)
        name, value = self._claim.names[i], self._values[i]
        (check,) = compare([name], [value], [gradient], run, out, self._dout, self._rng)
        return check.verdict in ("ok", "at a kink")


def _accepts(check: InputCheck, number: float) -> bool:
    """Whether a number is what differences gave for the element of a check, or at a kink between its slopes."""
    slopes = [s for s in (check.numerical, check.left, check.right) if s is not None and np.isfinite(s)]
    return bool(slopes) and min(slopes) - check.tolerance <= number <= max(slopes) + check.tolerance


def _part(gradient: Array, index: tuple[int, ...] | None) -> Any:
    return _nested(gradient.tolist()) if index is None else float(gradient[index])


def _nested(value: Any) -> Any:
    return tuple(map(_nested, value)) if isinstance(value, list) else value
