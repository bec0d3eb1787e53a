"""What stands behind ``--input`` and ``--argument``: values, or shapes of random ones."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, NoReturn

import numpy as np

from ..errors import ArgumentError

_SHAPE = re.compile(r"\(([0-9,\s]*)\)(?:\s*:\s*(int|onehot)([0-9]+))?")
_NOTATION = (
    'a shape "(3,4)" for random numbers, "(3,):int10" for whole ones below 10, "(3,):onehot10" for these as one-hot '
    'rows; numbers 1.5 or "[[1, 2], [3, 4]]", "[0, 2]:int" for whole ones; a text in quotes of its own, \'"relu"\''
)


class Given(NamedTuple):
    """Values in their order, and values by name; those of them that are one-hot rows once more."""

    in_order: list[Any]
    by_name: dict[str, Any]
    one_hot: Sequence[Any] = ()

    def is_one_hot(self, value: Any) -> bool:
        """Whether something is one of these rows themselves: floats that no gradient belongs to."""
        return any(value is rows for rows in self.one_hot)


def read_given(texts: Iterable[str], flag: str, seed: int) -> Given:
    """The values of one flag.

    texts   each ``NAME=VALUE``, or ``VALUE`` alone for the next in order. Behind a shape the numbers are random, and
            the same whatever else is given
    flag    its name
    seed    of the random numbers
    raises  ArgumentError when one cannot be read, or a name is given twice

    >>> read_given(["t=(2,):int1", "size=5", "[[1, 2]]"], "--input", seed=0)
    Given(in_order=[array([[1., 2.]])], by_name={'t': array([0, 0]), 'size': 5}, one_hot=())
    """
    given, one_hot = Given([], {}), []
    for text in texts:
        name, sign, written = text.partition("=")
        name = unicodedata.normalize("NFKC", name.strip())
        if not (sign and name.isidentifier()):
            name, written = "", text
        if name in given.by_name:
            raise ArgumentError(f"{flag} gives {name} twice", fix="give it once")
        stream = f"{flag} {name or len(given.in_order)}".encode()
        value = _value(written.strip(), name or text, np.random.default_rng([seed, *stream]))
        if name:
            given.by_name[name] = value
        else:
            given.in_order.append(value)
        if (shape := _SHAPE.fullmatch(written.strip())) and shape[2] == "onehot":
            one_hot.append(value)
    return given._replace(one_hot=tuple(one_hot))


def _value(written: str, name: str, rng: np.random.Generator) -> Any:
    if shape := _SHAPE.fullmatch(written):
        return _random(shape, written, rng)
    are_whole = written.endswith(":int")
    try:
        value = json.loads(written.removesuffix(":int"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise ArgumentError(f"the value of {name} cannot be read: {written!r}", fix=_NOTATION) from None
    numbers = _numbers(value)
    if are_whole and (numbers is None or numbers.dtype.kind == "f"):
        raise ArgumentError(f"the value of {name} holds something that is no whole number: {written!r}")
    if numbers is not None and not np.all(np.isfinite(numbers)):
        raise ArgumentError(f"the value of {name} holds something that is no finite number: {written!r}")
    if numbers is None or not isinstance(value, list):
        return value
    return numbers if are_whole else numbers.astype(np.float64)


def _numbers(value: Any) -> np.ndarray | None:
    """A number or nested lists of them as an array; None for anything else."""
    try:
        array = np.array(value)
    except ValueError:  # rows of different lengths
        return None
    return array if array.dtype.kind in "iuf" else None


def _random(written: re.Match[str], text: str, rng: np.random.Generator) -> Any:
    """Numbers of the standard normal distribution, whole ones below a number, or one-hot rows."""
    sizes = [part.strip() for part in written[1].split(",")]
    if not sizes[-1]:  # (3,) and ()
        sizes.pop()
    if not all(map(str.isdigit, sizes)):
        raise ArgumentError(f"{text!r} is no shape", fix=_NOTATION)
    shape = tuple(map(int, sizes))
    try:
        if written[2] is None:
            return rng.standard_normal(shape) if shape else float(rng.standard_normal())
        classes = int(written[3])
        numbers = rng.integers(classes, size=shape)
        if written[2] == "onehot":
            return (numbers[..., None] == np.arange(classes)).astype(np.float64)
        return numbers if shape else int(numbers)
    except (ValueError, OverflowError, MemoryError) as error:
        raise ArgumentError(f"there is no random array {text}: {error}") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
