"""Starting ranks, watching them, and starting them again where one died.

source   the loop of PyTorch's torchrun (elastic agent): all or nothing, restarted from the last checkpoint
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ._heartbeat import FOLDER, Sign, Watch, ask_to_stop
from ._mpiexec import Told, mpiexec_command, noticing, threads_for_each

_POLL = 0.05  # seconds
_GRACE = 10.0  # seconds between SIGTERM and SIGKILL
_LAST = 3.0  # seconds in which what started the ranks notices that they ended
_BEGIN = 60.0  # seconds beside the time-out, for the first sign of life of a process


@dataclass(frozen=True)
class Job:
    """What is to be run.

    command      what every rank runs; the same again goes on from the last checkpoint
    ranks        how many
    folder       where they show signs of life; on a file system that all hosts see
    mpi          whether mpiexec starts them; else they are processes of this machine that find each other as those of
                 torchrun do
    restarts     how many times they are started again at most
    timeout      seconds without a sign of life after which a rank counts as frozen
    stuck_after  seconds after which all count as stuck where none comes any further, although they show signs of life
    elastic      whether the others go on when a rank dies (ULFM)
    hostfile     for mpiexec; None is this machine
    """

    command: Sequence[str]
    ranks: int
    folder: Path
    mpi: bool = True
    restarts: int = 3
    timeout: float = 30.0
    stuck_after: float = 1800.0
    elastic: bool = False
    hostfile: str | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


class Launcher:
    """Runs a job until it is done, said why it cannot be, or was asked to stop.

    say   where one sentence goes for everything that happens
    """

    def __init__(self, job: Job, say: Callable[[str], None]) -> None:
        self.job, self._say = job, say
        self._signal: int | None = None

    def run(self) -> int:
        """The exit code: that of the ranks, 128 + its number after a signal, 1 where no more restarts are left."""
        before = {number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            for number in range(self.job.restarts + 1):
                shutil.rmtree(self.job.folder, ignore_errors=True)
                # One for each attempt: a rank of the one before, if one is left somewhere, sees that its own is gone.
                folder = self.job.folder / str(number)
                folder.mkdir(parents=True)
                attempt = _Attempt(self.job, folder, lambda: self._signal)
                code, cause = attempt.run()
                if code is None and number == 0 and not attempt.has_begun:  # nor would it the next time
                    code, cause = 1, f"{cause} before any rank began{attempt.details}"
                if code is not None:
                    if cause:
                        self._say(cause)
                    return code
                left = self.job.restarts - number
                wait = 0.0 if attempt.has_begun else self.job.timeout
                when = f" in {wait:g} s" if wait else ""
                what = f"started again from the last checkpoint{when} ({left} more times at most)"
                self._say(f"{cause}; {what if left else 'no restarts are left'}")
                if left and not self._may_go_on_after(wait):
                    return 128 + (self._signal or 0)
            return 1
        finally:
            shutil.rmtree(self.job.folder, ignore_errors=True)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _may_go_on_after(self, seconds: float) -> bool:
        """Wait, for a machine that may come back; False where we are asked to stop."""
        end = time.monotonic() + seconds
        while self._signal is None and time.monotonic() < end:
            time.sleep(_POLL)
        return self._signal is None

    def _note(self, number: int, frame: object) -> None:
        self._signal = number


class _Attempt:
    """One start of all ranks."""

    def __init__(self, job: Job, folder: Path, asked: Callable[[], int | None]) -> None:
        self.job, self._folder, self._asked = job, folder, asked
        self._watch = Watch(folder)
        self._told = Told()
        self._died: dict[int, int] = {}  # exit codes
        self._began = time.monotonic()
        self._progress, self._came_further = 0, self._began

    def run(self) -> tuple[int | None, str]:
        """Exit code and cause; None for the code of what may be tried again."""
        processes = self._start()
        stopping: float | None = None
        ended: float | None = None
        try:
            while any(p.poll() is None for p in processes):
                time.sleep(_POLL)
                now, seen = time.monotonic(), self._watch.signs()
                if self._asked() is not None and stopping is None:
                    stopping = now
                    ask_to_stop(self._folder)
                if stopping is not None and now - stopping > _GRACE:
                    return self._stopped(f"it did not end within {_GRACE:g} s of being asked, and was killed")
                if (frozen := self._frozen(seen)) is not None:
                    if not (self.job.elastic and frozen.is_here):
                        return None, self._cause_of(frozen)
                    self._say_and_kill(frozen)
                if self._is_stuck(seen, now):
                    return None, f"no rank has come any further for {self.job.stuck_after:g} s"
                ended = (ended or now) if self._is_over(seen) else None
                if ended is not None and now - ended > _LAST:
                    break
                if not self.job.mpi and any(p.poll() not in (None, 0) for p in processes):
                    break  # the others would wait for it
        finally:
            # By themselves, and not because we end those that would wait for them.
            self._died = {n: code for n, p in enumerate(processes) if (code := p.poll()) not in (None, 0)}
            self._kill(processes)
        return self._judge()

    # Starting.

    def _start(self) -> list[subprocess.Popen[str]]:
        environment = {**self.job.environment, FOLDER: str(self._folder)}
        ranks, hostfile = self.job.ranks, self.job.hostfile
        environment.setdefault("OMP_NUM_THREADS", str(threads_for_each(ranks, hostfile)))
        if self.job.mpi:
            if hostfile is not None:
                environment = {**noticing(self.job.timeout), **environment}
            prefix = mpiexec_command(
                ranks, hostfile=hostfile, elastic=self.job.elastic, environment=environment
            )
            process = _popen([*prefix, *self.job.command], environment, stderr=subprocess.PIPE)
            assert process.stderr is not None
            self._reader = threading.Thread(target=self._told.pass_on, args=(process.stderr,), daemon=True)
            self._reader.start()
            return [process]
        port = _free_port()
        own = {"WORLD_SIZE": str(ranks), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
        return [
            _popen(self.job.command, {**environment, **own, "RANK": str(rank), "LOCAL_RANK": str(rank)})
            for rank in range(ranks)
        ]

    # Watching.

    def _frozen(self, seen: Sequence[Sign]) -> Sign | None:
        """A rank that has shown no sign of life for too long."""
        for sign in seen:
            if sign.code is None and sign.age > self.job.timeout and _is_alive(sign):
                return sign
        late = time.monotonic() - self._began > self.job.timeout + _BEGIN
        if late and len(seen) < self.job.ranks:
            missing = min(set(range(self.job.ranks)) - {sign.rank for sign in seen})
            return Sign(missing, time.monotonic() - self._began, 0, "", 0, None)
        return None

    @staticmethod
    def _cause_of(frozen: Sign) -> str:
        where = f" on {frozen.host}" if frozen.host else ""
        return f"rank {frozen.rank}{where} has given no sign of life for {frozen.age:.0f} s"

    def _say_and_kill(self, frozen: Sign) -> None:
        print(f"chainrule: {self._cause_of(frozen)}; the others go on", file=sys.stderr, flush=True)
        os.kill(frozen.pid, signal.SIGKILL)

    def _is_stuck(self, seen: Sequence[Sign], now: float) -> bool:
        """Whether all wait for each other: none has come any further for longer than any honest work takes."""
        progress = sum(sign.progress for sign in seen)
        if progress != self._progress:
            self._progress, self._came_further = progress, now
        return now - self._came_further > self.job.stuck_after

    def _is_over(self, seen: Sequence[Sign]) -> bool:
        """Whether every rank that lives has ended in good order."""
        return any(s.code is not None for s in seen) and all(
            s.code is not None or not _is_alive(s) for s in seen
        )

    def _kill(self, processes: Sequence[subprocess.Popen[str]]) -> None:
        """Whatever is left of this attempt, frozen ranks too."""
        sessions = {process.pid for process in processes}
        for process in processes:
            if process.poll() is None:
                process.terminate()  # mpiexec then ends the ranks, on other hosts too
        deadline = time.monotonic() + _LAST
        while time.monotonic() < deadline and any(p.poll() is None for p in processes):
            time.sleep(_POLL)
        for process in processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        for sign in self._watch.signs():
            if sign.is_here and _session(sign.pid) in sessions:
                os.kill(sign.pid, signal.SIGKILL)
        if self.job.mpi:
            self._reader.join(_LAST)

    # Judging.

    @property
    def has_begun(self) -> bool:
        """Whether any rank has shown a sign of life."""
        return bool(self._watch.signs())

    @property
    def details(self) -> str:
        """What mpiexec has to say."""
        return f":\n{text}" if (text := self._told.text.strip()) else ""

    def _judge(self) -> tuple[int | None, str]:
        """By what the ranks themselves wrote when they ended: mpiexec may give 0 for a job that is not done."""
        codes = {sign.rank: sign.code for sign in self._watch.signs() if sign.code is not None}
        if self._asked() is not None:
            return self._stopped("" if codes else "it was stopped before it could save anything")
        said = [code for code in codes.values() if code]
        if said:
            return said[0], ""
        if 0 in codes or (self.job.elastic and codes):
            return 0, ""
        return None, self._cause()

    def _stopped(self, cause: str) -> tuple[int, str]:
        return 128 + (self._asked() or 0), cause

    def _cause(self) -> str:
        if said := self._told.cause():
            return said
        for number, code in self._died.items():
            name = "mpiexec" if self.job.mpi else f"rank {number}"
            how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
            return f"{name} {how}"
        return "the ranks ended before the training was done"


def _popen(
    command: Sequence[str], environment: Mapping[str, str], stderr: int | None = None
) -> subprocess.Popen[str]:
    # A session of its own: Ctrl-C comes to us alone, and what is left of it can be told from other processes.
    return subprocess.Popen(
        command, env=dict(environment), stderr=stderr, text=True, errors="replace", start_new_session=True
    )


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def _is_alive(sign: Sign) -> bool:
    """False for a process of this machine that is gone; of other machines nobody here knows."""
    return not sign.is_here or _session(sign.pid) is not None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
