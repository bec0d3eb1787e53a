"""Graphs that are too large to be drawn gate by gate."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.explain.drawing import draw
from chainrule.graph import Variable
from tests.explain.drawing._graphs import long_chain
from tests.explain.drawing.test_draw import check_places, texts


def test_up_to_150_variables_are_drawn_one_by_one_and_more_in_groups() -> None:
    assert len(draw(long_chain(150)).to_dict()["nodes"]) == 151  # and L
    picture = draw(long_chain(151)).to_dict()
    groups = [node for node in picture["nodes"] if node["kind"] == "group"]
    assert sum(int(node["text"].removesuffix(" gates")) for node in groups) == 150
    assert 2 <= len(groups) <= 20
    assert draw(long_chain(151)).steps == 2 * len(groups)
    check_places(picture)
    assert "게이트 13개" in draw(long_chain(151), lang="ko").svg()


def test_many_inputs_are_drawn_in_groups_by_their_names() -> None:
    terms = [Variable(float(i), name=f"x{i}") * Variable(0.5, name=f"w{i}") for i in range(100)]
    picture = draw(sum(terms[1:], terms[0])).to_dict()
    assert {node["text"] for node in picture["nodes"] if node["kind"] == "leaf"} == {"100 inputs"}
    assert len(picture["nodes"]) < 30
    check_places(picture)


@given(st.integers(151, 260), st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_any_large_graph_can_be_drawn(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    made = [
        Variable(float(value), name=f"n{i}") for i, value in enumerate(rng.random(int(rng.integers(1, 60))))
    ]
    while len(made) < count:
        one, other = rng.integers(0, len(made), 2)
        made.append(made[one] * made[other] if rng.random() < 0.5 else cr.sin(made[one]) + made[other])
    output = made[-1]
    for variable in made[::7]:
        output = output + variable
    drawing = draw(output)
    picture = drawing.to_dict()
    assert len(picture["nodes"]) <= 152
    check_places(picture)
    assert len(texts(draw(output, step=drawing.steps).svg())) == len(texts(drawing.svg()))
