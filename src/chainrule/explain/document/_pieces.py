"""What all ways to write a document share: the pieces of a line, the signs of tones, and text that can do no harm."""

from __future__ import annotations

import re
from collections.abc import Callable

from .._expression import Expression
from ._model import Block, Bullets, Heading, Inline, Table, Tone

SIGNS: dict[Tone, str] = {"plain": "", "good": "✓", "warning": "!", "bad": "✗"}

_BREAKS = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029]")
# Controls move a terminal's cursor, signs of direction swap what stands beside them, and XML can hold neither half a
# surrogate pair nor the last two places of the plane.
_HARMFUL = re.compile("[\0-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """Text in one line, with � for what no screen or file should get.

    >>> clean("a\\nb\\x1b[2J")
    'a b�[2J'
    """
    return _HARMFUL.sub("�", _BREAKS.sub(" ", text))


def written(content: Inline, word: Callable[[str], str], formula: Callable[[Expression], str]) -> str:
    """The pieces of a line, each written in its way, in a row."""
    pieces = content if isinstance(content, tuple) else (content,)
    return "".join(word(clean(piece)) if isinstance(piece, str) else formula(piece) for piece in pieces)


def signed(tone: Tone) -> str:
    """The sign of a tone with a space behind it; nothing for the plain one."""
    return f"{SIGNS[tone]} " if SIGNS[tone] else ""


def tones_of(table: Table) -> tuple[Tone, ...]:
    """A tone for each row."""
    plain: Tone = "plain"
    return table.tones or (plain,) * len(table.rows)


def is_apart(before: Block | None, block: Block) -> bool:
    """Whether a screen shows an empty line between two blocks: headings and tables stand apart."""
    if before is None or isinstance(before, Heading):
        return isinstance(block, Heading)
    return isinstance(block, Heading | Table) or isinstance(before, Bullets | Table)
