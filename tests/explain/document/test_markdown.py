"""Documents in Markdown, read by another program's parser of it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt
from markdown_it.token import Token

from chainrule.explain._expression import Name, Operation
from chainrule.explain.document import Document, Heading, Paragraph, Table, markdown
from tests.explain.document._samples import HOSTILE, documents, hostile, sample

PARSER = MarkdownIt("commonmark").enable("table").enable("strikethrough")

ENGLISH = r"""# The price

## Result

Onward by $x_{1}$

$$\frac{\partial L}{\partial x_{1}} = 1.1 \cdot 2 = 2.2$$

### 1

- price
- Onward by $x_{1}$

1. done

| price | value |
| :-- | --: |
| $x_{1}$ | 100 |
| ✗ price | 2.5 |

✓ done

! done
"""


def test_a_small_document() -> None:
    assert markdown(sample("en")) == ENGLISH


def test_korean_stands_as_it_is() -> None:
    assert markdown(sample("ko")).startswith("# 값이 얼마인가\n\n## 결과\n\n다음: $x_{1}$\n")


def shown(tokens: list[Token]) -> list[str]:
    """The text of each heading, paragraph and cell."""
    inline = (t for t in tokens if t.type == "inline")
    return ["".join(child.content for child in t.children or ()) for t in inline]


def kinds(document: Document) -> list[str]:
    return [token.type for token in PARSER.parse(markdown(document))]


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_stay_words(words: str) -> None:
    plain = Document(
        words, (Heading(words), Paragraph(words), Table((words, "b"), ((words, words),), "lr")), "en"
    )
    tame = Document("t", (Heading("t"), Paragraph("t"), Table(("t", "b"), (("t", "t"),), "lr")), "en")
    tokens = PARSER.parse(markdown(plain))
    assert [token.type for token in tokens] == kinds(tame)
    assert {child.type for t in tokens for child in t.children or ()} <= {"text", "text_special"}
    one_line = re.sub("[\n\r\u2028]", " ", words)
    one_line = re.sub("[\x00\x07\x1b\u202e\ud800\ufffe]", "�", one_line).strip()
    assert shown(tokens) == [one_line, one_line, one_line, one_line, "b", one_line, one_line]


@pytest.mark.parametrize("words", HOSTILE)
def test_no_dollar_of_a_text_begins_a_formula(words: str) -> None:
    assert "$" not in markdown(Document(words, (Paragraph(words),), "en"))


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_names_in_formulas_are_no_markup_and_no_ends_of_cells(words: str) -> None:
    assert not re.search(r"<[A-Za-z/!?]", markdown(hostile(words)))
    table = hostile(words).blocks[-1]
    lines = markdown(Document("t", (table,), "en")).splitlines()[2:]
    assert [len(re.findall(r"(?<!\\)\|", line)) for line in lines] == [4, 4, 4, 4]


@given(documents)
@settings(max_examples=50, deadline=None)
def test_every_table_has_as_many_cells_as_it_should(document: Document) -> None:
    for block in document.blocks:
        if isinstance(block, Table):
            tokens = PARSER.parse(markdown(Document("t", (block,), "en")))
            counts = [sum(t.type == kind for t in tokens) for kind in ("th_open", "td_open", "tr_open")]
            assert counts == [len(block.header), len(block.header) * len(block.rows), 1 + len(block.rows)]


def test_a_bar_in_a_formula_is_written_as_a_word() -> None:
    table = Table(("size",), ((Operation("absolute", (Name("x"),)),),), "l")
    line = markdown(Document("t", (table,), "en")).splitlines()[-1]
    assert "vert" in line
    assert line.count("|") == 2
