"""Explanations: the lesson's numbers, gate by gate, and that every number is the graph's."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import ArgumentError, GraphError
from chainrule.explain import Explanation, explain


def lesson() -> cr.Variable:
    """x apples' price, m of them, t the tax: z = x·m, f = z·t, L = ½(f − 219)²."""
    return cr.parse("z = x*m; f = z*t; L = 0.5*(f - 219)**2")(x=100, m=2, t=1.1)


def lines(explanation: Explanation) -> list[str]:
    return [line.strip() for line in str(explanation).splitlines()]


# What the lesson's text says, in its own order.
@pytest.mark.parametrize(
    "line",
    [
        "z = x · m = 100 · 2 = 200",
        "f = z · t = 200 · 1.1 = 220",
        "∂L/∂f = ∂L/∂subtract1 · ∂subtract1/∂f = ∂L/∂subtract1 · 1 = 1 · 1 = 1",
        "∂L/∂z = ∂L/∂f · ∂f/∂z = ∂L/∂f · t = 1 · 1.1 = 1.1",
        "∂L/∂t = ∂L/∂f · ∂f/∂t = ∂L/∂f · z = 1 · 200 = 200",
        "∂L/∂x = ∂L/∂z · ∂z/∂x = ∂L/∂z · m = 1.1 · 2 = 2.2",
        "∂L/∂m = ∂L/∂z · ∂z/∂m = ∂L/∂z · x = 1.1 · 100 = 110",
        "∂L/∂x = ∂L/∂f · ∂f/∂z · ∂z/∂x = 1 · 1.1 · 2 = 2.2",
        "∂L/∂m = ∂L/∂f · ∂f/∂z · ∂z/∂m = 1 · 1.1 · 100 = 110",
        "∂L/∂t = ∂L/∂f · ∂f/∂t = 1 · 200 = 200",
    ],
)
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_lessons_lines(line: str, lang: str) -> None:
    assert line in lines(explain(lesson(), lang=lang))


def test_the_lessons_meaning() -> None:
    korean = str(explain(lesson(), lang="ko"))
    assert (
        "x: 기울기가 양수이므로 x를 조금 늘리면 L이 커집니다. x가 1 늘 때마다 약 2.2씩 커지는 비율입니다."
        in korean
    )
    assert "기울기의 절댓값이 가장 큰 것은 t(200)입니다." in korean
    english = str(explain(lesson()))
    assert "m: a positive gradient. A little more of m makes L larger, by about 110 for each unit." in english
    assert "To make L smaller: less x, less m, less t." in english


def test_the_gates_come_in_backward_order() -> None:
    headings = [line for line in lines(explain(lesson())) if line[:2] in {f"{n}." for n in range(1, 6)}]
    assert headings == [
        "1. multiplication gate: L = 0.5 × power1",
        "2. power gate: power1 = subtract1²",
        "3. subtraction gate: subtract1 = f − 219",
        "4. multiplication gate: f = z × t",
        "5. multiplication gate: z = x × m",
    ]


def test_a_value_used_twice_shows_its_branches_and_their_sum() -> None:
    (x,) = cr.variables(x=3.0)
    found = lines(explain(x * x + cr.sin(x) * 0))
    assert "x is used 3 times; from branch 1 comes:" in found
    assert "∂L/∂x = 0 + 3 + 3 = 6" in found


def test_without_names_of_ones_own_every_gate_is_on_the_chain() -> None:
    x, m, t = cr.variables(x=100.0, m=2, t=1.1)
    explanation = explain(0.5 * (x * m * t - 219) ** 2)
    (chain,) = explanation.chains["x"]
    assert chain.names == ("L", "power1", "subtract1", "multiply2", "multiply1", "x")
    assert chain.factors == pytest.approx((0.5, 2, 1, 1.1, 2))
    assert chain.product == pytest.approx(2.2)


def test_matrices_are_shown_with_their_shapes() -> None:
    X, W, b = cr.variables(X=np.ones((100, 784)), W=np.ones((784, 50)), b=np.zeros(50))
    found = lines(explain(cr.sum(cr.tanh(X @ W + b))))
    assert "dX (100, 784) = dmatmul1 (100, 50) · Wᵀ (50, 784)" in found
    assert "dW (784, 50) = Xᵀ (784, 100) · dmatmul1 (100, 50)" in found


def test_small_arrays_are_shown_in_full() -> None:
    X, W = cr.variables(X=np.array([[1.0, 2.0]]), W=np.array([[3.0], [4.0]]))
    found = lines(explain(cr.sum(X @ W)))
    assert any(line.startswith("matmul1 (1, 1) = X (1, 2) · W (2, 1) = ") and "11" in line for line in found)
    assert any(line.startswith("dX (1, 2) = ") and "[3 4]" in line for line in found), found


def test_every_number_of_the_data_is_the_graphs() -> None:
    L = lesson()
    data = explain(L).to_dict()
    L.backward()
    nodes = {node.name: node.variable for node in cr.Graph(L)}
    assert data["values"] == {name: v.value for name, v in nodes.items()}
    assert data["gradients"] == {name: v.grad for name, v in nodes.items()}
    assert json.loads(json.dumps(data)) == json.loads(explain(L).to_json())


def test_the_check_agrees_and_finds_a_kink() -> None:
    assert [check.verdict for check in explain(lesson()).checks] == ["ok"] * 3
    (x,) = cr.variables(x=0.0)
    explanation = explain(cr.relu(x) * 2.0)
    assert [check.verdict for check in explanation.checks] == ["at a kink"]
    assert "at a kink: between the slopes 0 and 2" in str(explanation)


