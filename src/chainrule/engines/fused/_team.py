"""Threads that share a step: each runs the same native function on its own share.

source  Mellor-Crummey and Scott, Algorithms for scalable synchronization on shared-memory multiprocessors, ACM TOCS 9
        (1991): barriers; with so few threads one counter is as good as any
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import numpy as np

_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
_SPINS = 2_000  # looks at the counter before the processor is left to others; about 5 µs
_LINE = 128  # bytes that processors exchange at a time, at most
_PATIENCE = 1.0  # seconds in which a waiting thread surely takes up its work


def threads_allowed() -> int:
    """How many threads the machine and the environment allow: the least of what they say, at least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # OpenMP allows a list, of which the first number is for the outermost loop.
    said = [os.environ.get(name, "").split(",")[0].strip() for name in _VARIABLES]
    return max(1, min([cores, *(int(value) for value in said if value.isdecimal() and int(value) > 0)]))


class Team:
    """Some threads that wait for work; they end when the team is no longer used.

    The thread that calls `run` only waits for them, so that Ctrl-C cannot take one out of the middle of a step and
    leave the others waiting for it.

    >>> done = []
    >>> Team(2).run(lambda word, thread, threads, flags: done.append((word, thread, threads)), "share")
    >>> sorted(done)
    [('share', 0, 2), ('share', 1, 2)]
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._lock = threading.Lock()
        self._process: int | None = None
        self._first: SimpleQueue[_Run | None] = SimpleQueue()

    def run(self, function: Callable[..., Any], *args: Any) -> None:
        """Call the function on every thread at once, with ``*args, thread, threads, flags``, and wait for all.

        flags  the address of zeros that the threads may use to wait for each other
        raises what a thread raised
        """
        run = _Run(function, args, self.threads)
        if self.threads == 1:
            run.share(0)
        else:
            with self._lock:
                self._start()
                self._hand_over(run)
        if run.problems:
            raise run.problems[0]

    def _start(self) -> None:
        """Threads for this process: a fork leaves them behind."""
        if self._process == os.getpid():
            return
        self._process, self._first = os.getpid(), SimpleQueue()
        mine = self._first
        for number in range(self.threads):
            following: SimpleQueue[_Run | None] | None = SimpleQueue() if number + 1 < self.threads else None
            name = f"chainrule-{number}"
            threading.Thread(target=_serve, args=(number, mine, following), daemon=True, name=name).start()
            mine = following or mine
        weakref.finalize(self, self._first.put, None)

    def _hand_over(self, run: _Run) -> None:
        try:
            self._first.put(run)
            run.done.wait()
        except BaseException:  # Ctrl-C: what has begun is in the caller's memory until it is done
            if run.begun.wait(_PATIENCE):
                while not run.done.is_set():
                    try:
                        run.done.wait()
                    except KeyboardInterrupt:
                        continue
            raise


class _Run:
    """One call of a function on all threads."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], threads: int) -> None:
        self.function, self.args, self.threads = function, args, threads
        self.begun, self.done = threading.Event(), threading.Event()
        self.problems: list[BaseException] = []
        self._left = threads
        self._lock = threading.Lock()
        self._memory = np.zeros(2 * _LINE, np.uint8)
        self._flags = -(-self._memory.ctypes.data // _LINE) * _LINE

    def share(self, thread: int) -> None:
        self.begun.set()
        try:
            self.function(*self.args, thread, self.threads, self._flags)
        except BaseException as problem:
            self.problems.append(problem)
        with self._lock:
            self._left -= 1
            if self._left == 0:
                self.done.set()


def _serve(number: int, mine: SimpleQueue[_Run | None], following: SimpleQueue[_Run | None] | None) -> None:
    """What a thread does: wait for a run, tell the next thread, do its own share."""
    while True:
        run = mine.get()
        if following is not None:
            following.put(run)
        if run is None:
            return
        run.share(number)
        del run  # nothing of the caller's is held while waiting


# In emitted text.


def share(length: int, thread: int, threads: int) -> tuple[int, int]:
    """The first of a thread's share of some rows, and the first behind it.

    >>> [share(10, thread, 3) for thread in range(3)]
    [(0, 3), (3, 6), (6, 10)]
    """
    return length * thread // threads, length * (thread + 1) // threads


def wait(flags: int, thread: int, threads: int) -> None:
    """Nothing is waited for where one thread runs after the other."""


PLAIN_NAMES: dict[str, object] = {"share": share, "wait": wait}


def compiled_names() -> dict[str, object]:
    """The same, compiled; Numba is imported here, since code from the cache does without it."""
    from numba.extending import intrinsic

    return {"share": intrinsic(_share), "wait": intrinsic(_wait)}


def _share(typing: Any, length: Any, thread: Any, threads: Any) -> Any:
    from numba import types
    from numba.core import cgutils

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        length, thread, threads = args
        first = builder.sdiv(builder.mul(length, thread), threads)
        behind = builder.sdiv(builder.mul(length, builder.add(thread, thread.type(1))), threads)
        return cgutils.pack_array(builder, [first, behind])

    return types.UniTuple(types.int64, 2)(types.int64, types.int64, types.int64), emit


def _wait(typing: Any, flags: Any, thread: Any, threads: Any) -> Any:
    """Return when all threads have come here: the counter has reached the next multiple of their number.

    The counter is never set back, so that a thread that is still looking cannot miss the moment.
    """
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils

    word = ir.IntType(64)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        flags, _, threads = args
        leave = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.IntType(32), []), "chainrule_yield"
        )
        with builder.if_then(builder.icmp_signed(">", threads, word(1))):
            counter = builder.inttoptr(flags, word.as_pointer())
            came = builder.atomic_rmw("add", counter, word(1), "acq_rel")
            goal = builder.mul(builder.add(builder.sdiv(came, threads), word(1)), threads)
            before = builder.block
            look, again, arrived = (builder.append_basic_block(name) for name in ("look", "again", "arrived"))
            builder.branch(look)
            builder.position_at_end(look)
            spins = builder.phi(word)
            spins.add_incoming(word(0), before)
            now = builder.load_atomic(counter, "acquire", 8)
            builder.cbranch(builder.icmp_signed("<", now, goal), again, arrived)
            builder.position_at_end(again)
            with builder.if_then(builder.icmp_signed(">", spins, word(_SPINS)), likely=False):
                builder.call(leave, [])
            spins.add_incoming(builder.add(spins, word(1)), builder.block)
            builder.branch(look)
            builder.position_at_end(arrived)
        return context.get_dummy_value()

    return types.none(types.int64, types.int64, types.int64), emit
