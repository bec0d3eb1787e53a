"""Operators, comparisons and iteration of variables."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import ShapeError, UnsupportedError
from chainrule.graph import Variable
from tests.graph._numerical import assert_close, slope
from tests.graph._refusal import refused

OPERATORS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
}
OPERANDS = {
    "float": 1.5,
    "int": 3,
    "float64": np.float64(0.75),
    "float32": np.float32(1.25),
    "int64": np.int64(2),
    "0-d": np.array(1.75),
    "row": np.array([0.5, 1.5, 2.5]),
    "column": np.array([[0.5], [1.25]]),
    "integers": np.array([1, 2, 3]),
}


@pytest.mark.parametrize("symbol", OPERATORS)
@pytest.mark.parametrize("kind", OPERANDS)
@pytest.mark.parametrize("value", [1.25, np.array([0.75, 1.5, 2.25])], ids=["number", "array"])
def test_operators_in_both_directions(symbol: str, kind: str, value: Any) -> None:
    apply, other = OPERATORS[symbol], OPERANDS[kind]
    sides: list[Callable[[Any], Any]] = [lambda x: apply(x, other), lambda x: apply(other, x)]
    for side in sides:
        x = Variable(value)
        out = side(x)
        np.testing.assert_array_equal(out.value, side(value))
        assert np.asarray(out.value).dtype == np.asarray(side(value)).dtype
        upstream = np.linspace(1.0, 2.0, out.size).reshape(out.shape)
        out.backward(upstream)
        assert np.shape(x.grad) == np.shape(value)
        assert_close(x.grad, slope(side, value, upstream))


def test_matrix_products_in_both_directions() -> None:
    a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4) / 7
    upstream = np.arange(8.0).reshape(2, 4)
    for x, w in ((Variable(a), b), (a, Variable(b)), (Variable(a), Variable(b)), (Variable(a), b.tolist())):
        out = x @ w
        np.testing.assert_array_equal(out.value, a @ b)
        out.backward(upstream)
        for v, wanted in ((x, upstream @ b.T), (w, a.T @ upstream)):
            if isinstance(v, Variable):
                assert_close(v.grad, wanted)


@pytest.mark.parametrize(
    "function",
    [
        lambda x, y: -x,
        lambda x, y: +x,
        lambda x, y: abs(x),
        lambda x, y: sum([x, y, 1]),
        lambda x, y: min(x, y),
        lambda x, y: max(x, y),
        lambda x, y: sorted([y, x])[0],
    ],
)
@given(a=st.floats(-1e3, 1e3), b=st.floats(-1e3, 1e3))
def test_signs_and_builtins_of_numbers(function: Callable[..., Any], a: float, b: float) -> None:
    found = function(Variable(a), Variable(b))
    assert type(found.value) is float
    assert found.value == function(a, b)


@pytest.mark.parametrize(
    "method",
    [
        lambda a: a.T,
        lambda a: a.mT,
        lambda a: a.sum(),
        lambda a: a.sum(axis=1, keepdims=True),
        lambda a: a.mean(axis=(0, 2)),
        lambda a: a.max(0),
        lambda a: a.min(axis=-1),
        lambda a: a.reshape(4, -1),
        lambda a: a.reshape((6, 4)),
        lambda a: a.transpose(),
        lambda a: a.transpose(1, 0, 2),
        lambda a: a.transpose((2, 0, 1)),
        lambda a: a[1, ..., None, 1:3],
    ],
)
def test_methods_and_properties_of_arrays(method: Callable[..., Any]) -> None:
    a = np.arange(24.0).reshape(2, 3, 4)
    np.testing.assert_array_equal(method(Variable(a)).value, method(a))


def test_a_number_has_a_transpose_and_a_new_axis_as_numpys_numbers_have() -> None:
    assert Variable(3.0).T.value == 3.0
    x = Variable(3.0)
    y = x[None]
    assert y.value.tolist() == [3.0]
    y.backward()
    assert x.grad == 1.0


# Comparisons


@pytest.mark.parametrize("name", ["lt", "le", "gt", "ge", "eq", "ne"])
def test_comparisons_of_numbers_hold_or_not(name: str) -> None:
    compare = getattr(operator, name)
    for a in (1.0, 2.0):
        for left, right in ((Variable(a), 2), (2, Variable(a)), (np.float64(2), Variable(a))):
            wanted = bool(compare(*(v.value if isinstance(v, Variable) else v for v in (left, right))))
            assert bool(compare(left, right)) is wanted
            assert (1 if compare(left, right) else 0) == wanted


@pytest.mark.parametrize("name", ["lt", "le", "gt", "ge", "eq", "ne"])
def test_comparisons_of_arrays_choose_with_where(name: str) -> None:
    compare = getattr(operator, name)
    a = np.array([1.0, 2.0, 3.0])
    for other in (2, np.array([3.0, 2.0, 1.0])):
        for left, right in ((Variable(a), other), (other, Variable(a))):
            condition = compare(left, right)
            wanted = compare(a, other) if left is not other else compare(other, a)
            assert condition.dtype == bool
            assert condition.value.tolist() == wanted.tolist()
            x = Variable(a)
            np.where(condition, x, 0.0).sum().backward()
            assert x.grad.tolist() == wanted.astype(float).tolist()


def test_conditions_are_combined() -> None:
    x, n = Variable(np.array([-2.0, 0.5, 2.0])), Variable(0.5)
    assert ((x > -1) & (x < 1)).value.tolist() == [False, True, False]
    assert (np.array([True, True, False]) & (x > 0)).value.tolist() == [False, True, False]
    assert ((x < -1) | (x > 1)).value.tolist() == [True, False, True]
    assert (~(x > 0)).value.tolist() == [True, False, False]
    assert (~(n > 0)).value is False
    assert ((n > 0) & (n < 1)).value is True
    assert ((n > 1) | (n < 0)).value is False


def test_only_conditions_are_combined() -> None:
    x = Variable(np.ones(3))
    for combine, name in (
        (lambda: ~x, "invert"),
        (lambda: x & (x > 0), "bitwise_and"),
        (lambda: 2 | x, "bitwise_or"),
    ):
        fix = f"np.{name} of x.value gives plain numbers, without a gradient"
        with refused(UnsupportedError, f"np.{name} is not differentiable by chainrule", fix):
            combine()


def test_what_is_no_number_is_unequal_to_every_variable() -> None:
    x = Variable(2.0)
    for other in (None, "x", object()):
        assert (x == other) is False
        assert (x != other) is True
    assert x not in [None, "2"]
    assert {x: 1}[x] == 1


def test_the_truth_of_several_numbers_is_refused() -> None:
    x = Variable(np.ones(3), name="x")
    fix = "np.where(condition, x, y) chooses element by element; x.value.all() is one answer"
    with refused(ShapeError, "the result of greater has shape (3,): whether it holds is not one answer", fix):
        bool(x > 0)
    with pytest.raises(ShapeError):
        "yes" if Variable(np.ones(0)) > 0 else "no"
    assert bool(Variable(np.ones((1, 1))) > 0)


# Iteration


def test_iteration_and_unpacking_give_differentiable_parts() -> None:
    x = Variable(np.array([[1.0, 2.0], [3.0, 4.0]]))
    first, second = x
    assert len(x) == 2
    assert [row.value.tolist() for row in reversed(x)] == [[3, 4], [1, 2]]
    (a, _), (_, d) = x
    (np.sum(first * 10) + a * d).backward()
    assert x.grad.tolist() == [[14, 10], [0, 1]]
    assert second.grad is None


def test_a_number_has_no_length_and_no_parts() -> None:
    x = Variable(2.0, name="x")
    with refused(UnsupportedError, "x is a single number and has no length"):
        len(x)
    with refused(UnsupportedError, "x is a single number and has no length"):
        iter(x)


def test_operators_without_a_gradient_are_refused() -> None:
    x = Variable(2.0)
    for apply in (operator.floordiv, operator.mod, divmod, operator.xor, operator.lshift):
        with pytest.raises(TypeError, match="unsupported operand"):
            apply(x, 2)
