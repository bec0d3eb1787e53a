"""Both passes of a graph as explanations and drawings read them: against `backward`, and without touching anything."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import ArgumentError, GraphError
from chainrule.explain._backpropagation import backpropagation, element_name
from tests.explain._gates import CASES, Case


@pytest.mark.parametrize("case", CASES, ids=str)
def test_parts_add_up_to_what_backward_sets(case: Case) -> None:
    L = case.output()
    passes = backpropagation(L)
    assert all(node.variable.grad is None for node in passes.graph)
    L.backward()
    for node in passes.graph:
        variable = node.variable
        np.testing.assert_array_equal(passes.gradients.get(variable), variable.grad)
        parts = [passes.part(edge) for edge in passes.edges_from.get(variable, ())]
        back = [part for part in parts if part is not None]
        if back:
            np.testing.assert_allclose(sum(back), variable.grad, rtol=1e-12)


def test_edges_keep_order_doubles_and_constants() -> None:
    x, y = cr.variables(x=2.0, y=5.0)
    passes = backpropagation((x - 3.0) * y * x)
    assert [(e.source and e.source.name, e.target.name, e.position, e.value) for e in passes.edges] == [
        ("x", "subtract1", 0, 2.0),
        (None, "subtract1", 1, 3.0),
        ("subtract1", "multiply1", 0, -1.0),
        ("y", "multiply1", 1, 5.0),
        ("multiply1", "L", 0, -5.0),
        ("x", "L", 1, 2.0),
    ]
    assert [e.target.name for e in passes.edges_from[x]] == ["subtract1", "L"]
    assert passes.edges_into[x] == ()
    assert [passes.part(e) for e in passes.edges] == [10.0, None, 10.0, -2.0, 2.0, -5.0]


def test_values_are_those_that_ran() -> None:
    (x,) = cr.variables(x=3.0)
    L = x * x
    x.value = 5.0
    passes = backpropagation(L)
    assert (passes.values[x], passes.values[L], passes.gradients[x]) == (3.0, 9.0, 6.0)


def test_a_leaf_with_two_values_is_refused() -> None:
    (x,) = cr.variables(x=3.0)
    y = x * 2.0
    x.value = 5.0
    with pytest.raises(GraphError, match="x was given a new value between two gates that read it"):
        backpropagation(y * x)


def test_a_value_that_goes_on_elsewhere_is_an_output_like_any_other() -> None:
    (x,) = cr.variables(x=3.0)
    y = x * x
    assert (y * 2.0).value == 18.0
    passes = backpropagation(y)
    assert [node.name for node in passes.graph] == ["x", "L"]
    assert passes.gradients == {x: 6.0, y: 1.0}


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_single_number_in_any_shape_and_precision(shape: tuple[int, ...], dtype: type[np.floating]) -> None:
    x = cr.Variable(np.full(shape, 3.0, dtype), name="x")
    passes = backpropagation(x * x)
    assert np.shape(passes.gradients[x]) == shape
    assert np.asarray(passes.gradients[x]).dtype == dtype
    assert passes.gradients[x] == 6


def test_forward_alone_takes_any_shape_and_any_gate() -> None:
    x = cr.Variable(np.ones(3), name="x")
    for output in (x, x * 2.0, x > 0.0):
        passes = backpropagation(output, backward=False)
        assert passes.gradients == {}
        assert all(passes.part(edge) is None for edge in passes.edges)
        assert passes.nodes[output].name != "L"


def test_what_has_no_backward_pass_is_refused() -> None:
    x = cr.Variable(np.ones(3), name="x")
    with pytest.raises(ArgumentError, match="this is a list"):
        backpropagation([x])  # type: ignore[arg-type]
    with pytest.raises(GraphError, match="x is no result of a gate"):
        backpropagation(x)
    with pytest.raises(GraphError, match=r"has shape \(3,\); a backward pass starts from a single number"):
        backpropagation(x * 2.0)
    with pytest.raises(cr.errors.DTypeError, match="bool, which has no gradient"):
        backpropagation(cr.sum(x) > 0.0)


@given(st.text(min_size=1), st.lists(st.integers(0, 99), max_size=4))
@settings(max_examples=50, deadline=None)
def test_elements_are_written_as_python_writes_them(name: str, index: list[int]) -> None:
    written = element_name(name, tuple(index))
    assert written == (f"{name}{index}" if index else name)
