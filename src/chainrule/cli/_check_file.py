"""``chainrule check FILE.py:NAME``: somebody's file is run and checked in a process of its own."""

from __future__ import annotations

import argparse
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from ..errors import ArgumentError, ChainruleError
from ._screen import complain, print_json
from ._trouble import in_words, trouble

EXIT_CODES = {"ok": 0, "wrong": 1, "error": 2, "time limit": 3}

_START = "import sys; sys.path[:] = sys.argv[1:]; from chainrule.cli._checked import main; main()"
_SECONDS_TO_START = 60.0  # NumPy is loaded; it does not count for the time limit
_SECONDS_TO_ANSWER = 1.0  # that the time is over
_LONGEST_ANSWER = 2**24  # bytes
_LONGEST_OUTPUT = 2**16

Answer = dict[str, Any]


def check_file(options: argparse.Namespace) -> int:
    """Check the gradients of something in a file, and print what came out; the exit code says the verdict."""
    try:
        answer = _answer(_request(options))
    except ChainruleError as error:
        answer = _failed(type(error).__name__, error.what, error.fix)
    verdict = answer["verdict"]
    if options.json:
        what = "report" if "report" in answer else "error"
        print_json({"ok": verdict == "ok", "verdict": verdict, what: answer[what]})
    elif "report" in answer:
        print(answer["text"])
    else:
        complain(f"chainrule: {in_words(answer['error'])}")
    return EXIT_CODES[verdict]


def _request(options: argparse.Namespace) -> dict[str, Any]:
    """What the other process is asked; ArgumentError if there is no such file."""
    path, colon, name = options.target.rpartition(":")
    file = Path(path or options.target).absolute()
    fix = "chainrule check my_layers.py:MyAffine"
    if not colon or not name.isidentifier():
        raise ArgumentError(f"{options.target!r} does not say what is to be checked: FILE.py:NAME", fix=fix)
    if file.suffix != ".py":
        raise ArgumentError(f"{path} is no Python file: its name must end in .py", fix=fix)
    if not file.is_file():
        raise ArgumentError(f"there is no file {path}")
    return {
        "file": str(file.resolve()),
        "name": name,
        "inputs": options.input or [],
        "arguments": options.argument or [],
        "gradient": options.gradient,
        "targets": [name.strip() for name in (options.targets or "").split(",") if name.strip()],
        "last": bool(options.last),
        "tolerance": options.tolerance,
        "seed": options.seed or 0,
        "time_limit": options.time_limit or 10.0,
        "lang": options.lang or "en",
    }


def _answer(request: dict[str, Any]) -> Answer:
    """Start the other process, wait for its answer, and leave nothing of it behind."""
    folders = [os.path.abspath(folder) for folder in sys.path if folder]
    process = subprocess.Popen(
        # -P: the current folder may hold a numpy.py
        [sys.executable, "-P", "-c", _START, *folders],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdin is not None
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    output = bytearray()
    readers = [
        threading.Thread(target=_read_lines, args=(process.stdout, lines), daemon=True),
        threading.Thread(target=_read_output, args=(process.stderr, output), daemon=True),
    ]
    for reader in readers:
        reader.start()
    try:
        with suppress(OSError), process.stdin as stdin:  # it may have ended already, which is said below
            stdin.write(json.dumps(request).encode())
        answer = _waited(process, lines, request)
    finally:
        _end(process)
        for reader in readers:
            reader.join(timeout=1.0)  # longer only if something in a session of its own holds the pipe
        _show(bytes(output))
    return answer


def _read_lines(stream: IO[bytes] | None, lines: queue.SimpleQueue[bytes]) -> None:
    assert stream is not None
    with stream:
        for _ in range(2):  # that it is ready, and the answer
            lines.put(stream.readline(_LONGEST_ANSWER))


def _read_output(stream: IO[bytes] | None, output: bytearray) -> None:
    """Keep the beginning, and read the rest too: a full pipe would stop the process."""
    assert stream is not None
    with stream:
        while block := os.read(stream.fileno(), 2**16):
            output += block[: _LONGEST_OUTPUT + 1 - len(output)]


def _waited(
    process: subprocess.Popen[bytes], lines: queue.SimpleQueue[bytes], request: dict[str, Any]
) -> Answer:
    file, limit = Path(request["file"]).name, request["time_limit"]
    try:
        lines.get(timeout=_SECONDS_TO_START)
        line = lines.get(timeout=limit + _SECONDS_TO_ANSWER)
    except queue.Empty:  # not even its own watch could stop it
        fix = "an end to the loop, or a larger --time-limit"
        what = f"{file} is not done after {limit:g} s, which is the time limit"
        return {**_failed("time limit", what, fix), "verdict": "time limit"}
    if not line.endswith(b"\n"):
        return _ended(process, file)
    try:
        answer = json.loads(line)
        if answer["verdict"] in EXIT_CODES:
            return dict(answer)
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    return _failed("answer", f"{file} wrote into the answer of the check, which cannot be read now")


def _ended(process: subprocess.Popen[bytes], file: str) -> Answer:
    """What is said when the process ended without an answer."""
    try:
        code = process.wait(timeout=_SECONDS_TO_ANSWER)
    except subprocess.TimeoutExpired:
        return _failed("answer", f"{file} closed the pipe for the answer, or filled it")
    how = f"with exit code {code}"
    if code < 0:
        known = {number.value: number.name for number in signal.Signals}
        how = f"by {known.get(-code, f'signal {-code}')}"
    what = f"the process that ran {file} was ended {how} before the check was done"
    return _failed(
        "ended", what, "no os._exit; crashes come from extensions written in C, or a lack of memory"
    )


def _failed(kind: str, what: str, fix: str | None = None) -> Answer:
    return {"verdict": "error", "error": trouble(kind, what, fix)}


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the process with all its children."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):  # it has ended, and all its children
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _show(output: bytes) -> None:
    """Print what the code printed, to stderr."""
    if output:
        text = output[:_LONGEST_OUTPUT].decode(errors="replace").rstrip("\n")
        complain(f"{text}\n… the rest of the output is left out" if len(output) > _LONGEST_OUTPUT else text)
