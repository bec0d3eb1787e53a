"""Drawings that the page steps through: which part of a picture stands for what, and pictures that stay still."""

from __future__ import annotations

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.explain._backpropagation import backpropagation
from chainrule.explain.drawing import Drawing, draw_passes

ROOM = 78.0


def drawing_of(text: str, room: float = 0.0, **values: float) -> Drawing:
    return draw_passes(backpropagation(cr.parse(text)(**values)), room=room)


def test_every_circle_and_line_has_the_variable_that_it_stands_for() -> None:
    x, m = cr.variables(x=3.0, m=2.0)
    z = x * m
    L = z * x
    drawing = draw_passes(backpropagation(L))
    names = {node["id"]: node["text"] for node in drawing.to_dict()["nodes"]}
    ids = drawing.ids
    assert {names[ids.nodes[v]] for v in (x, m)} == {"x", "m"}
    lines = {edge["id"]: (edge["source"], edge["target"]) for edge in drawing.to_dict()["edges"]}
    assert lines[ids.edges[z, 0]] == (ids.nodes[x], ids.nodes[z])
    assert lines[ids.edges[z, 1]] == (ids.nodes[m], ids.nodes[z])
    assert lines[ids.edges[L, 0]] == (ids.nodes[z], ids.nodes[L])
    assert lines[ids.edges[L, 1]] == (ids.nodes[x], ids.nodes[L])
    assert lines[ids.output][0] == ids.nodes[L]


def test_both_uses_of_a_value_by_one_gate_are_two_lines() -> None:
    x = cr.Variable(3.0, name="x")
    y = x * x
    ids = draw_passes(backpropagation(y)).ids
    assert ids.edges[y, 0] != ids.edges[y, 1]


def test_a_large_graph_is_drawn_gate_by_gate_if_that_is_asked() -> None:
    text = "L = " + " + ".join(f"x{i}" for i in range(80))
    values = {f"x{i}": 1.0 for i in range(80)}
    assert len(cr.draw(cr.parse(text)(**values)).to_dict()["nodes"]) < 40
    kinds = [node["kind"] for node in drawing_of(text, **values).to_dict()["nodes"]]
    assert (kinds.count("leaf"), kinds.count("gate"), kinds.count("group")) == (80, 79, 0)


def test_without_room_it_is_the_drawing_of_draw() -> None:
    x, m = cr.variables(x=3.0, m=2.0)
    L = cr.exp(x * m) + x
    assert draw_passes(backpropagation(L)).to_dict() == cr.draw(L).to_dict()


@seed(20261126)
@settings(max_examples=30, deadline=None)
@given(st.floats(-999, 999), st.floats(-999, 999))
def test_numbers_that_fit_their_rooms_move_nothing(x: float, m: float) -> None:
    """Of 0.01 … 999 both sums and their gradients have at most four figures, a sign and a point."""
    first = drawing_of("L = x + m", ROOM, x=1.0, m=2.0).to_dict()
    second = drawing_of("L = x + m", ROOM, x=round(x, 1), m=round(m, 1)).to_dict()
    for kind, place in (("nodes", ("x", "y", "width")), ("edges", ("path", "arrow"))):
        assert [[each[p] for p in place] for each in first[kind]] == [
            [each[p] for p in place] for each in second[kind]
        ]


def test_numbers_that_need_more_get_more() -> None:
    usual, large = (drawing_of("L = x * m", ROOM, x=1.0, m=m).width for m in (2.0, -1.2345e-17))
    assert large > usual


@pytest.mark.parametrize("form", ["svg", "png"])
def test_a_picture_has_both_forms(form: str) -> None:
    drawing = drawing_of("L = x * m", x=1.0, m=2.0)
    if form == "svg":
        assert drawing.svg().startswith("<svg")
    else:
        pytest.importorskip("matplotlib")
        assert drawing.png().startswith(b"\x89PNG")
