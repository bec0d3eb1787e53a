"""Every number that is drawn is the graph's, and stands where it belongs."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from itertools import combinations, pairwise
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import ArgumentError, GraphError
from chainrule.explain.drawing import draw
from chainrule.graph import Graph, Variable
from tests.explain.drawing._graphs import apple, apples_and_oranges, graphs, softmax_with_loss
from tests.explain.drawing._reading import name_of, number, points, rooms

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def lines(drawing: Any) -> list[tuple[str, str, str | None, str | None]]:
    """Symbols or names at both ends of each line, and what stands on it."""
    picture = drawing.to_dict()
    text = {node["id"]: node["text"] for node in picture["nodes"]}
    return [(text[e["source"]], text[e["target"]], e["value"], e["gradient"]) for e in picture["edges"]]


def test_the_apples_of_the_lesson() -> None:
    assert lines(draw(apple())) == [
        ("x", "×", "100", "← 2.2"),
        ("m", "×", "2", "← 110"),
        ("×", "×", "200", "← 1.1"),
        ("t", "×", "1.1", "← 200"),
        ("×", "−", "220", "← 1"),
        ("219", "−", None, None),
        ("−", "x²", "1", "← 1"),
        ("0.5", "×", None, None),
        ("x²", "×", "1", "← 0.5"),
        ("×", "L", "0.5", "← 1"),
    ]
    shown = texts(draw(apple()).svg())
    for text in (
        "100",
        "2",
        "200",
        "1.1",
        "220",
        "219",
        "1",
        "0.5",
        "← 2.2",
        "← 110",
        "← 1.1",
        "← 200",
        "← 1",
        "L",
    ):
        assert text in shown


def test_a_value_used_twice_shows_both_parts_and_their_sum() -> None:
    x = Variable(3.0, name="x")
    drawing = draw(x * x)
    assert lines(drawing)[:2] == [("x", "×", "3", "← 3"), ("x", "×", "3", "← 3")]
    assert "Σ 6" in texts(drawing.svg())


def test_names_of_people_stand_at_leaves_at_inner_values_and_at_the_end() -> None:
    사과, 개수, 소비세 = (Variable(v, name=n) for v, n in ((100.0, "사과"), (2.0, "개수"), (1.1, "소비세")))
    값 = 사과 * 개수
    값.name = "사과값"
    총액 = 값 * 소비세
    총액.name = "총액"
    drawing = draw(총액, lang="ko")
    assert {"사과", "개수", "소비세", "사과값", "총액"} <= set(texts(drawing.svg()))
    assert "총액의 계산 그래프" in drawing.svg()
    assert 'xml:lang="ko"' in drawing.svg()


def test_symbols_take_in_the_constants_that_they_say() -> None:
    x = Variable(4.0, name="x")
    assert [node["text"] for node in draw(x**2).to_dict()["nodes"]] == ["x", "x²", "L"]
    assert [node["text"] for node in draw(x**-1).to_dict()["nodes"]] == ["x", "x⁻¹", "L"]
    assert [node["text"] for node in draw(x**0.5).to_dict()["nodes"]] == ["x", "x^0.5", "L"]
    assert [node["text"] for node in draw(1 / x).to_dict()["nodes"]] == ["x", "1/x", "L"]
    assert [node["text"] for node in draw(2 / x).to_dict()["nodes"]] == ["x", "2", "÷", "L"]
    assert [node["text"] for node in draw(2**x).to_dict()["nodes"]] == ["x", "2", "xʸ", "L"]


def test_arrays_are_shown_by_shape_and_small_ones_in_full() -> None:
    X, w = cr.variables(X=np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), w=np.array([1.0, -0.5]))
    drawing = draw(cr.sum(X @ w, axis=0))
    assert lines(drawing) == [
        ("X", "·", "(3, 2)", "← (3, 2)"),
        ("w", "·", "[1 −0.5]", "← [9 12]"),
        ("·", "Σ", "[0 1 2]", "← [1 1 1]"),
        ("Σ", "L", "3", "← 1"),
    ]
    assert "axis=0" in texts(drawing.svg())


def test_what_is_no_single_number_is_drawn_forward_only() -> None:
    drawing = draw(Variable(np.array([1.0, 2.0]), name="x") * 2)
    assert not any("←" in text for text in texts(drawing.svg()))
    assert drawing.steps == 1


def test_nothing_flows_back_through_a_comparison() -> None:
    x = Variable(3.0, name="x")
    chosen = np.where(x > 1, x * 2, x)
    gradient_into = {(a, b): gradient for a, b, _, gradient in lines(draw(chosen))}
    assert gradient_into["x", ">"] is None
    assert gradient_into[">", "?:"] is None
    assert gradient_into["×", "?:"] == "← 1"
    assert draw(x > 1).steps == 1  # the comparison alone, forward


def test_a_leaf_alone() -> None:
    assert lines(draw(Variable(3.0, name="x"))) == [("x", "x", "3", None)]


def test_passes() -> None:
    forward, backward = draw(apple(), passes="forward"), draw(apple(), passes="backward")
    assert (forward.steps, backward.steps, draw(apple()).steps) == (5, 5, 10)
    assert all(gradient is None for *_, gradient in lines(forward))
    assert all(value is None for *_, value, _ in lines(backward))
    assert lines(forward)[-1] == ("×", "L", "0.5", None)
    assert lines(backward)[0] == ("x", "×", None, "← 2.2")


def test_digits_and_title() -> None:
    x = Variable(1 / 3, name="x")
    assert lines(draw(x * 2, digits=2))[0][2] == "0.33"
    drawing = draw(x * 2, title="세 배 & more")
    assert "세 배 & more" in texts(drawing.svg())
    assert draw(x * 2).height < drawing.height


@given(graphs())
@settings(max_examples=50, deadline=None)
def test_every_number_drawn_is_the_graphs(output: Variable) -> None:
    picture = draw(output, digits=17).to_dict()
    names = {node["id"]: name_of(node) for node in picture["nodes"]}
    output.backward()
    variables = {node.name: node.variable for node in Graph(output, "L")}
    came_back: dict[str, float] = {}
    for edge in picture["edges"]:
        name = names[edge["source"]]
        if name not in variables:
            continue  # a constant
        if edge["value"] is not None:
            assert number(edge["value"]) == float(variables[name].value)
        if edge["gradient"] is not None:
            came_back[name] = came_back.get(name, 0.0) + number(edge["gradient"])
    expected = {name: float(v.grad) for name, v in variables.items() if v.grad is not None}
    assert came_back.keys() == expected.keys()
    for name, gradient in expected.items():
        assert math.isclose(came_back[name], gradient, rel_tol=1e-12, abs_tol=1e-12) or math.isnan(gradient)
    for node in picture["nodes"]:
        for label in node["labels"]:
            if label["role"] == "total":
                assert number(label["text"]) == expected[names[node["id"]]] or math.isnan(
                    expected[name_of(node)]
                )


@given(graphs())
@settings(max_examples=50, deadline=None)
def test_no_texts_meet_and_every_one_is_at_its_line(output: Variable) -> None:
    check_places(draw(output).to_dict())


@pytest.mark.parametrize("graph", [apple, apples_and_oranges, softmax_with_loss])
def test_the_graphs_of_the_book_are_drawn_clearly(graph: Any) -> None:
    check_places(draw(graph()).to_dict())


def check_places(picture: dict[str, Any]) -> None:
    for one, other in combinations(rooms(picture), 2):
        assert not one.meets(other), (one, other)
    for edge in picture["edges"]:
        way = points(edge["path"])
        for label in edge["labels"]:
            above = label["role"] == "value"
            level = label["y"] + 6 if above else label["y"] - 16
            crossed = [(a, b) for a, b in pairwise(way) if a[0] <= label["x"] <= b[0]]
            assert any(max(abs(a[1] - level), abs(b[1] - level)) < 0.6 for a, b in crossed), label
    for room in rooms(picture):
        assert 0 <= room.left <= room.right <= picture["width"]
        assert 0 <= room.top <= room.bottom <= picture["height"]


@given(graphs())
@settings(max_examples=50, deadline=None)
def test_arguments_arrive_in_their_order(output: Variable) -> None:
    picture = draw(output).to_dict()
    arrivals: dict[str, list[float]] = {}
    for edge in picture["edges"]:
        arrivals.setdefault(edge["target"], []).append(points(edge["path"])[-1][1])
    for heights in arrivals.values():
        assert heights == sorted(heights)


@given(graphs())
@settings(max_examples=20, deadline=None)
def test_the_same_graph_gives_the_same_bytes(output: Variable) -> None:
    assert draw(output).svg() == draw(output).svg()


_PROGRAM = """
import hashlib, sys
sys.stdout.reconfigure(encoding="utf-8")
from tests.explain.drawing._graphs import apple, softmax_with_loss
from chainrule.explain.drawing import draw
for graph in (apple, softmax_with_loss):
    d = draw(graph())
    print(hashlib.sha256((d.svg() + d.dot() + d.mermaid() + d.tikz() + repr(d.to_dict())).encode()).hexdigest())
