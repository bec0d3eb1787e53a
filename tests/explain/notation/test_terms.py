"""Terms of formulas: names, gradients and their numbers carry a mark, and nothing else changes by it."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given, seed, settings

import chainrule as cr
from chainrule.explain import explain
from chainrule.explain._expression import Array, Equation, Expression, Gradient, Name, Number, product
from chainrule.explain.notation import mathml, mathml_sides
from tests.explain.notation._trees import arithmetic, trees

X = Name("x")
TERMS = {X: "e0", Name("y"): "e1", Name("W"): 'n"2', Gradient("L", "x"): "e0"}


def marks_in(markup: str) -> list[str]:
    root = ElementTree.fromstring(f"<math>{markup}</math>")
    return [element.attrib["data-term"] for element in root.iter() if "data-term" in element.attrib]


def letters(markup: str) -> str:
    return "".join(ElementTree.fromstring(f"<math>{markup}</math>").itertext())


@seed(20261126)
@settings(max_examples=50, deadline=None)
@given(trees(arithmetic))
def test_marks_change_no_letter_and_no_bracket(tree: Expression) -> None:
    equation = Equation((X, tree))
    marked = "".join(mathml_sides(equation, terms=TERMS))
    assert letters(marked) == "".join(ElementTree.fromstring(mathml(equation)).itertext())


def test_the_sides_of_an_equation_are_the_pieces_of_it() -> None:
    equation = Equation((X, product([Number(2.0), Name("y")]), Number(1 / 3)), exact=False)
    first, second, third = mathml_sides(equation)
    assert first == "<mi>x</mi>"
    assert second == "<mo>=</mo><mn>2</mn><mo>·</mo><mi>y</mi>"
    assert third == "<mo>≈</mo><mn>0.333333</mn>"
    assert f"<math>{first}{second}{third}</math>" == mathml(equation)


@pytest.mark.parametrize(
    ("term", "element"),
    [
        (X, '<mi data-term="e0">x</mi>'),
        (Number(-2.0, X), '<mrow data-term="e0"><mo>−</mo><mn>2</mn></mrow>'),
        (Gradient("L", "x"), '<mfrac data-term="e0"><mrow>'),
        (Array((1.0, 2.0), X), '<mrow data-term="e0"><mo>[</mo>'),
    ],
)
def test_one_element_carries_the_mark_itself(term: Expression, element: str) -> None:
    (_, side) = mathml_sides(Equation((Name("z"), term)), terms=TERMS)
    assert element in side
    assert marks_in(side) == ["e0"]


def test_a_name_with_its_shape_is_one_term() -> None:
    (_, side) = mathml_sides(Equation((Name("z"), Name("x", (2, 3)))), terms=TERMS)
    assert marks_in(side) == ["e0"]
    assert letters(side) == "=x (2, 3)".replace(" ", "\u00a0", 1)


def test_a_mark_may_hold_anything() -> None:
    (_, side) = mathml_sides(Equation((X, Name("W"))), terms={Name("W"): 'a"<&'})
    assert marks_in(side) == ['a"<&']


def test_numbers_know_what_they_are_the_value_of() -> None:
    x, m = cr.variables(x=3.0, m=2.0)
    (step,) = explain(x * m).steps
    *_, numbers, result = step.forward.sides
    assert [number.of for number in numbers.args] == [Name("x"), Name("m")]  # type: ignore[union-attr]
    assert result.of == Name("L")  # type: ignore[union-attr]
    to_x = step.parts[0].equation
    assert to_x.sides[-1].of == Gradient("L", "x")  # type: ignore[union-attr]
    assert to_x.symbols == 2
    assert step.parts[0].local == Name("m")


def test_each_branch_has_a_gradient_of_its_own() -> None:
    x = cr.Variable(3.0, name="x")
    (step,) = explain(x * x).steps
    assert [part.equation.sides[0] for part in step.parts] == [Gradient("L", "x", branch=b) for b in (1, 2)]
    (together,) = step.sums
    assert together.sides[0] == Gradient("L", "x")
    assert [term.of.branch for term in together.sides[1].args] == [1, 2]  # type: ignore[union-attr]


def test_between_arrays_there_is_no_local_derivative() -> None:
    x = cr.Variable([[1.0, 2.0]], name="x")
    first, *_ = explain(cr.sum(x @ [[3.0], [4.0]])).steps
    assert [part.local for part in first.parts] == [None]
