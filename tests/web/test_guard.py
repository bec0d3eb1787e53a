"""Who may ask: forged Host, Origin, Sec-Fetch-Site, content type and token are refused, and nothing else is."""

from __future__ import annotations

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

from chainrule.web._guard import HEADERS, Guard, door
from chainrule.web._request import body_of
from chainrule.web._response import HANDLERS

PORT, KEY = 8765, "the-right-key"
HERE = f"http://127.0.0.1:{PORT}"


async def echo(request: Request) -> Response:
    return JSONResponse(await body_of(request) if request.method == "POST" else {"path": request.url.path})


async def broken(request: Request) -> Response:
    raise RuntimeError("a bug")


ROUTES = [
    Route("/", echo),
    Route("/api/broken", broken),
    Route("/api/echo", echo, methods=["GET", "POST"]),
    Route("/static/{path:path}", echo),
]


def client(*names: str, port: int = PORT, base: str = HERE, known: bool = True) -> TestClient:
    inside = Starlette(routes=ROUTES, exception_handlers=HANDLERS)
    guard = Guard(inside, door(port, KEY, names))
    client = TestClient(guard, base, raise_server_exceptions=False, follow_redirects=False)
    if known:
        client.headers["cookie"] = f"chainrule-{port}={KEY}"
    return client


def code_of(answer) -> str:
    return answer.json()["error"]["code"]


def test_a_good_request_is_answered():
    assert client().get("/api/echo").json() == {"path": "/api/echo"}
    assert client().post("/api/echo", json={"x": 1}).json() == {"x": 1}


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:8765", "LOCALHOST:8765", "[::1]:8765"])
def test_names_of_this_machine_are_known(host):
    assert client().get("/api/echo", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example:8765", "evil.example", "127.0.0.1", "127.0.0.1:80", "127.0.0.1:8766", "localhost",
     "127.0.0.1:8765.evil.example", "evil.example#127.0.0.1:8765", "0.0.0.0:8765", "127.1:8765", ""],
)  # fmt: skip
def test_a_host_that_is_not_ours_is_refused(host):
    """DNS rebinding: a name of somebody else that points at this machine."""
    answer = client().get("/api/echo", headers={"host": host})
    assert (answer.status_code, code_of(answer)) == (421, "forbidden_host")


def test_two_hosts_are_refused():
    headers = [("host", f"127.0.0.1:{PORT}"), ("host", "evil.example")]
    assert client().get("/api/echo", headers=headers).status_code == 421


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:8766", "ftp://127.0.0.1:8765",
     "http://127.0.0.1:8765.evil.example", "http://127.0.0.1:8765/", ""],
)  # fmt: skip
def test_an_origin_that_is_not_ours_is_refused(method, origin):
    answer = client().request(method, "/api/echo", headers={"origin": origin}, json={})
    assert (answer.status_code, code_of(answer)) == (403, "forbidden_origin")


def test_under_rebinding_origin_and_host_agree_and_both_are_wrong():
    headers = {
        "host": "evil.example:8765",
        "origin": "http://evil.example:8765",
        "sec-fetch-site": "same-origin",
    }
    assert client().post("/api/echo", headers=headers, json={}).status_code == 421


@pytest.mark.parametrize("site", ["cross-site", "same-site", "something-new", ""])
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/api/echo"), ("GET", "/api/echo"), ("GET", "/static/app.js")]
)
def test_requests_of_other_sites_are_refused(method, path, site):
    answer = client().request(method, path, headers={"sec-fetch-site": site}, json={})
    assert answer.status_code == 403


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_requests_of_the_page_and_of_the_address_bar_are_answered(site):
    assert client().get("/", headers={"sec-fetch-site": site}).status_code == 200


LINK = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


def test_a_link_to_the_page_works_but_not_to_anything_else_and_not_in_a_frame():
    assert client().get("/", headers=LINK).status_code == 200
    assert client().get("/api/echo", headers=LINK).status_code == 403
    assert client().post("/", headers=LINK, json={}).status_code == 403
    assert client().get("/", headers={**LINK, "sec-fetch-dest": "iframe"}).status_code == 403


@pytest.mark.parametrize(
    "media",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "text/json"],
)
def test_only_json_can_be_posted(media):
    """A form of another page can send the first three without asking the browser's permission."""
    answer = client().post("/api/echo", headers={"content-type": media}, content=b"{}")
    assert (answer.status_code, code_of(answer)) == (415, "wrong_media")


def test_json_may_say_its_encoding():
    answer = client().post(
        "/api/echo", headers={"content-type": "Application/JSON; charset=utf-8"}, content=b"{}"
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "cookie",
    [None, "chainrule-8765=wrong", "chainrule-8766=the-right-key", "chainrule-8765=", "chainrule-8765=\xff"],
)
@pytest.mark.parametrize("path", ["/", "/api/echo", "/static/app.js", "/nothing"])
def test_without_the_key_there_is_nothing(path, cookie):
    headers = {} if cookie is None else {"cookie": cookie.encode("latin-1")}
    assert client(known=False).get(path, headers=headers).status_code == 401


@pytest.mark.parametrize("token", ["wrong", "", "the-right-ke", "the-right-key ", "열쇠"])
def test_a_wrong_token_in_the_address_is_refused(token):
    assert client(known=False).get("/", params={"token": token}).status_code == 401


