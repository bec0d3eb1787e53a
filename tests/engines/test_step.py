"""Recording a function as a step graph, and running the list on other numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.engines import compile_step, trace
from chainrule.errors import GraphError
from chainrule.graph import functions as F
from chainrule.graph import gradients_of


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
