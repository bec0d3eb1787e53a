"""The words around the formulas: every gate in both languages, with nothing left open and nothing untranslated."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import gates
from chainrule.explain import explain
from chainrule.explain._chains import LONGEST, MOST
from chainrule.explain.document import Bullets, Document, Formula, Heading, Paragraph, Table
from tests.explain._gates import CASES, Case

# Latin letters that belong into Korean text: names of values and of functions, units, and the gates' own words.
FORMULA = re.compile(r"[A-Za-z_0-9]+")


def prose(document: Document) -> list[str]:
    """All that is words: formulas left out."""

    def of(content: Any) -> list[str]:
        pieces = content if isinstance(content, tuple) else (content,)
        return [piece for piece in pieces if isinstance(piece, str)]

    found = [document.title]
    for block in document.blocks:
        match block:
            case Heading(text):
                found.append(text.partition(":")[0])
            case Paragraph(content):
                found += of(content)
            case Bullets(items):
                found += [piece for item in items for piece in of(item)]
            case Table(header, rows):
                found += [*header, *(cell for row in rows for cell in of(row[-1]))]
            case Formula():
                pass
    return found


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_gate_in_both_languages(case: Case) -> None:
    output = case.output()
    english, korean = explain(output), explain(output, lang="ko")
    for explanation in (english, korean):
        assert not any(re.search("[{}]|None", line) for line in prose(explanation._document()))
    names = {node.name for node in english.passes.graph}
    for line in prose(korean._document()):
        latin = set(FORMULA.findall(line)) - names
        assert not any(word.isalpha() and word.isascii() and len(word) > 1 for word in latin), line
    assert not re.search("[가-힣]", str(english))
    gate = gates.ALL[case.gate]
    assert f"{gate.en} gate: made = " in str(english)
    assert f"{gate.ko} 게이트: made = " in str(korean)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_gate_with_an_element_in_both_languages(case: Case) -> None:
    output = case.output()
    for lang in ("en", "ko"):
        explanation = explain(output, lang=lang)
        for node in explanation.passes.graph:
            if node.variable.gate is None and node.variable.shape:
                found = explain(output, lang=lang, element=(node.name, (0,) * node.variable.ndim))
                assert str(found)
                assert not any(re.search("[{}]|None", line) for line in prose(found._document()))


def lines(explanation: Any) -> list[str]:
    return [line.strip() for line in str(explanation).splitlines()]


def test_a_gate_that_nothing_came_back_to() -> None:
    x, y = cr.variables(x=3.0, y=1.0)
    greater = x > y
    greater.name = "gate"
    found = lines(explain(x * greater))
    assert "Nothing came back to this gate: L does not depend on it smoothly." in found
    assert "y = 1" in found
    assert not any("∂y" in line for line in found)


def test_a_gate_through_which_nothing_flows_back() -> None:
    x = cr.Variable(3.0, name="x")
    found = lines(explain(cr.sign(x) + x))
    assert "Nothing flows back through this gate." in found


def test_values_that_changed_since_are_told_as_they_were() -> None:
    x = cr.Variable(3.0, name="x")
    L = x * x
    x.value = 5.0
    found = lines(explain(L))
    assert "x = 3" in found
    assert "L = x · x = 3 · 3 = 9" in found
    assert explain(L).to_dict()["values"]["x"] == 3.0
    assert "Value: x = 3" in lines(explain(L, element=("x", ())))


def test_chains_too_long_to_be_written() -> None:
    y = cr.Variable(1.0, name="x")
    for _ in range(1500):
        y = cr.sin(y)
    found = "\n".join(lines(explain(y)))
    assert f"A chain from L to x has more than {LONGEST} derivatives" in found.replace("\n", " ")
    assert "verdict" in found
    assert f"미분이 {LONGEST}개보다 많아" in str(explain(y, lang="ko"))


def test_many_chains_are_counted() -> None:
    y = cr.Variable(0.5, name="x")
    for _ in range(12):
        y = cr.sin(y) + 0.5 * y
    written = str(explain(y))
    assert f"4,096 chains lead from L to x; these are the {MOST} largest." in written
    assert (
        sum(" · ∂" in line and line.lstrip().startswith("∂L/∂add") for line in written.splitlines()) >= MOST
    )


def test_a_few_chains_are_added_up() -> None:
    x = cr.Variable(2.0, name="x")
    a, b = x * 3.0, x * 5.0
    a.name, b.name = "a", "b"
    found = lines(explain(a * b))
    assert "x is used 2 times; from branch 2 comes:" in found
    assert "2 chains lead from L to x; their products add up." in found
    assert "∂L/∂x = ∂L/∂b · ∂b/∂x + ∂L/∂a · ∂a/∂x = 6 · 5 + 10 · 3 = 60" in found


def test_the_table_says_how_many_elements_were_compared() -> None:
    x, b = cr.variables(x=np.ones((20, 20)), b=np.ones(20))
    L = cr.sum((x + b) * np.arange(400.0).reshape(20, 20))
    (english,) = (line for line in lines(explain(L)) if " x " in f" {line} " and "agrees" in line)
    assert "12 of 400" in english
    (korean,) = (line for line in lines(explain(L, lang="ko")) if " x " in f" {line} " and "일치" in line)
    assert "400개 중 12개" in korean
    small = cr.sum(cr.Variable(np.ones(3), name="x") * 2.0)
    assert "3 of 3" in str(explain(small))
    assert "3개 모두" in str(explain(small, lang="ko"))


def test_large_arrays_are_summed_up_in_a_table() -> None:
    x = cr.Variable(np.arange(20.0), name="x")
    written = lines(explain(cr.sum(cr.relu(x - 10.0))))
    start = written.index(
        "The arrays at this gate", written.index("2. rectified linear unit gate: relu1 = ReLU(subtract1)")
    )
    header, _, first, second, third = (re.split(r"  +", line) for line in written[start + 2 : start + 7])
    assert header == ["array", "shape", "norm", "min", "max", "zeros"]
    assert first == ["relu1", "(20,)", "16.88", "0", "9", "55%"]
    assert second == ["drelu1", "(20,)", "4.472", "1", "1", "0%"]
    assert third == ["dsubtract1", "(20,)", "3", "0", "1", "55%"]


def test_names_given_twice_are_told_apart() -> None:
    x, y = cr.Variable(2.0, name="x"), cr.Variable(3.0, name="x")
    found = lines(explain(x * y))
    assert {"x = 2", "x2 = 3", "∂L/∂x = 3", "∂L/∂x2 = 2"} <= set(found)


def test_an_element_of_one_and_of_many() -> None:
    X = cr.Variable(np.array([[1.0, 2.0]]), name="X")
    found = "\n".join(lines(explain(cr.sum(X @ np.ones((2, 6))), element=("X", (0, 1)))))
    assert "X[0, 1] reaches 6 elements of matmul1; the largest contributions are:" in found
    assert "the other 2" in found
    assert re.search(r"together +6\n", found)
    assert "Onward by the largest: matmul1[0, 0]." in found
    assert "matmul1[0, 0] reaches 1 element of L." in found
    assert "∂L/∂matmul1[0, 0] · ∂matmul1[0, 0]/∂X[0, 1] = 1 · 1 = 1" in found


def test_an_element_that_changes_nothing() -> None:
    x = cr.Variable(np.array([-1.0, 2.0]), name="x")
    found = lines(explain(cr.sum(cr.relu(x)), element=("x", 0)))
    assert "x[0] changes nothing here: every local derivative is 0." in found
