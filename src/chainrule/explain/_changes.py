"""Changes of inputs, as people write them: +1, "=105", "*1.1", an array, or elements of one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..errors import ArgumentError, DTypeError, ShapeError
from ..graph import Variable, as_array, namespace_of

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_WRITTEN = re.compile(rf"([-+=*])\s*({_NUMBER})", re.ASCII)
_OPERATIONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "=": lambda before, number: np.full_like(before, number),
}
_Index = tuple[int, ...]


def changed(name: str, variable: Variable, change: Any) -> Any:
    """The value that an input has after a change.

    name      of the input, for messages
    variable  a number or an array, which stays as it is
    change    a number, or an array of the same shape, which is added; text: "+1", "-0.01", "=105", "*1.1"; or, for
              single elements, ``{(3, 7): change}``
    returns   a value of the same shape and dtype
    raises    ArgumentError for anything else, and for numbers that are not finite; ShapeError when an array has
              another shape; DTypeError when the input holds whole numbers

    >>> changed("x", Variable(100.0), "=105"), changed("W", Variable(np.zeros(3)), {1: +0.5})
    (105.0, array([0. , 0.5, 0. ]))
    """
    if variable.dtype.kind != "f":
        what = f"{name} holds {variable.dtype}: labels and whole numbers have no gradient to compare a change with"
        raise DTypeError(what, fix="change another input")
    before = np.asarray(variable._value)
    if isinstance(change, Mapping):
        after = np.array(before)
        for index, part in change.items():
            place = _place(name, index, before.shape)
            after[place] = _moved(f"{name}[{index}]", before[place], part)
    else:
        after = np.asarray(_moved(name, before, change), dtype=before.dtype)
    value = variable._value
    if hasattr(value, "__array_namespace__"):  # an array, of whatever library
        return namespace_of((value,)).asarray(after)
    return type(value)(after)


def _moved(name: str, before: Any, change: Any) -> Any:
    sign, number = _read(name, change) if isinstance(change, str) else ("+", _numbers(name, change))
    if number.shape not in ((), np.shape(before)):
        raise ShapeError(
            f"{name} has shape {np.shape(before)}, and its change has shape {number.shape}",
            fix="give a number for all elements, an array of one shape, or single elements: {(3, 7): +0.1}",
        )
    if not np.all(np.isfinite(number)):
        raise ArgumentError(f"the change of {name} holds something that is no finite number: {change!r}")
    with np.errstate(over="ignore"):  # the report says what has become infinite
        return _OPERATIONS[sign](before, number.astype(before.dtype))


def _read(name: str, text: str) -> tuple[str, Any]:
    """The sign and the number of "+1", "-0.01", "=105", "*1.1"."""
    written = _WRITTEN.fullmatch(text.strip())
    if written:
        return written[1], np.asarray(float(written[2]))
    bare = text.strip()
    if re.fullmatch(_NUMBER, bare, re.ASCII):
        what = f"{name}={text!r} does not say whether {bare} is added or is the new value"
        raise ArgumentError(what, fix=f'"+{bare}" adds it, "={bare}" makes {name} this number')
    raise ArgumentError(
        f"{name}={text!r} is no change of a number",
        fix='"+1" and "-0.01" add, "=105" sets, "*1.1" multiplies',
    )


def _numbers(name: str, change: Any) -> Any:
    try:
        numbers = as_array(change)
    except ShapeError:  # rows that differ in length
        numbers = np.asarray(None)
    if numbers.dtype.kind not in "fiu":
        what = f"the change of {name} is a number, an array, text or elements, not {change!r:.60}"
        raise ArgumentError(what, fix=f'{name}=+1, {name}="*1.1", {name}={{(3, 7): +0.1}}')
    return numbers


def _place(name: str, index: Any, shape: tuple[int, ...]) -> _Index:
    """The index of one element."""
    place = index if isinstance(index, tuple) else (index,)
    if len(place) != len(shape) or not all(map(_is_place, place, shape)):
        what = f"{name} has shape {shape}, and {index!r} is no index of one element of it"
        raise ArgumentError(what, fix=f"one whole number for each of its {len(shape)} axes")
    return tuple(map(int, place))


def _is_place(i: Any, length: int) -> bool:
    whole = isinstance(i, int | np.integer) and not isinstance(i, bool)
    return whole and bool(-length <= i < length)
