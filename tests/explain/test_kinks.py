"""What gradients mean, in sentences; that kinks are told, and looked for only where there may be one."""

from __future__ import annotations

import re

import pytest

import chainrule as cr
from chainrule.explain import Explanation, explain
from chainrule.explain._steps import may_have_kink
from chainrule.graph import parse


def explanation(text: str, lang: str = "en", **values: float) -> Explanation:
    return explain(parse(text)(**values), lang=lang)


@pytest.mark.parametrize("gate", "exp sin cos tanh sigmoid softplus square gelu silu".split())
def test_smooth_gates_have_no_kink(gate: str) -> None:
    (step,) = explanation(f"L = {gate}(x)", x=0.5).steps
    assert not may_have_kink(step.parts[0].equation)


@pytest.mark.parametrize("gate", "relu leaky_relu abs elu".split())
def test_gates_that_ask_which_number_is_larger_may_have_one(gate: str) -> None:
    (step,) = explanation(f"L = {gate}(x)", x=0.5).steps
    assert may_have_kink(step.parts[0].equation)


def test_a_kink_is_told_at_the_kink_alone() -> None:
    (at,) = explanation("L = abs(x)", x=0.0).meaning
    assert at.startswith("x: here is a kink.")
    assert "kink" not in " ".join(explanation("L = abs(x)", x=0.1).meaning)


def test_the_sentences_are_those_of_the_report() -> None:
    for lang in ("en", "ko"):
        found = explanation("L = x * m + relu(x)", lang, x=2.0, m=-3.0)
        report = str(found)
        assert found.meaning
        for sentence in found.meaning:
            assert re.sub(r"\s+", " ", sentence) in re.sub(r"\s+", " ", report)


def test_the_title_is_that_of_the_report() -> None:
    x, m = cr.variables(x=2.0, m=3.0)
    found = explain(x * m, lang="ko")
    assert found.title == "L은 x, m에 따라 어떻게 변하는가"
    assert str(found).splitlines()[0] == found.title
    W = cr.Variable([1.0, 2.0], name="W")
    assert explain(cr.sum(W), element=("W", 1)).title == "How L depends on W[1]"


def test_of_many_numbers_kinks_are_not_looked_for() -> None:
    """Each look runs the whole graph again."""
    text = "L = " + " + ".join(f"abs(x{i})" for i in range(200))
    meaning = explanation(text, **{f"x{i}": 0.0 for i in range(200)}).meaning
    assert "kink" not in " ".join(meaning)


def test_the_softmax_of_a_number_is_explained() -> None:
    (step,) = explanation("L = softmax(x)", x=2.0).steps
    assert step.forward.sides[-1].value == 1.0  # type: ignore[union-attr]
