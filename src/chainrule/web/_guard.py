"""Who may ask: the one gate that every request passes, pages, scripts and pictures included.

Another page in the reader's browser is kept out by Host (a name that somebody else points at this machine, as in DNS
rebinding), by Origin and Sec-Fetch-Site (forged requests), and by taking JSON only, which no HTML form can send.
Another user of the same machine is kept out by the token, which then lives in a cookie that scripts cannot read and
that other sites' requests do not carry. What the page may load and run is told to the browser with every response.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from secrets import compare_digest
from urllib.parse import urlencode

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ._names import has_port
from ._problem import Problem
from ._request import language_of
from ._response import problem_response

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "font-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
)
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@dataclass(frozen=True)
class Door:
    """Under which addresses the page is served, and the key to it.

    hosts   what Host may be: names with their port, in small letters
    token   the key
    cookie  its name; cookies are shared by all ports of a machine, so the port is part of it
    """

    hosts: frozenset[str]
    token: str
    cookie: str

    @property
    def origins(self) -> frozenset[str]:
        """What Origin may be; https where somebody has put a server with a certificate in front."""
        return frozenset(f"{scheme}://{host}" for scheme in ("http", "https") for host in self.hosts)

    def fits(self, token: str | None) -> bool:
        return token is not None and compare_digest(token.encode(), self.token.encode())


def door(port: int, token: str, names: Iterable[str] = ()) -> Door:
    """A door on a port of this machine.

    names  under which other machines reach it, each as NAME or NAME:PORT
    """
    local = (f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]"))
    remote = (name if has_port(name) else f"{name}:{port}" for name in names)
    hosts = {host.lower() for host in (*local, *remote)}
    hosts |= {host.removesuffix(usual) for host in hosts for usual in (":80", ":443")}  # as browsers write it
    return Door(frozenset(hosts), token, f"chainrule-{port}")


class Guard:
    """An ASGI application in front of another: it lets through what may be answered, and adds `HEADERS` to all."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app, self._door, self._origins = app, door, door.origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return  # there are no sockets and no lifespan here

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        request = Request(scope)
        answer = self._refusal(request) or self._way_in(request) or self._app
        await answer(scope, receive, send_with_headers)

    def _refusal(self, request: Request) -> Response | None:
        """The answer to a request that must not get in."""
        headers = request.headers
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or hosts[0].lower() not in self._door.hosts:
            return _refused(request, "forbidden_host", 421)
        if origins and (len(origins) > 1 or origins[0].lower() not in self._origins):
            return _refused(request, "forbidden_origin", 403)
        site = headers.get("sec-fetch-site", "none")
        if site not in ("same-origin", "none") and not _is_link(request):
            return _refused(request, "forbidden_origin", 403)
        if request.method == "POST" and _media(request) != "application/json":
            return _refused(request, "wrong_media", 415)
        known = self._door.fits(request.cookies.get(self._door.cookie))
        if not known and not self._door.fits(_token(request)):
            return _refused(request, "forbidden_token", 401)
        return None

    def _way_in(self, request: Request) -> Response | None:
        """To the address with the token: the cookie, and the address without it, which may be shown to anybody."""
        if not self._door.fits(_token(request)):
            return None
        rest = [(key, value) for key, value in request.query_params.multi_items() if key != "token"]
        address = f"/?{urlencode(rest)}" if rest else "/"
        answer: Response
        if request.headers.get("sec-fetch-site") in (None, "none", "same-origin"):
            answer = RedirectResponse(address, 303)
        else:
            # On a redirect the browser would still count the other site as the one that asks, and keep the cookie.
            answer = HTMLResponse(
                "<!doctype html><title>chainrule</title>", headers={"refresh": f"0; url={address}"}
            )
        answer.set_cookie(self._door.cookie, self._door.token, path="/", httponly=True, samesite="strict")
        return answer


def _is_link(request: Request) -> bool:
    """Whether somebody followed a link to the page itself, in a mail or in a terminal that is a web page."""
    wanted = (request.method, request.scope["path"], request.headers.get("sec-fetch-mode"))
    return wanted == ("GET", "/", "navigate") and request.headers.get("sec-fetch-dest") == "document"


def _media(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _token(request: Request) -> str | None:
    """The token in the address of the page."""
    if request.method != "GET" or request.scope["path"] != "/":
        return None
    return request.query_params.get("token")


def _refused(request: Request, code: str, status: int) -> Response:
    """JSON for the page's scripts, and plain text for a reader."""
    problem = Problem(code, status)
    if request.scope["path"].startswith("/api/"):
        return problem_response(request, problem)
    told = problem.to_json(language_of(request))["error"]
    return PlainTextResponse("\n".join(filter(None, (told["message"], told["fix"]))) + "\n", status)
