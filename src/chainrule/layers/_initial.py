"""How parameters begin: random numbers, their spread and their dtype."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from ..errors import ArgumentError, DTypeError

Init: TypeAlias = Literal["auto", "he", "xavier"] | float


def generator(seed: Any) -> np.random.Generator:
    """A random generator from what a user gave as seed."""
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError) as problem:
        raise ArgumentError(
            f"seed={seed!r} is no seed: {problem}", fix="a whole number from 0, or None"
        ) from None


def checked_number(name: str, value: Any, least: float, most: float) -> float:
    """A number from `least` up to but not including `most`, or ArgumentError."""
    if isinstance(value, bool) or not isinstance(value, Real) or not least <= float(value) < most:
        raise ArgumentError(f"{name} is a number from {least} up to but not including {most}, not {value!r}")
    return float(value)


def checked_count(name: str, value: Any) -> int:
    """A whole number from 1, or ArgumentError."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ArgumentError(f"{name} is a whole number from 1, not {value!r}")
    return int(value)


def checked_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """float32 or float64, or DTypeError."""
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = None
    if found not in (np.float32, np.float64):
        raise DTypeError(f"parameters are float32 or float64, not {dtype!r}")
    return found


def checked_init(init: Init) -> Init:
    if isinstance(init, str):
        if init in ("auto", "he", "xavier"):
            return init
    elif isinstance(init, Real) and not isinstance(init, bool) and 0 <= init < math.inf:
        return float(init)
    raise ArgumentError(f"init is 'auto', 'he', 'xavier' or a standard deviation from 0 up, not {init!r}")


def deviation_for(init: Init, inputs: int) -> float:
    if isinstance(init, str):
        return math.sqrt((2 if init == "he" else 1) / inputs)
    return init
