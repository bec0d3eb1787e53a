"""Reading one argument: from its text to a value, or a sentence that says what it must be."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, NoReturn

from ..runs import checkpoint_every

Reader = Callable[[str], Any]


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that answers wrong arguments with one sentence."""

    def __init__(self, **settings: Any) -> None:
        settings.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **settings)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def typed(read: Reader) -> Reader:
    """A reader whose sentence argparse prints, as it does with no ValueError."""

    def read_argument(text: str) -> Any:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read_argument


def often(text: str) -> str:
    """A text that `checkpoint_every` reads. ValueError with the end of a sentence where it is none."""
    checkpoint_every(text)
    return text


def port(text: str) -> int:
    """Read a port. ValueError with the end of a sentence where it is none."""
    if not (text.isascii() and text.isdigit() and int(text) < 1 << 16):
        raise ValueError(f"must be a whole number from 0 to 65535; it is {text!r}")
    return int(text)


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
            except ValueError as error:
                raise argparse.ArgumentError(self, str(error)) from None

    return Several
