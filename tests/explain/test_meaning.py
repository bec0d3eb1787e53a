"""What gradients mean in words: signs, sizes, the input that matters most."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.explain._backpropagation import backpropagation
from chainrule.explain._meaning import meaning_of
from chainrule.explain._narration import inputs_of
from chainrule.explain.document import Bullets, Paragraph
from chainrule.words import words


def meaning(output: cr.Variable, lang: str = "en", kinks: frozenset[str] = frozenset()) -> list[str]:
    passes = backpropagation(output)
    found: list[Any] = []
    for block in meaning_of(passes, inputs_of(passes), kinks, words(lang, "explain")):
        assert isinstance(block, Bullets | Paragraph)
        found += block.items if isinstance(block, Bullets) else [block.content]
    return found


def test_signs() -> None:
    x, y, z = cr.variables(x=3.0, y=-2.0, z=1.0)
    assert meaning(2.0 * x - 0.5 * y + 0.0 * z) == [
        "x: a positive gradient. A little more of x makes L larger, by about 2 for each unit.",
        "y: a negative gradient. A little more of y makes L smaller, by about 0.5 for each unit.",
        "z: the gradient is 0. A small change of z leaves L as it is.",
        "The largest gradient is that of x (2): one unit more of it moves L most.",
        "Raising each by one per cent of itself changes L by about: x +0.06, y +0.01, z 0.",
        "To make L smaller: less x, more y.",
    ]


def test_signs_in_korean() -> None:
    x, y, z = cr.variables(사과=3.0, y=-2.0, 값=1.0)
    assert meaning(2.0 * x - 0.5 * y + 0.0 * z, "ko") == [
        "사과: 기울기가 양수이므로 사과를 조금 늘리면 L이 커집니다. 사과가 1 늘 때마다 약 2씩 커지는 비율입니다.",
        "y: 기울기가 음수이므로 y를 조금 늘리면 L이 작아집니다. y가 1 늘 때마다 약 0.5씩 작아지는 비율입니다.",
        "값: 기울기가 0입니다. 값을 조금 바꾸어도 L은 그대로입니다.",
        "기울기의 절댓값이 가장 큰 것은 사과(2)입니다. 1만큼 바꿀 때 L을 가장 크게 움직입니다.",
        "각 값을 자기 크기의 1 %만큼 늘리면 L의 변화는 대략 이렇습니다: 사과 +0.06, y +0.01, 값 0.",
        "L을 줄이려면 사과는 작게, y는 크게 합니다.",
    ]


def test_one_input_is_compared_with_nothing() -> None:
    (x,) = cr.variables(x=3.0)
    assert [line[:10] for line in meaning(x * x)] == ["x: a posit", "To make L "]


def test_where_all_gradients_are_0_none_is_the_largest() -> None:
    x, y = cr.variables(x=3.0, y=2.0)
    found = "\n".join(meaning(x * 0.0 + y * 0.0))
    assert "largest" not in found
    assert "To make" not in found


def test_arrays_have_a_norm_and_a_largest_element() -> None:
    x, b = cr.variables(x=np.array([[1.0, -4.0], [0.0, 0.0]]), b=1.0)
    assert meaning(cr.sum(x * x * 0.5) + b) == [
        "x (2, 2): the gradient has norm 4.12311; it is largest at x[0, 1]: -4.".replace("-", "−").replace(
            "− x", "x"
        ),
        "b: a positive gradient. A little more of b makes L larger, by about 1 for each unit.",
        "The largest gradient is that of x (norm 4.12311): a step of a given size moves L most when taken in x.",
    ]


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize(("factor", "sign"), [(1.0, "∞"), (-1.0, "−∞")])
def test_gradients_that_are_not_finite_are_said_and_nothing_else(lang: str, factor: float, sign: str) -> None:
    x, y, z = cr.variables(x=0.0, y=np.array([1.0, 0.0, 2.0]), z=1.0)
    found = meaning(factor * cr.sqrt(x) + factor * cr.sum(cr.sqrt(y)) + z, lang)
    assert len(found) == 3
    assert found[0].startswith("x: ")
    assert found[1].startswith("y[1]: ")
    assert all(sign in line for line in found[:2])


def test_huge_gradients_do_not_overflow() -> None:
    x, y = cr.variables(x=np.array([1.0, 1.0]), y=2.0)
    found = meaning(cr.sum(x * np.array([3e200, 4e200])) + y)
    assert "norm 5×10²⁰⁰" in found[0]


def test_an_array_of_nothing_means_nothing() -> None:
    assert meaning(cr.sum(cr.Variable(np.ones((0, 2)), name="x"))) == ["x (0, 2)"]


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=5))
@settings(max_examples=50, deadline=None)
def test_the_largest_is_the_largest(slopes: list[float]) -> None:
    inputs: list[Any] = [cr.Variable(1.0, name=f"x{i}") for i in range(len(slopes))]
    found = meaning(sum(slope * x for slope, x in zip(slopes, inputs, strict=True)))
    largest = [line for line in found if line.startswith("The largest")]
    place = int(np.argmax(np.abs(slopes)))
    assert [line.split()[6] for line in largest] == ([f"x{place}"] if any(slopes) else [])


def test_at_a_kink_a_slope_of_0_does_not_mean_that_nothing_changes() -> None:
    (x,) = cr.variables(x=0.0)
    (line,) = meaning(cr.relu(x), kinks=frozenset("x"))
    assert line.startswith("x: here is a kink.")


def test_an_output_that_is_not_finite_has_no_meaning() -> None:
    x, y = cr.variables(x=1.0, y=0.0)
    assert meaning(x / y) == ["L is ∞: its gradients mean nothing."]
