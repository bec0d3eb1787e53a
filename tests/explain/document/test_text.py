"""Documents as plain text: lines as wide as their words, columns under each other, nothing that moves a cursor."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


letters = st.text("abxyé총액漢🍎", min_size=1, max_size=9)


@given(st.lists(letters, min_size=1, max_size=12), st.integers(1, 24))
@settings(max_examples=50, deadline=None)
def test_lines_are_as_full_as_they_can_be_and_no_fuller(words: list[str], width: int) -> None:
    document = Document("t", (Paragraph(" ".join(words)),), "en")
    lines = text(document, width).split("\n")[2:]
    assert " ".join(lines).split() == words
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        assert columns_of(line) <= width or " " not in line
        if following is not None:
            assert columns_of(f"{line} {following.split()[0]}") > width


@given(st.integers(1, 4), st.data())
@settings(max_examples=50, deadline=None)
def test_a_table_is_as_wide_as_its_widest_cells(columns: int, data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.tuples(*[letters] * columns), min_size=1, max_size=4))
    header, *cells = rows
    lines = text(Document("t", (Table(header, tuple(cells), "r" * columns),), "en")).split("\n")[2:]
    widest = sum(max(map(columns_of, column)) for column in zip(*rows, strict=True)) + 2 * (columns - 1)
    assert {columns_of(line) for line in lines if line.strip()} == {widest}
    assert [line.split() for line in [lines[0], *lines[2:]]] == [list(row) for row in rows]


@given(documents)
@settings(max_examples=50, deadline=None)
def test_no_line_ends_in_a_space(document: Document) -> None:
    assert not [line for line in text(document).split("\n") if line != line.rstrip()]
