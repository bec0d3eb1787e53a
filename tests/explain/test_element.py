"""An element on its way: what comes back on every hop adds up to its gradient."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError
from chainrule.explain._backpropagation import Backpropagation, backpropagation
from chainrule.explain._element import MOST, checked_element, trace_element
from tests.explain._gates import CASES, Case


def assert_totals(passes: Backpropagation, name: str, index: Any) -> None:
    way = trace_element(passes, *checked_element(passes, (name, index)))
    assert way[0][0].name == name
    gradients = {node.name: passes.gradients.get(node.variable) for node in passes.graph}
    for hops in way:
        gradient = np.asarray(gradients[hops[0].name])[hops[0].index]
        assert sum(hop.total for hop in hops) == pytest.approx(gradient, rel=1e-6, abs=1e-12)
        for hop in hops:
            assert len(hop.largest) == min(MOST, hop.count)
            for reached in hop.largest:
                upstream = np.asarray(gradients[hop.edge.target.name])[reached.index]
                assert reached.upstream == upstream
                assert reached.contribution == pytest.approx(reached.local * upstream)
            sizes = [abs(reached.contribution) for reached in hop.largest]
            assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_comes_back_adds_up_to_the_gradient(case: Case) -> None:
    passes = backpropagation(case.output())
    for node in passes.graph:
        if node.variable in passes.gradients and node.variable is not passes.graph.output:
            for index in list(np.ndindex(node.variable.shape))[:3]:
                assert_totals(passes, node.name, index)


def test_the_way_leads_by_the_element_that_sends_back_most_and_ends_at_the_output() -> None:
    X = cr.Variable(np.array([[1.0, 2.0], [3.0, -40.0]]), name="X")
    L = cr.sum((X @ np.eye(2)) ** 2)
    passes = backpropagation(L)
    node, index = checked_element(passes, ("X", (1, -1)))
    assert index == (1, 1)
    way = trace_element(passes, node, index)
    assert [[hop.edge.target.name for hop in hops] for hops in way] == [["matmul1"], ["power1"], ["L"]]
    assert [hops[0].index for hops in way] == [(1, 1)] * 3
    assert way[1][0].largest[0].local == -80


def test_a_value_used_by_several_gates_has_a_hop_into_each() -> None:
    x = cr.Variable(np.array([1.0, 2.0]), name="x")
    passes = backpropagation(cr.sum(x * x + 3.0 * x))
    (first, *_) = trace_element(passes, *checked_element(passes, ("x", 1)))
    assert [(hop.edge.target.name, hop.total) for hop in first] == [
        ("multiply1", 2.0),
        ("multiply1", 2.0),
        ("multiply2", 3.0),
    ]


def test_more_elements_than_are_shown_are_summed() -> None:
    x = cr.Variable(np.array([2.0]), name="x")
    passes = backpropagation(cr.sum(x * np.arange(10.0)))
    ((hop,), _) = trace_element(passes, *checked_element(passes, ("x", 0)))
    assert (hop.count, [reached.index for reached in hop.largest]) == (9, [(9,), (8,), (7,), (6,)])
    assert (hop.rest, hop.total) == (15.0, 45.0)


def test_an_element_that_changes_nothing_ends_the_way() -> None:
    x = cr.Variable(np.array([-1.0, 2.0]), name="x")
    passes = backpropagation(cr.sum(cr.relu(x)))
    ((hop,),) = trace_element(passes, *checked_element(passes, ("x", 0)))
    assert (hop.count, hop.largest, hop.total) == (0, (), 0.0)


def test_what_is_infinite_elsewhere_does_not_reach_an_element() -> None:
    x = cr.Variable(np.array([0.0, 4.0]), name="x")
    passes = backpropagation(cr.sum(cr.sqrt(x * 1.0)))
    way = trace_element(passes, *checked_element(passes, ("x", 1)))
    assert [hops[0].total for hops in way] == [0.25, 0.25, 1.0]
    (first, *_) = trace_element(passes, *checked_element(passes, ("x", 0)))
    assert math.isinf(first[0].total)


def test_the_output_itself_has_no_way_to_go() -> None:
    x = cr.Variable(2.0, name="x")
    passes = backpropagation(x * x)
    node, index = checked_element(passes, ("L", ()))
    assert trace_element(passes, node, index) == ()


@pytest.mark.parametrize(
    ("element", "words"),
    [
        (("W", (2, 0)), "W has shape (2, 3), and (2, 0) is no index"),
        (("W", (-3, 0)), "no index of one element"),
        (("W", 0), "no index of one element"),
        (("W", (True, 0)), "no index of one element"),
        (("c", ()), "no value 'c' with a gradient in the graph; there are W, "),
        (["W", (0, 0)], "no name with an index"),
    ],
)
def test_what_is_no_element_is_refused(element: Any, words: str) -> None:
    W = cr.Variable(np.ones((2, 3)), name="W")
    greater = W > 0.0
    greater.name = "c"
    with pytest.raises(ArgumentError) as refused:
        checked_element(backpropagation(cr.sum(W * greater)), element)
    assert words in str(refused.value)


def test_the_way_goes_on_into_the_gate_that_sends_back_most() -> None:
    x = cr.Variable(np.array([1.0, 2.0]), name="x")
    low, high, middle = 2.0 * x, 5.0 * x, 3.0 * x
    low.name, high.name, middle.name = "low", "high", "middle"
    passes = backpropagation(cr.sum(low + high + middle))
    way = trace_element(passes, *checked_element(passes, ("x", 1)))
    assert {hop.edge.target.name for hop in way[0]} == {"low", "high", "middle"}
    assert way[1][0].name == "high"
