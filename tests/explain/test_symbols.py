"""Gates in symbols: the formulas of the lesson, and the law that every formula is worth what its gate gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
import pytest
import sympy

from chainrule import gates
from chainrule.errors import UnsupportedError
from chainrule.explain._expression import Array, Expression, Name, Number, Operation
from chainrule.explain._symbols import forward_formula, local_derivative, rule_formula, settled
from chainrule.explain.notation import latex, mathml, text
from chainrule.gates import Gate
from tests.explain._evaluate import evaluate
from tests.gates._examples import ELEMENTWISE, EXAMPLES, SETTINGS, Example, real
from tests.gates._run import places, run

X, M, Y, Z, T, W, B, DOUT, DY = map(Name, ["x", "m", "y", "z", "t", "W", "b", "dout", "dY"])
ALL = list(gates.ALL.values())
name_of = attrgetter("name")


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


@pytest.mark.parametrize(
    ("gate", "names", "values", "formula", "derivatives"),
    [
        (gates.add, [X, Y], [1.0, 2.0], "x + y", ["1", "1"]),
        (gates.subtract, [X, Number(219)], [220.0, 219], "x − 219", ["1"]),
        (gates.multiply, [X, M], [100.0, 2.0], "x · m", ["m", "x"]),
        (gates.multiply, [Number(0.5), X], [0.5, 1.0], "0.5 · x", [None, "0.5"]),
        (gates.divide, [X, Y], [1.0, 2.0], "x / y", ["1 / y", "−z / y"]),
        (gates.power, [X, Number(2)], [3.0, 2], "x²", ["2 · x"]),
        (gates.power, [X, Number(3)], [3.0, 3], "x³", ["3 · x²"]),
        (gates.power, [X, Y], [3.0, 2.0], "x ^ y", ["y · x ^ (y − 1)"]),
        (gates.square, [X], [3.0], "x²", ["2 · x"]),
        (gates.negate, [X], [3.0], "−x", ["−1"]),
        (gates.exp, [X], [3.0], "exp(x)", ["z"]),
        (gates.log, [X], [3.0], "log(x)", ["1 / x"]),
        (gates.log1p, [X], [3.0], "log(1 + x)", ["1 / (1 + x)"]),
        (gates.sqrt, [X], [3.0], "√x", ["1 / (2 · z)"]),
        (gates.tanh, [X], [3.0], "tanh(x)", ["1 − z²"]),
        (gates.abs, [X], [3.0], "|x|", ["sign(x)"]),
        (gates.sigmoid, [X], [3.0], "1 / (1 + exp(−x))", ["z · (1 − z)"]),
        (gates.relu, [X], [3.0], "max(x, 0)", ["{ 0 if z ≤ 0, 1 otherwise }"]),
        (gates.softplus, [X], [3.0], "log(1 + exp(x))", ["sigmoid(x)"]),
        (gates.elu, [X], [3.0], "{ exp(x) − 1 if x ≤ 0, x otherwise }", ["{ exp(x) if x ≤ 0, 1 otherwise }"]),
    ],
)
def test_elementwise_gates(
    gate: Gate, names: list[Expression], values: list[Any], formula: str, derivatives: list[str | None]
) -> None:
    assert forward(gate, names, values) == formula
    for position, derivative in enumerate(derivatives):
        if derivative is not None:
            assert local(gate, position, names, values, 0.0) == derivative


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
    x, w, b, y = np.ones((100, 784)), np.ones((784, 50)), np.ones(50), np.ones((100, 50))
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


def test_names_that_carry_a_shape_show_it() -> None:
    x, w = np.ones((100, 784)), np.ones((784, 50))
    names = [Name("X", (100, 784)), Name("W", (784, 50))]
    formula = rule_formula(gates.matmul, 0, Name("dY", (100, 50)), names, Z, [x, w], x @ w, (), {})
    assert text(formula) == "dY (100, 50) · Wᵀ (50, 784)"


def test_softmax_with_loss() -> None:
    scores, one_hot, classes = np.ones((4, 3)), np.eye(3)[[0, 1, 2, 2]], np.array([0, 1, 2, 2])
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


# The law --------------------------------------------------------------------------------------------


class Case(NamedTuple):
    """A gate on one example."""

    gate: Gate
    given: Example

    @property
    def names(self) -> list[Expression]:
        letters = self.gate.inputs if not self.gate.variadic else tuple(f"x{i}" for i in range(9))
        return [Name(letters[i]) for i in range(len(self.given.inputs))]

    @property
    def values(self) -> Mapping[str, Any]:
        return {n.text: v for n, v in zip(self.names, self.given.inputs, strict=True) if isinstance(n, Name)}

    def result(self) -> tuple[Any, tuple[Any, ...]]:
        out = self.gate.forward(np, *self.given.inputs, **self.given.settings)
        return (out[0], tuple(out[1:])) if self.gate.keeps else (out, ())


def cases(gate: Gate) -> Iterator[Case]:
    """The examples of all gates, and single numbers for elementwise ones."""
    for given in EXAMPLES[gate.name]:
        yield Case(gate, given.map(_short) if gate is gates.astype else given)
    rng = np.random.default_rng(11)
    if gate.name in ELEMENTWISE and gate.rules:
        for settings in SETTINGS.get(gate.name, [{}]):
            inputs = tuple(sample(rng, ()) for sample in ELEMENTWISE[gate.name])
            yield Case(gate, Example(inputs, settings).map(_short))


def _short(x: Any) -> Any:
    """Numbers that float32 holds exactly: a change of precision is not shown."""
    return np.asarray(x).astype(np.float32).astype(np.float64) if np.asarray(x).dtype.kind == "f" else x


def assert_same(formula: Expression, values: Mapping[str, Any], expected: Any) -> None:
    with np.errstate(all="ignore"):
        value = evaluate(formula, values)
    if isinstance(formula, Number | Array):
        value = np.broadcast_to(value, np.shape(expected))
    assert np.shape(value) == np.shape(expected), text(formula)
    np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-14, err_msg=text(formula))


@pytest.mark.parametrize("gate", ALL, ids=name_of)
def test_the_formula_of_a_gate_is_worth_what_the_gate_gives(gate: Gate) -> None:
    for case in cases(gate):
        formula = forward_formula(gate, case.names, case.given.inputs, case.given.settings)
        assert_same(formula, case.values, case.result()[0])


@pytest.mark.parametrize("gate", [g for g in ALL if g.rules], ids=name_of)
def test_the_formula_of_a_rule_is_worth_the_gradient_that_the_graph_finds(gate: Gate) -> None:
    rng = np.random.default_rng(12)
    for case in cases(gate):
        out, kept = case.result()
        upstream = _short(real(rng, np.shape(out)))
        found = run(gate, case.given, upstream).gradients
        values = {**case.values, "OUT": out, "DOUT": upstream, **dict(zip(gate.keeps, kept, strict=True))}
        for position, gradient in zip(places(gate, case.given.inputs), found, strict=True):
            formula = rule_formula(
                gate,
                position,
                Name("DOUT"),
                case.names,
                Name("OUT"),
                case.given.inputs,
                out,
                kept,
                case.given.settings,
            )
            assert_same(formula, values, gradient)


@pytest.mark.parametrize("gate", [g for g in ALL if g.rules and g.kind == "elementwise"], ids=name_of)
def test_a_local_derivative_is_the_rule_given_one(gate: Gate) -> None:
    for case in cases(gate):
        if any(np.ndim(x) for x in case.given.inputs):
            continue
        out, _ = case.result()
        found = run(gate, case.given, np.asarray(1.0)).gradients
        for position, gradient in zip(places(gate, case.given.inputs), found, strict=True):
            formula = local_derivative(
                gate, position, case.names, Name("OUT"), case.given.inputs, out, case.given.settings
            )
            assert_same(formula, {**case.values, "OUT": out}, gradient)


# SymPy ----------------------------------------------------------------------------------------------

_TO_SYMPY: Mapping[str, Any] = {
    "add": lambda a, b: a + b, "subtract": lambda a, b: a - b, "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b, "power": lambda a, b: a**b, "negative": lambda a: -a, "absolute": sympy.Abs,
    "maximum": sympy.Max, "minimum": sympy.Min, "equal": sympy.Eq, "less": sympy.Lt, "less_equal": sympy.Le,
    "greater": sympy.Gt, "logical_or": sympy.Or, "logical_and": sympy.And,
    "where": lambda c, a, b: sympy.Piecewise((a, c), (b, True)), "sigmoid": lambda a: 1 / (1 + sympy.exp(-a)),
}  # fmt: skip


def to_sympy(e: Expression, symbols: Mapping[str, Any]) -> Any:
    match e:
        case Name(name):
            return symbols[name]
        case Number(value):
            return sympy.sympify(value)
        case Operation(op, args):
            return _TO_SYMPY.get(op, getattr(sympy, op, None))(*(to_sympy(a, symbols) for a in args))
    raise AssertionError(e)


@pytest.mark.parametrize("gate", [g for g in ALL if g.rules and g.kind == "elementwise"], ids=name_of)
def test_a_local_derivative_is_the_derivative_that_sympy_finds(gate: Gate) -> None:
    rng = np.random.default_rng(13)
    letters = list(gate.inputs)
    symbols = {name: sympy.Symbol(name, real=True) for name in letters}
    if gate is gates.where:
        symbols["condition"] = symbols["x"] < symbols["y"]
    names = list(map(Name, letters))
    for settings in SETTINGS.get(gate.name, [{}]):
        values = [sample(rng, ()) for sample in ELEMENTWISE[gate.name]]
        formula = to_sympy(forward_formula(gate, names, values, settings), symbols)
        for position, name in enumerate(letters):
            if name not in gate.rules:
                continue
            local = local_derivative(gate, position, names, Name("OUT"), values, 0.0, settings)
            shown = to_sympy(local, {**symbols, "OUT": formula})
            derivative = sympy.diff(formula, symbols[name])
            for _ in range(4):
                point = {
                    symbols[n]: float(sample(rng, ()))
                    for n, sample in zip(letters, ELEMENTWISE[gate.name], strict=True)
                    if n != "condition"
                }
                assert abs(sympy.N((shown - derivative).subs(point))) < 1e-12, (shown, derivative, point)


# Refusals -------------------------------------------------------------------------------------------


def test_nothing_flows_back_through_a_gate_without_a_rule() -> None:
    with pytest.raises(UnsupportedError, match="the gate sign has no rule for x: nothing flows back to it"):
        local(gates.sign, 0, [X], [1.0], 1.0)
    with pytest.raises(UnsupportedError, match="the gate where has no rule for condition"):
        rule(gates.where, 0, [Z, X, Y], [True, 1.0, 2.0], 1.0)


def test_only_elementwise_gates_have_a_local_derivative_of_one_number() -> None:
    with pytest.raises(UnsupportedError, match="softmax is of the kind row-wise: each element of its result"):
        local(gates.softmax, 0, [X], [np.ones(3)], np.ones(3))
