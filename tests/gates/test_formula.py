"""The textbook formula of a gate, read as what it says."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import gates
from chainrule.errors import GateError
from chainrule.gates import formula_value


@pytest.mark.parametrize("formula", ["x.real", "x[0]", "unknown(x)", "__import__('os')", "lambda: 1", "y"])
def test_a_formula_is_read_and_never_run(formula: str) -> None:
    with pytest.raises(GateError, match="which it may not"):
        formula_value(formula, np, {"x": 1.0})


@pytest.mark.parametrize(
    ("formula", "value"),
    [("-x ** 2 + 3 / 4", -8.25), ("where(x <= 0, 1, exp(x) - exp(3))", 0.0), ("sqrt(x * 12) > 6", False)],
)
def test_what_formulas_are_made_of(formula: str, value: float) -> None:
    assert formula_value(formula, np, {"x": 3.0}) == value


def test_who_reads_a_formula_may_say_how_its_gates_are_applied() -> None:
    def run(gate: gates.Gate, *values: float) -> object:
        return (gate.name, *values)

    assert formula_value("softmax(x + 1)", np, {"x": 3.0}, run) == ("softmax", 4.0)
