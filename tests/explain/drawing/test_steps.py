"""The passes step by step."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

import chainrule as cr
from chainrule.explain.drawing import draw
from chainrule.graph import Variable
from tests.explain.drawing._graphs import apple, apples_and_oranges
from tests.explain.drawing.test_draw import SVG, texts


def test_step_by_step_more_is_known_and_nothing_moves() -> None:
    output = apples_and_oranges()
    whole = draw(output)
    frames = [draw(output, step=step) for step in range(whole.steps + 1)]
    known = [sorted(texts(frame.svg())) for frame in frames]
    for earlier, later in zip(known, known[1:], strict=False):
        assert len(earlier) < len(later)
        assert all(earlier.count(text) <= later.count(text) for text in earlier)
    assert known[-1] == sorted(texts(whole.svg()))
    assert {"100", "2"} <= set(known[0])  # the leaves alone
    assert "200" not in known[0]
    geometry = {
        repr([e.get("d") for e in ElementTree.fromstring(f.svg()).iter(f"{SVG}path")]) for f in frames
    }
    assert len(geometry) == 1
    assert len({(frame.width, frame.height) for frame in frames}) == 1


def test_forward_steps_come_in_the_order_of_the_gates_then_backward_ones() -> None:
    output = apple()
    shown = [texts(draw(output, step=step).svg()) for step in range(11)]
    assert [step for step in range(11) if "220" in shown[step]][0] == 2
    assert [step for step in range(11) if "← 1" in shown[step]][0] == 6
    assert [step for step in range(11) if "← 2.2" in shown[step]] == [10]


@pytest.mark.parametrize("step", range(11))
def test_the_gate_whose_turn_it_is_stands_out(step: int) -> None:
    root = ElementTree.fromstring(draw(apple(), step=step).svg())
    thick = [e for e in root.iter(f"{SVG}rect") if float(e.get("stroke-width", "1")) > 2]
    assert len(thick) == (0 if step == 0 else 1)


def test_the_sum_is_known_with_the_last_of_its_parts() -> None:
    x = Variable(3.0, name="x")
    output = cr.exp(x) * x
    totals = ["Σ" in draw(output, step=step).svg() for step in range(5)]
    assert totals == [False, False, False, False, True]
