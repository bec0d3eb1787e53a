"""The tree of a formula: how one is put together, and how names give way to numbers."""

from __future__ import annotations

import dataclasses

import pytest

from chainrule.explain._expression import (
    Array,
    Equation,
    Gradient,
    Name,
    Number,
    Operation,
    product,
    substituted,
    total,
)
from chainrule.explain.notation import text

X, M = Name("x"), Name("m")


def test_a_product_keeps_a_factor_of_one() -> None:
    assert product([Number(1), X, M]) == Operation("multiply", (Operation("multiply", (Number(1), X)), M))
    assert text(product([Number(1), X, M])) == "1 · x · m"


def test_products_and_sums_of_one_and_of_none() -> None:
    assert product([X]) == total([X]) == X
    assert product([]) == Number(1)
    assert total([]) == Number(0)


def test_names_and_gradients_give_way_to_numbers_and_arrays() -> None:
    formula = Equation((Gradient("L", "x"), total([product([Gradient("L", "z"), M]), X])), exact=False)
    filled = substituted(formula, {Gradient("L", "z"): Number(1.1), M: Number(2), X: Array((1, 2))})
    assert filled == Equation(
        (Gradient("L", "x"), total([product([Number(1.1), Number(2)]), Array((1, 2))])), exact=False
    )
    assert text(filled) == "∂L/∂x ≈ 1.1 × 2 + [1 2]"


def test_settings_survive_a_substitution() -> None:
    formula = Operation("sum", (X,), (("axis", 0),))
    assert substituted(formula, {X: M}) == Operation("sum", (M,), (("axis", 0),))


def test_a_shape_is_for_the_eye_and_makes_no_other_value() -> None:
    with_shape = Name("x", (2, 3))
    assert with_shape == X
    assert substituted(with_shape, {X: Number(1)}) == Number(1)
    assert hash(Gradient("L", "x", shape=(2,))) == hash(Gradient("L", "x"))


def test_a_tree_can_be_looked_up_and_not_be_changed() -> None:
    formula = product([X, Array(((1, 2), (3, 4)))])
    assert {formula: "found"}[product([X, Array(((1, 2), (3, 4)))])] == "found"
    with pytest.raises(dataclasses.FrozenInstanceError):
        X.text = "y"  # type: ignore[misc]
