"""Backprop against differences: `check_gradients` and `assert_gradients`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from inspect import isfunction
from typing import Any

import numpy as np

from ..errors import ArgumentError, DTypeError, GradientError
from ..graph import Variable
from ..words import words
from ._checked import check_claim
from ._claim import Claim
from ._draws import repeating, undisturbed
from ._inside import look_inside
from ._question import Question, is_float
from ._report import GradientReport

Function = Callable[..., Any]


def check_gradients(
    f: Any,
    *inputs: Any,
    gradient: Function | None = None,
    wrt: int | Sequence[int] | None = None,
    names: str | Sequence[str] | None = None,
    parameters: Mapping[str, str] | None = None,
    targets: int | str | Collection[int | str] = (),
    seed: int = 0,
    tolerance: float | None = None,
    last: bool = False,
    lang: str = "en",
) -> GradientReport:
    """Compare claimed gradients, whoever wrote them, with differences of the function's own values.

    All elements of an input are compared, up to 10,000; of a larger one 16 random directions, and if one is wrong the
    element that is. The upstream gradient is random. The differences are taken in float64. Where a function has a kink,
    anything between the slopes on its two sides is right, and the report says so. Of a wrong gradient it says why, as
    far as that can be told from the numbers, and which line makes it.

    f           what is checked; nothing of it is changed:
                a function of variables (written with NumPy's or chainrule's functions), whose gradient is backprop's;
                a pair ``(f, df)``; a function that returns ``(value, gradients)``; a layer with ``forward`` and
                ``backward(dout)``; a network with ``loss(x, t)`` and ``gradient(x, t)``; a module or function of
                PyTorch or JAX, a network of scikit-learn; or a class or function without parameters that makes one
    inputs      numbers and arrays; they are copied. Whole numbers and truth values in arrays (labels, indices) have no
                gradient, and are not checked
    gradient    df, when f is a function by itself: from the inputs, and perhaps the upstream gradient, to gradients
    wrt         of a function of variables: positions of the inputs whose gradients are checked
    names       of the inputs, if not those in the signature
    parameters  of a layer: attributes, and those of their gradients, ``{"W": "dW"}``; found by convention if left out
    targets     names or positions of what has no gradient, though it is floats: one-hot rows; of a layer or network the
                names of arrays that are constants
    seed        of the random numbers
    tolerance   relative; 1e-7 in float64 and 1e-4 in float32 unless given
    last        of a layer or a pair: its upstream gradient is always 1, as that of a loss at the end of a network is,
                and backward may ignore it
    lang        "en" or "ko"
    returns     a `GradientReport`: print it, or ask it ``.ok`` and ``.diagnoses``
    raises      DTypeError when an input asked for has no gradient; UnsupportedError when f is none of these;
                ArgumentError when two runs of f differ
    source      the kinks: BVLC/caffe#1334 asked for this rule

    >>> report = check_gradients(lambda x, m, t: 0.5 * (x * m * t - 219) ** 2, 100.0, 2, 1.1)
    >>> report.ok, [i.name for i in report.inputs]
    (True, ['x', 'm', 't'])
    >>> report = check_gradients((np.sin, lambda x: -np.cos(x)), np.array([0.5, 1.0]))
    >>> report.ok, report.diagnoses[0].kind
    (False, 'sign')
    """
    words(lang, "check")  # refuses other languages before anything is computed
    with undisturbed() as draws:
        if wrt is None:
            claim = _claim(f, inputs, gradient, names, parameters, targets)
            if claim is not None and claim.kind != "function":
                claim = replace(claim, takes_dout=claim.takes_dout and not last)
                return check_claim(repeating(claim, draws), seed, tolerance, lang)
    if wrt is not None and (gradient is not None or parameters or targets):
        raise ArgumentError(
            "wrt is for functions of variables, whose gradients are backprop's", fix="leave it out"
        )
    if last:
        what = "last=True is for code that takes an upstream gradient; that of a function of variables is chainrule's"
        raise ArgumentError(what, fix="leave it out")
    return replace(_of_variables(f, inputs, wrt, names, seed, tolerance), language=lang)


def _claim(
    f: Any,
    inputs: Sequence[Any],
    gradient: Function | None,
    names: str | Sequence[str] | None,
    parameters: Mapping[str, str] | None,
    targets: int | str | Collection[int | str],
) -> Claim | None:
    """The claim, or None where it can only be a function of variables that does not work: that says best why."""
    from .claims import claim_of

    try:
        return claim_of(f, *inputs, gradient=gradient, names=names, parameters=parameters, targets=targets)
    except Exception:  # f's own among them
        if (
            gradient is not None
            or parameters
            or targets
            or not isfunction(f)
            or not inspect.signature(f).parameters
        ):
            raise
        return None


def _of_variables(
    f: Function,
    inputs: Sequence[Any],
    wrt: int | Sequence[int] | None,
    names: str | Sequence[str] | None,
    seed: int,
    tolerance: float | None,
) -> GradientReport:
    """The gradients that backprop gives for a function of variables."""
    own = [_copy(value) for value in inputs]
    chosen = _chosen(own, wrt)
    for i in chosen:
        own[i] = float(own[i]) if _is_whole(own[i]) else own[i]
    title = getattr(f, "__name__", type(f).__name__)
    called = _names(f, len(own)) if names is None else tuple([names] if isinstance(names, str) else names)
    question = Question(f, tuple(own), chosen, called, tolerance, title)
    report, output = question.answer(seed)
    return report if report.smooth else look_inside(report, question, output)


def assert_gradients(f: Any, *inputs: Any, **settings: Any) -> None:
    """`check_gradients` for tests: raises unless every gradient is right.

    settings  as `check_gradients` takes them
    raises    GradientError, whose text holds the table and whose ``report`` is the whole `GradientReport`

    >>> assert_gradients(np.tanh, np.array([0.5, -1.0]))
    """
    report = check_gradients(f, *inputs, **settings)
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
