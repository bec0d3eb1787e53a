"""The law of gates in symbols: every formula is worth what its gate gives, and derivatives are those SymPy finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
import pytest

from chainrule import gates
from chainrule.explain._expression import Expression, Name, Number, Operation
from chainrule.explain._symbols import forward_formula, local_derivative, rule_formula
from chainrule.gates import Gate
from tests.explain._evaluate import assert_same
from tests.gates._examples import ELEMENTWISE, EXAMPLES, SETTINGS, Example, real
from tests.gates._run import places, run

sympy = pytest.importorskip("sympy")

ALL = list(gates.ALL.values())
name_of = attrgetter("name")


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
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: a**b,
    "negative": lambda a: -a,
    "absolute": sympy.Abs,
    "maximum": sympy.Max,
    "minimum": sympy.Min,
    "equal": sympy.Eq,
    "less": sympy.Lt,
    "less_equal": sympy.Le,
    "greater": sympy.Gt,
    "logical_or": sympy.Or,
    "logical_and": sympy.And,
    "where": lambda c, a, b: sympy.Piecewise((a, c), (b, True)),
    "sigmoid": lambda a: 1 / (1 + sympy.exp(-a)),
}


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
