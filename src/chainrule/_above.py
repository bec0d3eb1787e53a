"""Methods of rooms further down whose work is done in rooms further up; `chainrule` itself brings the two together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_functions: dict[str, Callable[..., Any]] = {}


def provide(name: str, function: Callable[..., Any]) -> None:
    """Say what does the work of a method.

    >>> provide("greet", "hello {}".format)
    >>> provided("greet")("you")
    'hello you'
    """
    _functions[name] = function


def provided(name: str) -> Callable[..., Any]:
    """What does the work of a method."""
    return _functions[name]
