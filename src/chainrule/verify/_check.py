"""Backprop against differences: `check_gradients` and `assert_gradients`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, DTypeError, GradientError
from ..graph import Variable
from ._inside import look_inside
from ._question import Question, is_float
from ._report import GradientReport

Function = Callable[..., Any]


def check_gradients(
    f: Function,
    *inputs: Any,
    wrt: int | Sequence[int] | None = None,
    seed: int = 0,
    tolerance: float | None = None,
) -> GradientReport:
    """Compare the gradients that backprop gives with differences of f's own values.

    Backprop runs in the precision of the inputs, the differences in float64. All elements of an input are compared, up
    to 10,000; of a larger one 16 random directions, and if one is wrong the element that is. The upstream gradient is
    random. Where a function has a kink, anything between the slopes on its two sides is right, and the report says so.

    f          a function of variables, written with NumPy or chainrule's functions, that returns one array or number
    inputs     numbers and arrays; they are copied. Integer and boolean arrays (labels, indices) are taken as constants
    wrt        positions of the inputs whose gradients are checked; all that have a gradient unless given
    seed       of the random numbers
    tolerance  relative; 1e-7 in float64 and 1e-4 in float32 unless given
    returns    a `GradientReport`: print it, or ask it ``.ok``
    raises     DTypeError when an input asked for has no gradient; ArgumentError when two runs of f differ

    >>> report = check_gradients(lambda x, m, t: 0.5 * (x * m * t - 219) ** 2, 100.0, 2, 1.1)
    >>> report.ok, [i.name for i in report.inputs]
    (True, ['x', 'm', 't'])
    """
    own = [_copy(value) for value in inputs]
    chosen = _chosen(own, wrt)
    for i in chosen:
        own[i] = float(own[i]) if _is_whole(own[i]) else own[i]
    name = getattr(f, "__name__", type(f).__name__)
    question = Question(f, tuple(own), chosen, _names(f, len(own)), tolerance, name)
    report, output = question.answer(seed)
    return report if report.smooth else look_inside(report, question, output)


def assert_gradients(
    f: Function,
    *inputs: Any,
    wrt: int | Sequence[int] | None = None,
    seed: int = 0,
    tolerance: float | None = None,
) -> None:
    """`check_gradients` for tests: raises unless every gradient is right.

    raises   GradientError, whose text holds the table and whose ``report`` is the whole `GradientReport`

    >>> assert_gradients(np.tanh, np.array([0.5, -1.0]))
    """
    report = check_gradients(f, *inputs, wrt=wrt, seed=seed, tolerance=tolerance)
    if not report.ok:
        bad = max(report.wrong, key=lambda i: i.verdict == "wrong")
        numbers = f"backprop {bad.backprop:.10g}, numerical {bad.numerical:.10g}"
        at = f" at {list(bad.index)}" if bad.index else ""
        raise GradientError(f"the gradient of {bad.name} differs{at}: {numbers}\n{report}", report=report)


def _names(f: Function, number: int) -> tuple[str, ...]:
    """What f calls its inputs; several inputs of one parameter are numbered."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):  # NumPy's own functions have none
        parameters = []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    several = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "input")
    return (*names[:number], *(f"{several}[{i}]" for i in range(number - len(names))))


def _chosen(inputs: Sequence[Any], wrt: int | Sequence[int] | None) -> tuple[int, ...]:
    """The positions of the inputs whose gradients are checked."""
    if wrt is None:
        chosen = tuple(i for i, value in enumerate(inputs) if is_float(value) or _is_whole(value))
        if not chosen:
            what = f"no input has a gradient: {', '.join(map(_describe, inputs)) or 'there is none'}"
            raise DTypeError(what, fix="x.astype(float)")
        return chosen
    positions = [wrt] if isinstance(wrt, int) else sorted(set(wrt))
    for position in positions:
        if not 0 <= position < len(inputs):
            what = f"wrt={position}, but there are {len(inputs)} inputs"
            raise ArgumentError(what, fix="positions count from 0")
    return tuple(positions)


def _copy(value: Any) -> Any:
    """An input of our own: in C order, sharing no memory."""
    if isinstance(value, Variable):
        raise ArgumentError("an input is a variable already; a check makes its own", fix="give its .value")
    if isinstance(value, list | tuple):
        array = np.asarray(value)
        return array.astype(np.float64) if array.dtype.kind in "iu" else array
    return np.array(value, order="C") if isinstance(value, np.ndarray) else value


def _is_whole(value: Any) -> bool:
    """Whether a value is one of Python's whole numbers, which stand for floats."""
    return isinstance(value, int) and not isinstance(value, bool)


def _describe(value: Any) -> str:
    return f"an array of {value.dtype}" if isinstance(value, np.ndarray) else repr(value)
