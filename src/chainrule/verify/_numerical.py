"""The gradient of a function of one array, from the function's values alone."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ArgumentError, DTypeError
from ..graph import Variable, as_array, central_difference, difference_step
from ._slopes import Array, step_for

_TINY = 1e-20  # of a complex step: its square is nothing beside 1, and no digits cancel
_SAMPLE = 100  # elements that are measured with a second step


def numerical_gradient(f: Callable[[Any], Any], x: Any, *, dtype: Any = np.float64) -> Any:
    """The gradient of f at x, without backprop: (f(x + h) − f(x − h)) / 2h for each element, h = eps^⅓ · max(1, |x|).

    Where f can be computed with complex numbers as well, its imaginary part at x + i·1e-20 replaces the difference, if
    it agrees with it: that is exact to rounding. A second step at 100 elements tells whether the differences can be
    trusted. x is changed in place for a while, so f may also read the array from where it has it (as the lesson's
    ``lambda W: net.loss(x, t)`` does), and it is as before in the end, whatever f raises.

    f        a function of x (of a float, if x is a number) that returns one number
    x        a number, or an array of any shape. One that cannot be changed in place, since it is read-only or not
             `dtype`, is copied; then f must use its argument
    dtype    the precision f is computed in: float64, or float32 (good for 3 digits)
    returns  an array of x's shape, or a float if x is a number
    raises   DTypeError when x holds integers; ArgumentError when f returns no single number, or ignores a copy
    warns    RuntimeWarning when two steps disagree: f has a kink or a jump near, or computes in float32 inside
    source   Saito, Deep Learning from Scratch, section 4.3; Squire, Trapp, Using Complex Variables to Estimate
             Derivatives of Real Functions, SIAM Review 40 (1998)

    >>> numerical_gradient(lambda x: np.sum(x**2), np.array([3.0, 4.0]))
    array([6., 8.])
    """
    precision = np.dtype(dtype)
    if precision not in (np.float64, np.float32):
        raise DTypeError(f"numerical_gradient computes in float64 or float32, not {precision}")
    is_number = isinstance(x, float | int | np.floating) and not isinstance(x, bool)
    given = np.asarray(float(x), dtype=precision) if is_number else _array(x)
    in_place = given.dtype == precision and given.flags.writeable and not _overlaps_itself(given)
    own = given if in_place else np.array(given, dtype=precision, order="C")
    before = own.copy()
    call = (lambda array: f(array.item())) if is_number else f
    try:
        with np.errstate(all="ignore"):
            gradient = _gradient(call, own)
            if not in_place and not np.any(gradient) and own.size:
                _check_that_it_is_used(call, own)
    finally:
        own[...] = before  # f may have written into it too
    return float(gradient) if is_number else gradient


def _array(x: Any) -> Array:
    if isinstance(x, Variable):
        raise ArgumentError(
            "numerical_gradient takes plain numbers and arrays, not variables", fix="give x.value"
        )
    array = as_array(x)
    if isinstance(x, list | tuple) and array.dtype.kind in "iu":
        return array.astype(np.float64)
    if array.dtype.kind != "f":
        what = f"numerical_gradient needs floating-point numbers to move a little; x holds {array.dtype}"
        raise DTypeError(what, fix="x.astype(float)" if array.dtype.kind in "iub" else None)
    return array


def _overlaps_itself(array: Array) -> bool:
    """Whether several elements may be one place in memory, so that changing one would change others."""
    reach = 0
    axes = zip(map(abs, array.strides), array.shape, strict=True)
    for stride, length in sorted((stride, length) for stride, length in axes if length > 1):
        if stride < max(reach, array.itemsize):
            return True
        reach = stride * length
    return False


def _gradient(f: Callable[[Any], Any], x: Array) -> Array:
    """For an `x` of our own, in its precision; x is not restored."""
    resolution = float(np.finfo(x.dtype).eps)
    widening = step_for(resolution) / step_for(float(np.finfo(np.float64).eps))
    moving = x if x.dtype == np.float64 else x.astype(np.float64)  # what is moved; x follows it

    def value(_: Array) -> float:
        if moving is not x:
            x[...] = moving
        return _one_number(f(x))

    noise = 100 * resolution / step_for(resolution) * abs(value(moving))
    gradient = central_difference(value, moving, step=difference_step(moving) * widening)
    sure = np.zeros(x.shape, dtype=bool)
    if x.dtype == np.float64:
        sure = _by_complex_step(f, x, gradient, noise)

    unsure = np.flatnonzero(~sure)
    sample = unsure[:: max(1, -(-unsure.size // _SAMPLE))]

    def value_of_sample(part: Array) -> float:
        moving.flat[sample] = part
        return value(moving)

    steps = 2 * widening * difference_step(moving.flat[sample])
    second = central_difference(value_of_sample, moving.flat[sample], step=steps)
    _warn_of_disagreement(gradient, sample, second, noise)
    return gradient.astype(x.dtype)


def _by_complex_step(f: Callable[[Any], Any], x: Array, gradient: Array, noise: float) -> Any:
    """Put better values into `gradient`, and say where. Each must agree with the difference that it replaces, since
    functions such as ``abs`` and ``where`` may take complex numbers and answer something else."""
    better = np.zeros(x.shape, dtype=bool)
    for index in np.ndindex(x.shape):
        moved = x.astype(complex)
        moved[index] += _TINY * 1j
        try:
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "error", np.exceptions.ComplexWarning
                )  # the imaginary part is thrown away
                result = np.asarray(f(moved))
        except Exception:  # whatever it is that f cannot do with complex numbers
            return better
        if result.size != 1 or result.dtype.kind != "c":
            return better
        slope = float(result.item().imag) / _TINY
        better[index] = abs(slope - gradient[index]) <= 1e-4 * abs(slope) + noise
        if better[index]:
            gradient[index] = slope
    return better


def _warn_of_disagreement(gradient: Array, sample: Any, second: Array, noise: float) -> None:
    first = gradient.flat[sample]
    apart = np.abs(first - second)
    if not np.any(apart > 1e-3 * np.max(np.abs(gradient), initial=0.0) + noise):
        return
    worst = int(np.nanargmax(apart))
    index = [int(i) for i in np.unravel_index(sample[worst], gradient.shape)]
    warnings.warn(
        f"the numerical gradient is unreliable at {index}: {first[worst]:.6g} with one step, {second[worst]:.6g} with "
        "twice that step; f has a kink or a jump near, or is not computed in float64",
        RuntimeWarning,
        stacklevel=4,
    )


def _one_number(result: Any) -> float:
    value = np.asarray(result.value if isinstance(result, Variable) else result)
    if value.size != 1 or value.dtype.kind not in "fiub":
        given = f"shape {value.shape}" if value.dtype.kind in "fiub" else type(result).__name__
        raise ArgumentError(
            f"f returned {given}; a numerical gradient needs one real number",
            fix="np.sum(…) of it; or check_gradients, which takes functions that return arrays",
        )
    return float(value.item())


def _check_that_it_is_used(f: Callable[[Any], Any], x: Array) -> None:
    """A gradient of zeros is suspicious when f got a copy: it may read the array from elsewhere."""
    here = _one_number(f(x))
    x[...] = np.nan
    if _one_number(f(x)) == here:
        raise ArgumentError(
            "f does not use its argument, and x cannot be changed in place, so nothing can be measured: "
            "x is read-only, or not of the precision that is computed in",
            fix="let f use its argument, or give a writable array of float64, or name its dtype: dtype=np.float32",
        )
