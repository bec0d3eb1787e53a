"""The answers of the digit view: what the network says of an image, and how the error flows back to its pixels."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("starlette")
pytest.importorskip("httpx")

from starlette.applications import Starlette
from starlette.testclient import TestClient

from chainrule.runs import checked_settings, load_network, start, trainer_of
from chainrule.web import _digit
from chainrule.web._response import HANDLERS
from chainrule.web._state import State
from tests.cli._data import make_arrays, make_bars

SIDE = 6


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """The page for images of bars, with a run that has learned them."""
    folder = tmp_path_factory.mktemp("digit")
    state = State(str(make_bars(folder / "bars")), folder / "runs")
    chosen = {"hidden": [8], "engine": "eager", "batch_size": 16, "epochs": 8, "lr": 0.5}
    data = state.data
    run = start(state.folder / "first", checked_settings(chosen), data)
    trainer_of(run, checked_settings(chosen), data).fit(data.x_train, data.t_train, epochs=8)
    yield state
    state.worker.close()


@pytest.fixture(scope="module")
def page(state: State) -> Iterator[TestClient]:
    with TestClient(application(state)) as client:
        yield client


def application(state: State) -> Starlette:
    return Starlette(routes=_digit.routes(state), exception_handlers=HANDLERS)


def text_of(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def test_it_says_which_network_answers(page: TestClient) -> None:
    told = page.get("/api/digit").json()
    assert told.pop("runs") == [{"run": "first", "accuracy": None}]
    assert told == {
        "network": {"run": "first", "step": None, "shape": "36-8-2"}, "side": 6, "classes": 2, "tests": 20,
    }  # fmt: skip


def test_the_reader_may_choose_another_run(state: State, page: TestClient) -> None:
    """The latest answers unless its numbers went bad."""
    settings, data = checked_settings({"hidden": [3], "engine": "eager", "batch_size": 16}), state.data
    folder = start(state.folder / "second", settings, data)
    test = data.x_test, data.t_test
    learned = trainer_of(folder, settings, data).fit(data.x_train, data.t_train, epochs=1, validation=test)
    image = {"image": text_of(data.x_test[0]), "label": 0}
    drawn = {"pixels": image["image"], "width": SIDE, "height": SIDE}
    try:
        for run, shape in (("first", "36-8-2"), ("second", "36-3-2")):
            expected = {"run": run, "step": None, "shape": shape}
            for path in ("/api/digit", "/api/digit/hardest", "/api/digit/test?index=0"):
                assert page.get(path, params={"index": 0, "run": run}).json()["network"] == expected
            for path, body in (("/api/digit", drawn), ("/api/digit/back", image)):
                assert page.post(path, json={**body, "run": run}).json()["network"] == expected
        told = page.get("/api/digit").json()
        assert told["network"]["run"] == "second"
        assert told["runs"] == [
            {"run": "second", "accuracy": learned.epochs[-1].validation_accuracy},
            {"run": "first", "accuracy": None},
        ]
        network = load_network(str(folder.path))
        network.params["b1"][0] = np.nan
        network.save(folder.network)
        assert page.get("/api/digit").json()["network"]["run"] == "first"
        assert page.get("/api/digit?run=second").json()["network"]["run"] == "second"
    finally:
        shutil.rmtree(folder.path)


def test_a_drawn_bar_is_recognised_wherever_it_is_drawn(page: TestClient) -> None:
    for where in (20, 60):
        paper = np.zeros((80, 80), np.uint8)
        paper[5:75, where : where + 9] = 255
        body = {"pixels": text_of(paper), "width": 80, "height": 80}
        answer = page.post("/api/digit", json=body).json()
        assert answer["answer"] == 0  # upright
        assert answer["probabilities"][0] > 0.6
        assert sum(answer["probabilities"]) == pytest.approx(1)
        assert len(base64.b64decode(answer["image"])) == SIDE * SIDE


def test_nothing_drawn_is_said(page: TestClient) -> None:
    body = {"pixels": text_of(np.zeros(100, np.uint8)), "width": 10, "height": 10}
    assert page.post("/api/digit", json=body).json()["empty"] is True


def test_the_gradient_at_the_pixels_is_what_pytorch_finds(page: TestClient, state: State) -> None:
    torch = pytest.importorskip("torch")
    image, label = state.data.x_test[3], 1
    found = page.post("/api/digit/back", json={"image": text_of(image), "label": label}).json()
    params = load_network(str(state.folder / "first")).params
    x = torch.tensor(image[np.newaxis] / np.float32(255), requires_grad=True)
    w1, b1, w2, b2 = (torch.tensor(params[name]) for name in ("W1", "b1", "W2", "b2"))
    hidden = torch.relu(x @ w1 + b1)
    scores = hidden @ w2 + b2
    for result in (hidden, scores):
        result.retain_grad()
    loss = torch.nn.functional.cross_entropy(scores, torch.tensor([label]))
    loss.backward()
    np.testing.assert_allclose(found["pixels"], x.grad[0], rtol=1e-4, atol=1e-7)
    assert found["loss"] == pytest.approx(loss.item(), rel=1e-5)
    assert found["largest"] == pytest.approx(float(x.grad.abs().max()), rel=1e-4)
    layers = {layer["name"]: layer for layer in found["layers"]}
    assert list(layers) == ["Affine1", "ReLU1", "Affine2"]
    np.testing.assert_allclose(layers["Affine2"]["gradients"], scores.grad[0], rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(layers["ReLU1"]["values"], hidden.detach()[0], rtol=1e-4, atol=1e-7)
    rms = float(hidden.grad.square().mean().sqrt())
    assert layers["ReLU1"]["gradient"] == pytest.approx(rms, rel=1e-4)


def test_the_hardest_images_have_the_largest_losses(page: TestClient, state: State) -> None:
    found = page.get("/api/digit/hardest").json()
    network, data = load_network(str(state.folder / "first")), state.data
    each = [network.loss(data.x_test[[row]], data.t_test[[row]]) for row in range(20)]
    np.testing.assert_allclose(
        [each[row["index"]] for row in found["rows"]], sorted(each, reverse=True), rtol=1e-4
    )
    np.testing.assert_allclose([row["loss"] for row in found["rows"]], sorted(each, reverse=True), rtol=1e-4)
    assert found["wrong"] == np.sum(network.predict(data.x_test).argmax(axis=1) != data.t_test)


def test_a_test_image_comes_with_its_label(page: TestClient, state: State) -> None:
    found = page.get("/api/digit/test", params={"index": 7}).json()
    assert base64.b64decode(found["image"]) == state.data.x_test[7].tobytes()
    assert found["label"] == state.data.t_test[7]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "says"),
    [
        ("POST", "/api/digit", {"pixels": "@", "width": 1, "height": 1}, 422, "cannot be read"),
        ("POST", "/api/digit", {"pixels": "AAAA", "width": 2, "height": 2}, 422, "does not have the size"),
        (
            "POST",
            "/api/digit",
            {"pixels": "AAAA", "width": True, "height": 3},
            422,
            "width must be a whole number",
        ),
        ("POST", "/api/digit/back", {"image": "AAAA", "label": 0}, 422, "36 pixels; this one has 3"),
        (
            "POST",
            "/api/digit/back",
            {"image": text_of(np.zeros(36, np.uint8)), "label": 2},
            422,
            "from 0 to 1",
        ),
        (
            "POST",
            "/api/digit/back",
            {"image": "AAAA" * 12, "label": 0, "run": "../runs/first"},
            404,
            "no run ../runs/first",
        ),
        ("POST", "/api/digit/back", {"image": "AAAA" * 12, "label": 0, "run": [1]}, 404, "no run [1]"),
        ("GET", "/api/digit/test?index=20", None, 404, "its rows are 0 to 19"),
        ("GET", "/api/digit/test?index=-1", None, 404, "its rows are 0 to 19"),
        ("GET", "/api/digit/test", None, 404, "its rows are 0 to 19"),
    ],
)
def test_wrong_requests_get_a_sentence(
    page: TestClient, method: str, path: str, body: Any, status: int, says: str
) -> None:
    answer = page.request(method, path, json=body)
    assert answer.status_code == status
    assert says in answer.json()["error"]["message"]
    korean = page.request(method, path, json=body and {**body, "lang": "ko"}, params={"lang": "ko"})
    assert any("가" <= letter <= "힣" for letter in korean.json()["error"]["message"])


@given(st.dictionaries(st.sampled_from(["pixels", "image", "label", "width", "height", "run"]),
                       st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
                       | st.lists(st.integers()),
                       max_size=5))  # fmt: skip
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_sent_there_is_an_answer(page: TestClient, body: dict[str, Any]) -> None:
    for path in ("/api/digit", "/api/digit/back"):
        assert page.post(path, json=body).status_code in (200, 404, 422)


def test_without_a_network_it_says_what_to_do(tmp_path: Path) -> None:
    state = State(str(make_bars(tmp_path / "bars")), tmp_path / "runs")
    error = TestClient(application(state)).get("/api/digit").json()["error"]
    assert error["code"] == "no_network"
    assert error["fix"] == "Train one in the Train view; a few seconds are enough."


def test_data_that_are_no_images_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "points.npz", **make_arrays())  # type: ignore[arg-type]
    state = State(str(tmp_path / "points.npz"), tmp_path / "runs")
    error = TestClient(application(state)).get("/api/digit/hardest").json()["error"]
    assert error["code"] == "no_images"


def test_it_is_the_network_of_the_run_under_way(tmp_path: Path) -> None:
    state = State(str(make_bars(tmp_path / "bars")), tmp_path / "runs")
    run = state.worker.start(checked_settings({"hidden": [4], "engine": "eager"}), paused=True)
    try:
        client = TestClient(application(state))
        told = client.get("/api/digit").json()
        assert told["network"] == {"run": run.id, "step": 0, "shape": "36-4-2"}
        before = client.get("/api/digit/test?index=0").json()["probabilities"]
        state.worker.order(run.id, "step")
        assert client.get("/api/digit").json()["network"]["step"] == 1
        assert client.get("/api/digit/test?index=0").json()["probabilities"] != before
    finally:
        state.worker.close()
