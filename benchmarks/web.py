"""Training through the page beside `chainrule train`: the same settings, each in a process of its own.

Both train 784-50-10 on MNIST as they do unless told otherwise. The page has a reader who keeps its stream open and asks
for the pictures of the hidden units twice a second, as an open page does. What is measured is the time from the end of
the first epoch to the end of the last one, as it is told: evaluation, checkpoints and results included, and not the
start of the process.

pip install -e '.[fast,web]'; python benchmarks/web.py

    --rounds N   how often each is measured (5)
    --epochs N   of a run (30)
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from _compare import refuse_forced_kernels, report

PAGE, COMMAND = "the page", "chainrule train"
STEPS_PER_EPOCH = 600
LEAST_SPEED = 0.8  # of the page, beside that of the command
CHAINRULE = [sys.executable, "-u", "-m", "chainrule"]
SECONDS_BETWEEN_PICTURES = 0.5


def with_command(epochs: int) -> float:
    """Seconds from the first line of the table to the last."""
    with tempfile.TemporaryDirectory() as folder:
        words = [*CHAINRULE, "train", "--epochs", str(epochs), "--out", f"{folder}/run"]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            times = [time.perf_counter() for line in process.stdout if re.match(r" +\d+ +\d", line)]
    assert len(times) == epochs
    return times[-1] - times[0]


class Reader:
    """What a browser with the page open does."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._host, self._port = address.hostname or "", address.port
        key = parse_qs(address.query)["token"][0]
        answer = self.ask("GET", f"/?token={key}", cookie="")
        self._cookie = answer.getheader("set-cookie", "").partition(";")[0]

    def ask(self, method: str, path: str, body: Any = None, cookie: str | None = None) -> HTTPResponse:
        connection = HTTPConnection(self._host, self._port, timeout=60)
        headers = {"Cookie": self._cookie if cookie is None else cookie, "Content-Type": "application/json"}
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        return connection.getresponse()

    def events(self) -> Iterator[dict[str, Any]]:
        """Those of the stream, as they come."""
        for line in self.ask("GET", "/api/run/stream?since=0"):
            if line.startswith(b"data: "):
                yield from json.loads(line.removeprefix(b"data: "))

    @contextmanager
    def looking_at_pictures(self) -> Iterator[None]:
        """Ask for the weights again and again."""
        enough = Event()

        def look() -> None:
            while not enough.wait(SECONDS_BETWEEN_PICTURES):
                self.ask("GET", "/api/run/weights?most=50").read()

        thread = Thread(target=look)
        thread.start()
        try:
            yield
        finally:
            enough.set()
            thread.join()


def with_page(epochs: int) -> float:
    """Seconds from the event of the first epoch to that of the last."""
    with tempfile.TemporaryDirectory() as folder:
        words = [*CHAINRULE, "web", "--port", "0", "--no-browser", "--folder", folder]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            try:
                reader = Reader(server.stdout.readline().strip())
                reader.ask("POST", "/api/run/start", {"settings": {"epochs": epochs}}).read()
                with reader.looking_at_pictures():
                    return seconds_between_epochs(reader, epochs)
            finally:
                server.terminate()


def seconds_between_epochs(reader: Reader, epochs: int) -> float:
    times = []
    for event in reader.events():
        if event["kind"] == "epoch":
            times.append(time.perf_counter())
            if event["epoch"] == epochs:
                return times[-1] - times[0]
    raise SystemExit("the stream ended before the run did")


def main() -> bool:
    parser = argparse.ArgumentParser(description="Training through the page beside chainrule train.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=30)
    options = parser.parse_args()
    refuse_forced_kernels()
    peers = {PAGE: with_page, COMMAND: with_command}
    seconds: dict[str, list[float]] = {name: [] for name in peers}
    for number in range(options.rounds + 1):  # the first one is not counted: it compiles
        for name in list(peers) if number % 2 else list(peers)[::-1]:
            duration = peers[name](options.epochs)
            if number:
                seconds[name].append(duration)
    steps = STEPS_PER_EPOCH * (options.epochs - 1)
    medians = {name: 1e6 * statistics.median(values) / steps for name, values in seconds.items()}
    title = "a step of 784-50-10 on MNIST, everything between two epochs included"
    return report(title, medians, ours=PAGE, limits={COMMAND: 1 / LEAST_SPEED})


if __name__ == "__main__":
    sys.exit(not main())
