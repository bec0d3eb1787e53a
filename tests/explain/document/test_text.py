"""Documents as plain text: lines as wide as their words, columns under each other, nothing that moves a cursor."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings

from chainrule.explain.document import Document, Formula, Paragraph, Table, text
from tests.explain.document._samples import HOSTILE, documents, hostile, sample

ENGLISH = """\
The price
=========

Result
------
Onward by x1
  ∂L/∂x1 = 1.1 · 2 = 2.2

1
- price
- Onward by x1

1. done

   price  value
   -----  -----
   x1       100
✗  price    2.5

✓ done
! done"""

KOREAN = """\
값이 얼마인가
=============

결과
----
다음: x1
  ∂L/∂x1 = 1.1 · 2 = 2.2

1
- 사과
- 다음: x1

1. 끝

   사과   값
   ----  ---
   x1    100
✗  사과  2.5

✓ 끝
! 끝"""


@pytest.mark.parametrize(("language", "golden"), [("en", ENGLISH), ("ko", KOREAN)])
def test_a_small_document_in_both_languages(language: str, golden: str) -> None:
    assert text(sample(language)) == golden


def test_sentences_are_broken_between_words_and_go_on_beside_their_sign() -> None:
    document = Document("t", (Paragraph("사과 두 개를 사면 얼마인가", "good"),), "ko")
    assert text(document, width=12).splitlines()[2:] == ["✓ 사과 두", "  개를 사면", "  얼마인가"]


def test_formulas_are_not_broken() -> None:
    formula = sample("en").blocks[2]
    assert isinstance(formula, Formula)
    document = Document("t", (Paragraph(("It is ", formula.expression)), formula), "en")
    assert text(document, width=4).splitlines()[2:] == [
        "It", "is", "∂L/∂x1 = 1.1 · 2 = 2.2", "  ∂L/∂x1 = 1.1 · 2 = 2.2",
    ]  # fmt: skip


@pytest.mark.parametrize("words", HOSTILE)
def test_no_text_moves_the_cursor_or_breaks_a_line(words: str) -> None:
    written = text(hostile(words), width=10_000)
    assert all(
        unicodedata.category(letter) not in ("Cc", "Cs", "Zl", "Zp") for letter in written.replace("\n", "")
    )
    tame = text(hostile("tame"), width=10_000)
    assert len(written.splitlines()) == len(tame.splitlines())


def columns_of(line: str) -> int:
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in line)


@given(documents)
@settings(max_examples=50, deadline=None)
def test_no_line_is_wider_than_it_must_be(document: Document) -> None:
    for line in text(
        Document("", tuple(b for b in document.blocks if isinstance(b, Paragraph)), "en"), width=20
    ).split("\n"):
        assert line == line.rstrip()
        if columns_of(line) > 20:
            formulas_and_words = line.removeprefix("✓ ").removeprefix("! ").removeprefix("✗ ").split(" ")
            assert len(formulas_and_words) == 1 or any(mark in line for mark in "·∂/") or line.startswith(" ")


@given(documents)
@settings(max_examples=50, deadline=None)
def test_the_columns_of_a_table_begin_under_each_other(document: Document) -> None:
    for block in document.blocks:
        if isinstance(block, Table):
            lines = text(Document("t", (block,), "en")).split("\n")[2:]
            assert len(lines) == len(block.rows) + 2
            assert max(map(columns_of, lines)) == columns_of(max(lines, key=columns_of))
