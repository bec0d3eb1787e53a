"""What a report says, before anybody decides how it is written: headings, sentences, formulas, tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from .._expression import Expression

Inline: TypeAlias = "str | Expression | tuple[str | Expression, ...]"
"""A piece of a line: plain text, a formula, or several of both in a row."""

Tone: TypeAlias = Literal["plain", "good", "warning", "bad"]


@dataclass(frozen=True, slots=True)
class Heading:
    """A section begins; level 1 is the highest below the title."""

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences. The tone is shown by a sign as well as by a colour: ✓ good, ! warning, ✗ bad."""

    content: Inline
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula on a line of its own."""

    expression: Expression


@dataclass(frozen=True, slots=True)
class Bullets:
    """Items in a list, in order if numbered."""

    items: tuple[Inline, ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Columns under a header.

    align   for each column "l" or "r"
    tones   for each row, or empty if all are plain
    """

    header: tuple[str, ...]
    rows: tuple[tuple[Inline, ...], ...]
    align: str
    tones: tuple[Tone, ...] = ()


Block: TypeAlias = Heading | Paragraph | Formula | Bullets | Table


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report.

    language  "en" or "ko", for those who read it aloud
    data      the same in numbers and names, fit for JSON
    """

    title: str
    blocks: tuple[Block, ...]
    language: str
    data: Mapping[str, Any] = field(default_factory=dict)
