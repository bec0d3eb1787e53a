"""What if: the lesson's three questions, the prediction of the gradient, and what is refused."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import ArgumentError, DTypeError, GraphError, ShapeError
from chainrule.explain import what_if
from chainrule.graph import new_variable


def lesson() -> cr.Variable:
    """x apples' price, m of them, t the tax: z = x·m, f = z·t, L = ½(f − 219)²."""
    return cr.parse("z = x*m; f = z*t; L = 0.5*(f - 219)**2")(x=100, m=2, t=1.1)


def lines(report: Any) -> list[list[str]]:
    return [line.split() for line in str(report).splitlines()]


# The lesson's numbers, in its own order: the new total, the new loss, the increase; and its gradients as predictions.
@pytest.mark.parametrize(
    ("changes", "f", "loss", "change", "predicted"),
    [
        ({"x": +1}, 222.2, 5.12, 4.62, 2.2),
        ({"m": +1}, 330, 6160.5, 6160, 110),
        ({"t": +0.01}, 222, 4.5, 4, 2),
    ],
)
def test_the_lessons_three_questions(
    changes: dict[str, Any], f: float, loss: float, change: float, predicted: float
) -> None:
    (scenario,) = what_if(lesson(), **changes).scenarios
    assert scenario.before["f"] == pytest.approx(220)
    assert scenario.after["f"] == pytest.approx(f)
    assert scenario.output_before == pytest.approx(0.5)
    assert scenario.output_after == pytest.approx(loss)
    assert scenario.change == pytest.approx(change)
    assert scenario.predicted == pytest.approx(predicted)
    assert scenario.difference == pytest.approx(change - predicted)


def test_several_changes_alone_and_together() -> None:
    found = what_if(lesson(), x=+1, m=+1, t=+0.01)
    assert [list(s.changes) for s in found.scenarios] == [["x"], ["m"], ["t"], ["x", "m", "t"]]
    together = found.scenarios[-1]
    assert together.output_after == pytest.approx(0.5 * (101 * 3 * 1.11 - 219) ** 2)
    assert together.predicted == pytest.approx(2.2 + 110 + 2)
    shown = lines(found)
    assert ["x:", "100", "→", "101", "0.5", "5.12", "+4.62", "+2.2", "+2.42"] in shown
    assert ["m:", "2", "→", "3", "0.5", "6160.5", "+6160", "+110", "+6050"] in shown
    assert ["t:", "1.1", "→", "1.11", "0.5", "4.5", "+4", "+2", "+2"] in shown
    assert ["f", "220", "222.2", "+2.2"] in shown
    assert ["z", "200", "300", "+100"] in shown
    assert "The change that moves L most is m: 2 → 3 (+6160)." in str(found)
    assert "The gradient alone predicted 2.2 · 1 = +2.2." in str(found)


def test_in_korean() -> None:
    L = cr.parse("총액 = 사과 * 개수 * 소비세; 손실 = 0.5 * (총액 - 219) ** 2")(사과=100, 개수=2, 소비세=1.1)
    found = str(what_if(L, lang="ko", **{"사과": 1, "개수": "+1"}))
    assert found.startswith("만약에? 손실은 어떻게 되는가\n")
    assert "손실이 0.5에서 5.12로 커집니다(+4.62)." in found
    assert "손실을 가장 크게 움직이는 변화는 개수: 2 → 3입니다(+6160)." in found
    assert (
        "기울기만으로 예측한 변화량은 2.2 · 1 = +2.2입니다. 실제 변화량은 예측보다 2.42만큼 큽니다." in found
    )
    assert ["총액", "220", "222.2", "+2.2"] in lines(found)


@pytest.mark.parametrize(
    ("x", "change", "text"),
    [
        (3.0, "-1", "This lowers L from 9 to 4 (−5)."),
        (3.0, "+0", "This leaves L at 9."),
        (3.0, "=-3", "This leaves L at 9."),
        (3.0, "*2", "This raises L from 9 to 36 (+27)."),
        (1.0, "-3", "Even the sign of the prediction is wrong"),
        (-2.0, "+1", "predicted (−4) · 1 = −4. The actual change is 1 larger"),
    ],
)
def test_the_words_say_which_way(x: float, change: str, text: str) -> None:
    (v,) = cr.variables(x=x)
    assert text in " ".join(str(what_if(v * v, x=change)).split())


