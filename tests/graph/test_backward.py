"""The backward pass: seeds, fan-out, broadcasting, dtypes, repetition, and graphs of any depth."""

from __future__ import annotations

import sys
import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from chainrule import gates
from chainrule.errors import DTypeError, GraphError, ShapeError
from chainrule.graph import Variable, apply, gradients_of, new_variable, reachable
from chainrule.graph import functions as F
from tests.graph._numerical import assert_close, slope
from tests.graph._refusal import refused

# The lesson's numbers


def test_the_apples_of_the_lesson() -> None:
    apple, number, tax = Variable(100), Variable(2), Variable(1.1)
    price = apple * number
    total = price * tax
    total.backward()
    assert (apple.grad, number.grad, price.grad, tax.grad, total.grad) == (
        2.2,
        110.00000000000001,
        1.1,
        200.0,
        1.0,
    )


def test_apples_and_oranges_of_the_lesson() -> None:
    apple, apples, orange, oranges, tax = map(Variable, (100, 2, 150, 3, 1.1))
    fruit = apple * apples + orange * oranges
    total = fruit * tax
    total.backward()
    assert total.value == pytest.approx(715)
    found = [v.grad for v in (apple, apples, orange, oranges, tax, fruit)]
    assert found == pytest.approx([2.2, 110, 3.3, 165, 650, 1.1])


# Seeds


def test_a_seed_scales_and_is_of_any_kind_that_makes_an_array() -> None:
    x = Variable(np.array([1.0, 2.0]))
    y = x * x
    for seed in ([1, 10], np.array([1.0, 10.0], np.float32), np.array([1, 10])):
        y.backward(seed)
        assert x.grad.tolist() == [2, 40]
        assert x.grad.dtype == np.float64
    n = Variable(3.0)
    for seed in (2, 2.0, np.float32(2), np.array(2)):
        (n * n).backward(seed)
        assert n.grad == 12.0
        assert type(n.grad) is float


@pytest.mark.parametrize(
    "value", [3.0, np.float32(3), np.array(3.0), np.array([3.0]), np.array([[3.0]], np.float32)]
)
def test_a_single_number_needs_no_seed(value: Any) -> None:
    x = Variable(value)
    (x * x).backward()
    assert np.shape(x.grad) == np.shape(value)
    assert np.all(x.grad == 6)
    x.backward()
    assert np.all(x.grad == 1)


def test_several_numbers_need_a_seed() -> None:
    x = Variable(np.ones(3), name="x")
    for y, name in ((x * 2, "the result of multiply"), (x, "x")):
        with refused(
            GraphError,
            f"{name} has shape (3,): backward() needs a seed, the gradient that comes from above",
            "make it one number first, with np.sum or np.mean, or give seed= an array of its shape",
        ):
            y.backward()


def test_a_seed_that_does_not_fit_is_refused_and_nothing_is_changed() -> None:
    x = Variable(np.ones(3), name="x")
    y = x * 2
    for seed, shape in ((1.0, "()"), (np.ones(4), "(4,)"), (np.ones((1, 3)), "(1, 3)")):
        with refused(ShapeError, f"the seed has shape {shape}; the result of multiply has shape (3,)"):
            y.backward(seed)
    with refused(DTypeError, "a seed is plain numbers, not a variable", "seed.value"):
        y.backward(x)
    with pytest.raises(DTypeError, match="not an array of dtype complex128"):
        y.backward(np.ones(3) * 1j)
    with pytest.raises(DTypeError, match="not str"):
        Variable(1.0).backward("1")
    assert x.grad is None


def test_a_condition_has_no_gradient() -> None:
    fix = "np.where(condition, x, y) lets gradients through to what it chooses"
    with refused(DTypeError, "the result of greater holds bool, which has no gradient", fix):
        (Variable(1.0) > 0).backward()
    with refused(DTypeError, "the result of sum holds int64, which has no gradient", fix):
        np.sum(Variable(np.ones(2)) > 0).backward()


# Where nothing flows


def test_none_where_nothing_flows() -> None:
    x, labels, unused = Variable(np.array([-1.0, 2.0])), new_variable(np.array([1])), Variable(1.0)
    condition, sign, count = x > 0, np.sign(x), np.sum(x > 0)
    y = np.sum(np.where(condition, x, 0.0) * sign * condition * count) + F.softmax_with_loss(x[None], labels)
    y.backward()
    assert x.grad is not None
    for v in (labels, unused, condition, count):
        assert v.grad is None


