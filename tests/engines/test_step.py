"""Recording a function as a step graph, and running the list on other numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.engines import compile_step, first_nonfinite, trace
from chainrule.errors import ArgumentError, GraphError, ShapeError
from chainrule.graph import Variable, grad, gradients_of, no_grad, tracing
from chainrule.graph import functions as F
from tests.graph._refusal import refused


def _loss_and_gradients(v):
    h = F.relu(v["x"] @ v["W"] + v["b"])
    loss = F.softmax_with_loss(h, v["t"])
    dW, db = gradients_of(loss, [v["W"], v["b"]], as_graph=True)
    return {"loss": loss, "dW": dW, "db": db}


def _example(rng, rows=4):
    return {
        "W": rng.normal(size=(3, 5)),
        "b": rng.normal(size=5),
        "x": rng.normal(size=(rows, 3)),
        "t": rng.integers(0, 5, rows),
    }


def test_the_list_reads_like_a_program():
    step = trace(lambda v: {"y": F.exp(v["x"]) * 2.0 + v["x"]}, {"x": 1.0})
    assert str(step) == (
        "inputs x=%0\nconstants %2=2.0\n%1 = exp(%0)\n%3 = multiply(%1, %2)\n%4 = add(%3, %0)\noutputs y=%4"
    )


def test_the_list_runs_on_other_numbers_labels_included(rng):
    run = compile_step(trace(_loss_and_gradients, _example(rng)))
    other = _example(rng)
    outputs = run(other)

    h = other["x"] @ other["W"] + other["b"]
    e = np.exp(np.maximum(h, 0) - np.maximum(h, 0).max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(outputs["loss"], -np.log(p[np.arange(4), other["t"]]).mean(), rtol=1e-12)
    dh = (p - np.eye(5)[other["t"]]) / 4 * (h > 0)
    np.testing.assert_allclose(outputs["dW"], other["x"].T @ dh, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(outputs["db"], dh.sum(axis=0), rtol=1e-12, atol=1e-15)


def test_what_a_gate_keeps_is_not_computed_again(rng):
    step = trace(_loss_and_gradients, _example(rng))
    names = [a.gate.name for a in step.applications]
    assert names.count("softmax_with_loss") == 1
    assert "softmax" not in names
    (loss,) = (a for a in step.applications if a.kept)
    assert any(loss.kept[0] in a.inputs for a in step.applications)


def test_what_nobody_asked_for_is_not_computed(rng):
    step = trace(_loss_and_gradients, _example(rng))
    x = step.inputs["x"]
    products = [a for a in step.applications if a.gate.name == "matmul"]
    assert len(products) == 2  # X · W and Xᵀ · dY; no dX
    assert sum(x in a.inputs for a in step.applications) == 2


def test_inputs_are_never_written_to(rng):
    values = _example(rng)
    run = compile_step(trace(_loss_and_gradients, values))
    before = {name: value.copy() for name, value in values.items()}
    for value in values.values():
        value.setflags(write=False)
    run(values)
    for name, value in values.items():
        np.testing.assert_array_equal(value, before[name])


@given(st.floats(-3, 3), st.floats(-3, 3))
def test_an_input_may_be_an_output_or_unused(a, b):
    run = compile_step(trace(lambda v: {"same": v["a"], "twice": v["a"] + v["a"]}, {"a": 1.0, "unused": 2.0}))
    assert run({"a": a, "unused": b}) == {"same": a, "twice": a + a}


def test_constants_of_both_zeros_stay_apart():
    run = compile_step(trace(lambda v: {"y": v["x"] * 0.0, "z": v["x"] * -0.0}, {"x": 1.0}))
    outputs = run({"x": 1.0})
    assert [np.signbit(outputs["y"]), np.signbit(outputs["z"])] == [False, True]


def test_an_output_that_is_no_variable_is_refused():
    with pytest.raises(GraphError, match="the output 'y' does not depend on the inputs x"):
        trace(lambda v: {"y": 3.0}, {"x": 1.0})


@pytest.mark.parametrize("output", [3.0, Variable(3.0), F.exp(Variable(3.0))], ids=repr)
def test_an_output_that_is_the_same_in_every_run_is_refused(output):
    with refused(GraphError, "the output 'y' does not depend on the inputs x"):
        trace(lambda v: {"z": v["x"] * 2.0, "y": output}, {"x": 1.0})


FOR_EVER = "the recorded step would use the numbers of this first mini-batch for ever"


def _own_log_loss(v):
    return {"y": F.log_softmax(v["x"])[np.arange(2), v["t"]]}


@pytest.mark.parametrize(
    ("function", "what", "fix"),
    [
        (
            _own_log_loss,
            "t was used as an index",
            "np.where chooses element by element, cr.softmax_with_loss by labels",
        ),
        (
            lambda v: {"y": v["x"][v["x"] > 0]},
            "the result of greater was used as an index",
            "np.where chooses element by element, cr.softmax_with_loss by labels",
        ),
        (
            lambda v: {"y": v["x"] if F.sum(v["x"]) > 0 else -v["x"]},
            "the result of greater decided something in Python (if, and, or, not)",
            "np.where(condition, x, y) chooses anew in each step",
        ),
        (
            lambda v: {"y": v["x"] * v["x"].value.max()},
            "the value of x was read",
            "compute with the variable itself",
        ),
        (
            lambda v: {"y": F.sum(v["x"]).backward()},
            "backward() of the result of sum was called",
            "gradients_of(loss, parameters, as_graph=True)",
        ),
        (
            lambda v: {"y": v["x"] - gradients_of(F.sum(v["x"]), [v["x"]])[0]},
            "plain gradients of the result of sum were asked for",
            "as_graph=True",
        ),
    ],
)
def test_what_a_list_of_gates_cannot_repeat_is_refused(function, what, fix):
    with refused(GraphError, f"{what} while a step was being recorded; {FOR_EVER}", fix):
        trace(function, {"x": np.ones((2, 3)), "t": np.array([0, 2])})
    x = Variable(2.0)  # and all of it is allowed again afterwards
    assert x.value == 2.0
    assert x > 1


def test_no_grad_within_a_recorded_step_is_refused():
    def function(v):
        with no_grad():
            target = v["x"] * 2.0
        return {"y": v["x"] - target}

    fix = "leave it out; gradients_of follows only the variables it is given"
    with refused(GraphError, f"no_grad() was entered while a step was being recorded; {FOR_EVER}", fix):
        trace(function, {"x": 1.0})


def test_shapes_and_transforms_are_free_while_a_step_is_recorded():
    def function(v):
        x = v["x"]
        slope = grad(lambda w: F.sum(w * w * x))(v["w"]) + grad(lambda s: s * s)(3.0)
        return {"y": slope / x.size + np.zeros_like(x) * len(x) + np.ndim(x)}

    run = compile_step(trace(function, {"x": np.ones(2), "w": np.ones(2)}))
    x, w = np.array([1.0, -2.0]), np.array([0.5, 3.0])
    np.testing.assert_allclose(run({"x": x, "w": w})["y"], (2 * w * x + 6.0) / 2 + 1)


def test_tracing_ends_with_an_error():
    with pytest.raises(ZeroDivisionError), tracing():
        1 / 0  # noqa: B018
    assert Variable(1.0).value == 1.0


def test_a_step_is_recorded_within_no_grad_too(rng):
    values = _example(rng)
    with no_grad():
        step = trace(_loss_and_gradients, values)
    assert str(step) == str(trace(_loss_and_gradients, values))


NUMBERS = [
    (lambda v: 1.0 / v["x"], 0.0),
    (lambda v: v["x"] ** 0.5, -8.0),
    (lambda v: v["x"] ** -1.0, -0.0),
    (lambda v: v["x"] ** 400.0, 10.0),
    (lambda v: F.exp(v["x"]), 1000.0),
    (lambda v: F.log(v["x"]), 0.0),
    (lambda v: F.where(v["x"] > 0.0, v["x"], 0.0), -1.0),
]


@pytest.mark.parametrize(("function", "x"), NUMBERS)
def test_numbers_are_those_of_the_graph_at_the_edges_too(function, x):
    (got,) = compile_step(trace(lambda v: {"y": function(v)}, {"x": 1.0}))({"x": x}).values()
    expected = function({"x": Variable(x)}).value
    assert type(got) is type(expected) is float
    np.testing.assert_array_equal(got, expected)


def test_the_search_for_bad_numbers_survives_what_python_raises():
    step = trace(lambda v: {"y": 1.0 / v["x"]}, {"x": 1.0})
    assert first_nonfinite(step, {"x": 0.0}).gate.name == "divide"


def test_a_number_beside_float32_leaves_it_float32():
    def function(v):
        return {"y": F.exp(v["lr"]) / (v["lr"] - v["lr"]) * v["x"]}

    run = compile_step(trace(function, {"lr": 0.1, "x": np.ones(2, dtype=np.float32)}))
    y = run({"lr": 0.5, "x": np.ones(2, dtype=np.float32)})["y"]
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y, np.inf)


def test_inputs_of_other_names_are_refused():
    run = compile_step(trace(lambda v: {"y": v["a"] * v["b"]}, {"a": 1.0, "b": 2.0}))
    with refused(ArgumentError, "the step takes a, b; of what was given, b missing and c, d unknown"):
        run({"a": 1.0, "d": 2.0, "c": 3.0})
    with refused(ArgumentError, "the step takes a, b; of what was given, b missing"):
        run({"a": 1.0})


@pytest.mark.parametrize("given", [np.ones(3), np.ones((1, 2)), 1.0, [1.0, 2.0, 3.0]], ids=repr)
def test_inputs_of_other_shapes_are_refused(given):
    run = compile_step(trace(lambda v: {"y": v["x"] * 2.0}, {"x": np.ones(2)}))
    what = f"the step was recorded for x of shape (2,); it has shape {np.shape(given)}"
    with refused(ShapeError, what, "record a step for these shapes with trace"):
        run({"x": given})
