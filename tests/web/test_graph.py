"""The graph view's questions: numbers known from the lesson, ids that fit together, and refusals as sentences."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import pytest

pytest.importorskip("starlette")
pytest.importorskip("httpx")

from starlette.testclient import TestClient

from chainrule.web import _graph
from chainrule.web._gallery import GALLERY
from chainrule.web._graph import answer
from tests.web._client import asked, client_of

APPLE = "total = apple * count * tax"
APPLE_VALUES = {"apple": 100, "count": 2, "tax": 1.1}
EXAMPLES = [pytest.param(e, id=f"{e['id']}-{language}") for language in GALLERY for e in GALLERY[language]]


@pytest.fixture(scope="module")
def client() -> TestClient:
    return client_of()


def graph(expression: str, values: Any = None, language: str = "en") -> dict[str, Any]:
    content: dict[str, Any] = json.loads(answer(expression, values, language))
    return content


def texts_of(tree: Any) -> str:
    """All letters of a formula in a row."""
    return tree if isinstance(tree, str) else "".join(map(texts_of, tree[2]))


def rows_of(tree: Any) -> list[str]:
    """Each side of an equation that stands in several rows."""
    (table,) = tree[2]
    assert table[:2] == ["mtable", {"class": "equation"}]
    return [texts_of(row) for row in table[2]]


def terms_of(tree: Any) -> list[tuple[str, str]]:
    """For each term that is marked its letters and its mark."""
    if isinstance(tree, str):
        return []
    own = [(texts_of(tree), tree[1]["data-term"])] if "data-term" in tree[1] else []
    return own + [term for child in tree[2] for term in terms_of(child)]


def named(rows: list[dict[str, Any]], **key: Any) -> dict[str, Any]:
    ((name, value),) = key.items()
    (found,) = [row for row in rows if row[name] == value]
    return found


def labels_of(content: dict[str, Any], role: str) -> set[str]:
    edges = content["drawing"]["edges"]
    return {label["text"] for edge in edges for label in edge["labels"] if label["role"] == role}


# Saito, Deep Learning from Scratch, sections 5.1 and 5.3: two apples at 100 yen with 10 % tax.


def test_the_apple_graph_has_the_numbers_of_the_book() -> None:
    content = graph(APPLE, APPLE_VALUES)
    assert content["output"] == "total"
    assert content["heading"] == "How total depends on apple, count, tax"
    gradients = {each["name"]: each["gradient"] for each in content["inputs"]}
    assert gradients == pytest.approx({"apple": 2.2, "count": 110, "tax": 200})
    assert labels_of(content, "gradient") == {"← 1", "← 1.1", "← 2.2", "← 110", "← 200"}
    assert labels_of(content, "value") == {"100", "2", "1.1", "200", "220"}
    assert "undone" not in content


def test_plus_one_is_what_really_happens_beside_what_the_gradient_says() -> None:
    apple = named(graph(APPLE, APPLE_VALUES)["inputs"], name="apple")
    assert apple["plus_one"] == {"actual": pytest.approx(2.2), "predicted": pytest.approx(2.2), "exact": True}
    x = named(graph("y = x * x", {"x": 3})["inputs"], name="x")
    assert x["plus_one"] == {"actual": 7.0, "predicted": 6.0, "exact": False}
    array = named(graph("y = sum(x * x)", {"x": [3]})["inputs"], name="x")
    assert array["plus_one"] is None


def test_the_steps_go_there_and_back() -> None:
    steps = graph(APPLE, APPLE_VALUES)["steps"]
    assert [(step["number"], step["pass"], step["name"]) for step in steps] == [
        (1, "forward", "multiply1"),
        (2, "forward", "total"),
        (3, "backward", "total"),
        (4, "backward", "multiply1"),
    ]
    forward, back = steps[0], steps[3]
    assert forward["title"] == "multiplication gate: multiply1 = apple × count"
    assert rows_of(forward["formulas"][0]["tree"]) == ["multiply1=apple·count", "=100·2", "=200"]
    assert [formula["caption"] for formula in back["formulas"]] == [
        "the gradient that goes back to apple",
        "the gradient that goes back to count",
    ]
    assert rows_of(back["formulas"][0]["tree"]) == [
        "∂total∂apple=∂total∂multiply1·∂multiply1∂apple",
        "=∂total∂multiply1·count",
        "=1.1·2",
        "=2.2",
    ]
    assert back["sum"] is None


def test_a_term_is_marked_with_the_lines_it_is_about_in_symbols_and_in_numbers() -> None:
    content = graph(APPLE, APPLE_VALUES)
    names = {row["name"]: row["node"] for row in content["table"]}
    into = {edge["source"]: edge["id"] for edge in content["drawing"]["edges"]}
    apple, count, upstream = into[names["apple"]], into[names["count"]], into[names["multiply1"]]
    terms = terms_of(named(content["steps"], number=4)["formulas"][0]["tree"])
    assert ("∂total∂apple", apple) in terms
    assert ("∂total∂multiply1", upstream) in terms
    assert ("count", count) in terms
    assert ("1.1", upstream) in terms
    assert ("2", count) in terms
    assert ("2.2", apple) in terms


def test_branches_come_back_one_by_one_and_are_added_up() -> None:
    content = graph("y = x * x", {"x": 3})
    first, second = (edge["id"] for edge in content["drawing"]["edges"] if edge["target"] == "n1")
    step = named(content["steps"], **{"pass": "backward"})
    assert [formula["caption"] for formula in step["formulas"]] == [
        "the gradient that goes back to x: branch 1 of 2",
        "the gradient that goes back to x: branch 2 of 2",
    ]
    assert step["sum"]["caption"] == "the 2 branches of x added up"
    assert rows_of(step["sum"]["tree"]) == ["∂y∂x=3+3", "=6"]
    assert [mark for text, mark in terms_of(step["sum"]["tree"]) if text == "3"] == [first, second]
    assert set(step["edges"]) == {first, second, "e2"}


def test_korean_is_korean() -> None:
    content = graph("총액 = 사과 * 개수 * 세금", {"사과": 100, "개수": 2, "세금": 1.1}, "ko")
    assert content["heading"] == "총액은 사과, 개수, 세금에 따라 어떻게 변하는가"
    step = named(content["steps"], number=4)
    assert step["title"] == "곱셈 게이트: multiply1 = 사과 × 개수"
    assert [formula["caption"] for formula in step["formulas"]] == [
        "사과로 돌아가는 기울기",
        "개수로 돌아가는 기울기",
    ]
    assert content["meaning"][0].startswith("사과: 기울기가 양수이므로")


def test_letters_typed_in_parts_are_the_same_name() -> None:
    composed, in_parts = "사과", "\u1109\u1161\u1100\u116a"
    content = graph(f"y = {composed} * 2", {in_parts: 7})
    assert named(content["inputs"], name=composed)["value"] == 7
    assert "undone" not in content


def test_the_table_has_every_value_with_its_local_derivatives() -> None:
    content = graph(APPLE, APPLE_VALUES)
    assert [row["name"] for row in content["table"]] == ["apple", "count", "tax", "multiply1", "total"]
    row = named(content["table"], name="multiply1")
    assert row == {
        "node": "n3",
        "name": "multiply1",
        "gate": "multiplication",
        "inputs": ["apple", "count"],
        "value": 200.0,
        "gradient": 1.1,
        "text_value": "200",
        "text_gradient": "1.1",
        "local": [{"to": "apple", "text": "count = 2"}, {"to": "count", "text": "apple = 100"}],
    }
    assert named(content["table"], name="apple")["gate"] is None


def test_arrays_say_their_rule_in_the_table() -> None:
    content = graph("y = sum(x @ W)", {"x": [[1, 2]], "W": [[3], [4]]})
    row = named(content["table"], name="matmul1")
    assert row["local"] == [
        {"to": "x", "text": "dmatmul1 (1, 1) · Wᵀ (1, 2)"},
        {"to": "W", "text": "xᵀ (2, 1) · dmatmul1 (1, 1)"},
    ]
    assert named(content["inputs"], name="W")["gradient"] == [[1.0], [2.0]]
    assert named(content["inputs"], name="W")["shape"] == [2, 1]


def test_what_a_gate_keeps_on_its_way_is_shown_before_its_rules() -> None:
    content = graph("y = sum(log_softmax(x) * t)", {"x": [1, 2], "t": [0, 1]})
    assert all(step["formulas"] for step in content["steps"])


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_id_of_a_step_is_in_the_drawing(example: dict[str, Any]) -> None:
    content = graph(example["expression"], example["values"])
    drawing = content["drawing"]
    ids = {part["id"] for kind in ("nodes", "edges") for part in drawing[kind]}
    steps = content["steps"]
    assert [step["number"] for step in steps] == list(range(1, drawing["steps"] + 1))
    for step in steps:
        whole = [*step["formulas"], *([step["sum"]] if step["sum"] else [])]
        marks = {mark for each in whole for _, marks in terms_of(each["tree"]) for mark in marks.split()}
        assert {step["node"], *step["edges"], *marks} <= ids
        assert step["edges"]
    assert {row["node"] for row in content["table"]} <= ids


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_step_computes_what_the_drawing_shows_from_then_on(example: dict[str, Any]) -> None:
    content = graph(example["expression"], example["values"])
    edges = {edge["id"]: edge for edge in content["drawing"]["edges"]}
    first_back = min(step["number"] for step in content["steps"] if step["pass"] == "backward")
    for step in content["steps"]:
        role = "value" if step["pass"] == "forward" else "gradient"
        for edge in step["edges"]:
            (since,) = [label["since"] for label in edges[edge]["labels"] if label["role"] == role]
            assert since == step["number"] or (role == "gradient" and step["number"] == first_back)


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_is_remembered_changes_nothing(example: dict[str, Any]) -> None:
    values = {k: v if isinstance(v, list) else v + 0.5 for k, v in example["values"].items()}
    answer(example["expression"], example["values"], "ko")
    remembered = answer(example["expression"], values, "ko")
    _graph._memory.cache_clear()
    assert answer(example["expression"], values, "ko") == remembered


def test_a_slider_that_moves_a_little_moves_nothing_in_the_drawing() -> None:
    first, second = (graph(APPLE, {**APPLE_VALUES, "apple": apple})["drawing"] for apple in (100, 137))
    places = [[(node["x"], node["y"]) for node in drawing["nodes"]] for drawing in (first, second)]
    assert places[0] == places[1]
    assert [edge["path"] for edge in first["edges"]] == [edge["path"] for edge in second["edges"]]


# Values


def test_an_input_without_a_value_is_one_and_is_named() -> None:
    content = graph("L = x * m", {"x": 3, "m": None})
    assert content["undone"] == ["m"]
    assert named(content["inputs"], name="m")["value"] == 1.0
    assert graph("L = x * m")["undone"] == ["x", "m"]


def test_an_input_that_nothing_depends_on_is_there_without_a_place() -> None:
    content = graph("a = x * 2; L = y * y", {"x": 3, "y": 1})
    assert named(content["inputs"], name="x") == {
        "name": "x", "node": None, "value": 3.0, "gradient": 0.0, "shape": [], "plus_one": None,
    }  # fmt: skip


def test_values_of_other_names_do_not_matter() -> None:
    assert graph(APPLE, {**APPLE_VALUES, "y": "?"}) == graph(APPLE, APPLE_VALUES)


def test_what_is_not_finite_has_no_number_but_a_text() -> None:
    content = graph("y = log(x)", {"x": 0})
    assert named(content["table"], name="y")["value"] is None
    assert named(content["table"], name="y")["text_value"] == "−∞"
    assert named(content["inputs"], name="x")["gradient"] is None
    assert content["meaning"] == ["y is −∞: its gradients mean nothing."]
    assert named(content["inputs"], name="x")["plus_one"] == {
        "actual": None,
        "predicted": None,
        "exact": False,
    }
    array = graph("y = sum(log(x))", {"x": [0, 1]})
    assert named(array["table"], name="log1")["value"] == [None, 0.0]


def test_a_large_array_is_told_by_its_shape() -> None:
    row = named(graph("y = sum(x)", {"x": [1] * 1001})["table"], name="x")
    assert (row["value"], row["text_value"]) == (None, "(1001,)")


def test_the_softmax_of_a_number_can_be_explained() -> None:
    assert named(graph("y = softmax(x)", {"x": 3})["table"], name="y")["value"] == 1.0


# Refusals


@pytest.mark.parametrize(
    "value", ["3", True, [], [[]], {}, [[1, 2], [3]], ["1"], [True], [None], [[[[[1]]]]], 10**400]
)
def test_a_value_that_is_none_is_refused(client: TestClient, value: Any) -> None:
    content = asked(client, "y = x * 2", {"x": value})
    assert (content["status"], content["error"]["code"]) == (422, "graph_value")
    assert content["error"]["message"] == "The value of x is neither a number nor an array of numbers."


def test_a_number_beyond_all_floats_is_refused(client: TestClient) -> None:
    text = '{"expression": "y = x * 2", "values": {"x": 1e999}}'
    content = client.post("/api/graph", content=text).json()
    assert content["error"]["code"] == "graph_value"


@pytest.mark.parametrize(
    ("expression", "values", "code", "message"),
    [
        (None, {}, "graph_no_text", "요청에 수식이 없습니다."),
        ("x*2", [1], "graph_no_values", "입력값은 이름마다 수나 배열로 주어야 합니다."),
        ("x" * 10_001, {}, "graph_long", "수식이 10000자를 넘습니다."),
        ("x", {}, "graph_no_gate", "입력으로 계산하는 것이 없어서 역전파할 것도 없습니다."),
        ("2 + 3", {}, "graph_no_gate", "입력으로 계산하는 것이 없어서 역전파할 것도 없습니다."),
        ("y = x*2", {"x": [1, 2]}, "graph_not_one", "y의 형상은 (2,)입니다. 역전파는 수 하나에서 시작합니다."),
        ("+".join(f"x{i}" for i in range(101)), {}, "graph_large",
         "그래프의 입력과 게이트가 모두 201개입니다. 200개까지 보여 줄 수 있습니다."),
        ("sum(x)", {"x": [0] * 10_001}, "graph_large_array",
         "x는 원소가 10001개인 배열이 됩니다. 여기서는 배열 하나의 원소가 10000개까지입니다."),
        ("y = sum(x @ W)", {"x": [1, 2], "W": [1, 2, 3]}, "parse.shapes",
         "matmul 게이트가 함께 받을 수 없는 형상입니다: (2,), (3,)"),
        ("y = x @ 2", {"x": 1}, "parse.matmul_of_number", "@는 행렬과 벡터의 곱인데, 한쪽이 수 하나입니다."),
        ("y = x^2", {}, "parse.power", "^로 쓴 거듭제곱은 이 수식 언어에 없습니다."),
    ],
)  # fmt: skip
def test_refusals_are_sentences_in_korean(
    client: TestClient, expression: Any, values: Any, code: str, message: str
) -> None:
    content = asked(client, expression, values, lang="ko")
    assert content["status"] in (400, 422)
    assert (content["error"]["code"], content["error"]["message"]) == (code, message)


def test_a_place_in_the_expression_is_shown(client: TestClient) -> None:
    error = asked(client, "a = 1\ny = x^2", {}, lang="ko")["error"]
    assert error["fix"] == "거듭제곱은 **로 쓰십시오: x**2"
    assert error["facts"] == {"line": 2, "column": 6, "picture": "    y = x^2\n         ^"}
    for values in ({}, {"x": [1, 2]}, {"x": [1, 2], "y": [1, 2, 3]}):
        facts = asked(client, "a = 2 * x\nsum(a @ y)", values)["error"]["facts"]
        assert (facts["line"], facts["column"]) == (2, 7)


def test_arrays_that_would_grow_too_large_are_never_computed(client: TestClient) -> None:
    column, row = [[0.5]] * 5000, [[0.5] * 5000]
    with np.errstate(all="raise"):
        started = time.perf_counter()
        content = asked(
            client, "z = x * y; L = sum(exp(z) @ exp(z))", {"x": column[:900], "y": [row[0][:900]]}
        )
        assert content["error"]["code"] == "graph_large_array"
        assert content["error"]["facts"] == {"name": "z", "count": 810_000, "most": 10_000}
        assert time.perf_counter() - started < 1


def test_a_question_is_answered_over_http(client: TestClient) -> None:
    answer = client.post("/api/graph", json={"expression": APPLE, "values": APPLE_VALUES, "lang": "ko"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == graph(APPLE, APPLE_VALUES, "ko")
