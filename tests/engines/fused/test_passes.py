"""Each pass by itself: what it takes away, what it must leave, and where results come to lie."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.engines import trace
from chainrule.engines._node import VIEWS, input_node
from chainrule.engines.fused import Stepper
from chainrule.engines.fused._drop import drop
from chainrule.engines.fused._fold import fold
from chainrule.engines.fused._group import Loop, group
from chainrule.engines.fused._lower import lower
from chainrule.engines.fused._names import names_of
from chainrule.engines.fused._place import place
from chainrule.engines.fused._units import units_of
from chainrule.graph import functions as F
from chainrule.graph import gradients_of
from tests.engines.fused._plain import compile_whole, run
from tests.engines.fused.test_networks import small_step

VECTOR, MATRIX = (3,), (3, 3)
EDGES = np.array([np.nan, np.inf, -np.inf, -0.0, 0.0, 1.0, -1e308, 5e-324])


def lowered(function, **inputs):
    """The primitives of a function; inputs are numbers, or shapes of float64 arrays."""
    values = {n: np.zeros(given) if type(given) is tuple else given for n, given in inputs.items()}
    step = trace(function, values)
    nodes = {
        name: input_node(name, np.shape(value), np.float64, weak=type(value) is float)
        for name, value in values.items()
    }
    return lower(step, nodes)


def ops(program):
    return Counter(node.op for node in program.nodes())


def scheduled(function, **inputs):
    return group(units_of(drop(fold(drop(lowered(function, **inputs))))))


def placed(function, **inputs):
    schedule = scheduled(function, **inputs)
    return place(schedule, names_of(schedule.units))


# Drop.


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x * 1.0,
        lambda x: 1.0 * x,
        lambda x: x / 1.0,
        lambda x: x**1.0,
        lambda x: F.negative(F.negative(x)),
        lambda x: x.T.T,
        lambda x: F.reshape(F.reshape(x, (9,)), (3, 3)),
        lambda x: F.transpose(F.transpose(x, (1, 0)), (1, 0)),
    ],
)
def test_what_changes_nothing_is_dropped(function):
    program = drop(lowered(lambda v: {"y": function(v["x"])}, x=MATRIX))
    assert [node.op for node in program.nodes()] == ["input"]


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x * 0.0,
        lambda x: 0.0 * x,
        lambda x: x + 0.0,
        lambda x: 0.0 - x,
        lambda x: x - x,
        lambda x: x / x,
        lambda x: x * 2.0 * 0.5,
        lambda x: x + 1.0 - 1.0,
        lambda x: F.exp(F.log(x)),
        lambda x: x**0.75,
    ],
)
def test_what_only_most_numbers_allow_is_kept(function):
    step = compile_whole(lambda v: {"y": function(v["x"])}, {"x": EDGES})
    with np.errstate(all="ignore"):
        wanted = np.asarray(function(EDGES))
    found = run(step, {"x": EDGES})["y"]
    np.testing.assert_array_equal(found, wanted)
    numbers = ~np.isnan(wanted)  # what sign NaN has, no standard says
    np.testing.assert_array_equal(np.signbit(found)[numbers], np.signbit(wanted)[numbers])


def test_a_square_is_a_product():
    assert ops(drop(lowered(lambda v: {"y": v["x"] ** 2.0}, x=VECTOR))) == {"input": 1, "multiply": 1}


def test_what_is_computed_twice_is_computed_once():
    def function(v):
        return {"y": F.sin(v["x"]) * v["x"] + F.sin(v["x"]), "z": F.sin(v["x"])}

    program = lowered(function, x=VECTOR)
    assert ops(program)["sin"] == 3
    assert ops(drop(program))["sin"] == 1


def test_numbers_that_are_known_are_computed_beforehand():
    def function(v):
        (dx,) = gradients_of(F.mean(v["x"]) * 2.0 / 4.0, [v["x"]], as_graph=True)
        return {"x": v["x"] - dx}

    program = drop(lowered(function, x=MATRIX))
    assert set(ops(program)) - VIEWS == {"input", "number", "subtract"}
    assert next(n for n in program.nodes() if n.op == "number").settings["value"] == 1 / 18


def test_sums_over_one_element_are_no_sums():
    program = drop(lowered(lambda v: {"y": F.sum(v["x"], axis=1, keepdims=True)}, x=(3, 1)))
    assert ops(program) == {"input": 1}


def test_what_nobody_asks_for_is_never_there():
    """Of the five products of a network with two layers, forward and backward, the gradient of x is a sixth."""
    step, _ = small_step(cr.SGD(0.1))
    program = step.placement.schedule.units.program
    assert ops(program)["gemm"] == 5
    assert "x" not in {name.removeprefix("d") for name in program.outputs}


# Fold.


@pytest.mark.parametrize(
    ("optimizer", "straight_into"),
    [
        (cr.SGD(0.1), ["W1", "W2"]),
        (cr.SGD(0.1, weight_decay=0.01), ["W1", "W2"]),
        (cr.Momentum(0.1), ["W1_v", "W2_v"]),
    ],
    ids=["SGD", "weight decay", "Momentum"],
)
def test_no_gradient_of_a_matrix_is_ever_stored(optimizer, straight_into):
    step, values = small_step(optimizer)
    placement = step.placement
    buffers = [array for array in placement.arrays.values() if array.kind == "buffer"]
    assert buffers
    assert not {array.shape for array in buffers} & {values["W1"].shape, values["W2"].shape}
    products = [unit for unit in placement.schedule.units.order if unit.op == "gemm" and len(unit.args) == 5]
    into = {placement.arrays[unit].name for unit in products}
    assert {name.replace(".", "_") for name in into} == set(straight_into)


def test_scalars_of_a_product_are_what_the_rule_says():
    def function(v):
        return {"W": v["W"] - v["lr"] * (v["x"].T @ v["dy"] + 0.01 * v["W"])}

    inputs = {"W": (3, 2), "x": (4, 3), "dy": (4, 2), "lr": 0.5}
    program = drop(fold(drop(lowered(function, **inputs))))
    (product,) = (node for node in program.nodes() if node.op == "gemm")
    alpha, beta = (_at_one_half(node) for node in product.args[2:4])
    assert alpha == -0.5
    assert beta == pytest.approx(1 - 0.5 * 0.01, rel=1e-15)


def _at_one_half(node):
    """The value of a node that depends on lr alone."""
    if node.op in ("input", "number"):
        return node.settings.get("value", 0.5)
    return getattr(np, node.op)(*map(_at_one_half, node.args))


@pytest.mark.parametrize(
    "function",
    [
        lambda W, p: {"W": W - 0.1 * p, "p": p},
        lambda W, p: {"W": W - 0.1 * p, "y": F.exp(p)},
        lambda W, p: {"y": W - 0.1 * p},
        lambda W, p: {"W": W - F.exp(p)},
        lambda W, p: {"W": W * (1.0 + p)},
        lambda W, p: {"W": F.exp(W) - 0.1 * p},
    ],
    ids=["asked for", "read again", "W stays", "not linear", "a factor", "another base"],
)
def test_a_product_is_not_added_where_that_would_be_wrong(function):
    program = fold(drop(lowered(lambda v: function(v["W"], v["x"].T @ v["y"]), W=(3, 2), x=(4, 3), y=(4, 2))))
    assert all(len(node.args) == 3 for node in program.nodes() if node.op == "gemm")


def test_a_base_that_is_a_factor_is_not_written_over():
    schedule = scheduled(lambda v: {"W": v["W"] - 0.1 * (v["W"] @ v["W"])}, W=MATRIX)
    assert not schedule.replaces


# Group.


def loops(schedule):
    return [s for s in schedule.statements if isinstance(s, Loop)]


def loop_of(schedule, op):
    """The loop in which an operation is done."""
    (found,) = (loop for loop in loops(schedule) if op in {unit.op for unit in loop.units})
    return found


def test_bias_and_activation_are_one_loop():
    schedule = scheduled(lambda v: {"y": F.relu(v["x"] @ v["W"] + v["b"])}, x=(4, 3), W=(3, 2), b=(2,))
    assert [type(s).__name__ for s in schedule.statements] == ["Big", "Loop"]
    assert len(schedule.statements[1].units) == 1  # and one expression


def test_softmax_loss_with_its_gradient_and_that_of_the_bias_is_one_loop():
    step, _ = small_step(cr.SGD(0.1))
    loop = loop_of(step.placement.schedule, "exp")
    assert Counter(unit.op for unit in loop.units) == {"max": 1, "exp": 1, "log": 1, "sum": 3, "multiply": 1}
    assert len(loop.levels) == 3  # the largest, the sum of exponentials, the rest


def test_the_three_updates_of_a_parameter_are_one_loop():
    step, values = small_step(cr.Adam(0.1))
    placement = step.placement
    for name in ("W1", "b1", "W2", "b2"):
        (loop,) = (
            loop
            for loop in loops(placement.schedule)
            if placement.outputs[name] in map(placement.arrays.get, loop.units)
        )
        written = {placement.arrays[unit] for unit in loop.units}
        assert written == {placement.outputs[n] for n in values if n == name or n.startswith(f"{name}.")}
        assert len(written) == 3


def test_sums_over_columns_keep_their_readers_out():
    def function(v):
        y = F.exp(v["x"])
        return {"y": y / F.sum(y, axis=0)}

    assert len(loops(scheduled(function, x=(4, 3)))) == 2


@pytest.mark.parametrize(
    ("function", "replaced"),
    [
        (lambda a, b, c: {"a": a + 1.0, "b": b * a}, 2),
        (lambda a, b, c: {"a": a + b, "b": a - b}, 1),  # each needs the other's input
        (lambda a, b, c: {"a": a.T * 2.0}, 0),
        (lambda a, b, c: {"a": a[::-1] * 2.0}, 0),
        (lambda a, b, c: {"a": a - F.sum(a)}, 1),
        (lambda a, b, c: {"a": a @ b}, 0),
        (lambda a, b, c: {"a": b @ c, "b": a * 2.0}, 1),
        (lambda a, b, c: {"a": b @ c, "b": c @ a, "c": a @ b}, 1),
        (lambda a, b, c: {"a": F.exp(a), "y": a.T @ b}, 1),
    ],
    ids=[
        "order",
        "one loop",
        "turned",
        "backwards",
        "after a sum",
        "factor",
        "swap",
        "circle",
        "read before",
    ],
)
def test_inputs_are_replaced_in_place_where_nobody_needs_them(function, replaced):
    schedule = scheduled(lambda v: function(v["a"], v["b"], v["c"]), a=MATRIX, b=MATRIX, c=MATRIX)
    assert len(schedule.replaces) == replaced


def test_another_dtype_or_shape_does_not_replace():
    values = {"k": np.array([1, 2]), "x": np.ones((2, 3))}
    step = compile_whole(lambda v: {"k": v["k"] * 2.5, "x": F.sum(v["x"], axis=0)}, values)
    assert not step.placement.schedule.replaces
    found = run(step, values)
    assert (found["k"].tolist(), found["x"].tolist()) == ([2.5, 5.0], [2.0, 2.0, 2.0])


def test_rows_of_data_do_not_replace_the_data():
    values = {"x": np.arange(6.0).reshape(3, 2)}
    step = Stepper(lambda v: trace(lambda v: {"x": v["x"] * 2.0}, v), values, gathered=("x",)).compiled(2)
    found = run(step, values, rows=2, batches=np.array([[2, 0]]))
    np.testing.assert_array_equal(found["x"], [[8.0, 10.0], [0.0, 2.0]])


# Place.


def test_results_in_a_row_take_turns_in_two_buffers():
    def function(v):
        y = v["x"]
        for _ in range(8):
            y = y @ v["W"]
        return {"y": y}

    arrays = placed(function, x=(4, 3), W=(3, 3)).arrays.values()
    assert len({array.slot for array in arrays if array.kind == "buffer"}) == 2
    assert len([array for array in arrays if array.kind == "buffer"]) == 7


OPERATIONS = {  # none leaves −1..1
    "half of each": lambda x, y: x * 0.5 + y * 0.5,
    "product": lambda x, y: x @ y / 3.0,
    "sum and product": lambda x, y: x * 0.5 - (y.T @ y) / 6.0,
    "sine": lambda x, y: F.sin(x.T),
    "row": lambda x, y: F.exp(-F.sum(y * y, axis=1, keepdims=True)) * x,
    "column": lambda x, y: x - x * F.max(y * y, axis=0),
}
STEPS = st.lists(
    st.tuples(st.sampled_from(list(OPERATIONS)), st.integers(0, 30), st.integers(0, 30)), max_size=25
)


def _made_of(steps):
    """A function in which each result is made of two that were there before."""

    def function(v):
        found = [v["a"], v["b"]]
        for operation, one, other in steps:
            found.append(OPERATIONS[operation](found[one % len(found)], found[other % len(found)]))
        return {"a": found[-1], "b": found[-2], "y": found[len(found) // 2] * 1.0}

    return function


@given(STEPS)
def test_memory_is_shared_only_by_what_is_never_needed_together(steps):
    placement = placed(_made_of(steps), a=MATRIX, b=MATRIX)
    units, statements = placement.schedule.units, placement.schedule.statements
    born = {u: at for at, s in enumerate(statements) for u in s.units}
    dies = {
        u: max(
            [at for at, s in enumerate(statements) for user in s.units if u in units.reads[user]], default=-1
        )
        for u in born
    }
    dies.update((unit, len(statements)) for unit, _ in placement.copies)
    buffers = [(u, array.slot) for u, array in placement.arrays.items() if array.kind == "buffer"]
    for u, slot in buffers:
        for other, another in buffers:
            if u is not other and slot == another:
                assert dies[u] < born[other] or dies[other] < born[u]


@given(STEPS, st.sampled_from([1, 2]))
def test_random_functions_give_what_numpy_gives(steps, threads):
    rng = np.random.default_rng(len(steps))
    values = {"a": rng.uniform(-1, 1, MATRIX), "b": rng.uniform(-1, 1, MATRIX)}
    function = _made_of(steps)
    wanted = {name: np.asarray(value) for name, value in function(values).items()}
    found = run(compile_whole(function, values), values, threads=threads, watch=threads > 1)
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-12, atol=1e-12)
