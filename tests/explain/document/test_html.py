"""Documents in HTML: well-formed, with nothing in them that acts, readable on every background."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

from chainrule.explain._expression import Equation, Name
from chainrule.explain.document import Block, Document, Formula, Paragraph, html
from tests.explain.document._samples import HOSTILE, documents, hostile, sample

ALLOWED = {
    "section", "h2", "h3", "h4", "h5", "h6", "p", "ul", "ol", "li", "div", "table", "thead", "tbody", "tr", "th", "td",
    "strong", "math", "mi", "mn", "mo", "mrow", "mfrac", "msub", "msup", "mtext", "mtable", "mtr", "mtd",
}  # fmt: skip
ATTRIBUTES = {"class", "lang", "style", "scope", "displaystyle"}


def test_a_small_document() -> None:
    section = ElementTree.fromstring(html(sample("ko")))
    assert section.attrib["lang"] == "ko"
    assert [(e.tag, e.text) for e in section if e.tag.startswith("h")] == [
        ("h2", "값이 얼마인가"), ("h3", "결과"), ("h4", "1"),
    ]  # fmt: skip
    assert [(e.attrib["scope"], "".join(e.itertext())) for e in section.iter("th")] == [
        ("col", "사과"), ("col", "값"), ("row", "x1"), ("row", "✗ 사과"),
    ]  # fmt: skip
    assert ["".join(e.itertext()) for e in section.iter("td")] == ["100", "2.5"]
    assert ["".join(e.itertext()) for e in section.iter("li")] == ["사과", "다음: x1", "끝"]
    assert [e.tag for e in section.iter() if e.tag in ("ul", "ol")] == ["ul", "ol"]
    assert ["displaystyle" in e.attrib for e in section.iter("math")] == [False, True, True, False, False]


def test_a_tone_is_a_sign_as_well_as_a_colour() -> None:
    *_, good, warning = ElementTree.fromstring(html(sample("en")))
    assert ["".join(p.itertext()) for p in (good, warning)] == ["✓ done", "! done"]


def test_a_page() -> None:
    page = html(sample("ko"), standalone=True)
    assert page.startswith("<!DOCTYPE html>\n")
    root = ElementTree.fromstring(page)
    space = "{http://www.w3.org/1999/xhtml}"
    assert root.attrib["lang"] == "ko"
    assert root.findtext(f"{space}head/{space}title") == "값이 얼마인가"
    assert root.findtext(f".//{space}h1") == "값이 얼마인가"
    assert {"charset": "utf-8"} in [e.attrib for e in root.iter(f"{space}meta")]
    assert 'name="color-scheme" content="light dark"' in page


@pytest.mark.parametrize("words", HOSTILE)
@pytest.mark.parametrize("standalone", [False, True])
def test_hostile_words_stay_words(words: str, standalone: bool) -> None:
    def elements(page: str) -> list[str]:
        return [e.tag for e in ElementTree.fromstring(page).iter()]

    page = html(hostile(words), standalone=standalone)
    assert elements(page) == elements(html(hostile("tame"), standalone=standalone))


@given(documents)
@settings(max_examples=50, deadline=None)
def test_every_document_is_well_formed_and_only_says_something(document: Document) -> None:
    section = ElementTree.fromstring(html(document))
    assert {e.tag for e in section.iter()} <= ALLOWED
    assert {name for e in section.iter() for name in e.attrib} <= ATTRIBUTES


def luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return sum(weight * p for weight, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_it_is_readable_on_light_and_on_dark() -> None:
    """Graphical objects need a contrast of 3:1 (WCAG 2.2, 1.4.11); the text has the page's own colour."""
    written = html(sample("en"))
    colours = set(re.findall(r"#[0-9a-f]{6}", written))
    assert colours
    for colour in colours:
        assert 1.05 / (luminance(colour) + 0.05) >= 3
        assert (luminance(colour) + 0.05) / (luminance("#121212") + 0.05) >= 3
    assert "background" not in written.replace("background:none", "")


def formulas(block: Block) -> list[str]:
    section = ElementTree.fromstring(html(Document("t", (block,), "en")))
    return ["".join(e.itertext()) for e in section.iter("math")]


def test_a_browser_may_break_an_equation_before_all_signs_but_the_first() -> None:
    sides = tuple(map(Name, "Lab"))
    equation = Equation(sides)
    assert formulas(Formula(equation)) == ["L=a", "=b"]
    assert formulas(Paragraph(equation)) == ["L=a=b"]
