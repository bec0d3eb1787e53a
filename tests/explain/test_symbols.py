"""Gates in symbols: the formulas of the lesson's gates, branches that numbers settle, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from chainrule import gates
from chainrule.errors import UnsupportedError
from chainrule.explain._expression import Expression, Name, Number, Operation
from chainrule.explain._symbols import forward_formula, local_derivative, rule_formula, settled
from chainrule.explain.notation import latex, mathml, text
from chainrule.gates import Gate
from tests.explain._evaluate import assert_same

X, M, Y, Z, T, W, B, DOUT, DY = map(Name, ["x", "m", "y", "z", "t", "W", "b", "dout", "dY"])


def forward(gate: Gate, names: Sequence[Expression], values: Sequence[Any], **settings: Any) -> str:
    return text(forward_formula(gate, names, values, settings))


def local(gate: Gate, position: int, names: Sequence[Expression], values: Sequence[Any], out: Any) -> str:
    return text(local_derivative(gate, position, names, Z, values, out, {}))


def rule(
    gate: Gate,
    position: int,
    names: Sequence[Expression],
    values: Sequence[Any],
    out: Any,
    kept: Any = (),
    **s: Any,
) -> str:
    return text(rule_formula(gate, position, DOUT, names, Z, values, out, kept, s))


# The lesson's gates -----------------------------------------------------------------------------------


HALF, TWO, THREE, PRICE = map(Number, [0.5, 2, 3, 219])


@pytest.mark.parametrize(
    ("gate", "names", "formula", "derivatives"),
    [
        (gates.add, [X, Y], "x + y", "1, 1"),
        (gates.subtract, [X, PRICE], "x − 219", "1"),
        (gates.subtract, [X, Y], "x − y", "1, −1"),
        (gates.multiply, [X, M], "x · m", "m, x"),
        (gates.multiply, [HALF, X], "0.5 · x", "x, 0.5"),
        (gates.divide, [X, Y], "x / y", "1 / y, −z / y"),
        (gates.power, [X, TWO], "x²", "2 · x"),
        (gates.power, [X, THREE], "x³", "3 · x²"),
        (gates.power, [X, Y], "x ^ y", "y · x ^ (y − 1)"),
        (gates.square, [X], "x²", "2 · x"),
        (gates.negate, [X], "−x", "−1"),
        (gates.exp, [X], "exp(x)", "z"),
        (gates.log, [X], "log(x)", "1 / x"),
        (gates.log1p, [X], "log(1 + x)", "1 / (1 + x)"),
        (gates.sqrt, [X], "√x", "1 / (2 · z)"),
        (gates.tanh, [X], "tanh(x)", "1 − z²"),
        (gates.abs, [X], "|x|", "sign(x)"),
        (gates.sigmoid, [X], "1 / (1 + exp(−x))", "z · (1 − z)"),
        (gates.softplus, [X], "log(1 + exp(x))", "sigmoid(x)"),
    ],
)
def test_elementwise_gates(gate: Gate, names: list[Expression], formula: str, derivatives: str) -> None:
    values = [name.value if isinstance(name, Number) else 3.0 for name in names]
    assert forward(gate, names, values) == formula
    for position, derivative in enumerate(derivatives.split(", ")):
        assert local(gate, position, names, values, 0.0) == derivative


def test_gates_of_two_branches() -> None:
    assert forward(gates.relu, [X], [3.0]) == "max(x, 0)"
    assert local(gates.relu, 0, [X], [3.0], 3.0) == "{ 0 if z ≤ 0, 1 otherwise }"
    assert forward(gates.elu, [X], [3.0]) == "{ exp(x) − 1 if x ≤ 0, x otherwise }"
    assert local(gates.elu, 0, [X], [3.0], 3.0) == "{ exp(x) if x ≤ 0, 1 otherwise }"


def test_clip_says_its_bounds_once() -> None:
    assert forward(gates.clip, [X], [3.0], low=-1, high=1) == "{ −1 if x < −1, 1 if x > 1, x otherwise }"


def test_softmax() -> None:
    row, rows = np.ones(3), np.ones((2, 3))
    assert forward(gates.softmax, [X], [row]) == "exp(x) / Σ(exp(x))"
    assert forward(gates.softmax, [X], [rows]) == "exp(x) / Σ(exp(x), axis=1)"
    assert rule(gates.softmax, 0, [X], [row], row, axis=-1) == "z · (dout − Σ(dout · z))"
    formula = rule_formula(gates.softmax, 0, DOUT, [X], Z, [row], row, (), {})
    assert latex(formula) == (r"z \cdot \left(\mathrm{dout} - \sum\left(\mathrm{dout} \cdot z\right)\right)")


def test_affine_is_a_matrix_product_and_an_addition() -> None:
    x = np.ones((100, 784))
    w = np.ones((784, 50))
    b = np.ones(50)
    y = np.ones((100, 50))
    assert forward(gates.matmul, [X, W], [x, w]) == "x · W"
    assert rule(gates.matmul, 0, [X, W], [x, w], y) == "dout · Wᵀ"
    assert rule(gates.matmul, 1, [X, W], [x, w], y) == "xᵀ · dout"
    assert rule(gates.add, 0, [Z, B], [y, b], y) == "dout"
    assert rule(gates.add, 1, [Z, B], [y, b], y) == "Σ(dout, axis=0)"
    formula = rule_formula(gates.matmul, 0, DY, [X, W], Z, [x, w], y, (), {})
    assert latex(formula) == r"\mathrm{dY} \cdot {W}^{\mathsf{T}}"
    assert mathml(formula) == (
        "<math><mi>dY</mi><mo>·</mo>"
        '<msup><mrow><mi>W</mi></mrow><mrow><mi mathvariant="normal">T</mi></mrow></msup></math>'
    )


def test_products_with_vectors_are_written_as_such() -> None:
    x, y = np.ones((2, 3)), np.ones(3)
    assert forward(gates.matmul, [X, Y], [x, y]) == "x · y"
    assert forward(gates.matmul, [Y, Z], [y, y]) == "y · z"
    assert rule(gates.matmul, 1, [X, Y], [x, y], x @ y) == "xᵀ · dout"


def test_names_that_carry_a_shape_show_it() -> None:
    x, w = np.ones((100, 784)), np.ones((784, 50))
    names = [Name("X", (100, 784)), Name("W", (784, 50))]
    formula = rule_formula(gates.matmul, 0, Name("dY", (100, 50)), names, Z, [x, w], x @ w, (), {})
    assert text(formula) == "dY (100, 50) · Wᵀ (50, 784)"


def test_softmax_with_loss() -> None:
    scores = np.ones((4, 3))
    classes = np.array([0, 1, 2, 2])
    one_hot = np.eye(3)[classes]
    loss, p = gates.softmax_with_loss.forward(np, scores, one_hot)
    names, kept = [X, T], (p,)
    assert forward(gates.softmax_with_loss, names, [scores, one_hot]) == "−Σ(t · log(softmax(x))) / 4"
    assert rule(gates.softmax_with_loss, 0, names, [scores, one_hot], loss, kept) == (
        "(p · Σ(t, axis=1) − t) · (dout / 4)"
    )
    assert (
        forward(gates.softmax_with_loss, names, [scores, classes]) == "−Σ(one_hot(t) · log(softmax(x))) / 4"
    )
    assert (
        rule(gates.softmax_with_loss, 0, names, [scores, classes], loss, kept)
        == "(p − one_hot(t)) · (dout / 4)"
    )


def test_reductions() -> None:
    x = np.ones((2, 3))
    assert forward(gates.sum, [X], [x], axis=0) == "Σ(x, axis=0)"
    assert forward(gates.mean, [X], [x]) == "Σ(x) / 6"
    assert rule(gates.sum, 0, [X], [x], 6.0) == "broadcast(dout, (2, 3))"
    assert rule(gates.mean, 0, [X], [x], 1.0) == "broadcast(dout / 6, (2, 3))"
    assert (
        rule(gates.max, 0, [X], [x], 1.0) == "{ dout / Σ({ 1 if x = z, 0 otherwise }) if x = z, 0 otherwise }"
    )


def test_gates_that_are_no_primitives_are_calls() -> None:
    x = np.arange(4.0)
    assert forward(gates.getitem, [X], [x], index=[0, 0, 2]) == "x[[0, 0, 2]]"
    assert forward(gates.getitem, [X], [x], index=slice(1, None)) == "x[1:4]"
    assert rule(gates.getitem, 0, [X], [x], x[1], index=1) == "scatter(dout, index=[1], (4,))"


def _needs_numbers(xp: Any, x: Any) -> Any:
    return x if float(x[0]) > 0 else -x


def _rule_needs_numbers(dout: Any, x: Any, out: Any) -> Any:
    return dout if float(x[0]) > 0 else -dout


def test_somebodys_gate_that_needs_numbers_is_a_call() -> None:
    gate = Gate("mine", "m", "mine", "내 것", forward=_needs_numbers, wrt={"x": _rule_needs_numbers})
    x = np.ones(3)
    assert forward(gate, [X], [x]) == "mine(x)"
    assert rule(gate, 0, [X], [x], x) == "mine_dx(dout, x, z)"


def test_what_a_product_cannot_broadcast_itself_is_broadcast_before_it() -> None:
    gate = Gate(
        "mine",
        "m",
        "mine",
        "내 것",
        kind="matrix",
        wrt={},
        forward=lambda xp, x, y: xp.broadcast_to(x, (2, 3)) @ y,
    )
    x, y = np.ones((2, 1)), np.arange(12.0).reshape(3, 4)
    formula = forward_formula(gate, [X, Y], [x, y], {})
    assert text(formula) == "broadcast(x, (2, 3)) · y"
    assert_same(formula, {"x": x, "y": y}, gate.forward(np, x, y))


def test_a_vector_beside_a_column_stays_a_column() -> None:
    gate = Gate(
        "mine",
        "m",
        "mine",
        "내 것",
        kind="matrix",
        wrt={},
        forward=lambda xp, x, y: x @ y[:, None] + x[:, :1],
    )
    x, y = np.arange(6.0).reshape(2, 3), np.arange(3.0)
    formula = forward_formula(gate, [X, Y], [x, y], {})
    assert_same(formula, {"x": x, "y": y}, gate.forward(np, x, y))


# Branches -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "taken"), [(3.0, "dout"), (-1.0, "0"), (0.0, "0")])
def test_numbers_settle_which_branch_was_taken(value: float, taken: str) -> None:
    out = max(value, 0.0)
    formula = rule_formula(gates.relu, 0, DOUT, [X], Z, [value], out, (), {})
    assert text(settled(formula, {X: value, Z: out})) == taken


def test_what_is_not_known_settles_nothing() -> None:
    formula = rule_formula(gates.relu, 0, DOUT, [X], Z, [3.0], 3.0, (), {})
    assert settled(formula, {}) == formula
    assert settled(formula, {Z: np.ones(3)}) == formula


def test_what_is_left_of_a_settled_formula_is_simplified() -> None:
    formula = rule_formula(gates.power, 1, DOUT, [X, Y], Z, [3.0, 2.0], 9.0, (), {})
    assert text(settled(formula, {X: 3.0, Y: 2.0, Z: 9.0})) == "dout · z · log(x)"
    assert text(settled(formula, {X: 0.0, Y: 2.0, Z: 0.0})) == "dout · 0"


def test_a_comparison_of_computed_numbers_is_settled_too() -> None:
    formula = Operation("where", (Operation("less", (Operation("erf", (X,)), Number(0.5))), Y, Z))
    assert settled(formula, {X: 0.1}) == Y
    assert settled(formula, {X: 1.0}) == Z


# Refusals -------------------------------------------------------------------------------------------


def test_nothing_flows_back_through_a_gate_without_a_rule() -> None:
    with pytest.raises(UnsupportedError, match="the gate sign has no rule for x: nothing flows back to it"):
        local(gates.sign, 0, [X], [1.0], 1.0)
    with pytest.raises(UnsupportedError, match="the gate where has no rule for condition"):
        rule(gates.where, 0, [Z, X, Y], [True, 1.0, 2.0], 1.0)


def test_only_elementwise_gates_have_a_local_derivative_of_one_number() -> None:
    with pytest.raises(UnsupportedError, match="softmax is of the kind row-wise: each element of its result"):
        local(gates.softmax, 0, [X], [np.ones(3)], np.ones(3))
