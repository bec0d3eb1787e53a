"""Gradients, wherever they came from, against differences of the function they belong to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..errors import ArgumentError, ShapeError
from ._findings import DIRECTIONS, EVERY_ELEMENT_UP_TO, Lines, Point, Tolerance
from ._report import InputCheck
from ._reused import Reused
from ._slopes import Array

Run = Callable[[Sequence[Array]], Any]

# Central differences are good for about 1e-10. float32 carries 7 digits, of which a gate may lose two.
TOLERANCES: Mapping[Any, Tolerance] = {
    np.dtype(np.float64): Tolerance(1e-7, 1e-9),
    np.dtype(np.float32): Tolerance(1e-4, 1e-6),
}


def upstream(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """A random upstream gradient, never near 0 and never all ones, that float32 holds exactly.

    All ones would hide much: softmax rows add up to 1, so with ones even a softmax rule times 7 looks right.
    """
    signs = rng.choice([-1.0, 1.0], shape)
    sizes = rng.uniform(0.5, 1.5, shape)
    return np.asarray(np.float32(signs * sizes), dtype=np.float64)


def compare(
    names: Sequence[str],
    inputs: Sequence[Any],
    gradients: Sequence[Any],
    run: Run,
    output: Any,
    dout: Array,
    rng: np.random.Generator,
    tolerance: float | None = None,
    quick: Reused | None = None,
) -> list[InputCheck]:
    """Check the gradients of several inputs.

    names      of the inputs
    inputs     numbers and arrays, as backprop had them
    gradients  by backprop, each of the shape of its input, or None when nothing flowed
    run        the result for other values of the inputs, given as arrays of float64
    output     the result as backprop had it
    dout       the upstream gradient, of the shape of the result
    rng        for directions
    tolerance  relative, or None for the usual one
    quick      the same as `run`, with less certainty: what it does not find right is measured again
    raises     ShapeError when a gradient does not have the shape of its input; ArgumentError when `run` gives two
               answers to one question

    >>> rng = np.random.default_rng(0)
    >>> checks = compare(["x"], [3.0], [6.0], lambda values: values[0] ** 2, 9.0, np.ones(()), rng)
    >>> checks[0].verdict, round(checks[0].numerical, 6)
    ('ok', 6.0)
    """
    # Copies in the usual order: an element of a view could move its neighbours along.
    values = [np.array(x, dtype=np.float64, order="C") for x in inputs]
    for name, x, gradient in zip(names, values, gradients, strict=True):
        if gradient is not None and np.shape(gradient) != x.shape:
            raise ShapeError(
                f"the gradient of {name} has shape {np.shape(gradient)}, {name} itself {x.shape}"
            )
    with np.errstate(all="ignore"):
        point = _point(run, values, inputs, output, dout, tolerance)

        def check(i: int, by: Run, only: Sequence[int] | None = None) -> InputCheck:
            moving = _with_one_changed(by, values, i)
            return _check(names[i], np.asarray(inputs[i]), gradients[i], moving, point, rng, only)

        return [
            check(i, run) if quick is None else _quickly(partial(check, i), run, quick, rng)
            for i in range(len(names))
        ]


def _quickly(
    check: Callable[..., InputCheck], run: Run, quick: Reused, rng: np.random.Generator
) -> InputCheck:
    """The quick check, if it can be believed: nobody is accused but by new objects. Otherwise a sure one."""
    before = rng.bit_generator.state
    found = check(quick)
    if quick.holds():
        if found.verdict == "ok":
            return found
        if found.index is not None:
            worst = int(np.ravel_multi_index(found.index, found.shape)) if found.shape else 0
            if check(run, [worst]).verdict == found.verdict:
                return found
    rng.bit_generator.state = before
    return check(run)


def _point(
    run: Run,
    values: Sequence[Array],
    inputs: Sequence[Any],
    output: Any,
    dout: Array,
    tolerance: float | None,
) -> Point:
    here, again = run(values), run(values)
    if np.shape(here) != np.shape(dout) or not np.array_equal(here, again, equal_nan=True):
        what = "f gave two answers to one question: it is random, or it keeps something from one call to the next"
        raise ArgumentError(
            what, fix="make its random generator inside f, from a fixed seed, or draw from np.random itself"
        )
    coarsest = max(map(_precision, (*inputs, output)), key=_eps)
    usual = TOLERANCES[coarsest]
    chosen = usual if tolerance is None else Tolerance(tolerance, min(tolerance, usual.atol))
    return Point(np.ravel(dout), _flat(here), coarsest, _eps(_precision(here)), chosen)


def _with_one_changed(run: Run, values: Sequence[Array], i: int) -> Callable[[Array], Array]:
    """Flat results as a function of one input, given flat."""

    def run_one(moved: Array) -> Array:
        changed = moved.reshape(values[i].shape)
        return _flat(run([*values[:i], changed, *values[i + 1 :]]))

    return run_one


def _flat(value: Any) -> Array:
    return np.asarray(value, dtype=np.float64).ravel()


def _precision(value: Any) -> np.dtype[Any]:
    """float32 or float64; whole numbers and truth values are exact, so they do not lower it."""
    dtype = np.dtype(getattr(value, "dtype", np.float64))
    return dtype if dtype in TOLERANCES else np.dtype(np.float64)


def _eps(dtype: np.dtype[Any]) -> float:
    return float(np.finfo(dtype).eps)


def _check(
    name: str,
    x: Array,
    gradient: Any,
    run: Callable[[Array], Array],
    point: Point,
    rng: np.random.Generator,
    only: Sequence[int] | None = None,
) -> InputCheck:
    """The report on one input, or on some of its elements."""
    flat = np.zeros(x.size) if gradient is None else _flat(gradient)
    lines = Lines(_flat(x).copy(), flat, run, point)
    whole = x.size <= EVERY_ELEMENT_UP_TO
    if only is None and not whole:
        findings = lines.along_directions(rng)
    else:
        findings = lines.along_elements(range(x.size) if only is None else only)
    checked = f"{x.size} of {x.size}" if whole else f"{DIRECTIONS} directions"
    if not findings:
        return InputCheck(name, x.shape, str(x.dtype), "ok", checked)

    worst = max(findings, key=lambda f: f.urgency)
    slope, verdict = worst.slope, worst.verdict
    reason = "nothing flowed" if gradient is None and verdict == "wrong" else ""
    if verdict == "wrong" and not np.all(np.isfinite(point.here)):
        verdict, reason = "not finite", "function not finite"
    is_element = whole or worst.part.stop - worst.part.start == 1
    index = np.unravel_index(worst.part.start, x.shape) if is_element else None
    is_smooth = slope.kind == "smooth"
    return InputCheck(
        name,
        x.shape,
        str(x.dtype),
        verdict,
        checked,
        max_absolute=float(max(f.error for f in findings)),
        max_relative=float(max(f.relative_error(point.tolerance.rtol) for f in findings)),
        index=None if index is None else tuple(map(int, index)),
        numerical=float(slope.value),
        backprop=worst.backprop,
        left=None if is_smooth else float(slope.left),
        right=None if is_smooth else float(slope.right),
        step=float(slope.step),
        tolerance=float(slope.error),
        kinks=sum(f.verdict == "at a kink" for f in findings),
        reason=reason,
    )
