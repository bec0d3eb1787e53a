"""What may be a value in a graph, and what is refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentError, DTypeError
from ._arrays import as_array, is_foreign
from ._dimension import Dimension

_ARRAYS = (np.ndarray, np.generic)
_NUMPYS = (*_ARRAYS, float, int)

# What to do with a value that cannot be a variable, by the kind of its dtype.
_FIXES = {
    "i": "{x}.astype(float)",
    "u": "{x}.astype(float)",
    "b": "{x}.astype(float)",
    "O": "{x}.astype(float)",
    "f": "{x}.astype(np.float32) or {x}.astype(np.float64)",
    "c": "{x}.real and {x}.imag, as two variables",
}


def namespace_of(values: tuple[Any, ...]) -> Any:
    """The array namespace of some values: NumPy unless one of them brings its own."""
    for value in values:
        if not isinstance(value, _NUMPYS):
            return value.__array_namespace__()
    return np


def has_gradient(value: Any) -> bool:
    """Whether a value is made of real floating-point numbers, so that a gradient can flow to it."""
    if isinstance(value, _ARRAYS):
        return value.dtype.kind == "f"
    if isinstance(value, float | int):
        return isinstance(value, float)
    return bool(namespace_of((value,)).isdtype(value.dtype, "real floating"))


def constant(value: Any) -> Any:
    """A value that is not a variable, as gates take it: a number of Python's or NumPy's, or a plain array."""
    kind = type(value)
    if kind is float or kind is int or kind is bool or (kind is np.ndarray and value.dtype.kind in "fiub"):
        return value
    if kind is Dimension:
        return value
    if isinstance(value, list | tuple):
        value = _array(value)
    if isinstance(value, _ARRAYS):
        if type(value) is not np.ndarray and isinstance(value, np.ndarray):
            value = _base_class(value, "a gate takes")
        if value.dtype.kind in "fiub":
            return value
    elif isinstance(value, float | int):  # a class of somebody's own, an enumeration for one
        return float(value) if isinstance(value, float) else int(value)
    elif hasattr(value, "__array_namespace__"):
        return value
    elif is_foreign(value):
        return constant(as_array(value))
    what = f"a gate takes real numbers, arrays of them and variables, not {_name(value)}"
    raise DTypeError(what)


def differentiable(value: Any, x: str = "x") -> Any:
    """A value that can have a gradient: a float, or an array of float32 or float64.

    x   what to call an array of NumPy with these numbers, for messages
    """
    if isinstance(value, list | tuple):
        value = _array(value)
        if value.dtype.kind in "iu":
            value = value.astype(np.float64)  # whole numbers in a list are as good as one of them
    if isinstance(value, _ARRAYS):
        if type(value) is not np.ndarray and isinstance(value, np.ndarray):
            value = _base_class(value, "a variable holds")
        if value.dtype.type in (np.float32, np.float64):
            return value
    elif isinstance(value, float):
        return float(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        return as_float(value)
    elif hasattr(value, "__array_namespace__") and has_gradient(value):
        return value
    elif is_foreign(value):
        return differentiable(as_array(value), "np.asarray(x)")
    kind = value.dtype.kind if isinstance(value, _ARRAYS) else "V"
    why = "; whole numbers have no gradient" if kind in "iu" else ""
    what = f"a variable holds real numbers (float32 or float64), not {_name(value)}{why}"
    raise DTypeError(what, fix=_FIXES.get(kind, "").format(x=x) or None)


def as_float(value: int) -> float:
    """A whole number as a float."""
    try:
        return float(value)
    except OverflowError:
        raise ArgumentError("a whole number of more than 308 digits does not fit a float") from None


def _array(value: list[Any] | tuple[Any, ...]) -> np.ndarray[Any, Any]:
    try:
        return np.asarray(value)
    except ValueError:
        raise ArgumentError(f"{value!r:.60} makes no array: its rows differ in length") from None


def _base_class(value: np.ndarray[Any, Any], who: str) -> np.ndarray[Any, Any]:
    """The same memory as a plain array: that of a memory map, for one."""
    if isinstance(value, np.ma.MaskedArray | np.matrix):
        fix = "np.asarray(x), with a value of your choice where the mask is"
        raise DTypeError(f"{who} plain arrays, not {type(value).__name__}", fix=fix)
    return value.view(np.ndarray)


def _name(value: Any) -> str:
    """What a value is, for a message: its dtype, or its type and the beginning of it."""
    if value is None:
        return "None"
    if isinstance(value, np.generic) or not hasattr(value, "dtype"):
        return f"{type(value).__name__} ({value!r:.40})"
    return f"an array of dtype {value.dtype}"
