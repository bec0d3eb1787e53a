"""The source view's answers: the text is the one that runs, each line of it has a place, and the numbers add up."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("starlette")
pytest.importorskip("httpx")

from starlette.applications import Starlette
from starlette.testclient import TestClient

from chainrule.engines import available
from chainrule.engines.fused import PLAIN_NAMES
from chainrule.runs import Settings, Step
from chainrule.web import _source
from chainrule.web._response import HANDLERS
from chainrule.web._source import Form, source_of
from chainrule.web._state import State

SMALL = Form(inputs=6, classes=3, rows=8, pixels=False)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A page about a small data set."""
    folder = tmp_path_factory.mktemp("source")
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(20, 6)).astype(np.float32), np.arange(20) % 3
    np.savez(folder / "small.npz", x_train=x, y_train=t, x_test=x, y_test=t)
    state = State(str(folder / "small.npz"), Path(folder / "runs"))
    app = Starlette(routes=_source.routes(state), exception_handlers=HANDLERS)
    yield TestClient(app, raise_server_exceptions=False)
    state.worker.close()


def found(settings: Settings, form: Form = SMALL, language: str = "en") -> dict[str, Any]:
    return source_of(settings, form, language)


def test_without_a_run_the_step_of_the_usual_settings_is_told(client: TestClient) -> None:
    answer = client.get("/api/source").json()
    assert answer["settings"]["hidden"] == [50]
    assert answer["data"] == {"inputs": 6, "classes": 3, "rows": 20, "pixels": False}
    assert answer["rows"] == 20  # a mini-batch of 100 has all of them
    assert answer["unusable"] == available()["fused"]


def test_settings_that_are_sent_are_those_of_the_text(client: TestClient) -> None:
    chosen = {"hidden": [5, 4], "activation": "sigmoid", "optimizer": "momentum"}
    answer = client.post("/api/source", json={"settings": chosen}).json()
    settings = Settings(
        hidden=(5, 4),
        activation="sigmoid",
        optimizer="momentum",
        lr=0.05,
        engine=answer["settings"]["engine"],
    )
    step = Step(settings.network(6, 3), settings, {"rows": 20})
    assert answer["text"] == step.source().text
    assert all(name in answer["text"] for name in ("Sigmoid2", "W3_v"))


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"settings": {"hidden": [0]}}, "setting_hidden"),
        ({"settings": {"hidden": [4096] * 12}}, "too_many_weights"),
        ({"settings": {"activation": "step"}}, "setting_activation"),
        ({"settings": {"colour": "red"}}, "setting_unknown"),
        ({"settings": [1]}, "settings_no_object"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_the_language(
    client: TestClient, sent: Any, code: str
) -> None:
    for language, is_korean in (("ko", True), ("en", False)):
        answer = client.post("/api/source", json={**sent, "lang": language})
        assert answer.status_code == 422
        error = answer.json()["error"]
        assert error["code"] == code
        assert any("가" <= sign <= "힣" for sign in error["message"]) is is_korean


def test_every_line_of_the_body_belongs_to_one_statement_or_is_a_remark() -> None:
    told = found(Settings(hidden=(4,), optimizer="adam"))
    lines = told["text"].splitlines()
    owned = [line for one in told["statements"] for line in range(one["first"], one["last"] + 1)]
    assert owned == sorted(set(owned))
    first = owned[0]
    for number, line in enumerate(lines, start=1):
        is_remark = not line.strip() or line.strip().startswith(("#", "wait("))
        assert number in owned or number < first or is_remark, line


def test_phases_come_in_their_order_and_matrix_products_cost_what_they_must() -> None:
    told = found(Settings(hidden=(4,)))
    phases = list(dict.fromkeys(one["phase"] for one in told["statements"]))
    assert phases == ["data", "forward", "backward", "update"]
    first = next(one for one in told["statements"] if one["phase"] == "forward")
    assert (first["gates"], first["names"]) == (["matmul"], ["Affine1"])
    assert first["shapes"]["W1"] == [6, 4]
    assert first["flops"] == 2 * 8 * 6 * 4  # a product and a sum for each row, input and unit
    assert first["bytes"] == 4 * (8 * 6 + 6 * 4 + 8 * 4)  # float32


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_each_statement_is_linked_with_what_it_is_about(optimizer: str) -> None:
    told = found(Settings(hidden=(4, 5), activation="tanh", optimizer=optimizer))
    names = {node["id"]: node["text"] for node in told["drawing"]["nodes"]}
    computed = {names[i] for one in told["statements"] for i in one["nodes"]}
    # The step visits all that learns; nothing computes the data, and L is the loss layer's result.
    assert computed >= {*"W1 b1 W2 b2 W3 b3 Affine1 Tanh1 Affine2 Tanh2 SoftmaxWithLoss".split()}
    for one in told["statements"]:
        assert not set(one["nodes"]) & set(one["touched"])
        if one["phase"] == "update":
            updated = {name for name in one["names"] if name[0] in "Wb"}
            assert {names[i] for i in one["nodes"]} == updated
        if one["phase"] == "backward" and one["names"] == ["dTanh1"]:
            assert {names[i] for i in one["nodes"]} == {"Tanh1"}
            assert {names[i] for i in one["touched"]} == {"Affine2", "W2"}


def test_gates_are_named_in_the_language() -> None:
    gates = found(Settings(hidden=(4,)), language="ko")["gates"]
    assert gates["matmul"] == "행렬곱"
    english = found(Settings(hidden=(4,)))["gates"]
    assert list(english) == list(english.values()) == list(gates)


def test_the_text_runs_as_it_stands() -> None:
    told = found(Settings(hidden=(4,)))
    made: dict[str, Any] = dict(PLAIN_NAMES)
    exec(told["text"], made)
    assert callable(made["step"])


def test_without_the_extra_the_text_is_there_and_says_that_it_is_not_compiled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_it = found(Settings(hidden=(7,)))
    source_of.cache_clear()
    monkeypatch.setattr(_source, "available", lambda lang: {"eager": None, "fused": "needs the extra fast"})
    for module in ("numba", "scipy"):
        monkeypatch.setitem(sys.modules, module, None)
    without = found(Settings(hidden=(7,)))
    source_of.cache_clear()
    assert without["unusable"] == "needs the extra fast"
    assert without["text"] == with_it["text"]
