"""Formulas in MathML: examples, well-formed whatever the names, and the value that a reader of the elements finds."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.explain._expression import Array, Equation, Expression, Gradient, Name, Number, Operation
from chainrule.explain.notation import mathml
from tests.explain.notation._trees import VALUES, arithmetic, choices_of, read, trees, worth

X, Y, W = map(Name, ["x", "y", "W"])
RELU = Operation("where", (Operation("less_equal", (Y, Number(0))), Number(0), X))
# https://www.w3.org/TR/mathml-core/
ELEMENTS = set("math mrow mi mn mo mtext mfrac msup msub msqrt mtable mtr mtd mstyle".split())


def op(name: str, *args: Expression, **settings: Any) -> Operation:
    return Operation(name, args, tuple(settings.items()))


@pytest.mark.parametrize(
    ("formula", "written"),
    [
        (op("multiply", X, Name("m")), "<mi>x</mi><mo>·</mo><mi>m</mi>"),
        (
            Equation((Name("x1"), Number(-2.5)), exact=False),
            "<msub><mi>x</mi><mn>1</mn></msub><mo>≈</mo><mo>−</mo><mn>2.5</mn>",
        ),
        (Name("총액"), "<mi>총액</mi>"),
        (op("divide", X, Y), "<mfrac><mrow><mi>x</mi></mrow><mrow><mi>y</mi></mrow></mfrac>"),
        (op("sqrt", X), "<msqrt><mi>x</mi></msqrt>"),
        (op("exp", X), "<msup><mrow><mi>e</mi></mrow><mrow><mi>x</mi></mrow></msup>"),
        (op("less", X, Y), "<mi>x</mi><mo>&lt;</mo><mi>y</mi>"),
        (op("absolute", X), "<mrow><mo>|</mo><mi>x</mi><mo>|</mo></mrow>"),
        (
            op("sum", X, axis=0, keepdims=True),
            '<mrow><mo>∑</mo><mrow><mo stretchy="false">(</mo><mi>x</mi><mo>,</mo><mtext>axis=0</mtext>'
            '<mo stretchy="false">)</mo></mrow></mrow>',
        ),
        (
            Array((1, 2)),
            "<mrow><mo>[</mo><mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr></mtable>"
            "<mo>]</mo></mrow>",
        ),
        (
            RELU,
            "<mrow><mo>{</mo><mtable><mtr>@<mn>0</mn></mtd>@<mtext>if\u00a0</mtext><mi>y</mi><mo>≤</mo>"
            "<mn>0</mn></mtd></mtr><mtr>@<mi>x</mi></mtd>@<mtext>otherwise</mtext></mtd></mtr></mtable>"
            "</mrow>".replace("@", '<mtd style="text-align:left">'),
        ),
        (
            Gradient("L", "W", whole=True, shape=(2, 3)),
            '<mrow><mi>d</mi><mi>W</mi></mrow><mstyle scriptlevel="1"><mtext>\u00a0(2, 3)</mtext></mstyle>',
        ),
    ],
)
def test_formulas(formula: Expression, written: str) -> None:
    assert mathml(formula) == f"<math>{written}</math>"


def test_a_gradient_is_a_fraction() -> None:
    assert mathml(Gradient("L", "x")) == (
        "<math><mfrac><mrow><mrow><mo>∂</mo><mi>L</mi></mrow></mrow>"
        "<mrow><mrow><mo>∂</mo><mi>x</mi></mrow></mrow></mfrac></math>"
    )


@given(trees(choices_of), st.text(min_size=1))
def test_it_is_well_formed_and_of_mathml_core_whatever_the_names(tree: Expression, name: str) -> None:
    formula = Equation((Name(name), Gradient(name, name), op("unknown", Name(name), key=name), tree))
    root = ElementTree.fromstring(mathml(formula))
    assert {element.tag for element in root.iter()} <= ELEMENTS
    assert all(len(e) == 2 for e in root.iter() if e.tag in ("mfrac", "msup", "msub"))


def _as_python(element: ElementTree.Element) -> str:
    parts = [_as_python(child) for child in element]
    match element.tag:
        case "mfrac":
            above, below = parts
            partials = {"(∂L)/(∂y)": "L_y", "(∂f)/(∂z)": "f_z"}
            return partials.get(f"({above})/({below})", f"({above})/({below})")
        case "msup":
            return f"({parts[0]})**({parts[1]})"
        case "mo":
            return {"−": "-", "·": "*", "×": "*"}.get(element.text or "", element.text or "")
    return "".join(parts) or element.text or ""


@given(trees(arithmetic))
def test_a_written_formula_has_the_value_of_the_tree(tree: Expression) -> None:
    names = {_as_python(ElementTree.fromstring(mathml(e))): value for e, value in VALUES.items()}
    assert read(_as_python(ElementTree.fromstring(mathml(tree))), names) == worth(tree), mathml(tree)


def test_brackets_stretch_around_what_is_tall_only() -> None:
    assert mathml(op("log", Name("x"))).count('<mo stretchy="false">') == 2
    assert "stretchy" not in mathml(op("log", Array((1, 2))))
    assert "stretchy" not in mathml(op("log", op("divide", Name("x"), Name("y"))))


def test_a_function_that_has_the_name_of_an_operation_is_a_function() -> None:
    applied = Operation("of", (Name("sqrt"), Name("x")))
    assert "<mi>sqrt</mi>" in mathml(applied)
    assert "msqrt" not in mathml(applied)
