"""Starting ranks, watching them, and starting them again where one died.

source   the loop of PyTorch's torchrun (elastic agent): all or nothing, restarted from the last checkpoint
"""

from __future__ import annotations

import os
import re
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
from typing import IO

from ..errors import MissingExtraError
from ._heartbeat import FOLDER, Sign, ask_to_stop, signs

_POLL = 0.05  # seconds
_GRACE = 10.0  # seconds between SIGTERM and SIGKILL
_LAST = 3.0  # seconds in which what started the ranks notices that they ended
_BEGIN = 60.0  # seconds beside the time-out, for the first sign of life of a process
_RULE = re.compile(r"-{60,}\s*")
_DIED = re.compile(r"process\s+rank\s+(\d+).*?on\s+node\s+(\S+)\s+exited\s+on\s+signal\s+(\d+)", re.DOTALL)


@dataclass(frozen=True)
class Job:
    """What is to be run.

    command   what every rank runs; the same again goes on from the last checkpoint
    ranks     how many
    folder    where they show signs of life; on a file system that all hosts see
    mpi       whether mpiexec starts them; else they are processes of this machine that find each other as those of
              torchrun do
    restarts  how many times they are started again at most
    timeout   seconds without a sign of life after which a rank counts as frozen
    elastic   whether the others go on when a rank dies (ULFM)
    hostfile  for mpiexec; None is this machine
    """

    command: Sequence[str]
    ranks: int
    folder: Path
    mpi: bool = True
    restarts: int = 3
    timeout: float = 30.0
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
            for attempt in range(self.job.restarts + 1):
                self.job.folder.mkdir(parents=True, exist_ok=True)
                for file in self.job.folder.iterdir():
                    file.unlink()
                code, cause = _Attempt(self.job, lambda: self._signal).run()
                if code is not None:
                    if cause:
                        self._say(cause)
                    return code
                left = self.job.restarts - attempt
                what = f"started again from the last checkpoint ({left} more times at most)"
                self._say(f"{cause}; {what if left else 'no restarts are left'}")
            return 1
        finally:
            shutil.rmtree(self.job.folder, ignore_errors=True)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _note(self, number: int, frame: object) -> None:
        self._signal = number


