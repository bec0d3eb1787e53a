"""A command that runs as several ranks: one of them speaks, and an error of any ends all."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO

from .. import comm as ranks
from ..comm import beating, place_among_ranks
from ..errors import ArgumentError, CheckpointError

if TYPE_CHECKING:
    from ..comm import Comm

_OTHERS_FIRST = 1.0  # seconds: what all ranks have to complain of, rank 0 says


class _Speaker:
    """Which rank this is: as it was started, or as its communicator says since; and whether it had an error."""

    def __init__(self) -> None:
        self.started = place_among_ranks()
        self.comm: Comm | None = None
        self.has_failed = False
        self.may_go_on = False  # when it is started again

    @property
    def is_heard(self) -> bool:
        return (self.comm.rank if self.comm is not None else self.started[0]) == 0


class _Quiet:
    """A stream to which rank 0 alone writes, whichever process that is at the moment."""

    def __init__(self, stream: TextIO, speaker: _Speaker) -> None:
        self.stream, self._speaker = stream, speaker

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        return self.stream.write(text) if self._speaker.is_heard else len(text)

    def isatty(self) -> bool:
        return False  # although mpiexec lets its ranks believe so, whatever its own output is


_speaker = _Speaker()


@contextmanager
def as_rank() -> Iterator[list[int]]:
    """Within it a process that is one of several behaves as such; the exit code goes into the list."""
    global _speaker
    _speaker = _Speaker()
    rank, size = _speaker.started
    with beating(rank) as final, _only_rank_0_speaks(size):
        code: list[int] = []
        yield code
        if size > 1:
            _wait_for_rank_0(code)
        if not _speaker.may_go_on:
            final += code
    if _speaker.has_failed and size > 1:
        ranks.abort(code[0])


def _wait_for_rank_0(code: list[int]) -> None:
    """The first rank that ends with another exit code than 0 ends the others, in the middle of what they say."""
    if _speaker.has_failed:
        return
    if _speaker.comm is not None:
        _speaker.comm.first(None)
    elif code != [0] and not _speaker.is_heard:
        time.sleep(_OTHERS_FIRST)


@contextmanager
def _only_rank_0_speaks(size: int) -> Iterator[None]:
    if size == 1:
        yield
        return
    before = sys.stdout, sys.stderr, sys.excepthook
    for name in ("stdout", "stderr"):
        setattr(sys, name, _Quiet(getattr(sys, name), _speaker))
    try:
        yield
    except Exception:  # of ours; Python says at which line, when the streams are open again
        sys.excepthook = _end_all
        raise
    finally:
        sys.stdout, sys.stderr, _ = before


def _end_all(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.__excepthook__(kind, error, trace)
    ranks.abort(1)


def failed(text: str, code: int, *, may_go_on: bool = False) -> int:
    """Complain, as rank 0 at once and as another one where rank 0 has nothing to say; all ranks end.

    may_go_on   whether it may go better when the ranks are started again
    """
    _speaker.has_failed, _speaker.may_go_on = True, may_go_on
    rank, size = _speaker.started
    sys.stdout.flush()
    if size > 1 and not _speaker.is_heard:
        time.sleep(_OTHERS_FIRST)
        text = f"rank {rank}: {text}"
    stream = sys.stderr.stream if isinstance(sys.stderr, _Quiet) else sys.stderr
    print(text, file=stream, flush=True)
    return code


def engine_asked(options: argparse.Namespace) -> str | None:
    """The engine of a train command: the one that is named, or that of the run which goes on; None where neither is."""
    if options.engine is None and options.resume and options.out is not None:
        from ..training import RunFolder

        with suppress(CheckpointError):  # which is told when the run is read
            settings = RunFolder(options.out).read_about().get("settings")
            return settings.get("engine") if isinstance(settings, dict) else None
    engine: str | None = options.engine
    return engine


def communicator(engine: str | None) -> Comm:
    """All ranks of this command; of one process NullComm. For the xla engine JAX joins them, with MPI or without.

    raises   ArgumentError where they were started by something that does not say so
    """
    _, size = _speaker.started
    if size == 1:
        return ranks.NullComm()
    if engine == "xla":
        from ..engines.xla import Processes

        _speaker.comm = Processes()
        return _speaker.comm
    comm = ranks.comm_of("mpi")
    if comm.size != size:
        what = f"this is one of {size} processes, but MPI knows of {comm.size}"
        raise ArgumentError(what, fix="chainrule launch, or the mpiexec of the MPI that mpi4py loads")
    _speaker.comm = comm
    return comm
