"""Opened graphs: the same values and gradients, and nothing left that could be opened."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule import gates
from chainrule.errors import ArgumentError, GraphError, UnsupportedError
from chainrule.explain import expand
from chainrule.gates import Gate
from chainrule.graph import apply, gradients_of, no_grad
from chainrule.verify._examples import examples
from tests.verify._graphs import random_graph

CASES = [(name, number) for name, found in examples(1).items() for number in range(len(found))]


def gates_of(output: cr.Variable) -> list[str]:
    return [node.variable.gate.name for node in cr.Graph(output) if node.variable.gate]


def leaves_of(output: cr.Variable) -> dict[str, cr.Variable]:
    return {node.name: node.variable for node in cr.Graph(output) if node.variable.gate is None}


def close(a: Any, b: Any) -> None:
    """Gradients come of subtractions, so what is small beside the largest of them has fewer digits."""
    np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9 * float(np.max(np.abs(b), initial=1e-3)))


def same(opened: cr.Variable, closed: cr.Variable) -> None:
    """Value and gradients of a graph opened to arrays."""
    np.testing.assert_allclose(opened.value, closed.value, rtol=1e-9)
    leaves = list(leaves_of(closed).values())
    for a, b in zip(gradients_of(opened, leaves), gradients_of(closed, leaves), strict=True):
        assert (a is None) == (b is None)
        if b is not None:
            close(a, b)


def same_elements(opened: cr.Variable, closed: cr.Variable) -> None:
    """Value and gradients of a graph opened to single numbers."""
    assert opened.shape == ()
    assert all(node.variable.shape == () for node in cr.Graph(opened))
    np.testing.assert_allclose(opened.value, np.reshape(closed.value, ()), rtol=1e-9)
    given = leaves_of(closed)
    leaves = leaves_of(opened)
    for name, variable in given.items():
        (expected,) = gradients_of(closed, [variable])
        if expected is None:
            continue
        for index in np.ndindex(variable.shape):
            leaf = leaves.get(f"{name}[{', '.join(map(str, index))}]" if index else name)
            found = gradients_of(opened, [leaf])[0] if leaf is not None else None  # None: it is not used
            close(0.0 if found is None else found, np.asarray(expected)[index])


def applied(name: str, number: int) -> cr.Variable:
    """One application of a gate to random numbers, made one number by other random ones."""
    given, rng = examples(1)[name][number], np.random.default_rng(number)
    gate = gates.ALL[name]
    inputs = [
        cr.Variable(x, name=f"in{at}") if np.asarray(x).dtype.kind == "f" else x
        for at, x in enumerate(given.inputs)
    ]
    y = apply(gate, *inputs, **given.settings)
    result: cr.Variable = cr.sum(y * rng.normal(size=y.shape).astype(y.dtype))
    return result


@pytest.mark.parametrize(("name", "number"), CASES)
def test_every_gate_opens_to_the_same_values_and_gradients(name: str, number: int) -> None:
    closed = applied(name, number)
    if closed.dtype == np.float32:
        assert np.isclose(expand(closed).value, closed.value, rtol=1e-5)
        return
    opened = expand(closed)
    same(opened, closed)
    assert leaves_of(opened) == leaves_of(closed)
    assert gates_of(expand(opened)) == gates_of(opened)  # nothing is left to be opened


@pytest.mark.parametrize(("name", "number"), CASES)
def test_every_gate_opens_to_single_numbers(name: str, number: int) -> None:
    closed = applied(name, number)
    if closed.dtype == np.float64:
        same_elements(expand(closed, elements=True), closed)


def test_all_gates_with_rules_are_tried() -> None:
    assert {name for name, _ in CASES} == {gate.name for gate in gates.ALL.values() if gate.rules}


@pytest.mark.parametrize(
    ("gate", "parts"),
    [
        (gates.sigmoid, "negate exp add divide"),
        (gates.silu, "negate exp add divide"),
        (gates.softplus, "exp add log"),
        (gates.gelu, "divide erf add multiply divide"),
        (gates.relu, "maximum"),
        (gates.softmax, "exp sum divide multiply"),
        (gates.log_softmax, "exp sum log subtract"),
        (gates.mean, "sum divide"),
        (gates.square, "multiply"),
        (gates.tanh, "tanh"),
        (gates.identity, "identity"),
    ],
    ids=lambda x: getattr(x, "name", ""),
)
def test_what_gates_are_made_of(gate: Gate, parts: str) -> None:
    x = cr.Variable(np.array([0.5, -1.0, 2.0]), name="x")
    assert gates_of(expand(apply(gate, x))) == parts.split()


@pytest.mark.parametrize("t", [np.array([1]), np.array([[0.0, 1.0, 0.0]])], ids=["class numbers", "one-hot"])
def test_softmax_with_loss_is_the_books_appendix(t: Any) -> None:
    x = cr.Variable(np.array([[0.3, 2.9, 4.0]]), name="x")
    L = cr.softmax_with_loss(x, t)
    exponentials = np.exp([0.3, 2.9, 4.0])
    y = exponentials / exponentials.sum()
    opened = expand(L)
    assert gates_of(opened) == "exp sum divide multiply log multiply sum negate".split()
    (dx,) = gradients_of(opened, [x])
    np.testing.assert_allclose(dx, [y - [0, 1, 0]], rtol=1e-12)

    numbers = expand(L, elements=True)
    expected = {"exp": 3, "add": 2 + 2, "divide": 1, "multiply": 3 + 3, "log": 3, "negate": 1}
    assert Counter(gates_of(numbers)) == expected
    leaves = leaves_of(numbers)
    assert list(leaves) == ["x[0, 0]", "x[0, 1]", "x[0, 2]"]
    np.testing.assert_allclose(gradients_of(numbers, leaves.values()), y - [0, 1, 0], rtol=1e-12)


def test_several_rows_are_divided_by_their_number() -> None:
    rng = np.random.default_rng(4)
    x = cr.Variable(rng.normal(size=(4, 3)), name="x")
    opened = expand(cr.softmax_with_loss(x, np.array([0, 2, 1, 1])))
    y = np.exp(x.value) / np.exp(x.value).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(gradients_of(opened, [x])[0], (y - np.eye(3)[[0, 2, 1, 1]]) / 4, rtol=1e-12)


def test_affine_is_products_and_sums() -> None:
    rng = np.random.default_rng(2)
    X, W, b = cr.variables(X=rng.normal(size=(2, 3)), W=rng.normal(size=(3, 2)), b=rng.normal(size=2))
    y = cr.Affine(W.value, b.value).compute(X, W, b)
    L = cr.sum(y * rng.normal(size=(2, 2)))
    opened = expand(L, elements=True)
    same_elements(opened, L)
    assert set(gates_of(opened)) == {"multiply", "add"}
    counts = Counter(gates_of(opened))
    assert counts == {"multiply": 2 * 2 * 3 + 4, "add": 2 * 2 * 2 + 4 + 3}


def test_batch_normalisation_opens() -> None:
    rng = np.random.default_rng(3)
    x, gamma, beta = cr.variables(
        x=rng.normal(size=(3, 2)), gamma=np.array([1.5, 0.5]), beta=np.array([0.1, -0.2])
    )
    deviation = x - cr.mean(x, axis=0)
    y = gamma * (deviation / cr.sqrt(cr.mean(cr.square(deviation), axis=0) + 1e-5)) + beta
    L = cr.sum(y * rng.normal(size=(3, 2)))
    opened = expand(L)
    same(opened, L)
    assert not {"mean", "square"} & set(gates_of(opened))
    numbers = expand(L, elements=True)
    same_elements(numbers, L)
    assert set(gates_of(numbers)) == {"add", "subtract", "multiply", "divide", "sqrt"}


def test_the_safe_form_where_the_textbook_would_not_do() -> None:
    x = cr.Variable(np.array([-1000.0, 1000.0, 0.5]), name="x")
    for gate in (gates.sigmoid, gates.softplus, gates.softmax, gates.log_softmax):
        L = cr.sum(apply(gate, x) * np.array([0.5, -0.25, 2.0]))
        opened = expand(L)
        same(opened, L)
        assert gate.name not in gates_of(opened)
        assert np.isfinite(opened.value)


@pytest.mark.parametrize("name", ["relu", "abs", "leaky_relu"])
def test_a_kink_keeps_its_gradient(name: str) -> None:
    x = cr.Variable(np.array([0.0, -1.0, 1.0]), name="x")
    L = cr.sum(apply(gates.ALL[name], x) * 3.0)
    same(expand(L), L)
    same_elements(expand(L, elements=True), L)


def test_names_stay_and_elements_get_theirs() -> None:
    x = cr.Variable(np.array([1.0, 2.0]))
    z = cr.sigmoid(x)
    z.name = "z"
    L = cr.sum(z)
    L.name = "L"
    names = [node.name for node in cr.Graph(expand(L))]
    assert names[0] == "x1"
    assert names[-2:] == ["z", "L"]
    names = [node.name for node in cr.Graph(expand(L, elements=True))]
    assert {"x1[0]", "x1[1]", "z[0]", "z[1]", "L"} < set(names)
    assert x.name is None
    assert z.gate is gates.sigmoid


def test_it_opens_within_no_grad_and_single_numbers_stay_themselves() -> None:
    x = cr.Variable(0.5, name="x")
    y = cr.sigmoid(x)
    with no_grad():
        opened = expand(y, elements=True)
    opened.backward()
    assert x.grad == pytest.approx(y.value * (1 - y.value), rel=1e-12)
    assert expand(x) is x


def test_gates_of_ones_own_open_by_their_forward() -> None:
    def forward(xp: Any, x: Any) -> Any:
        softplus = xp.softplus(x) if hasattr(xp, "softplus") else np.log1p(np.exp(x))
        return x * xp.tanh(softplus)

    def dx(dout: Any, x: Any) -> Any:
        y = np.tanh(np.log1p(np.exp(x)))
        return dout * (y + x * (1 - y**2) / (1 + np.exp(-x)))

    mish = Gate("mish", "mish", "mish", "미시", forward=forward, wrt={"x": dx})
    x = cr.Variable(np.array([0.5, -1.0]), name="x")
    L = cr.sum(apply(mish, x) * np.array([1.0, 3.0]))
    assert gates_of(expand(L))[:5] == ["exp", "add", "log", "tanh", "multiply"]
    same(expand(L), L)


def test_what_only_takes_arrays_is_refused_for_elements() -> None:
    det = Gate(
        "det", "det", "determinant", "행렬식", forward=lambda xp, x: np.linalg.det(x), kind="reduction",
        wrt={"x": lambda dout, x, out: dout * out * np.linalg.inv(x).T},
    )  # fmt: skip
    L = apply(det, cr.Variable(np.array([[3.0, 4.0], [1.0, 2.0]]))) * 1.0
    assert gates_of(expand(L)) == ["det", "multiply"]
    with pytest.raises(UnsupportedError, match="the gate det cannot be opened to single numbers"):
        expand(L, elements=True)


def test_what_cannot_be_opened_is_refused() -> None:
    x = cr.Variable(np.ones((30, 30)), name="x")
    with pytest.raises(ArgumentError, match="opens the graph of a Variable; this is a float"):
        expand(3.0)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"would have 54,899 gates and inputs; at most 500") as caught:
        expand(cr.sum(x @ x), elements=True)
    assert "smaller example" in str(caught.value)
    with pytest.raises(GraphError, match=r"has shape \(30, 30\); a graph of single numbers"):
        expand(x * 2.0, elements=True)


@given(st.integers(0, 10_000))
@settings(max_examples=50, deadline=None)
def test_random_graphs_with_kinks_and_ties(seed: int) -> None:
    print(f"random_graph({seed})")
    graph, (x, y) = random_graph(seed)
    rng = np.random.default_rng(seed)
    out = graph(*cr.variables(x=x, y=y))
    if not isinstance(out, cr.Variable):
        return
    L = cr.sum(out * rng.normal(size=out.shape))
    same(expand(L), L)


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_random_networks_to_single_numbers(seed: int) -> None:
    print(f"default_rng({seed})")
    rng = np.random.default_rng(seed)
    W, b, V = cr.variables(W=rng.normal(size=(2, 3)), b=rng.normal(size=3), V=rng.normal(size=(3, 2)))
    names = ["sigmoid", "relu", "gelu", "softplus", "silu", "elu", "tanh"]
    hidden = apply(gates.ALL[str(rng.choice(names))], rng.normal(size=(2, 2)) @ W + b)
    L = cr.softmax_with_loss(hidden @ V, rng.integers(2, size=2))
    same(expand(L), L)
    same_elements(expand(L, elements=True), L)
