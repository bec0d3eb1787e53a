"""Every form that a drawing can be had in, whatever the names in it are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings

import chainrule as cr
from chainrule.errors import ArgumentError, CheckpointError
from chainrule.explain.drawing import draw
from chainrule.graph import Variable
from chainrule.networks import TwoLayerNet
from tests.explain.drawing._graphs import apple, graphs

HOSTILE = [
    'a"b', "a\\", "<b>&amp;", "x;y|z{}[]()", "`end`", "50%$_#^~", "줄\n바꿈", "a\x00b\ud800c", "-->", "--", "%% x", "🍎"
]  # fmt: skip


def one_use(name: str) -> Any:
    inner = Variable(2.0, name=name) * 3
    inner.name = name + "!"
    return draw(cr.exp(inner), title=name)


def test_dot_says_the_same_with_places() -> None:
    x = Variable(3.0, name="x")
    assert draw(x * x).dot().splitlines() == [
        "digraph {",
        '  graph [rankdir="LR", bgcolor="white"];',
        '  node [fontname="sans-serif", color="#1f2937", fontcolor="#1f2937"];',
        '  edge [fontname="sans-serif", color="#6b7280", fontcolor="#1f2937"];',
        *[line for line in draw(x * x).dot().splitlines() if re.match(r"  n\d \[", line)],
        '  n0 -> n1 [label="3\\n← 3"];',
        '  n0 -> n1 [label="3\\n← 3"];',
        '  n1 -> n2 [label="9\\n← 1"];',
        "}",
    ]
    places = re.findall(r'pos="([\d.]+),([\d.]+)!"', draw(x * x).dot())
    assert len(places) == 3
    assert float(places[0][0]) < float(places[1][0]) < float(places[2][0])


@pytest.mark.parametrize("name", HOSTILE)
def test_every_string_in_dot_is_closed(name: str) -> None:
    text = one_use(name).dot()
    without_strings = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    assert '"' not in without_strings
    assert re.fullmatch(r"[\w\s{}\[\]=,;>-]*", without_strings), without_strings


@pytest.mark.parametrize("name", HOSTILE)
def test_every_string_in_mermaid_is_closed_and_plain(name: str) -> None:
    text = one_use(name).mermaid()
    for inside in re.findall(r'"([^"]*)"', text):
        assert not re.search(r"[<>&`\\|{}]", inside.replace("<br>", ""))
    for line in text.splitlines()[1:]:
        assert re.fullmatch(
            r'  (n\d+(\["[^"]*"\]|\(\["[^"]*"\]\)|\(\("[^"]*"\)\))|n\d+ (-- "[^"]*" )?--> n\d+)', line
        ), line


def test_mermaid_shows_a_frame_as_a_subgraph() -> None:
    text = draw(TwoLayerNet(4, 3, 2), open="Affine1").mermaid()
    assert '  subgraph f0 ["Affine1"]' in text
    assert text.count("\n  end\n") == 1


@pytest.mark.parametrize("name", HOSTILE)
def test_braces_and_special_letters_in_tex_are_in_balance(name: str) -> None:
    text = one_use(name).tikz()
    bare = re.sub(r"\\[\\{}$&#%_]", "", text)
    assert bare.count("{") == bare.count("}")
    assert bare.count("$") % 2 == 0
    assert "\x00" not in text
    assert text.count(r"\begin{") == text.count(r"\end{") == 2


def test_tex_takes_kotex_for_korean_only() -> None:
    assert "kotex" not in draw(apple()).tikz()
    assert "kotex" in draw(Variable(2.0, name="사과") * 3).tikz()
    assert r"\node[anchor=base" in draw(apple()).tikz()
    assert r"{é};" in draw(Variable(2.0, name="é") * 3).tikz()
    assert "pifont" not in draw(apple()).tikz()
    assert r"\usepackage{pifont}" in draw(Variable(2.0, name="✓") * 3).tikz()


@given(graphs())
@settings(max_examples=20, deadline=None)
def test_the_dictionary_is_json_and_every_id_leads_somewhere(output: Variable) -> None:
    picture = json.loads(json.dumps(draw(output).to_dict(), allow_nan=False))
    ids = {node["id"] for node in picture["nodes"]}
    assert len(ids) == len(picture["nodes"])
    assert all(edge["source"] in ids and edge["target"] in ids for edge in picture["edges"])
    for label in [label for thing in picture["nodes"] + picture["edges"] for label in thing["labels"]]:
        assert 0 <= label["since"] <= picture["steps"]


def test_the_dictionary_has_the_texts_of_all_steps() -> None:
    output = apple()
    early, late = draw(output, step=0).to_dict(), draw(output).to_dict()
    assert (early.pop("step"), late.pop("step")) == (0, None)
    assert early == late


BEGINNINGS = {"svg": "<svg", "dot": "digraph", "mmd": "flowchart LR", "tex": "\\documentclass", "json": "{"}


@pytest.mark.parametrize(("suffix", "beginning"), BEGINNINGS.items())
def test_save_writes_what_the_name_asks_for(tmp_path: Path, suffix: str, beginning: str) -> None:
    for name in (f"사과.{suffix}", f"apple.{suffix.upper()}"):
        draw(apple()).save(tmp_path / name)
        assert (tmp_path / name).read_text("utf-8").startswith(beginning)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("suffix", ["svg", "dot", "mmd", "tex", "json"])
def test_any_name_can_be_saved(tmp_path: Path, suffix: str, name: str) -> None:
    one_use(name).save(tmp_path / f"x.{suffix}")
    text = (tmp_path / f"x.{suffix}").read_text("utf-8")
    if suffix == "svg":
        ElementTree.fromstring(text)
    if suffix == "json":
        json.loads(text)


def test_an_unknown_ending_and_a_folder_that_is_not_there_get_a_sentence(tmp_path: Path) -> None:
    known = re.escape(".svg, .png, .pdf, .dot, .mmd, .tex, .json")
    with pytest.raises(
        ArgumentError, match=f"a drawing is saved as {known}; .*apple.bmp' ends in none of them"
    ):
        draw(apple()).save(tmp_path / "apple.bmp")
    with pytest.raises(ArgumentError, match="ends in none of them"):
        draw(apple()).save(str(tmp_path / "apple"))
    with pytest.raises(CheckpointError, match="cannot be written"):
        draw(apple()).save(tmp_path / "nowhere" / "apple.svg")
    assert list(tmp_path.iterdir()) == []


def test_a_notebook_gets_the_picture_and_a_line_of_text() -> None:
    drawing = draw(apple())
    bundle = drawing._repr_mimebundle_()
    assert bundle == {"image/svg+xml": drawing.svg(), "text/plain": repr(drawing)}
    assert drawing._repr_mimebundle_(include={"text/plain"}).keys() == {"text/plain"}
    assert drawing._repr_mimebundle_(exclude={"text/plain"}).keys() == {"image/svg+xml"}


def test_in_a_line() -> None:
    drawing = draw(apple(), step=3)
    assert re.fullmatch(r"Computation graph of L, \d+ × \d+ pixels, step 3 of 10", str(drawing))
    assert re.fullmatch(r"L의 계산 그래프, \d+ × \d+픽셀, 10단계", str(draw(apple(), lang="ko")))
    assert repr(draw(apple(), title="Apples")).startswith("<Drawing: Apples, ")


def test_a_drawing_of_arrays_in_every_text_form() -> None:
    x = Variable(np.arange(6.0).reshape(2, 3), name="x")
    drawing = draw(cr.sum(cr.softmax(x, axis=0)[0]))
    for text in (drawing.svg(), drawing.dot(), drawing.tikz()):
        assert "(2, 3)" in text
    assert "(2, 3)" in drawing.mermaid()
