"""Ranks are started, watched, and started again; here they are processes without an MPI."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.comm import Job, Launcher, beating
from chainrule.comm._heartbeat import Watch

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")
RANK = Path(__file__).with_name("_rank.py")


def launch(folder: Path, deed: str, restarts: int = 1, stuck_after: float = 60.0) -> tuple[int, list[str]]:
    said: list[str] = []
    job = Job(
        command=[sys.executable, str(RANK), str(folder), deed], ranks=2, folder=folder / "ranks", mpi=False,
        restarts=restarts, timeout=2.0, stuck_after=stuck_after,
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


@pytest.mark.parametrize("deed", ["slow", "stuck"])
def test_ranks_that_live_but_come_no_further_are_started_again(tmp_path: Path, deed: str) -> None:
    again = (
        "no rank has come any further for 2 s; started again from the last checkpoint (1 more times at most)"
    )
    assert launch(tmp_path, deed, stuck_after=2.0) == (0, [again] if deed == "stuck" else [])


def test_training_and_evaluating_come_further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINRULE_RANKS", str(tmp_path))
    with beating(0):
        before = Watch(tmp_path).signs()[0].progress
        trainer = cr.Trainer(cr.TwoLayerNet(2, 3, 2), cr.SGD(0.1), batch_size=1)
        trainer.fit(np.eye(2), np.array([0, 1]), epochs=3)
        while Watch(tmp_path).signs()[0].progress < before + 6:  # the next sign
            time.sleep(0.02)


def test_what_never_begins_is_not_tried_again(tmp_path: Path) -> None:
    said: list[str] = []
    job = Job(command=[sys.executable, "-c", "exit(3)"], ranks=1, folder=tmp_path / "ranks", mpi=False)
    assert Launcher(job, said.append).run() == 1
    assert said == ["rank 0 ended with exit code 3 before any rank began"]


def test_a_rank_ends_when_nobody_looks_for_it_any_more(tmp_path: Path) -> None:
    script = "import time; from chainrule.comm import beating\nwith beating(0): time.sleep(30)"
    folder = tmp_path / "ranks"
    folder.mkdir()
    environment = {**os.environ, "CHAINRULE_RANKS": str(folder)}
    process = subprocess.Popen([sys.executable, "-c", script], env=environment)
    while not (folder / "rank-0").exists():
        time.sleep(0.02)
    while folder.exists():  # a sign may come in between
        shutil.rmtree(folder, ignore_errors=True)
    assert process.wait(timeout=20) == 1
