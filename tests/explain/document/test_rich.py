"""Documents in a terminal with colours: the same words as plain text, and a sign for every tone."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from chainrule.explain.document import Document, rich_of, text
from tests.explain.document._samples import HOSTILE, hostile, sample


def printed(document: Document, width: int = 400, *, colours: bool = False) -> str:
    console = Console(
        file=io.StringIO(), width=width, force_terminal=colours, color_system="standard" if colours else None
    )
    console.print(rich_of(document))
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def words_of(shown: str) -> list[str]:
    return re.sub(r"[─━]|(?m:^[-= ]+$)", " ", shown).split()


@pytest.mark.parametrize("language", ["en", "ko"])
def test_it_says_what_plain_text_says(language: str) -> None:
    assert words_of(printed(sample(language))) == words_of(text(sample(language)))


def test_tones_are_colours_and_signs() -> None:
    shown = printed(sample("en"), colours=True)
    assert "\x1b[32m✓ " in shown
    assert "\x1b[33m! " in shown
    assert "\x1b[31m✗" in shown


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_are_no_markup(words: str) -> None:
    document = hostile(words)
    assert words_of(printed(document, 10_000)) == words_of(text(document, 10_000))
    assert "\x1b" not in printed(document)


def test_it_fits_a_narrow_screen() -> None:
    assert max(map(len, printed(sample("en"), width=24).splitlines())) <= 24