def test_where_the_output_is_linear_the_gradient_says_it_all() -> None:
    x, m = cr.variables(x=100.0, m=2)
    found = what_if(x * m, x=+7, m="=5")
    assert str(found).count("That is what happens, as far as rounding lets one see.") == 2
    (w, *_), text = found.scenarios, " ".join(str(found).split())
    assert w.is_exact
    assert w.change == pytest.approx(14)
    assert "add up to +314; the rest, +21, is how the inputs act on each other." in text
    assert "the inputs do not act on each other" in " ".join(str(what_if(x + m, x=1, m=1)).split())


def test_arrays_and_elements_of_them() -> None:
    rng = np.random.default_rng(1)
    X, W = rng.normal(size=(4, 3)), cr.Variable(rng.normal(size=(3, 2)), name="W")
    L = cr.sum(cr.tanh(X @ W))
    slope = (X.T @ (1 - np.tanh(X @ W.value) ** 2)).copy()

    def check(change: Any, step: Any) -> str:
        found = what_if(L, W=change)
        (scenario,) = found.scenarios
        np.testing.assert_allclose(scenario.changes["W"], step, atol=1e-15)
        assert scenario.output_after == pytest.approx(np.sum(np.tanh(X @ (W.value + step))), rel=1e-12)
        assert scenario.predicted == pytest.approx(np.sum(slope * step), rel=1e-12)
        return str(found)

    one = np.zeros((3, 2))
    one[2, 1] = 0.1
    assert "W: every element +0.1" in check(0.1, np.full((3, 2), 0.1))
    assert "W[2, 1]: " in check({(2, 1): +0.1}, one)
    assert "W[2, 1]: " in check({(-1, -1): "+0.1"}, one)
    check(
        {(2, 1): "=0", (0, 0): "*2"},
        -W.value * (np.indices((3, 2)).sum(0) == 3) + W.value * np.eye(3, 2) * [1, 0],
    )
    assert "W: 6 elements" in check(np.arange(6.0).reshape(3, 2) + 1, np.arange(6.0).reshape(3, 2) + 1)
    assert "Σ dW · ΔW" in check("*1.5", W.value / 2)


def test_nothing_of_the_users_is_touched() -> None:
    x, W = cr.variables(x=3.0, W=np.ones(2))
    L = cr.sum(W * x)
    what_if(L, x=1, W={0: 5})
    assert x.value == 3
    assert L.value == 6
    assert np.array_equal(W.value, [1, 1])
    assert x.grad is None
    assert W.grad is None


def test_inputs_that_changed_after_the_graph_was_made_are_refused() -> None:
    x = cr.Variable(3.0, name="x")
    L = x * x
    x.value = 5.0
    with pytest.raises(
        GraphError, match=r"was computed as 9; with the values that its inputs have now it is 25"
    ):
        what_if(L, x=+1)


def test_names_of_every_kind_go_in_by_a_mapping() -> None:
    lang, spaced = cr.Variable(3.0, name="lang"), cr.Variable(2.0, name="a name")
    first, second, _ = what_if(lang * spaced, {"lang": "+1", "a name": "*2"}).scenarios
    assert (first.change, second.change) == (2, 6)


def test_an_array_of_nothing_changes_nothing() -> None:
    empty, y = cr.variables(empty=np.zeros((0, 3)), y=2.0)
    assert what_if(cr.sum(empty) + y, empty=1).scenarios[0].change == 0
    assert "L" in str(what_if(cr.sum(empty) + y, empty=1, y=1))


def test_inputs_without_a_name_are_called_as_in_the_graph() -> None:
    x = cr.Variable(3.0)
    assert what_if(x * 2.0, x1=+1).scenarios[0].change == pytest.approx(2)
    y, changes = cr.Variable(3.0, name="a.b"), {"a.b": "+1"}
    assert what_if(y * 2.0, **changes).scenarios[0].change == pytest.approx(2)