def test_a_wrong_rule_is_found_by_the_check() -> None:
    wrong = cr.gates.Gate(
        "wrong",
        "w",
        "wrong square",
        "틀린 제곱",
        forward=lambda xp, x: x * x,
        wrt={"x": lambda dout, x: dout * x},
    )
    (x,) = cr.variables(x=3.0)
    explanation = explain(cr.apply(wrong, x))
    assert [check.verdict for check in explanation.checks] == ["wrong"]
    assert "DIFFERS" in str(explanation)


def test_nothing_of_the_graph_is_touched() -> None:
    L = lesson()
    str(explain(L))
    assert all(node.variable.grad is None for node in cr.Graph(L))
    assert L.value == pytest.approx(0.5)


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_an_element_is_followed_to_the_loss(lang: str) -> None:
    rng = np.random.default_rng(3)
    X, t = rng.normal(size=(4, 3)), np.array([0, 1, 1, 0])
    W1, b1, W2 = cr.variables(W1=rng.normal(size=(3, 5)), b1=np.zeros(5), W2=rng.normal(size=(5, 2)))
    L = cr.softmax_with_loss(cr.sigmoid(X @ W1 + b1) @ W2, t)
    explanation = explain(L, lang=lang, element=("W1", (2, 3)))
    L.backward()
    (first,) = explanation.hops[0]
    assert first.count == 4
    assert first.total == pytest.approx(W1.grad[2, 3], rel=1e-12)
    for hops in explanation.hops:
        for hop in hops:
            gradients = {node.name: node.variable.grad for node in cr.Graph(L)}
            assert sum(h.total for h in hops) == pytest.approx(gradients[hop.name][hop.index], rel=1e-12)
    assert [(check.verdict, check.index) for check in explanation.checks] == [("ok", (2, 3))]
    assert explanation.checks[0].checked == "1 of 15"
    assert "W1[2, 3]" in str(explanation)


@pytest.mark.parametrize(
    ("element", "words"),
    [
        (("W", (0,)), "no index of one element"),
        (("W", (0, 9)), "no index of one element"),
        (("V", (0, 0)), "no value 'V'"),
        ("W", "no name with an index"),
        (("W", (0, 1.5)), "no index of one element"),
    ],
)
def test_elements_that_do_not_exist_are_refused(element: Any, words: str) -> None:
    (W,) = cr.variables(W=np.ones((2, 3)))
    with pytest.raises(ArgumentError, match=words):
        explain(cr.sum(W * W), element=element)


def test_what_cannot_be_explained_is_refused() -> None:
    x, y = cr.variables(x=1.0, y=np.ones(3))
    with pytest.raises(ArgumentError, match="hangs on a Variable; this is a float"):
        explain(3.0)  # type: ignore[arg-type]
    with pytest.raises(GraphError, match="no result of a gate"):
        explain(x)
    with pytest.raises(GraphError, match="starts from a single number"):
        explain(y * 2.0)
    with pytest.raises(ArgumentError, match="'en' or 'ko', not 'fr'"):
        explain(x * 2.0, lang="fr")


Tree = tuple[Any, ...]


def trees() -> st.SearchStrategy[Any]:
    leaf = st.sampled_from(["x", "y", "z"])
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.tuples(st.sampled_from(["add", "multiply", "subtract"]), inner, inner),
            st.tuples(st.sampled_from(["sin", "tanh", "sigmoid", "square", "negate"]), inner),
        ),
        max_leaves=7,
    )


def built(tree: Any, leaves: dict[str, cr.Variable]) -> cr.Variable:
    if isinstance(tree, str):
        return leaves[tree]
    name, *inner = tree
    result: cr.Variable = cr.apply(cr.gates.ALL[name], *(built(part, leaves) for part in inner))
    return result


@given(trees(), st.lists(st.floats(-2, 2), min_size=3, max_size=3))
@settings(max_examples=50, deadline=None)
def test_products_along_all_chains_add_up_to_the_gradient(tree: Any, values: list[float]) -> None:
    L = built(tree, dict(zip("xyz", cr.variables(x=values[0], y=values[1], z=values[2]), strict=True))) * 1.5
    explanation = explain(L)
    L.backward()
    for node in cr.Graph(L):
        if node.variable.gate is None and node.name in explanation.chains:
            chains = explanation.chains[node.name]
            if len(chains) < 8:  # otherwise only the largest ones are listed
                assert sum(c.product for c in chains) == pytest.approx(
                    node.variable.grad, rel=1e-9, abs=1e-12
                )


@given(trees(), st.lists(st.floats(-2, 2), min_size=3, max_size=3))
@settings(max_examples=50, deadline=None)
def test_the_parts_of_every_value_add_up_to_its_gradient(tree: Any, values: list[float]) -> None:
    L = built(tree, dict(zip("xyz", cr.variables(x=values[0], y=values[1], z=values[2]), strict=True))) * 1.5
    explanation = explain(L)
    L.backward()
    parts: dict[str, float] = {}
    for step in explanation.steps:
        assert step.node.variable.value == explanation.to_dict()["values"][step.node.name]
        for part in step.parts:
            assert part.edge.source is not None
            parts[part.edge.source.name] = parts.get(part.edge.source.name, 0.0) + part.value
    for node in cr.Graph(L):
        if node.name in parts:
            assert parts[node.name] == pytest.approx(node.variable.grad, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", ["slice", "where", "transpose", "arange", "sqrt", "sum", "사과?"])
def test_a_result_may_have_the_name_of_an_operation(name: str) -> None:
    x = cr.Variable(2.0, name="x")
    out = x * x
    out.name = name
    explanation = explain(out)
    assert f"({name}(x + h) − {name}(x − h)) / (2 · h)" in str(explanation)
    written = rf"\text{{{name}}}" if name == "사과?" else rf"\mathrm{{{name}}}"
    assert rf"{written}\left(x + h\right)" in explanation.to_latex()