"""


def test_the_same_bytes_in_every_process() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


_NAMES = st.text(min_size=1, max_size=60) | st.sampled_from(
    ["<&\">'", "]]>", "🍎", "사과" * 90, "a\x00b\ud800", "-->"]
)


@given(_NAMES, _NAMES)
@settings(max_examples=50, deadline=None)
def test_any_name_gives_well_formed_xml(leaf: str, inner: str) -> None:
    x = Variable(2.0, name=leaf)
    y = x * 3
    y.name = inner
    drawing = draw(cr.exp(y), title=leaf)
    root = ElementTree.fromstring(drawing.svg().encode())
    assert len(list(root.iter(f"{SVG}text"))) >= 6


def test_a_long_name_is_cut_and_told_in_full_to_those_who_point_at_it() -> None:
    name = "사과" * 100
    drawing = draw(Variable(2.0, name=name) * 2)
    shown = texts(drawing.svg())
    assert name not in shown
    assert any(text.startswith("사과사과") and text.endswith("…") for text in shown)
    assert f"{name} = 2" in drawing.svg()


def test_ids_are_unique_across_drawings_on_one_page() -> None:
    ids = [
        element.get("id")
        for graph in (apple, apples_and_oranges)
        for element in ElementTree.fromstring(draw(graph()).svg()).iter()
        if element.get("id")
    ]
    assert len(set(ids)) == len(ids) > 10


def test_the_picture_is_told_to_those_who_cannot_see_it() -> None:
    root = ElementTree.fromstring(draw(apple()).svg())
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert title.text == "Computation graph of L"
    assert description is not None
    assert "multiply1 = x × m = 200, ∂L/∂multiply1 = 1.1." in str(description.text)
    assert root.get("aria-labelledby", "").split() == [title.get("id"), description.get("id")]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: draw(3.0), ArgumentError, "a computation graph hangs on a Variable; this is a float"),
        (lambda: draw(apple(), lang="fr"), ArgumentError, "lang is 'en' or 'ko', not 'fr'"),
        (
            lambda: draw(apple(), passes="up"),
            ArgumentError,
            "passes is 'both', 'forward' or 'backward', not 'up'",
        ),
        (lambda: draw(apple(), step=11), ArgumentError, "step is a whole number from 0 to 10, .*, not 11"),
        (lambda: draw(apple(), step=-1), ArgumentError, "step is a whole number from 0 to 10, .*, not -1"),
        (
            lambda: draw(apple(), step=True),
            ArgumentError,
            "step is a whole number from 0 to 10, .*, not True",
        ),
        (lambda: draw(apple(), digits=0), ArgumentError, "digits is a whole number from 1 to 17, not 0"),
        (lambda: draw(apple(), title=3), ArgumentError, "title is a text, not 3"),
        (lambda: draw(apple(), [1.0]), ArgumentError, "x is for a network; this is the graph of a variable"),
        (lambda: draw(apple(), open="all"), ArgumentError, "open is for a network"),
        (
            lambda: draw(Variable(np.ones(3), name="y") * 2, passes="backward"),
            GraphError,
            r"has shape \(3,\); a backward pass starts from a single number",
        ),
    ],
)
def test_bad_input_gets_a_sentence(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_a_drawing_shows_the_values_that_the_gates_read() -> None:
    x = cr.Variable(3.0, name="x")
    L = x * x
    x.value = 5.0
    svg = cr.draw(L).svg()
    assert ">3<" in svg
    assert ">9<" in svg
    assert ">5<" not in svg
