"""Where numbers went bad: every cause by an example, planted gates in random graphs, and what cannot be asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import ArgumentError, GraphError
from chainrule.verify._nonfinite import NonFinite, find_nonfinite

INF, NAN = np.inf, np.nan


def found(subject: Any, *inputs: Any, **options: Any) -> NonFinite:
    result = find_nonfinite(subject, *inputs, **options)
    assert result is not None
    return result


# Every cause

CAUSES = [  # an expression of x, x, what is found (gate, phase, cause, index of the first bad element), the hint
    ("log(x)", "1 0 -1", "log forward zero 1", "log 0 is −∞. Keep x above 0"),
    ("log(x)", "1 2 -1", "log forward negative 2", "A negative number has no logarithm"),
    ("sqrt(x)", "4 -1e-9", "sqrt forward negative 1", "A negative number has no square root"),
    ("sqrt(x)", "4 0", "sqrt backward zero 1", "The slope of the square root at 0 is infinite"),
    ("1 / x", "1 0", "divide forward zero 1", "a division by 0. Add a small number to x"),
    ("x / x", "1 0", "divide forward zero 1", "a division by 0. Add a small number to x"),
    ("1e300 / x", "1 1e-20", "divide forward overflow 1", "the divisor is close to 0"),
    ("exp(x)", "709 710", "exp forward overflow 1", "exp of more than 709.7"),
    ("exp(x)", "709 1e200", "exp forward overflow 1", "exp of more than 709.7"),
    ("x * x", "1e154 -1e155", "multiply forward overflow 1", "float64, which ends at 1.8e+308"),
    ("x**0.5", "4 -4", "power forward negative 1", "a power that is not whole"),
    ("x**-1", "4 0", "power forward zero 1", "0 to a negative power"),
    ("x**0.5", "4 0", "power backward zero 1", "below 1 the slope at 0 is infinite"),
    ("x**3", "4 -1e200", "power forward overflow 1", "float64, which ends at 1.8e+308"),
    ("x**401", "1 -10", "power forward overflow 1", "float64, which ends at 1.8e+308"),
    ("x - x", "1 inf", "subtract forward infinities 1", "∞ − ∞ and ∞ ÷ ∞ are NaN"),
    ("x / x", "1 -inf", "divide forward infinities 1", "∞ − ∞ and ∞ ÷ ∞ are NaN"),
]


@pytest.mark.parametrize(("expression", "numbers", "expected", "words"), CAUSES)
def test_every_cause_is_told_with_its_place(expression: str, numbers: str, expected: str, words: str) -> None:
    x = cr.Variable(np.array(numbers.split(), dtype=float), name="x")
    y = cr.parse(expression)(x=x)
    result = found(np.sum(y))
    (index,) = result.index
    assert f"{result.gate} {result.phase} {result.cause} {index}" == expected
    bad = np.sum(~np.isfinite(y.value)) if result.phase == "forward" else 1
    assert (result.count, result.shape) == (bad, x.shape)
    assert words in result.hint
    assert str(result).endswith(f".\n{result.hint}")
    number = next(i.value for i in result.inputs if i.name == "x")
    assert number == x.value[index]  # what the bad element was made of


def test_log1p_has_its_limit_at_minus_1() -> None:
    result = found(lambda x: np.sum(np.log1p(x)), np.array([0.0, -1.0]))
    assert (result.gate, result.cause, result.index) == ("log1p", "negative", (1,))
    assert result.hint.startswith("log1p is −∞ at −1")


def test_a_zero_that_meets_infinity() -> None:
    result = found(lambda x, mask: np.sum(x * mask), np.array([2.0, INF]), np.zeros(2))
    assert (result.gate, result.cause, result.index) == ("multiply", "zero times infinity", (1,))
    assert result.hint.startswith("0 · ∞ is NaN.")


def test_only_the_numbers_at_the_bad_element_tell_why() -> None:
    """Infinity elsewhere, which nothing takes, has no part in the slope at 0."""
    result = found(lambda x: np.sum(np.where(x < 9, np.sqrt(x), 0.0)), np.array([INF, 0.0]))
    assert (result.gate, result.phase, result.cause, result.index) == ("sqrt", "backward", "zero", (1,))
    assert result.inputs[0].not_finite == 1


@pytest.mark.parametrize("value", [NAN, INF, -INF])
def test_what_was_not_finite_to_begin_with(value: float) -> None:
    result = found(lambda x: np.sum(x * 2), np.array([1.0, value]))
    assert (result.gate, result.variable, result.cause, result.index) == (None, "x", "input", (1,))
    assert result.hint.startswith("Look at where x comes from")


@pytest.mark.parametrize(
    ("f", "x", "larger"),
    [(np.exp, 100.0, "2.69e+43"), (np.square, 1e20, "1e+40"), (lambda x: x * x * 1e-30, 1e20, "1e+40")],
)
def test_what_float64_could_hold_is_said_to_be_too_large_for_float32(f: Any, x: float, larger: str) -> None:
    result = found(lambda x: np.sum(f(x)), np.array([1.0, x], np.float32))
    assert (result.cause, result.index) == ("float32", (1,))
    assert f"in float64 it would be {larger}" in result.hint
    assert find_nonfinite(lambda x: np.sum(f(x)), np.array([1.0, x])) is None


def test_what_not_even_float64_holds_is_no_matter_of_float32() -> None:
    assert found(lambda x: np.sum(np.exp(x)), np.array([1.0, 1e4], np.float32)).cause == "overflow"


def test_gates_that_mix_elements_are_described_by_ranges() -> None:
    result = found(lambda X, W: np.sum(X @ W), np.full((2, 3), 1e200), np.array([[1e200], [-5.0], [2.0]]))
    assert (result.gate, result.cause, result.count, result.shape) == ("matmul", "overflow", 2, (2, 1))
    X, W = result.inputs
    assert (X.value, X.low, X.high, X.not_finite) == (None, 1e200, 1e200, 0)
    assert (W.name, W.shape, W.low, W.high) == ("W", (3, 1), -5.0, 1e200)
    assert "It was given X from 1e+200 to 1e+200, W from −5 to 1e+200." in str(result)


def test_a_loss_of_a_probability_that_is_0() -> None:
    result = found(cr.cross_entropy_error, np.array([[0.0, 1.0]]), np.array([0]))
    assert (result.phase, result.cause, result.variable) == ("loss", "zero", "cross_entropy_error1")
    assert "Use softmax_with_loss" in result.hint


def test_the_branch_that_was_not_taken_is_blamed_only_for_what_it_does_to_a_gradient() -> None:
    x = np.array([1.0, 0.0])
    assert find_nonfinite(lambda x: np.sum(np.where(x > 0, np.log(x), 0.0)), x) is None
    result = found(lambda x: np.sum(np.where(x < 2, x, x * np.exp(x * 1e4))), x)
    assert (result.gate, result.phase, result.cause) == ("multiply", "backward", "zero times infinity")
    assert {i.name: i.value for i in result.inputs} == {"x": 1.0, "exp1": INF, "dout": 0.0}


def test_gradients_that_overflow_only_when_they_are_added() -> None:
    result = found(lambda x: 1e308 * x + 1e308 * x, 1e-9)
    assert (result.gate, result.phase, result.cause, result.variable) == ("add", "backward", "overflow", "dx")
    assert find_nonfinite(lambda x: 1e308 * x + 1e308 * x, 1e-9, backward=False) is None


def test_one_of_pythons_numbers_has_no_elements_to_count() -> None:
    result = found(np.log, 0.0)
    assert (result.index, result.count, result.shape, result.inputs[0].value) == ((), 1, (), 0.0)
    assert "elements" not in str(result)


def test_a_mask_of_minus_infinity_is_not_blamed_for_what_a_logarithm_did() -> None:
    mask = np.array([0.0, -INF])
    assert find_nonfinite(lambda x: np.sum(np.exp(x + mask)), np.ones(2)) is None
    result = found(lambda x: np.sum(np.exp(x + mask)) + np.log(x[0] * 0), np.ones(2))
    assert (result.gate, result.cause) == ("log", "zero")


# Networks


def network() -> cr.Sequential:
    return cr.Sequential(cr.Affine(4, 8), cr.Sigmoid(), cr.Affine(8, 3), seed=0)


def test_a_network_is_asked_with_its_data_and_names_the_layer() -> None:
    net, x, t = network(), np.ones((5, 4)), np.array([0, 1, 2, 0, 1])
    assert find_nonfinite(net, x, t) is None
    net.params["W2"][...] = 3e38
    net.params["W1"][...] = 3.0
    result = found(net, x, t)
    assert (result.layer, result.gate, result.cause) == ("Affine2", "matmul", "float32")
    assert "the gate matmul of Affine2 gave ∞ in 15 of 15 elements" in str(result)
    assert [i.name for i in result.inputs] == ["Sigmoid1", "W2"]


def test_nan_in_the_data_or_in_a_parameter_is_blamed_on_it() -> None:
    net, x, t = network(), np.ones((5, 4)), np.array([0, 1, 2, 0, 1])
    x[3, 1] = NAN
    result = found(net, x, t)
    assert (result.gate, result.variable, result.cause, result.index) == (None, "x", "input", (3, 1))
    assert (
        str(result).splitlines()[0] == "x holds NaN to begin with in 1 of 20 elements, the first at [3, 1]."
    )
    net.params["b2"][2] = NAN
    assert found(net, np.ones((5, 4)), t).variable == "b2"


def test_it_works_within_no_grad_and_changes_nothing() -> None:
    net, x, t = network(), np.ones((5, 4)), np.array([0, 1, 2, 0, 1])
    net.params["W2"][0, 0] = 3e38
    net.params["b2"][0] = 3e38
    before = {name: w.copy() for name, w in net.params.items()}
    with cr.no_grad():
        find_nonfinite(net, x, t)
        assert found(np.log, 0.0).gate == "log"
    for name, w in net.params.items():
        np.testing.assert_array_equal(w, before[name])


# Random graphs

SAFE = [
    cr.parse(text)
    for text in (
        "x + y",
        "x * tanh(y)",
        "sin(x) - y",
        "maximum(x, y)",
        "exp(-square(x)) * y",
        "x / (1 + square(y))",
        "sigmoid(x) + y",
    )
]
PLANTED = {
    "log(x * 0)": "log forward zero",
    "log(x * 0 - 1)": "log forward negative",
    "(1 + square(x)) / (x * 0)": "divide forward zero",
    "exp(x * 0 + 1000)": "exp forward overflow",
    "sqrt(x * 0 - 1)": "sqrt forward negative",
    "sqrt(x * 0)": "sqrt backward zero",
}


def random_graph(data: st.DataObject, plant: Callable[[Any], Any] | None) -> Any:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    nodes: list[Any] = [cr.Variable(rng.uniform(-2, 2, (2, 3)), name=f"leaf{i}") for i in range(3)]
    gates = data.draw(st.lists(st.sampled_from(SAFE), min_size=1, max_size=8))
    at = data.draw(st.integers(0, len(gates) - 1))
    for number, gate in enumerate(gates):
        one, other = (nodes[data.draw(st.integers(0, len(nodes) - 1))] for _ in range(2))
        node = gate(x=one, y=other)
        nodes.append(plant(node) if plant and number == at else node)
    return sum((np.sum(node) for node in nodes[3:]), 0.0)


@pytest.mark.parametrize("planted", PLANTED)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_the_gate_that_was_planted_is_the_one_found(planted: str, data: st.DataObject) -> None:
    plant = cr.parse(planted)
    result = found(random_graph(data, lambda x: plant(x=x)))
    assert f"{result.gate} {result.phase} {result.cause}" == PLANTED[planted]


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_a_finite_graph_has_nothing_to_be_found(data: st.DataObject) -> None:
    loss = random_graph(data, None)
    assert find_nonfinite(loss) is None
    loss.backward()
    assert all(np.isfinite(node.variable.grad).all() for node in cr.Graph(loss))


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_nan_that_came_in_is_blamed_on_the_input(data: st.DataObject) -> None:
    value = np.random.default_rng(0).uniform(-2, 2, (2, 3))
    index = data.draw(st.tuples(st.integers(0, 1), st.integers(0, 2)))
    value[index] = NAN
    x = cr.Variable(value, name="bad")
    loss = random_graph(data, lambda node: node + x)
    result = found(loss)
    assert (result.gate, result.variable, result.cause, result.index) == (None, "bad", "input", index)


# Words and what cannot be asked


def test_it_speaks_korean() -> None:
    result = found(lambda x: np.sum(np.log(x)), np.array([1.0, 0.0]), lang="ko")
    assert str(result).splitlines() == [
        "처음으로 유한하지 않은 결과는 log1이다. 순전파에서 게이트 log의 출력이 −∞이다"
        "(원소 2개 중 1개, 첫 번째 위치는 [1]).",
        "이 게이트의 입력: x = 0.",
        "log 0은 −∞이다. np.maximum(x, 1e-12)처럼 x의 값을 0보다 크게 하거나, "
        "softmax_with_loss처럼 점수를 그대로 받는 손실을 쓴다.",
    ]


def test_everything_fits_json() -> None:
    result = found(lambda x: np.sum(x - x), np.array([1.0, INF])).to_dict()
    assert json.loads(json.dumps(result, allow_nan=False))["value"] == "nan"
    assert result["inputs"][0]["value"] == "inf"


def test_what_cannot_be_asked_gets_a_sentence() -> None:
    x = cr.Variable(0.0, name="x")
    with pytest.raises(GraphError, match=r"this variable has no past: no gate made it \(x\)"):
        find_nonfinite(x)
    with pytest.raises(ArgumentError, match="takes a variable, a network or a function, not float"):
        find_nonfinite(0.0)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"rows of inputs and targets; 1 were given"):
        find_nonfinite(network(), np.ones((1, 4)))
    with pytest.raises(
        ArgumentError, match=r"find_nonfinite\(variable\) takes nothing else; 1 more were given"
    ):
        find_nonfinite(np.log(x), 3.0)
    with pytest.raises(GraphError, match="the function returned float that does not depend on its inputs"):
        find_nonfinite(lambda x: 1.0, 2.0)
    with pytest.raises(ArgumentError, match="lang is 'en' or 'ko', not 'fr'"):
        find_nonfinite(np.log(x), lang="fr")


def test_an_array_that_was_changed_in_place_is_refused() -> None:
    array = np.ones(2)
    x = cr.Variable(array, name="x")
    y = np.sum(x * x)
    array[0] = 5.0
    with pytest.raises(GraphError, match="x was changed in place after the gate multiply used it"):
        find_nonfinite(y)