def test_conditions_and_whole_numbers_get_no_gradient_in_any_walk() -> None:
    x, count = Variable(np.array([-1.0, 2.0])), new_variable(np.array([1, 2]))
    mask = x > 0
    y = np.sum(x * mask * count)
    for as_graph in (False, True):
        dx, *others = gradients_of(y, [x, mask, count], as_graph=as_graph)
        assert (dx.value if as_graph else dx).tolist() == [0, 2]
        assert others == [None, None]


def test_a_gradient_is_none_again_when_nothing_flows_any_more() -> None:
    x = Variable(2.0)
    (x * x).backward()
    np.sign(x).backward()
    assert x.grad is None


def test_no_gradient_through_a_branch_that_was_not_taken() -> None:
    x = Variable(np.array([0.0, 4.0]))
    np.sum(np.where(x > 0, np.sqrt(x), 0.0)).backward()
    assert x.grad.tolist() == [0, 0.25]


# Once and again


def test_twice_gives_what_once_gave() -> None:
    x, w = Variable(np.array([1.0, 2.0])), Variable(3.0)
    y = np.sum(np.exp(x * w) * x)
    y.backward()
    once = [x.grad.copy(), w.grad, y.inputs[0].grad.copy()]
    y.backward()
    for found, wanted in zip((x.grad, w.grad, y.inputs[0].grad), once, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_adding_up_over_several_outputs_is_asked_for() -> None:
    x, n = Variable(np.array([1.0, 2.0])), Variable(3.0)
    shared = x * n
    first, second = np.sum(shared), np.sum(shared * x)
    first.backward()
    second.backward(accumulate=True)
    wanted = gradients_of(first + second, [x, n, shared])
    for found, both in zip((x.grad, n.grad, shared.grad), wanted, strict=True):
        np.testing.assert_array_equal(found, both)
    before = x.grad
    second.backward(accumulate=True)
    assert before.tolist() == wanted[0].tolist(), "the gradient that somebody may hold was written into"
    unrelated = Variable(1.0)
    unrelated.backward(accumulate=True)
    unrelated.backward(accumulate=True)
    assert unrelated.grad == 2.0


def test_gradients_of_leaves_every_grad_alone() -> None:
    x, y = Variable(3.0), Variable(4.0)
    z = x * y
    assert gradients_of(z, [y, x, z, Variable(1.0)]) == [3.0, 4.0, 1.0, None]
    assert gradients_of(z, [x], seed=10.0) == [40.0]
    assert (x.grad, y.grad, z.grad) == (None, None, None)


def test_reachable_lists_each_variable_once_the_newest_first() -> None:
    x, y = Variable(1.0), Variable(2.0)
    z = x * y + x
    other = y * 2
    found = reachable([z, other, z])
    assert found == [other, z, z.inputs[0], y, x]


def test_what_a_gate_kept_is_used_again_in_the_graph_of_its_gradient() -> None:
    x = Variable(np.zeros((1, 2)))
    loss = F.softmax_with_loss(x, np.array([0]))
    (dx,) = gradients_of(loss, [x], as_graph=True)
    (p,) = [v for v in reachable([dx]) if v.kept_of]
    assert p.kept_of == (loss, 0)
    assert p.value is loss.kept[0]
    assert (p.gate, p.inputs) == (gates.softmax, (x,))


# Fan-out


@st.composite
def sums_of_products(draw: st.DrawFn) -> list[list[tuple[int, int]]]:
    """For each node after the first: the earlier nodes it is a weighted sum of, with the weights."""
    number = draw(st.integers(1, 7))
    return [
        draw(st.lists(st.tuples(st.integers(0, i), st.integers(-3, 3)), min_size=1, max_size=4))
        for i in range(number)
    ]


@given(sums_of_products())
@example([[(0, 1), (0, 1)], [(1, 2), (0, 1), (1, 1)]])
def test_gradients_add_up_over_all_paths(edges: list[list[tuple[int, int]]]) -> None:
    nodes = [Variable(1.0)]
    for parts in edges:
        total: Any = 0
        for node, weight in parts:
            total = total + nodes[node] * weight
        nodes.append(total)
    nodes[-1].backward()

    def paths(to: int, start: int) -> int:
        """The product of the weights, summed over all paths."""
        if to == start:
            return 1
        return sum(weight * paths(node, start) for node, weight in edges[to - 1]) if to else 0

    for i, node in enumerate(nodes):
        wanted = paths(len(nodes) - 1, i)
        assert (node.grad or 0.0) == wanted


def test_a_value_used_twice_by_one_gate() -> None:
    x, a = Variable(3.0), Variable(np.array([[1.0, 2.0], [3.0, 4.0]]))
    (x * x + x).backward()
    assert x.grad == 7.0
    np.sum(a @ a).backward()
    assert_close(a.grad, slope(lambda v: v @ v, a.value))
    np.sum(np.concatenate([a, a, a]) * 2).backward()
    assert a.grad.tolist() == [[6, 6], [6, 6]]


# Broadcasting


@given(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, min_side=0, max_side=3))
@example(hnp.BroadcastableShapes(((), (2, 3)), (2, 3)))
@example(hnp.BroadcastableShapes(((1, 1), (0, 1)), (0, 1)))
@example(hnp.BroadcastableShapes(((1,), ()), (1,)))
def test_broadcasting_is_undone(shapes: hnp.BroadcastableShapes) -> None:
    (first, second), result = shapes
    rng = np.random.default_rng(0)
    a, b, upstream = rng.normal(size=first), rng.normal(size=second), rng.normal(size=result)
    for left, right in ((Variable(a), Variable(b)), (Variable(a[()]), Variable(b[()]))):
        out = left * right
        assert out.shape == result
        out.backward(upstream)
        for v, other in ((left, b), (right, a)):
            whole = upstream * np.broadcast_to(other, result)
            wanted = np.zeros(v.shape)
            for place in np.ndindex(
                result
            ):  # each element of the result goes back to the one that it came from
                own = place[len(result) - v.ndim :]
                wanted[tuple(0 if n == 1 else i for i, n in zip(own, v.shape, strict=True))] += whole[place]
            assert np.shape(v.grad) == v.shape
            np.testing.assert_allclose(v.grad, wanted, rtol=1e-12, atol=1e-12)


