"""Chains against brute force: every way through random graphs, with and without names on the way."""

from __future__ import annotations

import math
from collections.abc import Iterator
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.explain._backpropagation import Backpropagation, backpropagation
from chainrule.explain._chains import LONGEST, MOST, Chain, Chains, has_chains


@st.composite
def graphs(draw: st.DrawFn, names: bool) -> cr.Variable:
    """A graph of single numbers in which values are used any number of times; some of them have names."""
    made = list(cr.variables(x=draw(st.floats(0.2, 2)), y=draw(st.floats(-2, -0.2))))
    for i in range(draw(st.integers(1, 9))):
        a, b = draw(st.sampled_from(made[-4:])), draw(st.sampled_from(made))
        kind = draw(st.sampled_from(["add", "subtract", "multiply", "sin", "tanh", "greater"]))
        if kind == "greater":
            result = a * (b > 0.0)
        elif kind in ("sin", "tanh"):
            result = cr.apply(cr.gates.ALL[kind], a)
        else:
            result = cr.apply(cr.gates.ALL[kind], a, b)
        if names and draw(st.booleans()):
            result.name = f"v{i}"
        made.append(result)
    return made[-1] * 1.5


def all_ways(passes: Backpropagation, variable: cr.Variable) -> Iterator[tuple[tuple[str, ...], float]]:
    """Every way from the output to a variable edge by edge: the names on it, and its product."""
    if variable is passes.graph.output:
        yield (passes.nodes[variable].name,), 1.0
    for edge in passes.edges_from.get(variable, ()):
        part = passes.part(edge)
        if part is None:
            continue
        # ∂ target / ∂ this input alone, from the gate's rule with an upstream gradient of 1
        local = cr.graph.handed_back(edge.target.variable, 1.0)[edge.position]
        for names, product in all_ways(passes, edge.target.variable):
            yield (*names, passes.nodes[variable].name), product * local


def through_stations(passes: Backpropagation, leaf: cr.Variable) -> dict[tuple[str, ...], float]:
    """The same ways, those through the same stations added up."""
    inner = [v for v in passes.gradients if v.gate is not None and v is not passes.graph.output]
    named = [v for v in inner if v.name] or inner
    kept = {passes.nodes[v].name for v in [passes.graph.output, leaf, *named]}
    found: dict[tuple[str, ...], float] = {}
    for names, product in all_ways(passes, leaf):
        stations = tuple(name for name in names if name in kept)
        found[stations] = found.get(stations, 0.0) + product
    return found


def assert_chains(output: cr.Variable) -> None:
    passes = backpropagation(output)
    chains = Chains(passes)
    for node in passes.graph:
        if node.variable.gate is not None or node.variable not in passes.gradients:
            continue
        expected = through_stations(passes, node.variable)
        assert chains.count(node.variable) == len(expected)
        found = {chain.names: chain for chain in chains.to(node.variable)}
        assert len(found) == min(len(expected), MOST)
        for names, chain in found.items():
            assert chain.product == pytest.approx(expected[names], rel=1e-9, abs=1e-12)
            assert len(chain.factors) == len(names) - 1
        sizes = sorted(map(abs, expected.values()), reverse=True)[:MOST]
        assert sorted((abs(c.product) for c in found.values()), reverse=True) == pytest.approx(
            sizes, abs=1e-12
        )
        if len(expected) <= MOST:
            total = sum(chain.product for chain in found.values())
            assert total == pytest.approx(passes.gradients[node.variable], rel=1e-9, abs=1e-12)


@given(graphs(names=False))
@settings(max_examples=50, deadline=None)
def test_all_ways_where_nothing_is_named(output: cr.Variable) -> None:
    assert_chains(output)


@given(graphs(names=True))
@settings(max_examples=50, deadline=None)
def test_all_ways_through_what_is_named(output: cr.Variable) -> None:
    assert_chains(output)


