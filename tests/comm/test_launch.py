"""Ranks are started, watched, and started again; here they are processes without an MPI."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from chainrule.comm import Job, Launcher

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")
RANK = Path(__file__).with_name("_rank.py")


def launch(folder: Path, deed: str, restarts: int = 1) -> tuple[int, list[str]]:
    said: list[str] = []
    job = Job(
        command=[sys.executable, str(RANK), str(folder), deed], ranks=2, folder=folder / "ranks", mpi=False,
        restarts=restarts, timeout=2.0,
    )  # fmt: skip
    return Launcher(job, said.append).run(), said


def test_what_ends_well_is_started_once(tmp_path: Path) -> None:
    assert launch(tmp_path, "nothing") == (0, [])
    assert (tmp_path / "port-0").read_text() == (tmp_path / "port-1").read_text()
    assert not (tmp_path / "ranks").exists()


@pytest.mark.parametrize(
    ("deed", "cause"),
    [("SIGKILL", "rank 1 was ended by SIGKILL"), ("SIGSTOP", "rank 1 on {host} has given no sign of life for 2 s")],
)  # fmt: skip
def test_a_dead_or_frozen_rank_is_started_again_with_the_others(
    tmp_path: Path, deed: str, cause: str
) -> None:
    start = time.monotonic()
    code, said = launch(tmp_path, deed)
    again = "; started again from the last checkpoint (1 more times at most)"
    assert (code, said) == (0, [cause.format(host=os.uname().nodename) + again])
    assert time.monotonic() - start < 10  # nobody waited for the other one's ten seconds
    ports = (tmp_path / "port-0").read_text().split()
    assert len(set(ports)) == 2, "each attempt has a port of its own"


def test_what_dies_each_time_is_given_up(tmp_path: Path) -> None:
    code, said = launch(tmp_path, "always SIGKILL")
    assert (code, said[-1]) == (1, "rank 1 was ended by SIGKILL; no restarts are left")


def test_an_error_that_a_rank_has_told_is_not_tried_again(tmp_path: Path) -> None:
    assert launch(tmp_path, "wrong") == (2, [])


def test_sigterm_reaches_every_rank(tmp_path: Path) -> None:
    def ask() -> None:
        while len(list(tmp_path.glob("ready-*"))) < 2:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=ask)
    thread.start()
    assert launch(tmp_path, "wait") == (128 + signal.SIGTERM, [])
    thread.join()
    assert len(list(tmp_path.glob("asked-*"))) == 2
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
