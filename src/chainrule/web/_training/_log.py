"""What happened while a network learned, as numbered events that whoever comes late can catch up on."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from ..._json import json_ready

Event = dict[str, Any]

# Of a kind with more events about every second one is forgotten: a whole run stays in sight, only coarser.
MOST = {"steps": 2000, "epoch": 1000, "flow": 100, "status": 200}


class Log:
    """Events in the order of their numbers, bounded; safe to use from several threads.

    >>> log = Log()
    >>> log.append("steps", step=1, loss=2.3)
    >>> log.append("status", status="finished")
    >>> log.since(1)
    [{'n': 2, 'kind': 'status', 'status': 'finished'}]
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._events: list[Event] = []
        self._count: Counter[str] = Counter()
        self._last = 0
        self._wakers: set[Callable[[], None]] = set()
        self.closed = False

    def append(self, kind: str, **facts: Any) -> None:
        """Add an event with the next number, and wake whoever listens. NaN and inf become None."""
        with self._lock:
            self._last += 1
            self._events.append({"n": self._last, "kind": kind, **json_ready(facts)})
            self._count[kind] += 1
            if self._count[kind] > MOST[kind]:
                self._thin(kind)
        self._wake()

    def since(self, number: int) -> list[Event]:
        """The events after that of a number. A number that is none of ours is another server's: then all of them."""
        with self._lock:
            if number > self._last:
                number = 0
            return self._events[bisect_right(self._events, number, key=lambda event: event["n"]) :]

    def clear(self) -> None:
        """Forget what happened. Numbers go on, so that a reader of the last run's events sees the next run's."""
        with self._lock:
            self._events.clear()
            self._count.clear()

    def close(self) -> None:
        """Nothing more will happen: let all who listen go."""
        self.closed = True
        self._wake()

    @contextmanager
    def listening(self, wake: Callable[[], None]) -> Iterator[None]:
        """Call a function after each event; from the thread that the event came from."""
        with self._lock:
            self._wakers.add(wake)
        try:
            yield
        finally:
            with self._lock:
                self._wakers.discard(wake)

    @property
    def listeners(self) -> int:
        return len(self._wakers)

    def _wake(self) -> None:
        with self._lock:
            wakers = list(self._wakers)
        for wake in wakers:
            wake()

    def _thin(self, kind: str) -> None:
        """Forget about half of a kind, so that those left, the last one among them, lie evenly apart."""
        numbers = [event["n"] for event in self._events if event["kind"] == kind]
        apart = 2 * (numbers[-1] - numbers[0]) / MOST[kind]
        kept = {numbers[-1]}
        last = numbers[-1]
        for number in reversed(numbers):
            if last - number >= apart:
                kept.add(number)
                last = number
        self._events = [event for event in self._events if event["kind"] != kind or event["n"] in kept]
        self._count[kind] = len(kept)
