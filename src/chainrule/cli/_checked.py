"""The process of its own in which somebody's file is run and checked.

On stdin comes a request, one JSON object; on what was stdout go two lines of JSON: that all is ready, and the answer.
"""

from __future__ import annotations

import json
import os
import random
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from .._json import json_ready
from ..verify import check_gradients
from ._given import read_given
from ._subject import find, inputs_of, load, made
from ._trouble import trouble, trouble_of, where_it_is

MEMORY = 2**31  # bytes that the code may ask for

Answer = dict[str, Any]


def main() -> None:
    """Answer one request, and end."""
    request = json.load(sys.stdin)
    answers = _Answers(_stdout_taken_away())
    folder = Path(request["file"]).parent
    os.chdir(folder)
    sys.argv = [request["file"]]
    sys.dont_write_bytecode = True  # somebody's folder stays as it is
    _limit_memory()
    answers.ready()
    _watch(request["time_limit"], answers, folder)
    try:
        answer = _checked(request)
    except BaseException as error:  # sys.exit and whatever else somebody's code may raise
        answer = {"verdict": "error", "error": trouble_of(error, folder)}
    answers.give(answer)
    os._exit(0)  # whatever threads are left


class _Answers:
    """Where answers go; only the first one counts."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._one = stream, threading.Lock()

    def ready(self) -> None:
        self._write({})

    def give(self, answer: Answer) -> bool:
        """Whether it was the first."""
        is_first = self._one.acquire(blocking=False)
        if is_first:
            self._write(answer)
        return is_first

    def _write(self, answer: Answer) -> None:
        try:
            self._stream.write(json.dumps(json_ready(answer), allow_nan=False).encode() + b"\n")
            self._stream.flush()
        except OSError:  # nobody reads any more
            os._exit(1)


def _stdout_taken_away() -> BinaryIO:
    """The stream for answers. From now on what is printed goes to stderr, and nobody can type anything."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]
    return answers


def _limit_memory() -> None:
    """Let the code have so much memory and no more, where the system can hold it to that.

    Only what can be written is counted: libraries and the threads of BLAS reserve far more addresses than memory.
    """
    if sys.platform == "linux":
        import resource

        status = Path("/proc/self/status").read_text()
        used = int(status.partition("VmData:")[2].split()[0]) * 1024
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        limit = used + MEMORY
        if most in (resource.RLIM_INFINITY, -1) or limit < most:
            resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _watch(seconds: float, answers: _Answers, folder: Path) -> None:
    """End this process after its time, with an answer that says where it was."""
    thread = threading.get_ident()

    def stop() -> None:
        try:
            is_late = answers.give({"verdict": "time limit", "error": _too_slow(seconds, thread, folder)})
        except OSError:  # nobody is waiting any more
            is_late = True
        if is_late:
            os._exit(0)

    watch = threading.Timer(seconds, stop)
    watch.daemon = True
    watch.start()


def _too_slow(seconds: float, thread: int, folder: Path) -> dict[str, Any]:
    what = f"not done after {seconds:g} s, which is the time limit"
    return trouble(
        "time limit", what, "an end to the loop, or a larger --time-limit", where_it_is(thread, folder)
    )


def _checked(request: dict[str, Any]) -> Answer:
    seed, name = request["seed"], request["name"]
    arguments = read_given(request["arguments"], "--argument", seed)
    inputs = read_given(request["inputs"], "--input", seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002  what somebody's code may draw from
    module = load(Path(request["file"]))
    thing = made(find(module, name), name, arguments)
    gradient = request["gradient"] and find(module, request["gradient"])
    in_order = inputs_of(thing, name, inputs)
    one_hot = [position for position, value in enumerate(in_order) if inputs.is_one_hot(value)]
    report = check_gradients(
        thing,
        *in_order,
        gradient=gradient,
        targets=[*one_hot, *request["targets"]],
        seed=seed,
        tolerance=request["tolerance"],
        last=request["last"],
        lang=request["lang"],
    )
    return {"verdict": "ok" if report.ok else "wrong", "report": report.to_dict(), "text": str(report)}
