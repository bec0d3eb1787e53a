"""The same graph once more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.graph import Graph, Variable, no_grad, rebuild


def test_the_gates_run_again_on_other_leaves() -> None:
    x, m, t = cr.variables(x=100.0, m=2, t=1.1)
    total = x * m * t
    now = rebuild([total], lambda leaf: Variable(leaf.value + 1, name=leaf.name))
    assert now[total].value == pytest.approx(101 * 3 * 2.1)
    assert str(Graph(now[total])).splitlines()[1].split() == ["x", "101"]
    assert total.value == pytest.approx(220)
    assert x.value == 100


def test_names_of_results_are_kept() -> None:
    total = cr.parse("총액 = 사과 * 개수")(사과=100, 개수=2)
    again = rebuild([total], lambda leaf: leaf)[total]
    assert again is not total
    assert again.name == "총액"


def test_settings_and_constants_stay() -> None:
    x = Variable(np.arange(6.0).reshape(2, 3), name="x")
    y = cr.sum(x[:, 1:] * np.array([2.0, 3.0]), axis=0, keepdims=True)
    again = rebuild([y], lambda leaf: leaf)[y]
    assert np.array_equal(again.value, y.value)
    assert again.shape == (1, 2)


def test_another_application_in_the_place_of_each() -> None:
    x = Variable(3.0, name="x")
    y = cr.exp(x) * x

    def write(gate: cr.gates.Gate, *inputs: Any, **settings: Any) -> str:
        return f"{gate.name}({', '.join(map(str, inputs))})"

    assert rebuild([y], lambda leaf: leaf.name, write)[y] == "multiply(exp(x), x)"


def test_a_result_can_be_replaced_as_well() -> None:
    x = Variable(3.0)
    z = x * x
    y = z + 1.0
    assert rebuild([y], lambda leaf: leaf, instead={z: Variable(5.0)})[y].value == 6.0


def test_it_is_recorded_within_no_grad_too() -> None:
    x = Variable(3.0)
    y = x * x
    with no_grad():
        again = rebuild([y], lambda leaf: leaf)[y]
    again.backward()
    assert x.grad == 6.0


def test_a_backward_pass_that_is_a_graph_runs_again_with_what_its_gates_kept() -> None:
    x = Variable(np.array([[1.0, 2.0, 0.5]]))
    loss = cr.softmax_with_loss(x, np.array([1]))
    (dx,) = cr.graph.gradients_of(loss, [x], as_graph=True)
    other = np.array([[0.0, -1.0, 3.0]])
    again = rebuild([dx], lambda leaf: Variable(other) if leaf is x else leaf)[dx]
    fresh = Variable(other)
    (expected,) = cr.graph.gradients_of(cr.softmax_with_loss(fresh, np.array([1])), [fresh])
    np.testing.assert_allclose(again.value, expected, rtol=1e-12)


@given(
    st.lists(st.sampled_from(["+", "*", "-", "sin", "twice"]), max_size=8), st.floats(-2, 2), st.floats(-2, 2)
)
@settings(max_examples=50, deadline=None)
def test_any_graph_gives_what_its_expression_gives(steps: list[str], before: float, after: float) -> None:
    def compute(x: Variable) -> Variable:
        y = x
        for step in steps:
            match step:
                case "+":
                    y = y + x
                case "*":
                    y = y * x
                case "-":
                    y = 1.0 - y
                case "sin":
                    y = cr.sin(y)
                case _:
                    y = y * y
        return y + 0.0

    first = compute(Variable(before))
    assert rebuild([first], lambda leaf: Variable(after))[first].value == compute(Variable(after)).value
