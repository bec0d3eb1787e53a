"""What a document shows is what happens: its code blocks are run, and its links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests._documents import Block, blocks, commands, run, run_console

ROOT = Path(__file__).parents[1]
RUNNER = ROOT / "tests" / "_documents.py"
DOCUMENTS = [ROOT / "README.md", ROOT / "README.ko.md", *sorted((ROOT / "docs").glob("*.md"))]
PICTURES = ROOT / "docs" / "pictures"
ALL_DOCUMENTS = [*DOCUMENTS, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]


def relative(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_the_code_in_a_document_runs(document: Path, tmp_path: Path) -> None:
    pytest.importorskip("sympy", reason="documents show all of chainrule, the extras included")
    pytest.importorskip("PIL", reason="documents show all of chainrule, the extras included")
    pytest.importorskip("matplotlib", reason="documents show all of chainrule, the extras included")
    if document.name == "scikit-learn.md":
        pytest.importorskip("sklearn")
    if document.name == "onnx.md":
        pytest.importorskip("onnx")
    command = [sys.executable, "-W", "error", RUNNER, document]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=600)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    for made in tmp_path.glob("*.svg"):
        kept = PICTURES / made.name
        what = f"{relative(kept)} is not what {relative(document)} draws; scripts/pictures.py draws it anew"
        assert kept.exists(), what
        assert kept.read_bytes() == made.read_bytes(), what


def test_every_picture_is_drawn_by_a_document_that_shows_it() -> None:
    texts = [document.read_text(encoding="utf-8") for document in DOCUMENTS]
    for picture in PICTURES.iterdir():
        shown = rf"!\[[^\]]+\]\((docs/)?pictures/{re.escape(picture.name)}\)"
        # Those of the page are taken by scripts/screenshots.py.
        drawn = "" if picture.name.startswith("page-") else rf"(--out|save\(\")\s*{re.escape(picture.name)}"
        by = [text for text in texts if re.search(shown, text) and re.search(drawn, text)]
        assert by, f"no document draws {picture.name} and shows it"


def anchors(document: Path) -> set[str]:
    """The names of a document's headings, made as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", ALL_DOCUMENTS, ids=relative)
def test_the_links_of_a_document_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        if "://" not in target:
            file, _, anchor = target.partition("#")
            path = (document.parent / file).resolve() if file else document
            assert path.exists(), f"{target} does not exist"
            assert not anchor or anchor in anchors(path), f"{target}: no such heading"


def test_blocks_are_found_with_their_language_words_and_line() -> None:
    text = "# A\n\n```python\nx = 1\n```\n\n1. item\n   ```console fails\n   $ chainrule x\n   ```\n"
    assert list(blocks(text)) == [
        Block("python", [], "x = 1\n", 4),
        Block("console", ["fails"], "$ chainrule x\n", 9),
    ]


def test_commands_are_split_from_their_output() -> None:
    text = "$ chainrule train \\\n    mnist\nepoch 1\n$ chainrule info\n"
    assert list(commands(text)) == [("chainrule train      mnist", "epoch 1\n"), ("chainrule info", "")]


@pytest.mark.parametrize(
    ("text", "failures"),
    [
        ("```python\nx = 2\n```\n```python\n>>> x\n2\n```\n", 0),
        ("```python\n>>> y = 2\n```\n```python\n>>> y\n3\n```\n", 1),
        ("```python\n>>> print('a lot of text')\na ... text\n```\n", 0),
        ("```text\n>>> this is not code\n```\n```sh\n$ exit 3\n```\n", 0),
    ],
)
def test_the_runner_sees_what_is_wrong(text: str, failures: int, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(text)
    assert len(run(tmp_path / "page.md")) == failures


def test_the_runner_sees_that_a_command_fails() -> None:
    assert "exit status" in run_console(Block("console", [], "$ chainrule no-such-command\n", 1))
    assert run_console(Block("console", ["fails"], "$ chainrule no-such-command\n", 1)) == ""
