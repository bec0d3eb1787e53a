"""Graphviz reads the drawings, and shows what they show."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from chainrule.explain import Drawing
from tests.explain.parsers import _expected
from tests.explain.parsers._gallery import GALLERY, HOSTILE, hostile
from tests.explain.parsers._tools import program


def read(*drawings: Drawing) -> list[dict[str, Any]]:
    """What Graphviz has laid out of each; a warning counts as an error."""
    source = "".join(drawing.dot() for drawing in drawings).encode("utf-8", "replace")
    done = subprocess.run([program("dot"), "-Tjson"], input=source, capture_output=True, timeout=60)
    assert (done.returncode, done.stderr.decode()) == (0, "")
    return list(_values(done.stdout.decode()))


def _values(text: str) -> Any:
    decoder, at = json.JSONDecoder(), 0
    while text[at:].strip():
        value, at = decoder.raw_decode(text, at + len(text[at:]) - len(text[at:].lstrip()))
        yield value


def drawn(thing: dict[str, Any]) -> tuple[str, ...]:
    """The lines of text that Graphviz draws, after everything that it reads into a label."""
    return tuple(operation["text"] for operation in thing.get("_ldraw_", ()) if operation["op"] == "T")


def assert_shows(graph: dict[str, Any], drawing: Drawing) -> None:
    picture, objects = drawing.to_dict(), graph["objects"]
    nodes = {each["name"]: drawn(each) for each in objects if "nodes" not in each and "pos" in each}
    assert nodes == _expected.nodes(picture)
    names = {each["_gvid"]: each["name"] for each in objects}
    edges = [(names[each["tail"]], names[each["head"]], drawn(each)) for each in graph["edges"]]
    assert sorted(edges) == _expected.edges(picture)
    clusters = [" ".join(drawn(each)) for each in objects if each["name"].startswith("cluster")]
    assert sorted(clusters) == _expected.frames(picture)
    assert " ".join(drawn(graph)) == _expected.printable(picture["title"])


@pytest.mark.parametrize("name", GALLERY)
def test_graphviz_shows_the_drawing(name: str) -> None:
    drawing = GALLERY[name]()
    (graph,) = read(drawing)
    assert_shows(graph, drawing)


def test_graphviz_shows_any_name_as_it_is() -> None:
    drawings = [hostile(name) for name in HOSTILE]
    for name, drawing, graph in zip(HOSTILE, drawings, read(*drawings), strict=True):
        print(repr(name))
        assert_shows(graph, drawing)
