"""The stream: everything once, in order, in few messages; it ends when the log does."""

from __future__ import annotations

import asyncio
import json
import time
from threading import Thread

import pytest

from chainrule.web._problem import Problem
from chainrule.web._training import _stream
from chainrule.web._training._log import Log
from chainrule.web._training._stream import MOST_READERS, messages, stream


def parsed(message):
    """The id and the events of a message, read as a browser does."""
    lines = dict(line.split(": ", 1) for line in message.splitlines() if not line.startswith(":") and line)
    return int(lines["id"]), json.loads(lines["data"])


async def first(reader, count):
    return [await anext(reader) for _ in range(count)]


def test_what_happened_before_comes_in_one_message_then_what_happens():
    async def read():
        log = Log()
        for step in range(5):
            log.append("steps", step=step)
        reader = messages(log, 2)
        retry, before = await first(reader, 2)
        log.append("epoch", epoch=1)
        after = await anext(reader)
        await reader.aclose()
        return retry, parsed(before), parsed(after), log.listeners

    retry, before, after, listeners = asyncio.run(read())
    assert retry == "retry: 2000\n\n"
    assert (before[0], [event["n"] for event in before[1]]) == (5, [3, 4, 5])
    assert after == (6, [{"n": 6, "kind": "epoch", "epoch": 1}])
    assert listeners == 0


def test_a_message_is_two_fields_and_an_empty_line():
    async def read():
        log = Log()
        log.append("status", text="한 줄\n두 줄")
        return (await first(messages(log, 0), 2))[1]

    message = asyncio.run(read())
    assert message.endswith("\n\n")
    assert [line.partition(":")[0] for line in message[:-2].split("\n")] == ["id", "data"]
    assert parsed(message)[1][0]["text"] == "한 줄\n두 줄"


def test_a_slow_reader_holds_nobody_up_and_gets_the_rest_at_once():
    async def read():
        log = Log()
        reader = messages(log, 0)
        await anext(reader)
        start = time.perf_counter()
        for step in range(500):
            log.append("steps", step=step)
        seconds = time.perf_counter() - start
        number, events = parsed(await anext(reader))
        return seconds, number, len(events)

    seconds, number, count = asyncio.run(read())
    assert (number, count) == (500, 500)
    assert seconds < 0.5


def test_at_most_twenty_messages_a_second():
    async def read():
        log, times = Log(), []
        reader = messages(log, 0)
        await anext(reader)
        stop = time.perf_counter() + 0.5

        def add():
            while time.perf_counter() < stop:
                log.append("steps")
                time.sleep(0.001)
            log.close()

        thread = Thread(target=add)
        thread.start()
        seen = []
        async for message in reader:
            if message.startswith("id"):
                times.append(time.perf_counter())
                seen += [event["n"] for event in parsed(message)[1]]
        thread.join()
        return times, seen, log

    times, seen, log = asyncio.run(read())
    assert seen == list(range(1, len(seen) + 1))
    assert len(seen) > 50
    assert 2 <= len(times) <= 12
    assert min(after - before for before, after in zip(times, times[1:], strict=False)) > 0.045
    assert log.listeners == 0


def test_a_silent_stream_pings(monkeypatch):
    monkeypatch.setattr(_stream, "SECONDS_BETWEEN_PINGS", 0.01)

    async def read():
        log = Log()
        reader = messages(log, 0)
        start = await first(reader, 2)
        log.append("steps")
        await anext(reader)
        async with asyncio.timeout(5):
            return start, await first(reader, 2)

    assert asyncio.run(read()) == (["retry: 2000\n\n", ": ping\n\n"], [": ping\n\n"] * 2)


def test_it_ends_at_once_when_the_log_is_closed_from_another_thread():
    async def read():
        log = Log()
        reader = messages(log, 0)
        await anext(reader)
        Thread(target=lambda: (time.sleep(0.05), log.close())).start()
        start = time.perf_counter()
        rest = [message async for message in reader]
        return rest, time.perf_counter() - start

    rest, seconds = asyncio.run(read())
    assert rest == ["event: end\ndata: []\n\n"]
    assert seconds < 1


def test_a_reader_whose_loop_has_ended_disturbs_nobody():
    log = Log()
    reader = messages(log, 0)
    asyncio.run(reader.__anext__())
    log.append("steps")
    assert [event["n"] for event in log.since(0)] == [1]


def test_too_many_readers_are_told_so():
    async def read():
        log = Log()
        readers = [messages(log, 0) for _ in range(MOST_READERS)]
        for reader in readers:
            await anext(reader)
        with pytest.raises(Problem) as problem:
            stream(log, 0)
        await readers.pop().aclose()
        assert stream(log, 0).media_type == "text/event-stream"
        return problem.value

    problem = asyncio.run(read())
    assert (problem.status, problem.to_json("en")["error"]["message"]) == (
        503,
        "Already 32 pages are watching, and no more can.",
    )
