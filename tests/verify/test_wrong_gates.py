"""The checker itself: gates made wrong on purpose must fail, and the report must name the wrong place."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from chainrule import gates
from chainrule.errors import GradientError
from chainrule.gates import Gate
from chainrule.graph import Variable, apply, gradients_of
from chainrule.graph import functions as F
from chainrule.verify import GradientReport, assert_gradients, check_gradients
from chainrule.verify._examples import examples
from chainrule.verify._question import about_gate
from tests.verify._graphs import random_graph
from tests.verify._mutants import CHANGES, ONE_ELEMENT, ignoring_upstream, mutant

EXAMPLES = examples(0)
RULES = [(gate.name, name) for gate in gates.ALL.values() for name in gate.rules]


def check(gate: Gate, dtype: Any = np.float64) -> GradientReport:
    """The first example of a gate that is made of arrays."""
    inputs, settings = EXAMPLES[gate.name][0].astype(dtype)
    return about_gate(gate, inputs, settings).answer(0)[0]


def wrong_names(report: GradientReport) -> set[str]:
    return {i.name.partition("[")[0] for i in report.wrong}


@pytest.mark.parametrize(("gate_name", "name"), RULES)
def test_every_wrong_rule_of_every_gate_is_found_and_named(gate_name: str, name: str) -> None:
    gate = gates.ALL[gate_name]
    assert check(gate).ok
    tried = 0
    for change_name, change in CHANGES.items():
        has_changed: list[bool] = []

        def spoil(gradient: Any, change: Any = change, has_changed: list[bool] = has_changed) -> Any:
            changed = change(gradient)
            has_changed.append(not np.array_equal(changed, gradient))
            return changed

        report = check(mutant(gate, name, spoil))
        if any(has_changed):  # a gradient of one element has no order, and so on
            assert wrong_names(report) == {name}, f"{change_name}\n{report}"
            assert all(i.verdict == "wrong" for i in report.wrong), change_name
            tried += 1
    assert tried >= 6


@pytest.mark.parametrize(("gate_name", "name"), RULES)
def test_a_rule_that_ignores_what_comes_from_above_is_found(gate_name: str, name: str) -> None:
    report = check(ignoring_upstream(gates.ALL[gate_name], name))
    assert wrong_names(report) == {name}


@pytest.mark.parametrize(("gate_name", "name"), RULES)
def test_a_factor_of_one_in_a_thousand_is_found_in_float32(gate_name: str, name: str) -> None:
    gate = gates.ALL[gate_name]
    assert check(gate, np.float32).ok
    report = check(mutant(gate, name, lambda g: g * np.float32(1.001)), np.float32)
    assert wrong_names(report) == {name}


@pytest.mark.parametrize("change", ONE_ELEMENT)
@pytest.mark.parametrize(
    "gate_name", ["exp", "sigmoid", "softmax", "matmul", "multiply", "transpose", "logsumexp"]
)
def test_the_wrong_element_is_named(gate_name: str, change: str) -> None:
    gate = gates.ALL[gate_name]
    name = next(iter(gate.rules))
    places = []

    def spy(gradient: Any) -> Any:
        changed = CHANGES[change](gradient)
        places.append([int(i) for i in np.argwhere(np.asarray(changed != gradient))[0]])
        return changed

    report = check(mutant(gate, name, spy))
    [wrong] = report.wrong
    assert wrong.index is not None
    assert list(wrong.index) == places[0]


def test_a_softmax_rule_times_7_fails_though_its_rows_add_up() -> None:
    x = np.random.default_rng(0).normal(size=(3, 4))
    wrong = mutant(gates.softmax, "x", lambda g: 7 * g)
    assert not check_gradients(lambda x: apply(wrong, x), x).ok


def test_softmax_summed_along_the_wrong_axis_fails() -> None:
    def wrong_axis(xp: Any, dout: Any, out: Any, axis: int) -> Any:
        return out * (dout - xp.sum(dout * out, axis=0, keepdims=True))

    wrong = dataclasses.replace(gates.softmax, wrt={"x": wrong_axis})
    x = np.random.default_rng(0).normal(size=(3, 3))
    assert check_gradients(lambda x: apply(gates.softmax, x), x).ok
    assert not check_gradients(lambda x: apply(wrong, x), x).ok


def test_a_loss_divided_by_the_wrong_number_fails_like_that_of_scikit_learn() -> None:
    # scikit-learn#8349: the squared loss is a mean over outputs, its gradient is not; seen from two outputs up.
    loss = Gate(
        "regressor_loss", "L", "loss", "손실", kind="loss",
        forward=lambda xp, y, t: xp.mean((y - t) ** 2) / 2,
        wrt={"y": lambda dout, y, t: (y - t) * (dout / len(y))},
    )  # fmt: skip
    rng = np.random.default_rng(0)
    for outputs in (1, 2, 3, 5):
        y, t = rng.normal(size=(2, 4, outputs))
        report = check_gradients(lambda y, t: apply(loss, y, t), y, t, wrt=0)
        assert report.ok == (outputs == 1)
        assert report.inputs[0].backprop == pytest.approx(outputs * report.inputs[0].numerical, rel=1e-8)


def test_one_element_in_a_hundred_thousand_is_found_and_named() -> None:
    def spoil(gradient: Any) -> Any:
        copy = np.array(gradient)
        copy[123, 45] *= 1.01
        return copy

    wrong = mutant(gates.exp, "x", spoil)
    x = np.random.default_rng(0).normal(size=(400, 250))
    [report] = check_gradients(lambda x: apply(wrong, x), x, seed=3).inputs
    assert (report.verdict, report.index) == ("wrong", (123, 45))
    assert report.checked == "16 directions"
    assert report.backprop == pytest.approx(1.01 * report.numerical, rel=1e-6)


@pytest.mark.parametrize("gate_name", ["exp", "tanh", "sigmoid"])
def test_in_a_graph_the_gate_with_the_wrong_rule_is_named(gate_name: str) -> None:
    wrong = mutant(gates.ALL[gate_name], "x", lambda g: 1.001 * g)
    rng = np.random.default_rng(0)

    def loss(x: Any, W: Any) -> Any:
        return F.sum(F.square(apply(wrong, F.matmul(x, W))))

    report = check_gradients(loss, rng.normal(size=(2, 3)), rng.normal(size=(3, 2)))
    assert {i.name for i in report.wrong} == {"x", "W"}
    assert all(i.note == f"the rule of {gate_name} for x is wrong" for i in report.wrong)


def test_a_wrong_rule_is_found_behind_a_kink_too() -> None:
    wrong = mutant(gates.exp, "x", lambda g: 1.001 * g)
    report = check_gradients(lambda x: F.relu(x) + apply(wrong, x) + F.relu(-x), np.array([0.0, 1.0]))
    assert not report.ok
    assert report.inputs[0].note == "the rule of exp for x is wrong"


def gradients(f: Any, inputs: tuple[Any, ...]) -> Any:
    variables = [Variable(x) for x in inputs]
    out = f(*variables)
    seed = np.random.default_rng(0).normal(size=out.shape)
    found = gradients_of(out, variables, seed=seed)
    return np.concatenate(
        [np.zeros(x.size) if g is None else g.ravel() for g, x in zip(found, inputs, strict=True)]
    )


@pytest.mark.parametrize("gate_name", ["tanh", "relu", "square"])
def test_a_wrong_rule_does_not_hide_among_kinks(gate_name: str) -> None:
    wrong = mutant(gates.ALL[gate_name], "x", lambda g: 1.001 * g)
    instead = {getattr(F, gate_name): lambda x: apply(wrong, x)}
    matters = 0
    for seed in range(60):
        f, inputs = random_graph(seed, instead)
        right, _ = random_graph(seed)
        if not np.allclose(gradients(f, inputs), gradients(right, inputs), rtol=1e-5, atol=1e-5):
            matters += 1
            assert not check_gradients(f, *inputs).ok, f"graph {seed}"
    assert matters >= 5


def detached(x: Any) -> Any:
    return x * x.value  # the second factor is no part of the graph


def forgotten(x: Any) -> Any:
    return np.sum(x.value)  # nothing is


@pytest.mark.parametrize("f", [detached, forgotten])
def test_a_graph_that_lost_a_part_fails(f: Any) -> None:
    report = check_gradients(f, np.array([1.0, 2.0]))
    assert not report.ok


def test_what_did_not_flow_is_said() -> None:
    report = check_gradients(lambda x, t: F.sum(x * t.value), np.eye(2), np.eye(2))
    assert [i.ok for i in report.inputs] == [True, False]
    assert report.inputs[1].note == "nothing flowed back to it"


@pytest.mark.parametrize("seed", range(20))
def test_no_seed_lets_a_wrong_gradient_through(seed: int) -> None:
    x, y = np.random.default_rng(seed).normal(size=(2, 2, 2))
    wrong = mutant(gates.multiply, "y", lambda g: 1.001 * g)
    with pytest.raises(
        GradientError, match=r"the gradient of y differs at \[\d, \d\]: backprop .*, numerical "
    ):
        assert_gradients(lambda x, y: apply(wrong, x, y), x, y, seed=seed)
