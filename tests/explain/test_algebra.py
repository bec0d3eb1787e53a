"""Simplifying: what it makes of formulas, and the law that it changes no value."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chainrule.explain._algebra import operation, without_nan
from chainrule.explain._expression import Expression, Name, Number, Operation
from chainrule.explain.notation import text
from tests.explain.notation._trees import VALUES, choices_of, worth

X, Y, Z = map(Name, "xyz")
ONE, ZERO, TWICE = Number(1.0), Number(0.0), Operation("multiply", (Number(2.0), X))
LESS = Operation("less", (X, Y))


def negative(e: Expression) -> Expression:
    return operation("negative", e)


@pytest.mark.parametrize(
    ("op", "args", "simpler"),
    [
        ("add", (X, ZERO), "x"),
        ("add", (ZERO, X), "x"),
        ("add", (X, negative(Y)), "x − y"),
        ("add", (X, Number(-2.0)), "x − 2"),
        ("subtract", (X, ZERO), "x"),
        ("subtract", (ZERO, X), "−x"),
        ("subtract", (X, negative(Y)), "x + y"),
        ("subtract", (Number(2), ONE), "1"),
        ("multiply", (ONE, X), "x"),
        ("multiply", (X, ONE), "x"),
        ("multiply", (Number(-1), X), "−x"),
        ("multiply", (X, Number(-1)), "−x"),
        ("multiply", (negative(X), Y), "−x · y"),
        ("multiply", (negative(X), negative(Y)), "x · y"),
        ("multiply", (X, X), "x²"),
        ("multiply", (ZERO, X), "0 · x"),
        ("divide", (X, ONE), "x"),
        ("divide", (negative(X), Y), "−x / y"),
        ("power", (X, ONE), "x"),
        ("power", (X, ZERO), "1"),
        ("negative", (negative(X),), "x"),
        ("log1p", (X,), "log(1 + x)"),
        ("expm1", (X,), "exp(x) − 1"),
        ("where", (Operation("not_equal", (X, X)), Y, Z), "z"),
        ("where", (Operation("equal", (X, Number(math.inf))), Y, Z), "z"),
        ("where", (Operation("isfinite", (X,)), Y, Z), "y"),
        ("where", (X, Y, Y), "y"),
        ("where", (X, TWICE, Y), "{ 2 · x if x, y otherwise }"),
        (
            "where",
            (Operation("where", (LESS, Number(False), Z)), X, Y),
            "{ y if x < y, x if z, y otherwise }",
        ),
        ("greater", (Operation("where", (LESS, Number(3), X)), ONE), "{ True if x < y, (x > 1) otherwise }"),
        (
            "where",
            (LESS, operation("where", LESS, Y, Z), operation("where", LESS, Y, Z)),
            "{ y if x < y, z otherwise }",
        ),
        ("where", (Operation("equal", (X, ZERO)), ZERO, Operation("multiply", (Y, X))), "y · x"),
        ("where", (Operation("equal", (X, ZERO)), ZERO, Y), "{ 0 if x = 0, y otherwise }"),
        (
            "where",
            (Operation("equal", (X, ZERO)), ONE, Operation("multiply", (Y, X))),
            "{ 1 if x = 0, y · x otherwise }",
        ),
    ],
)
def test_rules(op: str, args: tuple[Expression, ...], simpler: str) -> None:
    assert text(operation(op, *args)) == simpler


def test_a_formula_is_for_where_there_is_a_number() -> None:
    never = Operation("equal", (Name("count"), ZERO))
    share = Operation("where", (never, Number(math.nan), Operation("divide", (X, Name("count")))))
    whole = operation("where", operation("logical_or", LESS, never), share, ZERO)
    assert text(without_nan(whole)) == "{ x / count if x < y, 0 otherwise }"


def simplified(e: Expression) -> Expression:
    return operation(e.op, *map(simplified, e.args)) if isinstance(e, Operation) else e


def constants(e: Expression) -> bool:
    return isinstance(e, Number) or isinstance(e, Operation) and all(map(constants, e.args))


def assume_exact(e: Expression) -> None:
    """What is worked out of numbers alone is worked out in floats, which do not hold every fraction."""
    if isinstance(e, Operation):
        for a in e.args:
            assume_exact(a)
        if constants(e):
            value = worth(e)
            assume(abs(value) < 2**50)
            assume(Fraction(float(value)) == value)


_NUMBERS = st.sampled_from([0, 1, 2, -1, -2, 0.5]).map(lambda n: Number(float(n)))


@given(st.recursive(st.one_of(st.sampled_from(list(VALUES)), _NUMBERS), choices_of, max_leaves=12))
def test_simplifying_changes_no_value(tree: Expression) -> None:
    assume_exact(tree)
    value = worth(tree)
    simpler = simplified(tree)
    assert worth(simpler) == value, f"{text(tree)} became {text(simpler)}"
