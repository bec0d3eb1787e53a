"""Reading a request, and computing for it within limits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextvars import copy_context
from threading import Semaphore, Thread
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

from ..words import LANGUAGES
from ._problem import Problem

T = TypeVar("T")

MOST_BYTES = 64 * 1024  # of a body
SECONDS = 10.0  # for reading a body, and for a computation
_AT_ONCE = Semaphore(4)  # computations; one that nobody waits for any more counts until it ends


async def body_of(request: Request) -> dict[str, Any]:
    """The JSON object that a request carries.

    raises   Problem when it is too large, too slow, or no JSON object
    """
    try:
        async with asyncio.timeout(SECONDS):
            text = await _bytes_of(request)
    except TimeoutError:
        raise Problem("too_slow_body", 408, seconds=round(SECONDS)) from None
    except ClientDisconnect:
        raise Problem("no_json", 400) from None  # nobody reads this
    try:
        body = json.loads(text.decode(), parse_constant=_no_constant)
        json.dumps(body, ensure_ascii=False).encode()  # half a character, "\\ud800", could not be answered
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
        raise Problem("no_json", 400) from None
    if not isinstance(body, dict):
        raise Problem("no_json", 400)
    request.state.language = _known(body.get("lang"))
    return body


async def _bytes_of(request: Request) -> bytes:
    """What was sent, counted while it comes: what Content-Length says may be wrong, or missing."""
    text = bytearray()
    async for piece in request.stream():
        text += piece
        if len(text) > MOST_BYTES:
            raise Problem("too_large_body", 413, most=MOST_BYTES // 1024)
    return bytes(text)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def language_of(request: Request) -> str:
    """The language to answer in: that of the query, of the body once it is read, of the browser, or English."""
    asked = _known(request.query_params.get("lang")) or getattr(request.state, "language", None)
    return asked or _known(request.headers.get("accept-language", "")[:2]) or "en"


def _known(language: Any) -> str | None:
    return language if language in LANGUAGES else None


async def limited(f: Callable[..., T], *arguments: Any) -> T:
    """What a function returns, computed in a thread, if it takes no longer than `SECONDS`.

    raises   Problem when it takes longer, and whatever the function raises
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def compute() -> None:
        with _AT_ONCE:
            if answer.cancelled():
                return
            try:
                result = f(*arguments)
            except BaseException as error:
                _tell(loop, answer, answer.set_exception, error)
            else:
                _tell(loop, answer, answer.set_result, result)

    # A daemon, so that Ctrl-C does not wait for it.
    Thread(target=copy_context().run, args=(compute,), daemon=True, name="chainrule-request").start()
    try:
        return await asyncio.wait_for(answer, SECONDS)
    except TimeoutError:
        if not answer.cancelled():  # it is the function's own
            raise
        raise Problem("too_slow", 503, seconds=round(SECONDS)) from None


def _tell(
    loop: asyncio.AbstractEventLoop, answer: asyncio.Future[T], tell: Callable[[Any], None], what: Any
) -> None:
    try:
        loop.call_soon_threadsafe(_unless_done, answer, tell, what)
    except RuntimeError:  # the loop is closed: nobody waits
        pass


def _unless_done(answer: asyncio.Future[T], tell: Callable[[Any], None], what: Any) -> None:
    if not answer.done():
        tell(what)
