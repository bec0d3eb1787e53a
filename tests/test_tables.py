"""The tables in docs/ say what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest
import tables

from chainrule.gates import ALL


@pytest.mark.parametrize("page", sorted(tables.DOCS.glob("*.md")), ids=lambda page: page.name)
def test_the_tables_of_a_page_are_current(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert tables.current(text) == text, "run: python scripts/tables.py"


def test_every_gate_has_one_row() -> None:
    rows = [line for line in tables.gates() if line.startswith("| `")]
    assert len(rows) == len(ALL)
    assert all(line.count("|") - line.count(r"\|") == 7 for line in rows), "a row of six cells"


def test_a_row_says_how_to_call_the_gate_and_what_is_kept_for_its_rules() -> None:
    assert tables.call(ALL["sum"]) == "cr.sum(x, axis=None, keepdims=False)"
    assert tables.call(ALL["logical_or"]) == "x | y"
    assert tables.call(ALL["isnan"]) == "np.isnan(x)"
    assert tables.kept(ALL["multiply"]) == "dx: y; dy: x"
    assert tables.kept(ALL["add"]) == "dx: nothing; dy: nothing"
    assert tables.kept(ALL["sign"]) == "no rule"
    meaning = "x where it is positive, 0 elsewhere; NaN stays NaN. At the kink 0 the gradient is 0."
    assert tables.meaning(ALL["relu"]) == meaning


def test_a_page_that_is_not_current_is_seen_and_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n\n<!-- table numpy -->\nold\n<!-- end of table -->\n\nafter\n", encoding="utf-8")
    monkeypatch.setattr(tables, "DOCS", tmp_path)
    assert tables.main(["--check"]) == 1
    assert "page.md is not current" in capsys.readouterr().out
    assert tables.main([]) == 0
    assert tables.main(["--check"]) == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n\n<!-- table numpy -->\n\n| kind")
    assert text.endswith("|\n<!-- end of table -->\n\nafter\n")


@pytest.mark.parametrize(
    ("document", "text"), [("README.md", "| gates | {}"), ("README.ko.md", "| 게이트 | {}")]
)
def test_the_readme_counts_the_gates(document: str, text: str) -> None:
    readme = (tables.DOCS.parent / document).read_text(encoding="utf-8")
    assert text.format(len(ALL)) in readme