class _Attempt:
    """One start of all ranks."""

    def __init__(self, job: Job, asked: Callable[[], int | None]) -> None:
        self.job, self._asked = job, asked
        self._said = ""  # by mpiexec
        self._died: dict[int, int] = {}  # exit codes
        self._began = time.monotonic()

    def run(self) -> tuple[int | None, str]:
        """Exit code and cause; None for the code of what may be tried again."""
        processes = self._start()
        stopping: float | None = None
        ended: float | None = None
        try:
            while any(p.poll() is None for p in processes):
                time.sleep(_POLL)
                now, seen = time.monotonic(), signs(self.job.folder)
                if self._asked() is not None and stopping is None:
                    stopping = now
                    ask_to_stop(self.job.folder)
                if stopping is not None and now - stopping > _GRACE:
                    return self._stopped(f"it did not end within {_GRACE:g} s of being asked, and was killed")
                if (frozen := self._frozen(seen)) is not None:
                    if not (self.job.elastic and frozen.is_here):
                        return None, self._cause_of(frozen)
                    self._say_and_kill(frozen)
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
        environment = {**self.job.environment, FOLDER: str(self.job.folder)}
        environment.setdefault("OMP_NUM_THREADS", str(max(1, _cores() // self.job.ranks)))
        if self.job.mpi:
            command = [*mpiexec_command(self.job, environment), *self.job.command]
            process = _popen(command, environment, stderr=subprocess.PIPE)
            assert process.stderr is not None
            self._reader = threading.Thread(target=self._pass_on, args=(process.stderr,), daemon=True)
            self._reader.start()
            return [process]
        port = _free_port()
        own = {"WORLD_SIZE": str(self.job.ranks), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
        return [
            _popen(self.job.command, {**environment, **own, "RANK": str(rank), "LOCAL_RANK": str(rank)})
            for rank in range(self.job.ranks)
        ]

    def _pass_on(self, stream: IO[str]) -> None:
        """What ranks print, without what mpiexec puts between rules: that is said shorter."""
        inside = False
        with stream:
            for line in stream:
                if _RULE.fullmatch(line):
                    inside = not inside
                elif inside or "PMIX" in line or "prterun" in line:
                    self._said += line
                elif line.strip():
                    print(line, end="", file=sys.stderr, flush=True)

    # Watching.

    def _frozen(self, seen: Sequence[Sign]) -> Sign | None:
        """A rank that has shown no sign of life for too long."""
        for sign in seen:
            if sign.code is None and sign.age > self.job.timeout and _is_alive(sign):
                return sign
        late = time.monotonic() - self._began > self.job.timeout + _BEGIN
        if late and len(seen) < self.job.ranks:
            missing = min(set(range(self.job.ranks)) - {sign.rank for sign in seen})
            return Sign(missing, time.monotonic() - self._began, 0, "", None)
        return None

    @staticmethod
    def _cause_of(frozen: Sign) -> str:
        where = f" on {frozen.host}" if frozen.host else ""
        return f"rank {frozen.rank}{where} has given no sign of life for {frozen.age:.0f} s"

    def _say_and_kill(self, frozen: Sign) -> None:
        print(f"chainrule: {self._cause_of(frozen)}; the others go on", file=sys.stderr, flush=True)
        os.kill(frozen.pid, signal.SIGKILL)

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
        for sign in signs(self.job.folder):
            if sign.is_here and _session(sign.pid) in sessions:
                os.kill(sign.pid, signal.SIGKILL)
        if self.job.mpi:
            self._reader.join(_LAST)

    # Judging.

    def _judge(self) -> tuple[int | None, str]:
        """By what the ranks themselves wrote when they ended: mpiexec may give 0 for a job that is not done."""
        codes = {sign.rank: sign.code for sign in signs(self.job.folder) if sign.code is not None}
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
        if found := _DIED.search(self._said):
            rank, host, number = found[1], found[2], int(found[3])
            return f"rank {rank} on {host.rstrip('.')} was ended by {signal.Signals(number).name}"
        for number, code in self._died.items():
            name = "mpiexec" if self.job.mpi else f"rank {number}"
            how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
            return f"{name} {how}"
        return "the ranks ended before the training was done"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def mpiexec_command(job: Job, environment: Mapping[str, str] = os.environ) -> list[str]:
    """mpiexec with its flags: that of the extra, or the site's own.

    raises   MissingExtraError when there is none
    """
    beside = Path(sys.executable).with_name("mpiexec")
    program = str(beside) if beside.exists() else shutil.which("mpiexec")
    if program is None:
        raise MissingExtraError.for_extra("mpi", "openmpi", "starting several processes")
    command = [program, "-n", str(job.ranks)]
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    if job.hostfile:
        command += ["--hostfile", job.hostfile]
    if "Open MPI" not in said and "Open RTE" not in said:
        return command
    # Threads are ours to choose, so no rank is bound to one core.
    command += ["--bind-to", "none"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-run-as-root")
    if job.ranks > _cores() and not job.hostfile:
        command.append("--oversubscribe")
    if job.elastic:
        command += ["--with-ft", "ulfm"]
    if job.hostfile:
        passed = [
            name for name in environment if name.startswith(("CHAINRULE_", "OMP_", "OPENBLAS_", "PYTHON"))
        ]
        command += [word for name in passed for word in ("-x", name)]
    else:  # nothing of a single machine's goes over a network
        command += ["--mca", "pml", "ob1", "--mca", "btl", "self,sm"]
        # Whoever waits lets others have the core: on a busy machine it may be the one that is waited for.
        command += ["--mca", "mpi_yield_when_idle", "1"]
    return command


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