def test_the_token_in_the_address_becomes_a_cookie_that_only_the_page_sends():
    answer = client(known=False).get("/", params={"token": KEY})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert answer.headers["set-cookie"] == f"chainrule-{PORT}={KEY}; HttpOnly; Path=/; SameSite=strict"


def test_what_else_the_address_says_is_kept_but_never_another_host():
    answer = client(known=False).get("/", params={"a": "//evil.example", "token": KEY})
    assert answer.headers["location"] == "/?a=%2F%2Fevil.example"


def test_a_link_with_the_token_goes_on_by_itself_since_a_redirect_would_lose_the_cookie():
    answer = client(known=False).get("/", params={"token": KEY}, headers=LINK)
    assert (answer.status_code, answer.headers["refresh"]) == (200, "0; url=/")
    assert "SameSite=strict" in answer.headers["set-cookie"]


def test_the_token_opens_the_page_only_and_only_to_read():
    assert client(known=False).get("/api/echo", params={"token": KEY}).status_code == 401
    assert client(known=False).post("/", params={"token": KEY}, json={}).status_code == 401


def test_a_refusal_is_a_sentence_in_the_readers_language():
    korean = client(known=False).get("/", headers={"accept-language": "ko-KR,ko;q=0.9"})
    assert korean.headers["content-type"] == "text/plain; charset=utf-8"
    assert korean.text.startswith("chainrule web이 출력한 열쇠가 주소에 없어 거절했습니다.")
    english = client(known=False).get("/", headers={"accept-language": "fr"})
    assert english.text == (
        "This address lacks the key that chainrule web printed, so it is refused.\n"
        "Open the whole address that chainrule web printed, with everything behind ?token=.\n"
    )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/echo", 200), ("GET", "/nothing", 404), ("PUT", "/api/echo", 405), ("GET", "/api/broken", 500),
     ("GET", "/static/x", 200), ("HEAD", "/", 200), ("TRACE", "/", 405), ("OPTIONS", "/api/echo", 405)],
)  # fmt: skip
def test_every_answer_says_what_the_page_may_do(method, path, status):
    for known in (True, False):
        answer = client(known=known).request(method, path)
        assert answer.status_code == (status if known else 401)
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert answer.headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in answer.headers


def test_the_policy_allows_our_own_scripts_and_styles_and_nothing_inline():
    policy = dict(part.split(" ", 1) for part in HEADERS["content-security-policy"].split("; "))
    assert (
        policy["default-src"]
        == policy["frame-ancestors"]
        == policy["base-uri"]
        == policy["form-action"]
        == "'none'"
    )
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in HEADERS["content-security-policy"]


def test_other_machines_reach_the_page_under_the_names_that_were_allowed():
    there = client("lab7.example.org", "proxy.example.org:443")
    for host in ("lab7.example.org:8765", "proxy.example.org:443"):
        for scheme in ("http", "https"):
            headers = {"host": host, "origin": f"{scheme}://{host}"}
            assert there.post("/api/echo", headers=headers, json={}).status_code == 200
    for host in ("lab7.example.org", "lab7.example.org:443", "other.example.org:8765"):
        assert there.get("/api/echo", headers={"host": host}).status_code == 421
    assert client("lab7.example.org", known=False).get("/api/echo").status_code == 401


@pytest.mark.parametrize(("port", "host"), [(80, "127.0.0.1"), (80, "127.0.0.1:80"), (80, "localhost")])
def test_a_browser_leaves_the_usual_port_out(port, host):
    there = client(port=port, base="http://127.0.0.1")
    headers = {"host": host, "origin": f"http://{host}"}
    assert there.get("/api/echo", headers=headers).status_code == 200


def test_the_usual_port_of_https_is_left_out_too():
    there = client("proxy.example.org:443")
    headers = {"host": "proxy.example.org", "origin": "https://proxy.example.org"}
    assert there.get("/api/echo", headers=headers).status_code == 200


TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40)


@given(
    path=st.text(max_size=60),
    host=st.sampled_from([f"127.0.0.1:{PORT}"]) | TEXT,
    origin=st.none() | TEXT,
    site=st.none() | TEXT,
    cookie=st.sampled_from([f"chainrule-{PORT}={KEY}"]) | TEXT,
    media=st.sampled_from(["application/json"]) | TEXT,
    method=st.sampled_from(["GET", "POST", "HEAD", "PUT"]),
    body=st.binary(max_size=40),
)
def test_no_request_breaks_anything(path, host, origin, site, cookie, media, method, body):
    given = {"host": host, "origin": origin, "sec-fetch-site": site, "cookie": cookie, "content-type": media}
    headers = {name: text.encode("latin-1") for name, text in given.items() if text is not None}
    answer = raw(client(known=False).app, method, path, headers, body)
    assert answer["status"] < 500
    sent = {name.decode(): value.decode() for name, value in answer["headers"]}
    assert sent.items() >= HEADERS.items()


def raw(app, method, path, headers, body):
    """The answer to a request as a server hands it over, without a client that tidies it first."""
    address, _, query = f"/{path}".partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": address,
        "raw_path": address.encode("utf-8", "surrogatepass"),
        "query_string": query.encode("utf-8", "replace"),
        "headers": [(name.encode(), value) for name, value in headers.items()],
        "scheme": "http",
        "server": ("127.0.0.1", PORT),
    }
    sent = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    import asyncio

    asyncio.run(app(scope, receive, send))
    return sent[0]
