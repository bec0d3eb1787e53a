"""Arrays changed in place: what a graph still needs is caught and named, the rest is the user's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule import gates
from chainrule.errors import GraphError
from chainrule.graph import Variable, apply, grad, gradients_of
from chainrule.graph import functions as F
from tests.graph._refusal import refused

FIX = "call backward() before changing it, or change a copy"


def changed(what: str, gate: str) -> Any:
    """The refusal of a backward pass."""
    when = f"after the gate {gate} used it, and before the backward pass that still needs it"
    return refused(GraphError, f"{what} was changed in place {when}", FIX)


# What is needed


def test_a_leaf_that_was_changed_is_named() -> None:
    a = np.ones(3)
    x = Variable(a, name="x")
    y = np.sum(x * x)
    a[1] = 5.0
    with changed("x", "multiply"):
        y.backward()
    with changed("x", "multiply"):
        gradients_of(y, [x])
    with changed("x", "multiply"):
        gradients_of(y, [x], as_graph=True)
    assert x.grad is None
    a[1] = 1.0  # as it was
    y.backward()
    assert x.grad.tolist() == [2, 2, 2]


def test_a_constant_that_was_changed_is_named() -> None:
    batch = np.ones((2, 3))
    w = Variable(np.ones((3, 1)), name="w")
    y = np.sum(batch @ w)
    batch *= 2
    with changed("an array", "matmul"):
        y.backward()


def test_labels_that_were_changed_are_named() -> None:
    t = np.array([0, 1])
    loss = F.softmax_with_loss(Variable(np.zeros((2, 3))), t)
    t[0] = 2
    with changed("an array", "softmax_with_loss"):
        loss.backward()


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a[1:],
        lambda a: a[::-1],
        lambda a: a.reshape(3, 1),
        lambda a: a[None].T,
        lambda a: np.broadcast_to(a, (2, 3)),
        lambda a: np.lib.stride_tricks.sliding_window_view(a, 2),
    ],
)
def test_a_change_through_the_array_that_a_view_is_of_is_seen(
    view: Callable[[np.ndarray], np.ndarray],
) -> None:
    a = np.array([1.0, 2.0, 3.0])
    x = Variable(view(a), name="x")
    y = np.sum(np.exp(x) * x)
    a[2] += 1e-9
    with changed("x", "multiply"):
        y.backward()


def test_a_change_through_a_view_of_a_leaf_is_seen_in_what_was_made_of_the_leaf() -> None:
    a = np.ones((2, 3))
    x = Variable(a, name="x")
    part = x[0]
    y = np.sum(part * part)
    a[0, 0] = 7.0
    with changed("the result of getitem", "multiply"):
        y.backward()


def test_a_change_of_a_file_that_is_mapped_into_memory_is_seen(tmp_path: Path) -> None:
    mapped = np.memmap(tmp_path / "x", np.float64, "w+", shape=(3,))
    x = Variable(mapped, name="x")
    y = np.sum(x * x)
    mapped[0] = 1.0
    with changed("x", "multiply"):
        y.backward()


def test_a_read_only_array_over_memory_that_others_can_write_is_watched() -> None:
    owner = np.ones(4)
    array = owner[:]
    array.setflags(write=False)
    x = Variable(array, name="x")
    y = np.sum(x * x)
    owner[0] = 2.0
    with changed("x", "multiply"):
        y.backward()


@given(
    size=st.sampled_from([3, 9_000, 40_000]),
    place=st.floats(0, 1, exclude_max=True),
    dtype=st.sampled_from(["f4", "f8"]),
)
def test_a_change_of_any_one_element_is_seen(size: int, place: float, dtype: str) -> None:
    a = np.linspace(1, 2, size).astype(dtype)
    x = Variable(a)
    y = np.sum(x * x)
    a[int(place * size)] = np.nextafter(a[int(place * size)], a.dtype.type(9))
    with pytest.raises(GraphError, match="was changed in place"):
        y.backward()


# What is not needed


def test_what_no_rule_asks_for_may_be_changed() -> None:
    a, b, c = np.ones(3), np.ones(3), np.ones(3)
    x, y = Variable(a), Variable(b)
    out = np.sum(np.exp(x) + y - c)
    for array in (a, b, c):
        array[...] = 9
    out.backward()
    np.testing.assert_allclose(x.grad, np.full(3, np.e))
    assert y.grad.tolist() == [1, 1, 1]


def test_a_parameter_may_be_changed_where_only_its_partner_is_asked_for() -> None:
    w = np.ones((2, 2))
    out = np.sum(np.ones((1, 2)) @ Variable(w))  # the rule of w asks for the other matrix
    w -= 0.5
    out.backward()


def test_after_backward_everything_may_be_changed() -> None:
    a = np.array([1.0, 2.0])
    x = Variable(a)
    np.sum(x * x).backward()
    a -= 0.5 * x.grad
    assert x.value.tolist() == [0, 0]
    assert x.grad.tolist() == [2, 4]


def test_a_value_given_anew_leaves_the_old_graph_right() -> None:
    x, n = Variable(np.array([1.0, 2.0])), Variable(3.0)
    y = np.sum(x * x) * n
    x.value, n.value = np.array([10.0, 20.0]), 0.0
    y.backward()
    assert x.grad.tolist() == [6, 12]
    assert n.grad == 5.0
    np.sum(x * x).backward()
    assert x.grad.tolist() == [20, 40]


def test_a_gradient_of_a_gradient_cannot_use_a_value_given_anew() -> None:
    x = Variable(2.0, name="x")
    y = x * x
    x.value = 3.0
    with refused(
        GraphError,
        "x was given a new value after the gate multiply used it, "
        "and a gradient that can be differentiated again goes through the variable itself",
        "run the expression again",
    ):
        gradients_of(y, [x], as_graph=True)


# Nobody's arrays are written into, and gradients are the user's own


def test_results_are_read_only_and_arguments_stay_as_they_are() -> None:
    a = np.ones((2, 2))
    x = Variable(a)
    for y in (
        x + 1,
        x * x,
        x.T,
        x[0],
        x.reshape(4),
        +np.positive(x),
        np.stack([x]),
        np.broadcast_to(x, (3, 2, 2)),
    ):
        with pytest.raises(ValueError, match="read-only"):
            y.value[...] = 0
    assert a.flags.writeable
    assert a.tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize(
    "name", sorted(name for name, gate in gates.ALL.items() if gate.rules and gate.kind == "elementwise")
)
def test_read_only_arrays_are_as_good_as_others(name: str) -> None:
    gate = gates.ALL[name]
    settings = {"dtype": np.float64} if name == "astype" else {}
    a = np.array([0.3, 0.6])
    a.setflags(write=False)
    inputs = [Variable(a) for _ in gate.inputs]
    if name == "where":
        inputs[0] = np.array([True, False])
    apply(gate, *inputs, **settings).backward(a)
    assert a.tolist() == [0.3, 0.6]


def test_the_gradient_of_a_leaf_is_its_own_to_be_changed() -> None:
    seed = np.ones(2)
    x, y = Variable(np.ones(2)), Variable(np.ones(2))
    z = x + y
    z.backward(seed)
    x.grad *= 5
    assert y.grad.tolist() == [1, 1]
    assert z.grad.tolist() == [1, 1]
    assert seed.tolist() == [1, 1]
    x.backward(seed)
    x.grad[0] = 9
    assert seed.tolist() == [1, 1]


@pytest.mark.parametrize(
    "run",
    [
        lambda x: x.T,
        lambda x: x.reshape(4),
        lambda x: np.broadcast_to(x, (3, 2, 2)),
        lambda x: +x,
        lambda x: np.positive(x),
        lambda x: x[:],
        lambda x: np.concatenate([x, x]),
        lambda x: np.sum(x),
        lambda x: x * 1.0,
    ],
)
def test_a_gradient_shares_no_memory(run: Callable[[Any], Any]) -> None:
    a = np.ones((2, 2))
    x = Variable(a)
    y = run(x)
    seed = np.ones(y.shape)
    y.backward(seed)
    (other,) = gradients_of(y, [x], seed=seed)
    for gradient in (x.grad, other):
        assert gradient.flags.writeable
        assert not np.shares_memory(gradient, a)
        assert not np.shares_memory(gradient, seed)
    assert not np.shares_memory(x.grad, other)
    if isinstance(y.grad, np.ndarray) and y is not x:
        assert not np.shares_memory(x.grad, y.grad)


def test_a_rule_that_gives_away_a_view_of_a_saved_value_does_no_harm() -> None:
    gate = gates.Gate("g", "g", "g", "g", forward=lambda xp, x: xp.sum(x * x) / 2, wrt={"x": lambda x: x[:]})
    x = Variable(np.ones(2))
    apply(gate, x).backward()
    x.grad *= 5
    assert x.value.tolist() == [1, 1]


def test_gradients_of_functions_are_the_callers_own() -> None:
    a = np.ones(2)
    gradient = grad(lambda x, y: np.sum(x + y), wrt=(0, 1))(a, a)
    gradient[0][0] = 7
    assert gradient[1].tolist() == [1, 1]
    assert a.tolist() == [1, 1]