def test_single_precision_stays() -> None:
    W = cr.Variable(np.ones(3, np.float32), name="W")
    (scenario,) = what_if(cr.sum(W * W), W="*1.1").scenarios
    assert scenario.after["W"].dtype == np.float32
    assert scenario.change == pytest.approx(0.63, rel=1e-5)


def test_a_leaf_that_nothing_flows_to_has_no_say_in_the_prediction() -> None:
    x, y = cr.variables(x=-1.0, y=2.0)
    (scenario,) = what_if(cr.sign(x) * y, x=+2).scenarios
    assert scenario.predicted == 0
    assert scenario.change == 4


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_what_is_not_finite_is_said(lang: str) -> None:
    x, y = cr.variables(x=1.0, y=3.0)
    L = cr.log(x) * 0.0 + y
    found = what_if(L, lang=lang, x=-1, y=+1)
    text = str(found)
    assert (
        "log1 becomes −∞" in text if lang == "en" else "log1이 −∞가 되어 더 이상 유한한 수가 아닙니다" in text
    )
    assert found.scenarios[1].change == 1
    data = json.loads(found.to_json())
    assert data["scenarios"][0]["output_after"] is None
    before = str(what_if(cr.log(x * 0.0), lang=lang, x=+1))
    assert "before anything changes" in before if lang == "en" else "바꾸기 전에 이미" in before


def test_data_and_forms() -> None:
    found = what_if(lesson(), x=+1, m=+1)
    data = json.loads(found.to_json())
    assert data["output"] == "L"
    first = data["scenarios"][0]
    assert first["changes"] == {"x": 1.0}
    assert first["after"]["f"] == 222.20000000000002
    assert first["output_after"] == found.scenarios[0].output_after
    assert set(first["before"]) == {"x", "z", "f", "subtract1", "power1", "L"}
    assert "| x: 100 → 101 |" in found.to_markdown()
    assert "<table" in found.to_html()
    assert "tabular" in found.to_latex()
    with pytest.raises(FrozenInstanceError):
        found.scenarios[0].predicted = 0.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ("101", ArgumentError, r"x='101' does not say whether 101 is added or is the new value"),
        ("one", ArgumentError, r"x='one' is no change of a number"),
        ("=", ArgumentError, r"x='=' is no change of a number"),
        ("+1e999", ArgumentError, r"x holds something that is no finite number: '\+1e999'"),
        (float("nan"), ArgumentError, "the change of x holds something that is no finite number: nan"),
        (None, ArgumentError, "the change of x is a number, an array, text or elements, not None"),
        (True, ArgumentError, "not True"),
        ([[1.0], [1.0, 2.0]], ArgumentError, "the change of x is a number"),
        ([1.0, 2.0], ShapeError, r"x has shape \(3,\), and its change has shape \(2,\)"),
        ({5: 1.0}, ArgumentError, r"x has shape \(3,\), and 5 is no index of one element"),
        ({(0, 0): 1.0}, ArgumentError, r"\(0, 0\) is no index of one element"),
        ({True: 1.0}, ArgumentError, "True is no index of one element"),
        ({1: [1.0, 2.0]}, ShapeError, r"x\[1\] has shape \(\), and its change has shape \(2,\)"),
        ({1: "2"}, ArgumentError, r"x\[1\]='2' does not say"),
    ],
)  # fmt: skip
def test_what_is_no_change_is_refused(change: Any, kind: type[Exception], message: str) -> None:
    (x,) = cr.variables(x=np.ones(3))
    with pytest.raises(kind, match=message):
        what_if(cr.sum(x * 2.0), x=change)


def test_the_fix_for_a_bare_number_says_what_to_write() -> None:
    with pytest.raises(ArgumentError) as caught:
        what_if(lesson(), x="101")
    assert caught.value.fix == '"+101" adds it, "=101" makes x this number'


