"""Reading one setting: from its text to a value, or a sentence that says what it must be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf
from typing import Any

Reader = Callable[[str], Any]
"""From a text to a value; ValueError with the end of a sentence, "must be …"."""


def whole(least: int) -> Reader:
    """A reader of whole numbers from `least` up."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise ValueError(f"must be a whole number of at least {least}; it is {text!r}")
        return value

    return read


def number(is_inside: Callable[[float], bool], expected: str) -> Reader:
    """A reader of finite numbers inside a range."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = inf
        if not (abs(value) < inf and is_inside(value)):
            raise ValueError(f"must be {expected}; it is {text!r}")
        return value

    return read


def one_of(names: Iterable[str]) -> Reader:
    """A reader of names."""
    known = list(names)

    def read(text: str) -> str:
        if text not in known:
            raise ValueError(f"must be one of {', '.join(known)}; it is {text!r}")
        return text

    return read


def checkpoint_every(text: str) -> dict[str, Any]:
    """Read how often checkpoints are saved besides after each epoch, as `chainrule.Checkpoints` takes it.

    text   a number of steps, or of seconds with an s behind it

    >>> checkpoint_every("500"), checkpoint_every("2.5s")
    ({'every_steps': 500, 'every_seconds': None}, {'every_seconds': 2.5})
    """
    expected = "a whole number of steps from 1 up, such as 500, or of seconds, such as 30s"
    try:
        if not text.endswith("s"):
            return {"every_steps": whole(1)(text), "every_seconds": None}
        return {"every_seconds": number(lambda seconds: seconds >= 0, "")(text[:-1])}
    except ValueError:
        raise ValueError(f"must be {expected}; it is {text!r}") from None
