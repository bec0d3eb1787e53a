"""At kinks, edges and cusps the checker says what it sees, and neither cries wolf nor looks away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from chainrule import gates
from chainrule.errors import GradientError
from chainrule.gates import Gate
from chainrule.graph import apply
from chainrule.graph import functions as F
from chainrule.verify import InputCheck, assert_gradients, check_gradients
from tests.verify._graphs import random_graph
from tests.verify._mutants import mutant

SMALLEST = 5e-324

Function = Callable[..., Any]


def check(f: Function, *x: float) -> InputCheck:
    """The report on a function of one array."""
    [found] = check_gradients(f, np.array(x)).inputs
    return found


def of(gate: Gate, *more: Any) -> Function:
    """A gate as a function of its first input."""

    def function(x: Any) -> Any:
        return apply(gate, x, *more)

    return function


def relu_with(value: float) -> Function:
    """ReLU with a rule of its own at 0."""

    def rule(xp: Any, dout: Any, x: Any) -> Any:
        beside = xp.where(x > 0, dout, 0 * dout)
        return xp.where(x == 0, value * dout, beside)

    return of(Gate("r", "r", "r", "r", gates.relu.forward, wrt={"x": rule}))


# Kinks --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(100))
def test_random_graphs_at_exact_kinks_raise_no_false_alarm(seed: int) -> None:
    f, inputs = random_graph(seed)
    dtype = np.float32 if seed % 2 else np.float64
    report = check_gradients(f, *(x.astype(dtype) for x in inputs))
    assert report.ok, f"graph {seed}\n{report}"


def test_the_random_graphs_do_hit_kinks() -> None:
    hits = 0
    for seed in range(30):
        f, inputs = random_graph(seed)
        report = check_gradients(f, *inputs)
        hits += any(i.verdict == "at a kink" for i in report.inputs)
    assert hits > 10


@pytest.mark.parametrize("x", [0.0, -0.0, SMALLEST, -SMALLEST, 2.2e-308, -1e-310, 1e-12, -1e-9])
def test_relu_at_and_about_0_is_at_a_kink(x: float) -> None:
    found = check(F.relu, 1.0, x, -1.0)
    assert (found.verdict, found.index, found.kinks) == ("at a kink", (1,), 1)
    assert found.left == pytest.approx(0, abs=1e-3)
    assert found.right is not None
    assert 0.5 < abs(found.right) < 1.5  # the upstream gradient times 1


@pytest.mark.parametrize("x", [1e-7, -1e-7, 3e-6, -1e-5])
def test_a_kink_beside_the_point_does_not_matter(x: float) -> None:
    found = check(F.relu, x)
    assert found.verdict == "ok"
    assert found.numerical == pytest.approx(found.backprop, rel=1e-6)
    assert found.step < abs(x)


def elu(x: Any) -> Any:
    return F.elu(x, alpha=3.0)


def clip(x: Any) -> Any:
    return F.clip(x, low=-1, high=1)


def max_of_rows(x: Any) -> Any:
    return F.max(x, axis=1)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("f", "inputs"),
    [
        (F.abs, [[0.0, 1.0]]),
        (F.leaky_relu, [[0.0, 1.0]]),
        (elu, [[0.0, 1.0]]),
        (clip, [[-1.0, 0.0, 1.0]]),
        (F.maximum, [[1.0, 2.0], [1.0, 3.0]]),
        (F.minimum, [[[1.0, 2.0], [3.0, 1.0]], [1.0]]),
        (max_of_rows, [[[1.0, 1.0, 0.0], [2.0, 2.0, 2.0]]]),
        (F.min, [[1.0, 1.0, 5.0]]),
    ],
)
def test_every_gate_with_a_kink_is_right_at_it(f: Function, inputs: list[Any], dtype: Any) -> None:
    report = check_gradients(f, *(np.array(x, dtype=dtype) for x in inputs))
    assert {i.verdict for i in report.inputs} == {"at a kink"}, str(report)
    assert report.ok


@pytest.mark.parametrize("value", [0.0, 0.25, 0.5, 1.0])
def test_every_choice_between_the_two_slopes_is_right(value: float) -> None:
    assert check(relu_with(value), 0.0, 1.0).verdict == "at a kink"


@pytest.mark.parametrize("value", [1.5, -0.5, np.nan, np.inf])
def test_what_is_not_between_the_two_slopes_is_wrong_at_a_kink_too(value: float) -> None:
    found = check(relu_with(value), 0.0, 1.0)
    assert (found.verdict, found.index) == ("wrong", (0,))
    assert found.left is not None
    assert found.right is not None


def difference_of(relu: Function) -> Function:
    """relu(x) − relu(−x), which is x: there is no kink to be seen, yet both gates are at one."""

    def function(x: Any) -> Any:
        return relu(x) - relu(-x)

    return function


def test_kinks_that_cancel_are_told_from_a_wrong_rule() -> None:
    found = check(difference_of(F.relu), 0.0, 1.0)
    assert (found.verdict, found.backprop) == ("at a kink", 0.0)  # the true slope is 1
    assert found.note == "of relu inside"
    assert not check(difference_of(relu_with(1.25)), 0.0, 1.0).ok


# Edges, cusps and jumps ---------------------------------------------------------------------------


def power(x: Any) -> Any:
    return F.power(x, 0.3)


def jump(x: Any) -> Any:
    return F.where(x > 0, 1.0 + 0 * x, 0 * x)


@pytest.mark.parametrize("f", [F.sqrt, power, jump, F.sign])
def test_an_infinite_slope_is_said_to_be_one(f: Function) -> None:
    found = check(f, 4.0, 0.0)
    assert (found.verdict, found.index, found.ok) == ("not differentiable here", (1,), True)


def test_not_a_number_is_no_answer_even_where_there_is_none() -> None:
    wrong = mutant(gates.sqrt, "x", lambda g: np.where(np.isinf(g), np.nan, g))
    assert not check(of(wrong), 4.0, 0.0).ok


def test_at_the_edge_of_where_f_exists_one_side_is_enough() -> None:
    found = check(of(gates.power, 1.5), 0.0)
    assert (found.verdict, found.backprop) == ("ok", 0.0)
    assert found.left is not None
    assert np.isnan(found.left)
    wrong = mutant(gates.power, "x", lambda g: g + 0.25)
    assert not check(of(wrong, 1.5), 0.0).ok


@pytest.mark.parametrize("x", [1e-8, 1e-7, 1e-3])
def test_near_an_edge_the_steps_get_smaller(x: float) -> None:
    assert check(F.sqrt, x).ok
    wrong = mutant(gates.sqrt, "x", lambda g: 1.5 * g)
    assert check(of(wrong), x).ok == (x == 1e-8)  # where 1e-8 is 0 for all that steps can see


def norm(x: Any) -> Any:
    return np.sqrt(np.sum(x * x))


def test_the_norm_at_0_has_slopes_but_not_a_number_is_not_between_them() -> None:
    found = check(norm, 0.0, 0.0)
    assert not found.ok  # ∞ · 0
    assert found.left is not None
    assert found.right == pytest.approx(-found.left)
    assert check(lambda x: np.sqrt(np.sum(x * x) + 1e-12), 0.0, 0.0).ok


def test_where_f_is_not_finite_nothing_can_be_checked_and_that_is_not_ok() -> None:
    found = check(F.log, 1.0, 0.0)
    assert (found.verdict, found.index, found.ok) == ("not finite", (1,), False)
    found = check(lambda x: F.log(x - 1), 0.5)
    assert (found.verdict, found.note) == ("not finite", "f itself is not finite here")


def test_nan_in_the_branch_that_where_does_not_take_does_not_matter() -> None:
    assert check(lambda x: np.where(x > 0, np.log(x), x), -1.0, 2.0).ok
    assert check(lambda x: np.where(x > 0.5, np.sqrt(x), x), -1.0, 0.0, 2.0).ok


# What is neither ----------------------------------------------------------------------------------


def noisy(x: Any) -> Any:
    """Computed in float32 inside, where nobody can see it."""
    coarse = F.sin(F.astype(x, np.float32) * 1000)
    return F.sum(F.astype(coarse, np.float64))


def test_noise_is_neither_a_kink_nor_agreement() -> None:
    with pytest.raises(GradientError) as caught:
        assert_gradients(noisy, np.array([0.3, 0.7]))
    assert caught.value.report.inputs[0].verdict in ("unclear", "wrong")


@pytest.mark.parametrize("scale", [1e-3, 1.0, 50.0, 300.0])
def test_strong_curvature_is_not_a_kink(scale: float) -> None:
    wrong = mutant(gates.sin, "x", lambda g: 1.001 * g)
    assert check(lambda x: np.sin(scale * x), 0.3, 0.7).verdict == "ok"
    assert check(lambda x: apply(wrong, scale * x), 0.3, 0.7).verdict == "wrong"


def test_a_jump_of_the_second_derivative_is_not_a_kink() -> None:
    wrong = mutant(gates.relu, "x", lambda g: g + 0.01)
    assert check(lambda x: F.square(F.relu(x)) + x, 0.0, 1.0).verdict == "ok"
    assert check(lambda x: F.square(apply(wrong, x)) + x, 0.0, 1.0).verdict == "wrong"
