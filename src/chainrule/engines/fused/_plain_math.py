"""The scalar functions of emitted text where it runs without a compiler: NumPy's own.

Each takes NumPy scalars (or Python numbers beside them) and returns a NumPy scalar of their dtype. What is 0/0, or
too large, is NaN or inf as in compiled code; NumPy's warnings about it are the caller's to silence.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...gates import murmur3


def _erf(x: np.floating[Any]) -> np.floating[Any]:
    """NumPy has none; the float64 result, rounded to the argument's dtype."""
    return x.dtype.type(math.erf(x))


def _where(condition: Any, then: Any, otherwise: Any) -> Any:
    """The chosen scalar, in the dtype that both have together; `numpy.where` would make an array of it."""
    return np.where(condition, then, otherwise)[()]


#: The same names as in `_vector_math`.
NAMES: dict[str, object] = {
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "sqrt": np.sqrt,
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "erf": _erf,
    "power": np.power,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "absolute": np.absolute,
    "sign": np.sign,
    "isfinite": np.isfinite,
    "isnan": np.isnan,
    "isinf": np.isinf,
    "where": _where,
    "logical_and": np.logical_and,
    "logical_or": np.logical_or,
    "logical_not": np.logical_not,
    "murmur3": murmur3,
}
