"""Formulas in LaTeX: examples, names that would break it, and the value that a reader of braces finds."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.explain._expression import (
    Array,
    Equation,
    Expression,
    Gradient,
    Name,
    Number,
    Operation,
    product,
)
from chainrule.explain.notation import latex
from tests.explain.notation._trees import VALUES, arithmetic, choices_of, read, trees, worth

X, Y, W = map(Name, ["x", "y", "W"])
RELU = Operation("where", (Operation("less_equal", (Y, Number(0))), Number(0), Gradient("L", "y")))


def op(name: str, *args: Expression, **settings: Any) -> Operation:
    return Operation(name, args, tuple(settings.items()))


@pytest.mark.parametrize(
    ("formula", "written"),
    [
        (
            Equation((Gradient("L", "x"), product(map(Number, [1, 1.1, 2])), Number(2.2))),
            r"\frac{\partial L}{\partial x} = 1 \cdot 1.1 \cdot 2 = 2.2",
        ),
        (Equation((Name("x1"), Number(1 / 3)), exact=False), r"x_{1} \approx 0.333333"),
        (Name("총액"), r"\text{총액}"),
        (Name("multiply1"), r"\mathrm{multiply1}"),
        (
            op("divide", Number(1), op("add", Number(1), op("exp", op("negative", X)))),
            r"\frac{1}{1 + e^{-x}}",
        ),
        (op("power", op("add", X, Y), Number(2)), r"{\left(x + y\right)}^{2}"),
        (op("sqrt", op("add", X, Y)), r"\sqrt{x + y}"),
        (op("power", op("divide", X, Y), Number(2)), r"{\left(\frac{x}{y}\right)}^{2}"),
        (op("multiply", X, op("divide", X, Y)), r"x \cdot \frac{x}{y}"),
        (op("absolute", X), r"\left|x\right|"),
        (op("transpose", W, axes=(1, 0)), r"{W}^{\mathsf{T}}"),
        (op("sum", X, axis=0, keepdims=True), r"\sum\left(x,\, \text{axis=0}\right)"),
        (op("log", X), r"\log\left(x\right)"),
        (op("one_hot", Name("t"), classes=10), r"\operatorname{one\_hot}\left(t\right)"),
        (op("arange", stop=10), r"0 \ldots 9"),
        (op("slice", X, index=(1, (0, 2, None))), r"x\left[1, 0{:}2\right]"),
        (Array(((1, 2), (3, 4))), r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}"),
        (Array((1.5, -2e-9)), r"\begin{bmatrix} 1.5 & -2 \times 10^{-9} \end{bmatrix}"),
        (Number(float("-inf")), r"-\infty"),
        (Number(float("nan")), r"\mathrm{NaN}"),
        (Gradient("L", "W1", whole=True, shape=(784, 50)), r"dW_{1}\,{\scriptstyle (784, 50)}"),
        (
            RELU,
            r"\begin{cases} 0 & \text{if }y \le 0 \\ \frac{\partial L}{\partial y} & \text{otherwise} \end{cases}",
        ),
        (
            op("add", X, op("where", X, X, Y)),
            r"x + \left(\begin{cases} x & \text{if }x \\ y & \text{otherwise} \end{cases}\right)",
        ),
    ],
)
def test_formulas(formula: Expression, written: str) -> None:
    assert latex(formula) == written


def test_korean_words() -> None:
    assert r"& \text{(}y \le 0\text{)} \\" in latex(RELU, language="ko")
    assert r"& \text{(그 외)} \end{cases}" in latex(RELU, language="ko")


def test_names_cannot_break_out_of_their_braces() -> None:
    assert latex(Name(r"50 % of \x_1^2 {$&#~}")) == (
        r"\text{50 \% of \textbackslash{}x\_1\textasciicircum{}2 \{\$\&\#\textasciitilde{}\}}"
    )


def _assert_balanced(written: str) -> None:
    plain = re.sub(r"\\\\|\\[{}$&#_%]", "", written)
    depth = 0
    for letter in plain:
        depth += (letter == "{") - (letter == "}")
        assert depth >= 0, written
    assert depth == 0, written
    assert len(re.findall(r"\\left(?![a-z])", plain)) == len(re.findall(r"\\right(?![a-z])", plain))
    assert sorted(re.findall(r"\\begin{(\w+)}", plain)) == sorted(re.findall(r"\\end{(\w+)}", plain))
    assert "$" not in plain


@given(trees(choices_of), st.text(min_size=1))
def test_braces_and_brackets_are_balanced(tree: Expression, name: str) -> None:
    _assert_balanced(latex(Equation((Name(name), Gradient(name, name, whole=True), tree, tree))))


_SIGNS = {
    r"\frac{\partial L}{\partial y}": "L_y",
    r"\frac{\partial f}{\partial z}": "f_z",
    r" \times 10^{": "e{",
    r"\left(": "(",
    r"\right)": ")",
    r" \cdot ": "*",
    "}^{": ")**(",
    r"\frac": "",
    "}{": ")/(",
    "{": "(",
    "}": ")",
    "e(-7)": "e-7",
    "e(20)": "e20",
}


@given(trees(arithmetic))
def test_a_written_formula_has_the_value_of_the_tree(tree: Expression) -> None:
    written = latex(tree)
    for sign, python in _SIGNS.items():
        written = written.replace(sign, python)
    names = {_SIGNS.get(latex(e), latex(e)): value for e, value in VALUES.items()}
    assert read(written, names) == worth(tree), latex(tree)