def test_chains_come_in_the_order_of_their_branches() -> None:
    (x,) = cr.variables(x=2.0)
    a, b = x * 3.0, x * 5.0
    a.name, b.name = "a", "b"
    found = Chains(backpropagation(a * b)).to(x)
    assert found == (Chain(("L", "b", "x"), (6.0, 5.0)), Chain(("L", "a", "x"), (10.0, 3.0)))
    assert [chain.product for chain in found] == [30.0, 30.0]


def test_a_leaf_that_is_used_directly_too() -> None:
    (x,) = cr.variables(x=2.0)
    y = x * x
    y.name = "y"
    found = Chains(backpropagation(y * x)).to(x)
    assert [(c.names, c.product) for c in found] == [(("L", "x"), 4.0), (("L", "y", "x"), 8.0)]


def doubled(times: int) -> tuple[cr.Variable, cr.Variable]:
    """2 to the power of so many ways."""
    (x,) = cr.variables(x=1.0)
    y = x
    for _ in range(times):
        y = cr.sin(y) + 0.5 * y
    return x, y


def test_more_ways_than_anybody_could_walk_are_counted() -> None:
    x, y = doubled(12)
    chains = Chains(backpropagation(y))
    assert chains.count(x) == 2**12
    found = chains.to(x)
    assert len(found) == MOST
    sizes = [abs(chain.product) for chain in found]
    assert sizes == sorted(sizes, reverse=True)
    x, y = doubled(400)
    start = perf_counter()
    chains = Chains(backpropagation(y))
    assert chains.count(x) == 2**400
    assert chains.to(x) == ()
    assert perf_counter() - start < 5


@pytest.mark.parametrize(("length", "written"), [(LONGEST, 1), (LONGEST + 1, 0), (5000, 0)])
def test_chains_of_any_length_but_no_longer_than_a_line(length: int, written: int) -> None:
    (x,) = cr.variables(x=1.0)
    y = x
    for _ in range(length):
        y = cr.sin(y)
    chains = Chains(backpropagation(y))
    assert chains.count(x) == 1
    assert len(chains.to(x)) == written


def test_a_name_far_away_shortens_the_chain() -> None:
    (x,) = cr.variables(x=1.0)
    y = x
    for i in range(2000):
        y = cr.sin(y)
        if i == 999:
            y.name = "half"
    passes = backpropagation(y)
    (chain,) = Chains(passes).to(x)
    assert chain.names == ("L", "half", "x")
    assert chain.product == pytest.approx(passes.gradients[x], rel=1e-9)


def test_of_many_chains_one_that_is_no_number_comes_first() -> None:
    x, y = cr.variables(x=2.0, y=math.nan)
    terms: list[Any] = [x * float(i) for i in range(1, MOST + 2)]
    found = Chains(backpropagation(sum(terms) + x * y)).to(x)
    assert len(found) == MOST
    assert math.isnan(found[0].product)
    assert found[1].product == MOST + 1


def test_nothing_leads_to_what_has_no_gradient() -> None:
    x, y = cr.variables(x=2.0, y=1.0)
    chains = Chains(backpropagation(x * (y > 0.0)))
    assert (chains.count(y), chains.to(y)) == (0, ())


def test_chains_are_for_single_numbers() -> None:
    x, X = cr.variables(x=2.0, X=[1.0, 2.0])
    assert has_chains(backpropagation(x * x))
    assert not has_chains(backpropagation(cr.sum(X * x)))


def test_between_names_a_value_waits_for_all_that_comes_back_to_it() -> None:
    (x,) = cr.variables(x=0.7)
    a = x * 2.0
    a.name = "a"
    y = cr.sin(a)
    passes = backpropagation(y * cr.cos(y))
    (chain,) = Chains(passes).to(x)
    assert chain.names == ("L", "a", "x")
    assert chain.product == pytest.approx(passes.gradients[x])


def test_the_largest_chain_is_that_of_the_largest_product() -> None:
    (x,) = cr.variables(x=1.0)
    small: Any = 0.01 * (10.0 * x)
    output = sum((2.0 * (2.0 * x) for _ in range(MOST)), small)
    assert [chain.product for chain in Chains(backpropagation(output)).to(x)] == [4.0] * MOST