def test_what_is_no_input_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"there is no input 'y' in the graph; there are x, m, t"):
        what_if(lesson(), y=1)
    with pytest.raises(ArgumentError, match=r"f is computed from the inputs x, m, t"):
        what_if(lesson(), f=1)
    with pytest.raises(ArgumentError, match="not told what changes") as caught:
        what_if(lesson())
    assert caught.value.fix == 'what_if(output, {"x": +1}), or --what-if x=+1 on the command line'
    labels, x = new_variable(np.array([0, 1]), "labels"), cr.Variable(np.ones((2, 2)), name="x")
    with pytest.raises(DTypeError, match="labels holds int64: labels and whole numbers have no gradient"):
        what_if(cr.softmax_with_loss(x, labels), labels=1)


def test_what_is_no_output_is_refused() -> None:
    x = cr.Variable(np.ones(3), name="x")
    with pytest.raises(GraphError, match="starts from a single number"):
        what_if(x * 2.0, x=1)
    with pytest.raises(GraphError, match="no result of a gate"):
        what_if(cr.Variable(1.0), x=1)
    with pytest.raises(ArgumentError, match="this is a float"):
        what_if(1.0, x=1)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="'en' or 'ko', not 'fr'"):
        what_if(lesson(), lang="fr", x=1)


steps = st.floats(-10, 10).map(lambda v: round(v, 3))


@given(
    st.lists(steps, min_size=4, max_size=4), st.lists(steps, min_size=3, max_size=3), st.integers(0, 10_000)
)
@settings(max_examples=50, deadline=None)
def test_predictions_are_exact_where_graphs_are_linear(
    values: list[float], changes: list[float], seed: int
) -> None:
    """Linear in each of x, y and W alone, whatever stands beside them."""
    print(f"default_rng({seed})")
    W = np.random.default_rng(seed).normal(size=(2, 3))
    x, y, c, w = cr.variables(x=values[0], y=values[1], c=values[2], W=W)
    L = x * cr.sin(c) + (y - 2.0 * x) * 3.0 + cr.sum(w @ np.array([1.0, -2.0, 0.5])) * cr.exp(c / 10)
    found = what_if(L, x=changes[0], y=changes[1], W=changes[2])
    for scenario in found.scenarios:
        assert scenario.is_exact
        assert scenario.predicted == pytest.approx(scenario.change, rel=1e-9, abs=1e-9)
    assert "lies" not in str(found)


Tree = tuple[Any, ...]


def trees() -> st.SearchStrategy[Any]:
    return st.recursive(
        st.sampled_from(["x", "y", "z"]),
        lambda inner: st.one_of(
            st.tuples(st.sampled_from(["add", "multiply", "subtract", "maximum"]), inner, inner),
            st.tuples(st.sampled_from(["sin", "tanh", "sigmoid", "square", "negate"]), inner),
        ),
        max_leaves=7,
    )


def built(tree: Any, leaves: dict[str, Any]) -> Any:
    if isinstance(tree, str):
        return leaves[tree]
    name, *inner = tree
    return cr.apply(cr.gates.ALL[name], *(built(part, leaves) for part in inner))


@given(trees(), st.lists(st.floats(-2, 2), min_size=3, max_size=3), st.floats(-1, 1))
@settings(max_examples=50, deadline=None)
def test_every_value_is_what_the_expression_gives(tree: Any, values: list[float], step: float) -> None:
    given = dict(zip("xyz", values, strict=True))
    L = built(tree, {name: cr.Variable(value, name=name) for name, value in given.items()}) * 1.5
    leaves = {node.name: node.variable for node in cr.Graph(L) if node.variable.gate is None}
    changes: dict[str, Any] = dict.fromkeys(leaves, step)
    found = what_if(L, **changes)
    slopes = dict(zip(leaves, cr.graph.gradients_of(L, leaves.values()), strict=True))
    for scenario in found.scenarios:
        moved = {name: value + (step if name in scenario.changes else 0.0) for name, value in given.items()}
        again = built(tree, {name: cr.Variable(value, name=name) for name, value in moved.items()}) * 1.5
        nodes = {node.name: node.variable.value for node in cr.Graph(again, "L")}
        assert scenario.after == {name: nodes[name] for name in scenario.after}
        expected = sum((slopes[name] or 0.0) * (moved[name] - given[name]) for name in scenario.changes)
        assert scenario.predicted == pytest.approx(expected, rel=1e-12, abs=1e-15)
    str(found)
