"""Reading one argument: from its text to a value, or a sentence that says what it must be."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from math import inf
from typing import Any, NoReturn

Reader = Callable[[str], Any]


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that answers wrong arguments with one sentence."""

    def __init__(self, **settings: Any) -> None:
        settings.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **settings)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def whole(least: int) -> Reader:
    """A reader of whole numbers from `least` up."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise argparse.ArgumentTypeError(f"must be a whole number of at least {least}; it is {text!r}")
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
            raise argparse.ArgumentTypeError(f"must be {expected}; it is {text!r}")
        return value

    return read


def one_of(names: Iterable[str]) -> Reader:
    """A reader of names."""
    known = list(names)

    def read(text: str) -> str:
        if text not in known:
            raise argparse.ArgumentTypeError(f"must be one of {', '.join(known)}; it is {text!r}")
        return text

    return read


def several(read: Reader, leftover: str) -> type[argparse.Action]:
    """An action for a flag of several values, to be used with ``nargs="+"``.

    A last value that does not begin like a number was meant for the argument behind: it goes to `leftover`.
    """

    class Several(argparse.Action):
        def __call__(
            self, parser: Any, namespace: Any, values: Any, option_string: str | None = None
        ) -> None:
            texts = list(values)
            if len(texts) > 1 and not texts[-1].lstrip("+-")[:1].isdigit():
                setattr(namespace, leftover, texts.pop())
            try:
                setattr(namespace, self.dest, tuple(map(read, texts)))
            except argparse.ArgumentTypeError as error:
                raise argparse.ArgumentError(self, str(error)) from None

    return Several
