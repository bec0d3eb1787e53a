"""The log as a stream of server-sent events.

A reader is a place in the log and nothing else: one that is slow, or away, keeps nobody waiting and fills no queue, and
gets all that has happened since in one message, as far as the log still has it.

Source: WHATWG, HTML, section 9.2, Server-sent events.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress

from starlette.responses import StreamingResponse

from .._problem import Problem
from ._log import Log

MOST_READERS = 32
SECONDS_BETWEEN_MESSAGES = 0.05
SECONDS_BETWEEN_PINGS = 15.0  # so that what lies between does not take the stream for dead

_RETRY = "retry: 2000\n\n"  # ms, after which a browser comes again
_PING = ": ping\n\n"
_END = "event: end\ndata: []\n\n"


def stream(log: Log, since: int) -> StreamingResponse:
    """The events after that of a number, and those that come, until the log is closed.

    raises   Problem when too many read already
    """
    if log.listeners >= MOST_READERS:
        raise Problem("too_many_readers", 503, most=MOST_READERS)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(messages(log, since), media_type="text/event-stream", headers=headers)


async def messages(log: Log, since: int) -> AsyncIterator[str]:
    """One message for all events of a moment, its id the number of the last; an event "end" behind them all."""
    loop, news = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        with suppress(RuntimeError):  # the loop has just ended, and with it this reader
            loop.call_soon_threadsafe(news.set)

    with log.listening(wake):
        yield _RETRY
        while not log.closed:
            news.clear()
            if events := log.since(since):
                since = events[-1]["n"]
                yield f"id: {since}\ndata: {json.dumps(events, ensure_ascii=False)}\n\n"
                await asyncio.sleep(SECONDS_BETWEEN_MESSAGES)
                continue
            try:
                await asyncio.wait_for(news.wait(), SECONDS_BETWEEN_PINGS)
            except TimeoutError:
                yield _PING
        yield _END
