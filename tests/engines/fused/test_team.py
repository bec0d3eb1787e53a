"""Threads that share a step: shares, barrier, and what becomes of the threads."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")
pytest.importorskip("scipy")

from chainrule.engines.fused import _team
from chainrule.engines.fused._native import Native, native
from chainrule.engines.fused._team import Team, share, threads_allowed

# Each thread counts in its own place; after a barrier everybody must have counted as far, and no further.
HAMMER = """
def run(counts, wrong, rounds, thread, threads, flags):
    for r in range(rounds):
        counts[thread * 16] += 1
        wait(flags, thread, threads)
        for other in range(threads):
            if counts[other * 16] != r + 1:
                wrong[thread * 16] += 1
        wait(flags, thread, threads)
"""
HAMMER_ARGUMENTS = ("int64*", "int64*", "int64", "int64", "int64", "int64")

SHARES = """
def run(out, n, thread, threads):
    first, last = share(n, thread, threads)
    out[0] = first
    out[1] = last
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def patch(folder: Path) -> Iterator[pytest.MonkeyPatch]:
    """Changes that are undone before `sealed` looks for them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAINRULE_CACHE_DIR", str(folder))
        yield patch


# Shares.


@given(st.integers(0, 1000), st.integers(1, 9))
def test_shares_are_all_rows_once_and_nearly_equal(n: int, threads: int) -> None:
    shares = [share(n, thread, threads) for thread in range(threads)]
    assert [row for first, last in shares for row in range(first, last)] == list(range(n))
    sizes = [last - first for first, last in shares]
    assert max(sizes) - min(sizes) <= 1


def test_compiled_shares_are_the_same() -> None:
    function = native(SHARES, "run", ("int64*", "int64", "int64", "int64"))
    out = np.zeros(2, np.int64)
    for n, threads in [(0, 1), (10, 3), (7, 8), (1000, 7)]:
        for thread in range(threads):
            function(out.ctypes.data, n, thread, threads)
            assert out.tolist() == list(share(n, thread, threads))


# The barrier.


def hammer(team: Team, function: Native, rounds: int) -> None:
    counts, wrong = np.zeros((2, 16 * team.threads), np.int64)
    team.run(function, counts.ctypes.data, wrong.ctypes.data, rounds)
    assert counts[::16].tolist() == [rounds] * team.threads
    assert not wrong.any()


@pytest.mark.parametrize(("threads", "rounds"), [(1, 1000), (2, 100_000), (3, 2_000)])
def test_nobody_runs_ahead(threads: int, rounds: int) -> None:
    hammer(Team(threads), native(HAMMER, "run", HAMMER_ARGUMENTS), rounds)


def test_two_teams_do_not_disturb_each_other() -> None:
    function = native(HAMMER, "run", HAMMER_ARGUMENTS)
    problems: list[BaseException] = []

    def work() -> None:
        try:
            team = Team(2)
            for _ in range(20):
                hammer(team, function, 200)
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


# The threads.


def test_the_same_threads_are_used_again_and_end_with_the_team() -> None:
    team = Team(3)
    seen: set[threading.Thread] = set()
    for _ in range(5):
        team.run(lambda *_: seen.add(threading.current_thread()))
    assert len(seen) == 3
    del team
    gc.collect()
    for thread in seen:
        thread.join(5)
        assert not thread.is_alive()


def test_one_thread_is_the_callers() -> None:
    seen: list[Any] = []
    Team(1).run(lambda *given: seen.append((threading.get_ident(), given[:3])), "word")
    assert seen == [(threading.get_ident(), ("word", 0, 1))]


def test_flags_are_zero_for_every_run() -> None:
    team = Team(2)
    text = "def run(out, thread, threads, flags):\n    out[thread] = array_at(flags, 1, int64)[0]\n"
    text += "    wait(flags, thread, threads)\n"
    function = native(text, "run", ("int64*", "int64", "int64", "int64"))
    for _ in range(3):
        out = np.full(2, -1)
        team.run(function, out.ctypes.data)
        assert 0 in out.tolist()
        assert set(out.tolist()) <= {0, 1}  # 1 where the other thread has come to the barrier already


def test_an_error_in_a_thread_is_the_callers() -> None:
    team = Team(2)

    def fail(thread: int, threads: int, flags: int) -> None:
        if thread == 1:
            raise LookupError("of thread 1")

    with pytest.raises(LookupError, match="^'?of thread 1'?$"):
        team.run(fail)
    done: list[int] = []
    team.run(lambda thread, threads, flags: done.append(thread))
    assert sorted(done) == [0, 1]


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_ctrl_c_waits_for_what_has_begun() -> None:
    team, done = Team(2), []

    def slow(thread: int, threads: int, flags: int) -> None:
        if thread == 0:
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.1)
        done.append(thread)

    with pytest.raises(KeyboardInterrupt):
        team.run(slow)
    assert sorted(done) == [0, 1]
    team.run(lambda thread, threads, flags: done.append(thread))
    assert sorted(done) == [0, 0, 1, 1]


FORK = """
import os, signal, warnings
from chainrule.engines.fused._team import Team

warnings.simplefilter("ignore")  # a fork with threads is what is tried here
team, done = Team(2), []
team.run(lambda *_: done.append(1))
child = os.fork()
if child == 0:
    signal.alarm(10)
    team.run(lambda *_: done.append(1))
    os._exit(len(done))
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 4
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_has_threads_of_its_own() -> None:
    subprocess.run([sys.executable, "-c", FORK], check=True, timeout=30)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, 8),
        ({"OMP_NUM_THREADS": "3"}, 3),
        ({"OMP_NUM_THREADS": "4,2"}, 4),
        ({"OMP_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "2", "NUMBA_NUM_THREADS": "5"}, 2),
        ({"OMP_NUM_THREADS": "0", "OPENBLAS_NUM_THREADS": "-1", "NUMBA_NUM_THREADS": "many"}, 8),
        ({"NUMBA_NUM_THREADS": "99"}, 8),
    ],
)
def test_threads_allowed(said: dict[str, str], expected: int, patch: pytest.MonkeyPatch) -> None:
    if hasattr(os, "sched_getaffinity"):
        patch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    else:
        patch.setattr(os, "cpu_count", lambda: 8)
    for name in _team._VARIABLES:
        patch.delenv(name, raising=False)
    for name, value in said.items():
        patch.setenv(name, value)
    assert threads_allowed() == expected
