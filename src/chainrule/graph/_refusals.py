"""What NumPy's functions that do not work on variables are told apart by, and what to use instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..errors import UnsupportedError

INSTEAD: Mapping[str, str] = {
    "tan": "np.sin(x) / np.cos(x)",
    "sinh": "(np.exp(x) - np.exp(-x)) / 2",
    "cosh": "(np.exp(x) + np.exp(-x)) / 2",
    "exp2": "2.0 ** x",
    "log2": "np.log(x) / np.log(2)",
    "log10": "np.log(x) / np.log(10)",
    "cbrt": "np.sign(x) * np.abs(x) ** (1 / 3)",
    "float_power": "x ** y",
    "reciprocal": "1 / x",
    "deg2rad": "x * (np.pi / 180)",
    "rad2deg": "x * (180 / np.pi)",
    "hypot": "np.sqrt(x * x + y * y)",
    "logaddexp": "cr.logsumexp(np.stack([x, y]), axis=0)",
    "fmax": "np.maximum(x, y)",
    "fmin": "np.minimum(x, y)",
    "expit": "cr.sigmoid(x)",
    "erf": "cr.erf(x)",
    "linalg.norm": "np.sqrt(np.sum(x * x))",
    "einsum": "@, np.sum and np.transpose",
    "tensordot": "np.reshape and @",
    "inner": "np.sum(x * y, axis=-1)",
    "vecdot": "np.sum(x * y, axis=-1)",
    "prod": "np.exp(np.sum(np.log(x))) where x is positive",
    "cumsum": "np.tril(np.ones((len(x), len(x)))) @ x",
    "average": "np.sum(w * x) / np.sum(w)",
    "median": "np.mean(x)",
    "ptp": "np.max(x) - np.min(x)",
    "pad": "np.concatenate with zeros",
    "tile": "np.concatenate",
    "repeat": "x[np.repeat(np.arange(len(x)), n)]",
    "take": "x[indices]",
    "roll": "x[np.roll(np.arange(len(x)), n)]",
    "flip": "x[::-1]",
    "split": "x[a:b]",
    "diff": "x[1:] - x[:-1]",
    "column_stack": "np.stack([x, y], axis=1)",
    "atleast_2d": "np.reshape(x, (1, -1))",
    "nan_to_num": "np.where(np.isfinite(x), x, 0)",
    "copy": "x itself: gates never write into it",
    "array_equal": "np.array_equal(x.value, y.value)",
    "allclose": "np.allclose(x.value, y.value)",
    "isclose": "np.isclose(x.value, y.value)",
    "add.at": "cr.scatter(x, index, shape), which adds x to zeros",
    "add.outer": "x[:, None] + y",
    "subtract.outer": "x[:, None] - y",
    "multiply.outer": "x[:, None] * y",
    "add.accumulate": "np.tril(np.ones((len(x), len(x)))) @ x",
    "multiply.reduce": "np.exp(np.sum(np.log(x))) where x is positive",
}
WITHOUT_GRADIENT = (
    "argmax", "argmin", "argsort", "floor", "ceil", "rint", "round", "around", "trunc", "floor_divide", "remainder",
    "count_nonzero", "nonzero", "searchsorted", "digitize", "histogram", "unique", "all", "any", "array2string",
    "array_repr", "array_str", "save", "savetxt", "isin", "argwhere", "bincount", "isinf", "signbit",
)  # fmt: skip


def name_of(function: Callable[..., Any]) -> str:
    """A function as its user writes it: ``np.linalg.norm``."""
    name: str = function.__name__
    if isinstance(function, np.ufunc):  # ufuncs do not say where they are from; SciPy has many
        return f"np.{name}" if getattr(np, name, None) is function else name
    return f"np{function.__module__.removeprefix('numpy')}.{name}"


def refused(
    function: Callable[..., Any], what: str | None = None, *, method: str = "", fix: str | None = None
) -> UnsupportedError:
    """The error for a function of NumPy's that cannot do with a variable what was asked of it.

    what    what it cannot do; nothing at all unless given
    method  of a ufunc: "at", "reduce", …
    fix     what to do instead, where it is not in the table
    """
    name = f"{name_of(function)}.{method}" if method else name_of(function)
    key = name.removeprefix("np.")
    if what is None:
        what = "has no gradient" if key in WITHOUT_GRADIENT else "is not differentiable by chainrule"
    if fix is None:
        fix = (
            f"use {INSTEAD[key]}"
            if key in INSTEAD
            else f"{name} of x.value gives plain numbers, without a gradient"
        )
    return UnsupportedError(f"{name} {what}", fix=fix)
