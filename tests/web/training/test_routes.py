"""What the page asks for and orders, over HTTP."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("starlette")
pytest.importorskip("httpx")

from starlette.applications import Starlette
from starlette.testclient import TestClient

import chainrule
from chainrule.web._response import HANDLERS
from chainrule.web._training import routes
from chainrule.web._training._limits import LIMITS
from tests.web.training.conftest import SIDE, wait_for

SETTINGS = {"hidden": [6], "batch_size": 8, "epochs": 3, "engine": "eager"}


@pytest.fixture
def page(state):
    with TestClient(Starlette(routes=routes(state), exception_handlers=HANDLERS)) as client:
        yield client


@pytest.fixture
def order(page):
    """Sends an order and gives the status of the answer and what it says."""

    def send(name, **body):
        answer = page.post(f"/api/run/{name}", json=body)
        return answer.status_code, answer.json()

    return send


def status_of(page):
    return page.get("/api/run").json()["status"]


def test_what_can_be_chosen(page, state):
    about = page.get("/api/about").json()
    assert about["version"] == chainrule.__version__
    assert about["data"] == {
        "name": "pictures",
        "rows": 120,
        "test_rows": 30,
        "inputs": 16,
        "classes": 3,
        "image": [SIDE, SIDE],
    }
    assert about["limits"] == LIMITS
    assert about["defaults"]["hidden"] == [50]
    assert about["defaults"]["engine"] == "auto"
    assert about["choices"]["optimizers"]["adam"] == 0.002
    assert about["engines"]["eager"] is None
    assert about["folder"] == str(state.folder)


def test_every_choice_can_be_chosen(page):
    choices = page.get("/api/about").json()["choices"]
    names = {"activations": "activation", "initials": "initial", "optimizers": "optimizer", "dtypes": "dtype"}
    for plural, name in names.items():
        for value in choices[plural]:
            answer = page.post("/api/flow", json={"settings": {**SETTINGS, name: value}})
            assert answer.status_code == 200, answer.text
            assert len(answer.json()["layers"]) == 3


def test_why_an_engine_cannot_be_used_is_told_in_the_language(page, monkeypatch):
    monkeypatch.setattr("chainrule.engines._choice.find_spec", lambda module: None)
    english, korean = (page.get(f"/api/about?lang={lang}").json()["engines"]["xla"] for lang in ("en", "ko"))
    assert english.startswith("xla needs jax")
    assert korean == "엔진 xla는 지금 쓸 수 없습니다: jax 필요: pip install 'chainrule[xla]'"


def test_a_run_from_start_to_finish(page, order):
    assert page.get("/api/run").json()["id"] is None
    status, run = order("start", settings=SETTINGS)
    assert (status, run["settings"]["hidden"], run["steps_per_epoch"], run["epochs"]) == (201, [6], 15, 3)
    wait_for(lambda: status_of(page) == "finished")
    told = page.get("/api/run").json()
    assert (told["id"], told["step"], told["epoch"], told["error"]) == (run["id"], 45, 3, None)
    assert told["resume"].startswith("chainrule train --resume --out ")
    log = page.get("/api/run/log?since=0").json()
    assert log["next"] == log["events"][-1]["n"]
    assert log["events"][-1]["status"] == "finished"
    assert page.get(f"/api/run/log?since={log['next']}").json() == {"events": [], "next": log["next"]}
    assert [e["n"] for e in page.get("/api/run/log?since=3").json()["events"]] == list(
        range(4, log["next"] + 1)
    )


def test_pause_step_continue_stop_reset(page, order):
    _, run = order("start", settings={**SETTINGS, "epochs": 1000}, paused=True)
    wait_for(lambda: status_of(page) == "paused")
    for step in (1, 2):
        status, told = order("step", id=run["id"])
        assert (status, told["status"], told["step"]) == (200, "paused", step)
    assert order("continue", id=run["id"])[1]["status"] == "running"
    status, told = order("pause", id=run["id"])
    assert (status, told["status"]) == (200, "paused")
    assert told["step"] >= 2
    assert order("stop", id=run["id"])[1]["status"] == "stopped"
    assert order("reset", id=run["id"]) == (200, page.get("/api/run").json())
    assert status_of(page) == "none"
    assert [earlier["id"] for earlier in page.get("/api/runs").json()] == [run["id"]]


def test_a_second_start_is_refused_in_the_language(page, order):
    _, run = order("start", settings={**SETTINGS, "epochs": 1000})
    status, answer = order("start", settings=SETTINGS, lang="ko")
    assert (status, answer["error"]["code"]) == (409, "run_alive")
    assert answer["error"]["message"].startswith(f"학습 {run['id']}")
    status, answer = order("pause", id="another")
    assert (status, answer["error"]["code"]) == (409, "run_other")


@pytest.mark.parametrize("name", ["pause", "continue", "step", "stop", "reset"])
def test_without_a_run_there_is_nothing_to_order(order, name):
    status, answer = order(name, id="x", lang="ko")
    assert (status, answer["error"]["message"]) == (404, "아직 학습을 시작하지 않았습니다.")


@pytest.mark.parametrize("path", ["/api/run/start", "/api/flow"])
@pytest.mark.parametrize("settings", [{"lr": -1}, {"hidden": [10**6]}, {"x": 1}, 3, None])
def test_wrong_settings_are_refused(page, path, settings):
    answer = page.post(path, json={"settings": settings, "lang": "ko"})
    assert answer.status_code == 422
    assert "설정" in answer.json()["error"]["message"] or "합니다" in answer.json()["error"]["message"]
    assert status_of(page) == "none"


def test_the_stream_has_the_same_events_and_an_id(page, order, state):
    order("start", settings=SETTINGS)
    wait_for(lambda: status_of(page) == "finished")
    events = page.get("/api/run/log").json()["events"]
    state.worker.close()  # otherwise it goes on
    answer = page.get("/api/run/stream?since=2")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text == "retry: 2000\n\nevent: end\ndata: []\n\n"
    assert events[-1]["n"] > 2


@pytest.mark.parametrize(
    ("path", "headers", "first"),
    [
        ("?since=2", {}, 3),
        ("", {}, 1),
        ("?since=2", {"last-event-id": "4"}, 5),
        ("?since=2", {"last-event-id": "x"}, 3),
    ],
)
def test_a_stream_goes_on_where_the_reader_was(page, state, monkeypatch, path, headers, first):
    from chainrule.web._training import _stream

    monkeypatch.setattr(_stream, "SECONDS_BETWEEN_MESSAGES", 0.0)
    log = state.worker.log
    for step in range(6):
        log.append("steps", step=step)
    since, close = log.since, log.close

    def last_look(number):
        close()
        return since(number)

    monkeypatch.setattr(log, "since", last_look)
    text = page.get(f"/api/run/stream{path}", headers=headers).text
    (data,) = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: [{")]
    assert [event["n"] for event in json.loads(data)] == list(range(first, 7))
    assert "id: 6\n" in text


@pytest.mark.parametrize("since", ["-1", "x", "1.5", "", "9" * 30, "٣"])
def test_a_wrong_number_is_refused(page, since):
    for path in ("log", "stream"):
        answer = page.get(f"/api/run/{path}", params={"since": since, "lang": "ko"})
        assert answer.status_code == 422
        assert "since" in answer.json()["error"]["message"]
    assert page.get("/api/run/weights?most=0").status_code in (404, 422)


def test_weights_are_bytes_with_their_measures(page, order, state):
    assert page.get("/api/run/weights").json()["error"]["code"] == "run_none"
    order("start", settings=SETTINGS)
    wait_for(lambda: status_of(page) == "finished")
    answer = page.get("/api/run/weights?most=4")
    measures = {name: answer.headers[f"x-{name}"] for name in ("units", "width", "height")}
    assert measures == {"units": "4", "width": str(SIDE), "height": str(SIDE)}
    pixels = np.frombuffer(answer.content, np.uint8).reshape(4, SIDE * SIDE)
    W = state.worker.network_snapshot().params["W1"][:, :4].T
    scale = float(answer.headers["x-scale"])
    assert scale == np.abs(W).max()
    np.testing.assert_array_equal(pixels, np.rint(128 + 127 * (W.astype(float) / scale)))
    assert page.get("/api/run/weights?most=401").status_code == 422


def test_inputs_that_are_no_pictures_have_no_picture(tmp_path, rng):
    from chainrule.web._state import State

    x, t = rng.normal(size=(30, 4)), rng.integers(0, 2, 30)
    np.savez(tmp_path / "points.npz", x_train=x, t_train=t, x_test=x, t_test=t)
    state = State(str(tmp_path / "points.npz"), tmp_path / "runs")
    with TestClient(Starlette(routes=routes(state), exception_handlers=HANDLERS)) as page:
        assert page.get("/api/about").json()["data"]["image"] is None
        assert page.post("/api/run/start", json={"settings": {**SETTINGS, "epochs": 1}}).status_code == 201
        answer = page.get("/api/run/weights?lang=ko")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_image")
        wait_for(lambda: status_of(page) == "finished")
    state.worker.run._thread.join()


def test_a_reloaded_page_finds_its_run_again(page, order, state):
    _, run = order("start", settings={**SETTINGS, "epochs": 1000})
    wait_for(lambda: status_of(page) == "running")
    with TestClient(Starlette(routes=routes(state), exception_handlers=HANDLERS)) as reloaded:
        assert reloaded.get("/api/run").json()["id"] == run["id"]
        events = reloaded.get("/api/run/log?since=0").json()["events"]
        assert events[0]["n"] == 1
        assert events[0]["id"] == run["id"]
        answer = reloaded.post("/api/run/stop", json={"id": run["id"]})
        assert answer.json()["status"] == "stopped"
