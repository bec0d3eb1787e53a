"""Formulas as a line of text: examples, and brackets that are enough for every formula."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from chainrule.errors import ArgumentError
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
from chainrule.explain.notation import text
from tests.explain.notation._trees import VALUES, choices_of, read, trees, worth

X, Y, W, DOUT = map(Name, ["x", "y", "W", "dout"])
RELU = Operation("where", (Operation("less_equal", (Y, Number(0))), Number(0), Gradient("L", "y")))


def op(name: str, *args: Expression, **settings: Any) -> Operation:
    return Operation(name, args, tuple(settings.items()))


def turned(e: Expression) -> Operation:
    return op("transpose", e, axes=(1, 0))


@pytest.mark.parametrize(
    ("formula", "written"),
    [
        (
            Equation((Gradient("L", "x"), product(map(Number, [1, 1.1, 2])), Number(2.2))),
            "∂L/∂x = 1 · 1.1 · 2 = 2.2",
        ),
        (Equation((Name("총액"), product([Name("사과"), Name("개수")]))), "총액 = 사과 · 개수"),
        (Equation((X, Number(1 / 3)), exact=False), "x ≈ 0.333333"),
        (Equation((X,)), "x"),
        (product([Gradient("L", "f"), Gradient("f", "z")]), "∂L/∂f · ∂f/∂z"),
        (op("divide", X, Gradient("L", "f")), "x / (∂L/∂f)"),
        (product([X, Number(-2)]), "x · (−2)"),
        (product([Number(-2), X]), "−2 · x"),
        (op("divide", X, Number(1.5e-7)), "x / (1.5×10⁻⁷)"),
        (op("power", X, Number(2)), "x²"),
        (op("power", X, Number(-12.0)), "x⁻¹²"),
        (op("power", X, Number(0.5)), "x ^ 0.5"),
        (op("power", X, Number(-0.5)), "x ^ (−0.5)"),
        (op("power", op("power", X, Number(2)), Y), "(x²) ^ y"),
        (op("power", Number(-2), Number(2)), "(−2)²"),
        (op("power", turned(W), Number(2)), "(Wᵀ)²"),
        (op("negative", op("negative", X)), "−(−x)"),
        (op("subtract", X, op("subtract", Y, W)), "x − (y − W)"),
        (op("add", X, op("add", Y, W)), "x + y + W"),
        (op("exp", op("negative", X)), "exp(−x)"),
        (op("absolute", op("subtract", X, Y)), "|x − y|"),
        (op("sqrt", X), "√x"),
        (op("sqrt", op("add", X, Number(1))), "√(x + 1)"),
        (op("matmul", DOUT, turned(W)), "dout · Wᵀ"),
        (op("matmul", op("multiply", X, Y), turned(W)), "(x × y) · Wᵀ"),
        (op("multiply", op("matmul", X, W), Number(0.5)), "(x · W) × 0.5"),
        (op("transpose", op("add", X, Y), axes=(0, 2, 1)), "(x + y)ᵀ"),
        (op("transpose", X, axes=(2, 0, 1)), "transpose(x, axes=(2, 0, 1))"),
        (op("sum", X, axis=None, keepdims=False), "Σ(x)"),
        (op("sum", X, axis=(0, 2), keepdims=True), "Σ(x, axis=(0, 2))"),
        (op("broadcast", DOUT, shape=(2, 3)), "broadcast(dout, (2, 3))"),
        (op("maximum", X, Number(0.0)), "max(x, 0)"),
        (
            op("slice", X, index=(1, (None, None, None), (3, None, -1), "...", "[0, 2]")),
            "x[1, :, 3::-1, ..., [0, 2]]",
        ),
        (op("equal", Name("t"), op("arange", stop=10)), "t = 0…9"),
        (op("logical_and", op("logical_or", X, Y), W), "(x ∨ y) ∧ W"),
        (op("logical_or", X, op("logical_and", Y, W)), "x ∨ (y ∧ W)"),
        (op("logical_or", X, op("logical_or", Y, W)), "x ∨ y ∨ W"),
        (RELU, "{ 0 if y ≤ 0, ∂L/∂y otherwise }"),
        (
            op("where", op("less", X, Number(-1)), Number(-1), RELU),
            "{ −1 if x < −1, 0 if y ≤ 0, ∂L/∂y otherwise }",
        ),
        (Array(((1.0, 2.5), (-3.0, 4.0))), "[[1 2.5] [−3 4]]"),
        (Array((1.0, 2.0)), "[1 2]"),
        (Gradient("L", "W1", whole=True), "dW1"),
    ],
)
def test_formulas(formula: Expression, written: str) -> None:
    assert text(formula) == written


def test_shapes_stand_behind_names_and_turn_with_them() -> None:
    left = Gradient("L", "X", whole=True, shape=(100, 784))
    right = op("matmul", Gradient("L", "Y", whole=True, shape=(100, 50)), turned(Name("W", (784, 50))))
    assert text(Equation((left, right))) == "dX (100, 784) = dY (100, 50) · Wᵀ (50, 784)"
    assert text(Name("b", (50,))) == "b (50,)"
    assert text(op("power", Name("X", (2, 3)), Number(2))) == "(X (2, 3))²"


def test_words_are_in_the_language_that_is_asked_for() -> None:
    assert text(RELU, language="ko") == "{ 0 (y ≤ 0), ∂L/∂y (그 외) }"
    with pytest.raises(ArgumentError, match="lang is 'en' or 'ko', not 'fr'"):
        text(RELU, language="fr")


_SIGNS = {
    "−": "-",
    "·": "*",
    "×": "*",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    " = ": " == ",
    "∧": "and",
    "∨": "or",
    "^": "**",
    "{": "(",
    " otherwise }": ")",
    ", ": " else ",
    "∂L/∂y": "L_y",
    "∂f/∂z": "f_z",
}
_NAMES = {"x": "x", "m": "m", "t": "t", "∂L/∂y": "L_y", "∂f/∂z": "f_z"}


def _as_python(written: str) -> str:
    for sign, python in _SIGNS.items():
        written = written.replace(sign, python)
    for power, python in {
        "*10⁻⁷": "e-7",
        "*10²⁰": "e20",
        "⁻¹": "**-1",
        "²": "**2",
        "³": "**3",
        "⁰": "**0",
    }.items():
        written = written.replace(power, python)
    return written


@given(trees(choices_of))
def test_a_written_formula_has_the_value_of_the_tree(tree: Expression) -> None:
    names = {_NAMES[text(e)]: value for e, value in VALUES.items()}
    assert read(_as_python(text(tree)), names) == worth(tree), text(tree)
