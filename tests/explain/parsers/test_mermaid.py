"""Mermaid reads the drawings, and shows what they show."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from chainrule.explain import Drawing
from tests.explain.parsers import _expected
from tests.explain.parsers._gallery import GALLERY, HOSTILE, hostile
from tests.explain.parsers._tools import mermaid_folder, program


def read(*texts: str) -> list[dict[str, Any]]:
    """What Mermaid finds in each text."""
    node, script = program("node"), mermaid_folder() / "mermaid.mjs"
    lines = "\n".join(map(json.dumps, texts))
    done = subprocess.run([node, script], input=lines, capture_output=True, encoding="utf-8", timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def drawings() -> dict[str, Drawing]:
    return {name: make() for name, make in GALLERY.items()} | {repr(name): hostile(name) for name in HOSTILE}


def test_mermaid_shows_the_drawings(drawings: dict[str, Drawing]) -> None:
    answers = read(*(drawing.mermaid() for drawing in drawings.values()))
    for (name, drawing), answer in zip(drawings.items(), answers, strict=True):
        print(name)
        assert "error" not in answer, answer["error"]
        picture = drawing.to_dict()
        assert {id: _lines(text) for id, _, text in answer["nodes"]} == _expected.nodes(picture)
        edges = [(source, target, text) for source, target, text in answer["edges"]]
        expected = [(source, target, " / ".join(texts)) for source, target, texts in _expected.edges(picture)]
        assert sorted(edges) == sorted(expected)
        assert sorted(title for title, _ in answer["frames"]) == _expected.frames(picture)
        assert answer["fits"], "Mermaid draws nothing of that length unless its settings are changed"


def _lines(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split("\n")))


def test_mermaid_would_tell_of_a_mistake() -> None:
    wrong, right = read('flowchart LR\n  n0["a]\n', 'flowchart LR\n  n0["#quot;<br>b"]\n')
    assert "Parse error on line " in wrong["error"]
    assert right["nodes"] == [["n0", "square", '"\nb']]