def test_the_gradient_of_a_number_of_python_is_a_number_of_python() -> None:
    x = Variable(2.0)
    for y in (x * np.ones(3), x + np.ones((2, 2), np.float32), np.stack([x, x]), np.broadcast_to(x, (3,))):
        y.backward(np.full(y.shape, 2))
        assert type(x.grad) is float
        assert x.grad == 2 * y.size


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_gradient_has_the_dtype_of_its_variable(dtype: Any) -> None:
    x = Variable(np.ones((2, 3), dtype))
    for other in (
        np.ones(3, np.float32),
        np.ones((2, 1)),
        2.0,
        np.float64(2),
        Variable(np.ones(3)),
        np.arange(3),
    ):
        y = np.sum((x * other) ** 2)
        y.backward()
        assert x.grad.dtype == dtype
        if isinstance(other, Variable):
            assert other.grad.dtype == np.float64


def test_a_rule_may_give_less_than_the_shape_and_never_what_does_not_fit() -> None:
    def halves(size: int) -> gates.Gate:
        rule = {"x": lambda dout: np.full(size, 0.5)}
        return gates.Gate("g", "g", "g", "g", forward=lambda xp, x: xp.sum(x), wrt=rule)

    x = Variable(np.ones((2, 3)))
    apply(halves(3), x).backward()
    assert x.grad.tolist() == [[0.5] * 3] * 2
    with pytest.raises(ValueError, match="broadcast"):
        apply(halves(4), x).backward()


# Depth


def test_a_chain_is_far_deeper_than_calls_can_be() -> None:
    depth = 30 * sys.getrecursionlimit()
    x = Variable(1.0)
    y = x
    for _ in range(depth):
        y = y + 2.0**-20
    y.backward()
    assert x.grad == 1.0
    assert y.value == 1.0 + depth * 2.0**-20
    del y  # without a call for each gate, too


def test_other_walks_of_a_deep_graph() -> None:
    x = Variable(1.0)
    y = x
    for _ in range(10_000):
        y = y * x
    assert len(reachable([y])) == 10_001
    (dx,) = gradients_of(y, [x], as_graph=True)
    assert dx.value == 10_001.0
    dx.backward()
    assert x.grad == 10_001.0 * 10_000


def test_a_deep_graph_is_freed_in_a_thread_of_little_stack() -> None:
    done = []

    def work() -> None:
        x = Variable(1.0)
        y = x
        for _ in range(50_000):
            y = y + x
        y.backward()
        done.append(x.grad)
        del y

    before = threading.stack_size(256 * 1024)
    try:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert done == [50_001.0]
