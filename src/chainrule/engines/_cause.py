"""Why the result of a gate is not finite, told from the gate's own numbers.

No gate is known here by name. A gate is run again on numbers that differ in one respect, and what makes its result
finite is what was wrong: the precision, the size of the numbers, a zero, a sign.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from typing import Any, Literal, NamedTuple

import numpy as np

from ..gates import Gate
from ..graph import Variable, handed_back, quiet, run_gate

Cause = Literal[
    "input", "float32", "overflow", "zero", "negative", "zero times infinity", "infinities", "unknown"
]
Values = tuple[Any, ...]

_ROOT = 1 / 256  # which brings whatever a float can hold between 1/_ORDINARY and _ORDINARY
_ORDINARY = 20.0


class Judged(NamedTuple):
    """What was found out about one gate.

    cause     "input" when NaN came in; "float32" when float64 could hold the result; "overflow" when numbers of
              ordinary size would do; "zero" or "negative" when such an input has no finite result; "zero times
              infinity" and "infinities" (∞ − ∞, ∞ ÷ ∞) when infinities came in and NaN came out
    position  of the input that it is about, if it is about one
    larger    with "float32", what it would have been in float64
    """

    cause: Cause
    position: int | None = None
    larger: float | None = None


def is_finite(value: Any) -> bool:
    """Whether all numbers of a value are finite; labels and conditions are."""
    return bool(np.all(np.isfinite(value)))


def first_bad(value: Any) -> tuple[int, ...]:
    """The index of the first element that is not finite."""
    return tuple(int(i) for i in np.argwhere(~np.isfinite(value))[0])


def is_float(value: Any) -> bool:
    return np.asarray(value).dtype.kind == "f"


def judge(run: Callable[[Values], Any], values: Values, index: tuple[int, ...]) -> Judged:
    """Find out why a gate's result is not finite.

    run     the gate, or one of its rules, on other values; its result has the shape that it had
    values  what it was given
    index   of the element of the result that is meant
    """
    floats = [i for i, value in enumerate(values) if is_float(value)]
    given = [np.asarray(values[i]) for i in floats]
    if any(np.isnan(value).any() for value in given):
        return Judged("input", next(i for i, v in zip(floats, given, strict=True) if np.isnan(v).any()))
    if any(np.isinf(value).any() for value in given):
        has_zero = any((value == 0).any() for value in given)
        return Judged("zero times infinity" if has_zero else "infinities")

    def at(changed: Values) -> float:
        return float(np.asarray(quiet.run(run, changed))[index])

    wide = _changed(values, floats, np.float64)
    larger = at(wide)
    if np.isfinite(larger):
        is_narrow = any(value.dtype == np.float32 for value in given)
        return Judged("float32", larger=larger) if is_narrow else Judged("unknown")
    for cause, change in _CHANGES:
        for position, changed in _one_by_one_then_all(wide, floats, change):
            if np.isfinite(at(changed)):
                return Judged(cause, position)
    return Judged("unknown")


def _one_by_one_then_all(
    values: Values, floats: Sequence[int], change: Callable[[Any], Any]
) -> Iterator[tuple[int | None, Values]]:
    for position in floats:
        yield position, _changed(values, [position], change)
    if len(floats) > 1:
        yield None, _changed(values, floats, change)


def _changed(values: Values, positions: Sequence[int], change: Callable[[Any], Any]) -> Values:
    """The values with some of them changed, Python's numbers staying such."""
    return tuple(
        v if i not in positions else float(change(v)) if type(v) is float else change(v)
        for i, v in enumerate(values)
    )


def _of_ordinary_size(value: Any) -> Any:
    """Signs, zeros and whole numbers stay, for a zero or a negative number may be what is wrong."""
    value = np.asarray(value)
    ordinary = np.sign(value) * np.abs(value) ** _ROOT
    ordinary = np.where(value == np.round(value), np.round(ordinary), ordinary).astype(value.dtype)
    return np.where((np.abs(value) > _ORDINARY) | (np.abs(value) < 1 / _ORDINARY), ordinary, value)


def _without_zeros(value: Any) -> Any:
    return np.where(np.asarray(value) == 0, np.ones_like(value), value)


_CHANGES: tuple[tuple[Cause, Callable[[Any], Any]], ...] = (
    ("overflow", _of_ordinary_size),
    ("zero", _without_zeros),
    ("negative", np.abs),
)


def forward_of(gate: Gate, settings: Any) -> Callable[[Values], Any]:
    """The result of a gate, without what it keeps, on any values."""

    def run(values: Values) -> Any:
        result = run_gate(gate, values, settings)
        return result[0] if gate.keeps else result

    return run


def rule_of(variable: Variable, position: int) -> Callable[[Values], Any]:
    """What the gate that made a variable hands back to one of its inputs, on any ``(*inputs, dout)``."""
    gate, settings = variable.gate, variable.settings
    assert gate is not None

    def run(values: Values) -> Any:
        *inputs, dout = values
        result = run_gate(gate, tuple(inputs), settings)
        again = copy(variable)
        again._values, again._watched = tuple(inputs), ()
        again._value, again.kept = (result[0], tuple(result[1:])) if gate.keeps else (result, ())
        return handed_back(again, dout)[position]

    return run
