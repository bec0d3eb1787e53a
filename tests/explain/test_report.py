"""What every report can do: be printed, shown, written in other forms, and saved whole or not at all."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.errors import ArgumentError, CheckpointError
from chainrule.explain._report import Report
from chainrule.explain.document import Document, html, latex, markdown, text
from tests.explain.document._samples import sample


@dataclass(frozen=True)
class Answer(Report):
    document: Document

    def _document(self) -> Document:
        return self.document


REPORT = Answer(sample("ko"))


def test_every_form_is_that_of_the_document() -> None:
    document = REPORT.document
    assert str(REPORT) == text(document)
    assert REPORT.to_markdown() == markdown(document)
    assert REPORT.to_html() == html(document)
    assert REPORT.to_html(standalone=True) == html(document, standalone=True)
    assert REPORT.to_latex() == latex(document)
    assert REPORT.to_latex(standalone=False) == latex(document, standalone=False)
    assert REPORT.to_dict() == {"x1": 2.2}
    assert REPORT.to_json() == '{"x1": 2.2}'


def test_a_report_must_say_something() -> None:
    with pytest.raises(TypeError, match="_document"):
        Report()  # type: ignore[abstract]


@pytest.mark.parametrize("suffix", [".txt", ".md", ".html", ".tex", ".json", ".HTML"])
def test_it_is_saved_in_the_form_that_its_name_says(suffix: str, tmp_path: Path) -> None:
    forms = {
        ".txt": f"{REPORT}\n",
        ".md": REPORT.to_markdown(),
        ".html": REPORT.to_html(standalone=True),
        ".tex": REPORT.to_latex(),
        ".json": REPORT.to_json(indent=2) + "\n",
    }
    REPORT.save(tmp_path / f"report{suffix}")
    assert (tmp_path / f"report{suffix}").read_bytes().decode() == forms[suffix.lower()]


@pytest.mark.parametrize(("name", "suffix"), [("report.pdf", "the suffix .pdf"), ("report", "no suffix")])
def test_other_forms_are_refused_and_nothing_is_written(name: str, suffix: str, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError) as refusal:
        REPORT.save(tmp_path / name)
    assert (
        refusal.value.what
        == f"a report is saved as .txt, .md, .html, .tex, .json; {tmp_path / name} has {suffix}"
    )
    assert refusal.value.fix == 'report.save("report.html")'
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="cannot be written"):
        REPORT.save(tmp_path / "missing" / "report.txt")


def test_an_old_file_stays_when_the_report_fails(tmp_path: Path) -> None:
    class Broken(Report):
        def _document(self) -> Document:
            raise ArithmeticError("no document")

    path = tmp_path / "report.txt"
    path.write_text("old")
    with pytest.raises(ArithmeticError, match="no document"):
        Broken().save(path)
    assert path.read_text() == "old"


def test_names_of_half_a_letter_are_saved_too(tmp_path: Path) -> None:
    report = Answer(Document("\ud800", (), "en", {"name": "\udc80"}))
    for suffix in ("txt", "md", "html", "tex", "json"):
        report.save(tmp_path / f"report.{suffix}")
    assert json.loads((tmp_path / "report.json").read_bytes()) == {"name": "\udc80"}


@pytest.mark.parametrize(
    ("include", "exclude", "kinds"),
    [
        (None, None, ["text/html", "text/plain"]),
        (["text/plain"], None, ["text/plain"]),
        ({"image/png"}, None, []),
        (None, ["text/html"], ["text/plain"]),
        (["text/html"], ["text/html"], []),
    ],
)
def test_a_notebook_gets_the_forms_that_it_wants(include: Any, exclude: Any, kinds: list[str]) -> None:
    forms = {"text/html": REPORT.to_html(), "text/plain": str(REPORT)}
    assert REPORT._repr_mimebundle_(include, exclude) == {kind: forms[kind] for kind in kinds}


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=12,
)


def finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


@given(st.dictionaries(st.text(), values, max_size=4))
@settings(max_examples=50, deadline=None)
def test_json_read_again_is_the_data(data: dict[str, Any]) -> None:
    report = Answer(Document("t", (), "en", data))
    assert json.loads(report.to_json(), parse_constant=pytest.fail) == finite(data) == report.to_dict()
