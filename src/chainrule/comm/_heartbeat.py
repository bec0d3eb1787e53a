"""Signs of life: a small file for each rank, which whoever started the ranks looks at.

A rank that was frozen (SIGSTOP, a dead host) still counts as running for everybody else, and they wait for it. Files in
the run's folder reach as far as the run itself does; nothing listens on a network for them.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FOLDER = "CHAINRULE_RANKS"
"""The variable with the folder in which ranks show that they live; not set where nobody looks."""

_SECONDS = 0.5  # between two signs
_STOP = "stop"
_progress = 0


def advance() -> None:
    """Say that the work of this process has come further; to be called often, as long as it does."""
    global _progress
    _progress += 1


@dataclass(frozen=True)
class Sign:
    """The latest of a rank.

    rank      its number when it was started
    age       seconds since it was first seen
    pid       of its process on `host`
    progress  how often the rank's work has come further
    code      its exit code, once it ended in good order
    """

    rank: int
    age: float
    pid: int
    host: str
    progress: int
    code: int | None

    @property
    def is_here(self) -> bool:
        return self.host == host_name()


def host_name() -> str:
    """Of this machine."""
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")


@contextmanager
def beating(rank: int, environment: Mapping[str, str] = os.environ) -> Iterator[list[int]]:
    """Show signs of life meanwhile, if somebody looks; what is put into the list at the end is the exit code."""
    code: list[int] = []
    if not environment.get(FOLDER):
        yield code
        return
    folder, over = Path(environment[FOLDER]), threading.Event()
    is_shared = folder.is_dir()

    def beat() -> None:
        asked = False
        while not over.wait(_SECONDS):
            if is_shared and not folder.is_dir():
                # Whoever looked has given up on this rank; another may train in its place, so it must save nothing.
                os._exit(1)
            _write(folder, rank)
            if not asked and (folder / _STOP).exists():
                asked = True
                os.kill(os.getpid(), signal.SIGTERM)

    _write(folder, rank)
    thread = threading.Thread(target=beat, daemon=True, name="chainrule-heartbeat")
    thread.start()
    try:
        yield code
    finally:
        over.set()
        thread.join()
        if code:
            _write(folder, rank, code=code[0])


def _write(folder: Path, rank: int, **more: int) -> None:
    """Nothing of the training depends on it: where it cannot be written, somebody will ask why."""
    about = {"pid": os.getpid(), "host": host_name(), "progress": _progress, **more}
    new = folder / f".rank-{rank}"
    try:
        new.write_text(json.dumps(about))
        new.replace(folder / f"rank-{rank}")
    except OSError:
        pass


class Watch:
    """Looks at the signs of life in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # When the latest of each rank was written, by the clock that was there, and when it was first seen, by ours.
        self._seen: dict[int, tuple[int, float]] = {}

    def signs(self) -> list[Sign]:
        """Of all ranks that have shown one, by rank."""
        found = []
        for file in self.folder.glob("rank-*"):
            try:
                about = json.loads(file.read_text())
                written = file.stat().st_mtime_ns
            except (OSError, ValueError):  # replaced at this moment
                continue
            rank, now = int(file.name.removeprefix("rank-")), time.monotonic()
            if self._seen.get(rank, (None, now))[0] != written:
                self._seen[rank] = written, now
            age = now - self._seen[rank][1]
            found.append(Sign(rank, age, about["pid"], about["host"], about["progress"], about.get("code")))
        return sorted(found, key=lambda sign: sign.rank)


def ask_to_stop(folder: Path) -> None:
    """Let every rank, wherever it is, send itself SIGTERM."""
    (folder / _STOP).touch()
