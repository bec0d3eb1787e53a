"""An expression on the command line, and the values of its inputs."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np

from ..errors import ArgumentError
from ..graph import Expression, Variable, holds_numbers, parse

_Value = TypeVar("_Value")
_FILE = re.compile(r"\.[a-z]{2,4}$")
_ELEMENT = re.compile(r"\s*([^\s\[\]]+)\s*\[([-+0-9,\s]+)\]\s*")


def graph_of(text: str, assignments: Iterable[str]) -> Variable:
    """The graph of an expression.

    text         of the expression, see `chainrule.parse`
    assignments  a value for each of its inputs: ``x=100``, ``X=[[1, 2], [3, 4]]``
    raises       ParseError, ArgumentError when a value is missing, is none, or is not wanted

    >>> graph_of("x * m * t", ["x=100", "m=2", "t=1.1"]).value
    220.00000000000003
    """
    values = _once(map(_assigned, assignments))
    if _FILE.search(text) and os.path.isfile(text):
        what = f"{text} is a file, and no expression"
        raise ArgumentError(what, fix='an expression such as "x * m" x=100 m=2, or the folder of a run')
    expression: Expression = parse(text)
    missing = [name for name in expression.inputs if name not in values]
    if missing:
        example = " ".join(f"{name}=…" for name in expression.inputs)
        raise ArgumentError(
            f"no value given for {', '.join(missing)}", fix=f"write it behind the expression: {example}"
        )
    return expression(**values)


def changes_of(texts: Iterable[str]) -> dict[str, str]:
    """The changes of ``--what-if``: ``x=+1``, ``t=*1.1``, ``m==3``; what stands behind the sign is not read yet.

    >>> changes_of(["x=+1", "m==3"])
    {'x': '+1', 'm': '=3'}
    """
    return _once(_split(text, "x=+1") for text in texts)


def element_of(text: str) -> tuple[str, tuple[int, ...]]:
    """The element that ``--element "W1[3, 7]"`` means.

    >>> element_of("W1[3, 7]")
    ('W1', (3, 7))
    """
    found = _ELEMENT.fullmatch(text)
    parts = found[2].split(",") if found else [""]
    if not found or not all(re.fullmatch(r"\s*[-+]?[0-9]+\s*", part) for part in parts):
        raise ArgumentError(f"{text!r} is no element of an array", fix='write it as "W1[3, 7]"')
    return unicodedata.normalize("NFKC", found[1]), tuple(map(int, parts))


def _once(pairs: Iterable[tuple[str, _Value]]) -> dict[str, _Value]:
    found: dict[str, _Value] = {}
    for name, value in pairs:
        if name in found:
            raise ArgumentError(f"{name} is given twice", fix="give it once")
        found[name] = value
    return found


def _split(text: str, example: str) -> tuple[str, str]:
    """Name and the rest; a change that sets a value is written with two signs, ``x==3``."""
    name, sign, rest = text.partition("=")
    if not sign or not name.strip() or not rest.strip():
        is_file = not sign and _FILE.search(text)
        raise ArgumentError(
            f"{text!r} is no NAME=VALUE", fix=f"--out {text}" if is_file else f"write it like {example}"
        )
    return unicodedata.normalize("NFKC", name.strip()), rest.strip()


def _assigned(text: str) -> tuple[str, Any]:
    name, written = _split(text, "x=100")
    try:
        value = json.loads(written, parse_constant=_refuse)
        array = np.array(value, dtype=np.float64)
    except (ValueError, TypeError, OverflowError, RecursionError):
        what = f"the value of {name} is neither a number nor an array: {written!r}"
        raise ArgumentError(what, fix=f"{name}=1.5, or {name}=[[1, 2], [3, 4]] for an array") from None
    if not holds_numbers(value) or not np.all(np.isfinite(array)):
        raise ArgumentError(f"the value of {name} holds something that is no finite number: {written!r}")
    return name, array if array.ndim else float(array)


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number")
