"""What the page asks for, behind its door: its files and texts, and every wrong request answered with a sentence."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("starlette")
pytest.importorskip("httpx")

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

import chainrule as cr
from chainrule.errors import ShapeError
from chainrule.web import _request, _static
from chainrule.web._api import PARTS, routes
from chainrule.web._app import app
from chainrule.web._guard import door
from chainrule.web._problem import Problem
from chainrule.web._request import body_of, limited
from chainrule.web._response import HANDLERS
from chainrule.web._state import State

KEY = "key"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """A page about a handful of 4 x 4 pictures."""
    folder = tmp_path_factory.mktemp("app")
    rng = np.random.default_rng(0)
    x, t = rng.integers(0, 256, (40, 4, 4), np.uint8), rng.integers(0, 3, 40)
    np.savez(folder / "small.npz", x_train=x[:30], t_train=t[:30], x_test=x[30:], t_test=t[30:])
    state = State(str(folder / "small.npz"), folder / "runs")
    yield state
    state.worker.close()


def client_of(state: State) -> TestClient:
    client = TestClient(app(state, door(80, KEY)), "http://localhost", raise_server_exceptions=False)
    client.headers["cookie"] = f"chainrule-80={KEY}"
    return client


@pytest.fixture(scope="module")
def page(state: State) -> TestClient:
    return client_of(state)


# Files


def test_the_page_is_at_the_root(page):
    answer = page.get("/")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.startswith("<!doctype html>")
    assert "data-lang" not in answer.text


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_begins_in_the_language_that_the_command_was_given(state, language):
    answer = client_of(State(state.data_name, state.folder, language)).get("/")
    assert f'<html lang="{language}" data-lang="{language}">' in answer.text


@pytest.mark.parametrize(
    ("file", "media"),
    [("lib/words.js", "text/javascript"), ("base.css", "text/css"), ("icon.svg", "image/svg+xml"),
     ("vendor/preact.js", "text/javascript"), ("index.html", "text/html")],
)  # fmt: skip
def test_files_say_what_they_are_whatever_this_machine_believes(page, file, media, monkeypatch):
    monkeypatch.setattr("mimetypes.guess_type", lambda *_, **__: ("text/plain", None))  # as on some Windows
    answer = page.get(f"/static/{file}")
    assert answer.headers["content-type"].partition(";")[0] == media
    assert answer.content == (_static.FOLDER / file).read_bytes()


def test_a_file_is_sent_again_only_when_it_has_changed(page):
    first = page.get("/static/app.js")
    assert first.headers["cache-control"] == "no-cache"
    again = page.get("/static/app.js", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert page.get("/static/app.js", headers={"if-none-match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["../_guard.py", "..%2f_guard.py", "%2e%2e/_guard.py", "%2e%2e%2f_guard.py", "lib/../../_guard.py",
     "..\\_guard.py", "/etc/passwd", "%2fetc%2fpasswd", "app.js%00", "app.js/", "lib", "lib/", "", ".", "APP.JS",
     "file:///etc/passwd", "C:/Windows/win.ini", "vendor/VENDOR.md", "app.js::$DATA"],
)  # fmt: skip
def test_no_path_leads_out(page, path):
    assert page.get(f"/static/{path}").status_code == 404


# Texts


def test_the_page_gets_its_texts_in_both_languages(page):
    english, korean = (page.get("/api/words", params={"lang": lang}).json() for lang in ("en", "ko"))
    assert english.keys() == korean.keys()
    assert english["page_errors.no_json"] == "What was sent is not a JSON object."
    assert korean["page_errors.no_json"] == "보낸 내용이 JSON 객체가 아닙니다."
    assert not [key for key in english if not key.startswith("page")]
    assert page.get("/api/words", params={"lang": "fr"}).json() == english


# Wrong requests


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/nothing", 404, "not_found"), ("GET", "/api/nothing", 404, "not_found"),
     ("GET", "/api/gallery/", 404, "not_found"), ("DELETE", "/api/gallery", 405, "wrong_method"),
     ("POST", "/", 405, "wrong_method"), ("PUT", "/static/app.js", 405, "wrong_method"),
     ("GET", "/api/run/start", 405, "wrong_method")],
)  # fmt: skip
def test_what_is_not_there_is_said(page, method, path, status, code):
    answer = page.request(method, path, json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def small() -> TestClient:
    """One address that reads a body, and others that fail in each way."""

    async def echo(request: Request) -> Response:
        return JSONResponse(await body_of(request))

    def failing(error: BaseException) -> Route:
        async def fail(request: Request) -> Response:
            await body_of(request)
            raise error

        return Route(f"/{type(error).__name__}", fail, methods=["POST"])

    errors = [
        Problem("too_many_readers", 503, most=32),
        ShapeError("X is (2, 3), W is (4, 5)", fix="X.reshape(-1, 4)"),
        MemoryError(),
        ZeroDivisionError(),
    ]
    routes = [Route("/", echo, methods=["POST"]), *map(failing, errors)]
    return TestClient(Starlette(routes=routes, exception_handlers=HANDLERS), raise_server_exceptions=False)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[1]", b"1", b"null", b'"x"', b'{"x": NaN}', b'{"x": Infinity}', b"\xff\xfe", b'{"x": "\\ud800"}',
     b'{"\\udfff": 1}', b"[" * 60_000, b'{"x": ' + b"9" * 5000 + b"}", b'{"x": 1} {"y": 2}', b"\xef\xbb\xbf{}"],
    ids=lambda body: f"{body[:12]!r}",
)  # fmt: skip
def test_a_body_is_a_json_object(body):
    answer = small().post("/", content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "no_json")


def test_a_body_has_a_limit():
    fits = json.dumps({"x": "a" * (_request.MOST_BYTES - 9)}).encode()
    assert len(fits) == _request.MOST_BYTES
    assert small().post("/", content=fits).status_code == 200
    answer = small().post("/", content=fits + b" ")
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        413,
        "What was sent has more than 64 KB.",
    )


def run(coroutine):
    return asyncio.run(coroutine)


def test_bytes_are_counted_while_they_come_and_no_more_are_read_than_need_be():
    asked = []

    async def receive():
        asked.append(1)
        return {"type": "http.request", "body": b" " * 1000, "more_body": True}  # it never ends

    request = Request({"type": "http", "method": "POST", "headers": [(b"content-length", b"2")]}, receive)
    with pytest.raises(Problem) as problem:
        run(body_of(request))
    assert (problem.value.code, problem.value.status) == ("too_large_body", 413)
    assert len(asked) == _request.MOST_BYTES // 1000 + 1


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(_request, "SECONDS", 0.05)

    async def receive():
        await asyncio.sleep(30)

    with pytest.raises(Problem) as problem:
        run(body_of(Request({"type": "http", "method": "POST", "headers": []}, receive)))
    assert (problem.value.code, problem.value.status) == ("too_slow_body", 408)


def test_a_reader_that_has_left_breaks_nothing():
    async def receive():
        return {"type": "http.disconnect"}

    with pytest.raises(Problem):
        run(body_of(Request({"type": "http", "method": "POST", "headers": []}, receive)))


# Computing within limits


def test_a_computation_gives_its_result_or_its_error():
    assert run(limited(divmod, 7, 2)) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        run(limited(divmod, 7, 0))
    with pytest.raises(TimeoutError, match="its own"):
        run(limited(raising, TimeoutError("its own")))


def raising(error):
    raise error


def test_a_computation_sees_numpys_error_handling():
    async def asked():
        with np.errstate(divide="raise"):
            return await limited(lambda: np.geterr()["divide"])

    assert run(asked()) == "raise"


def test_a_computation_has_a_time_limit(monkeypatch):
    monkeypatch.setattr(_request, "SECONDS", 0.05)
    end = threading.Event()
    start = time.perf_counter()
    with pytest.raises(Problem) as problem:
        run(limited(end.wait, 30))
    assert time.perf_counter() - start < 5
    assert (problem.value.code, problem.value.status) == ("too_slow", 503)
    end.set()


def test_only_a_few_compute_at_once_and_those_nobody_waits_for_never_start(monkeypatch):
    monkeypatch.setattr(_request, "_AT_ONCE", threading.Semaphore(2))
    monkeypatch.setattr(_request, "SECONDS", 0.2)
    end, started = threading.Event(), []

    def compute(number):
        started.append(number)
        end.wait(30)

    async def asked():
        return await asyncio.gather(*(limited(compute, n) for n in range(5)), return_exceptions=True)

    answers = run(asked())
    assert [problem.code for problem in answers] == ["too_slow"] * 5
    end.set()
    time.sleep(0.1)
    assert len(started) == 2


# What went wrong, in words


def told(path: str, language: str) -> tuple[int, dict]:
    answer = small().post(path, json={"lang": language})
    return answer.status_code, answer.json()["error"]


def test_a_problem_is_told_in_the_readers_language():
    facts = {"most": 32}
    assert told("/Problem", "en") == (503, {
        "code": "too_many_readers", "message": "Already 32 pages are watching, and no more can.",
        "fix": "Close some of them.", "facts": facts,
    })  # fmt: skip
    status, korean = told("/Problem", "ko")
    assert status == 503
    assert "32" in korean["message"]
    assert korean["message"][0] >= "가"


def test_an_error_of_the_library_is_told_with_a_sentence_about_its_kind():
    english = {
        "code": "ShapeError",
        "message": "X is (2, 3), W is (4, 5)",
        "fix": "X.reshape(-1, 4)",
        "facts": {},
    }
    assert told("/ShapeError", "en") == (422, english)
    korean = {**english, "message": "배열의 모양이 서로 맞지 않습니다. X is (2, 3), W is (4, 5)"}
    assert told("/ShapeError", "ko") == (422, korean)


def test_a_mistake_in_an_expression_is_told_in_both_languages(page):
    sent = {"expression": "2x", "values": {}}
    english, korean = (page.post("/api/graph", json={**sent, "lang": lang}) for lang in ("en", "ko"))
    assert english.status_code == korean.status_code == 422
    with pytest.raises(cr.errors.ParseError) as error:
        cr.parse("2x")
    assert english.json()["error"]["message"] == error.value.what.splitlines()[0]
    assert english.json()["error"]["fix"] == error.value.fix
    assert korean.json()["error"]["message"] == "x 앞에 연산 기호가 없습니다."


def test_too_little_memory_is_said():
    assert told("/MemoryError", "en")[0] == 503
    assert told("/MemoryError", "ko")[1]["message"] == "메모리가 모자랍니다."


def test_a_bug_is_owned_up_to_and_its_insides_are_not_shown():
    status, error = told("/ZeroDivisionError", "en")
    assert (status, error["code"]) == (500, "bug")
    assert "ZeroDivision" not in json.dumps(error)


# Anything at all


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
NAMES = (
    "expression",
    "values",
    "lang",
    "form",
    "settings",
    "id",
    "pixels",
    "width",
    "height",
    "image",
    "label",
)


def paths(method: str) -> list[str]:
    """Of the API; a stream never ends, and a run makes a folder for each example: their own tests try those."""
    asked = routes(chain.from_iterable(PARTS), State("mnist", Path("runs")))
    left_out = ("/api/run/stream", "/api/run/start")
    return [route.path for route in asked if method in route.methods
            and route.path not in left_out]  # fmt: skip


@given(
    path=st.sampled_from(paths("POST")),
    body=st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, JSON)),
    expression=st.none() | st.text("xy01+-*/()=^@.,;[]가² \n_", max_size=20),
)
def test_no_body_breaks_anything(page, path, body, expression):
    if expression is not None:
        body |= {"expression": expression, "values": {"x": 2, "y": 0.5}}
    answer = page.post(path, json=body)
    assert answer.status_code < 500, answer.text
    assert answer.status_code < 400 or answer.json()["error"]["message"]


@given(
    path=st.sampled_from(paths("GET")),
    query=st.dictionaries(st.sampled_from(["lang", "since", "most", "index", "x"]), st.text(max_size=8)),
)
def test_no_query_breaks_anything(page, path, query):
    assert page.get(path, params=query).status_code < 500
