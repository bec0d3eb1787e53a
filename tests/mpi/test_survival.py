"""Whatever kills a rank or freezes it, the run ends as if nothing had happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from kill_ranks import Run, Undisturbed, random_runs, verdict

from tests.mpi._launched import process_of, wait_for_epochs

SEED = 5
RUNS = [run for run in random_runs(32, SEED) if run.engine != "xla"]
XLA_KILLS = 2  # of the command, below
LAUNCH = [sys.executable, "-m", "chainrule", "launch", "-n", "2", "train"]


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return Undisturbed(tmp_path_factory.mktemp("undisturbed"))


@pytest.mark.parametrize("run", RUNS, ids=str)
def test_a_run_ends_as_if_nothing_had_happened(run: Run, tmp_path: Path, undisturbed: Undisturbed) -> None:
    if run.engine == "fused":
        pytest.importorskip("numba")
    expected = "within 1e-12" if run.elastic else "same bits"
    assert verdict(run, tmp_path / "run", undisturbed) == expected, [f"seed {SEED}", *map(str, run.blows)]


def test_the_kills_are_thirty_of_every_kind() -> None:
    blows = [blow for run in RUNS for blow in run.blows]
    assert len(blows) + XLA_KILLS >= 30
    assert {(run.engine, run.elastic) for run in RUNS} == set(product(("eager", "fused"), (False, True)))
    assert {blow.how for blow in blows} == {"SIGKILL", "SIGSTOP"}
    assert {blow.victim for blow in blows} >= {-1, 0, 1, 2}


def test_sigterm_ends_a_launched_run_cleanly_and_it_goes_on_later(tmp_path: Path, data: Path) -> None:
    options = [str(data), "--engine", "eager", "--dtype", "float64", "--batch-size", "5", "--epochs", "40"]
    run = tmp_path / "run"
    process = subprocess.Popen([*LAUNCH, *options, "--out", run], stdout=subprocess.PIPE, text=True)
    while not (run / "history.json").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM, said
    assert "after step" in said
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".ranks")]
    subprocess.run([*LAUNCH, "--resume", "--out", run], check=True, stdout=subprocess.PIPE, timeout=120)
    subprocess.run(
        [*LAUNCH, *options, "--out", tmp_path / "whole"], check=True, stdout=subprocess.PIPE, timeout=120
    )
    name = "network.safetensors"
    assert (run / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_the_xla_engine_is_launched_too_and_started_again(tmp_path: Path, data: Path) -> None:
    if find_spec("jax") is None:  # which is not imported here: it changes the process
        pytest.skip("there is no JAX")
    options = [str(data), "--engine", "xla", "--dtype", "float64", "--batch-size", "25", "--epochs", "30"]
    rng = np.random.default_rng(SEED)
    victims, epochs = rng.integers(0, 2, XLA_KILLS), rng.integers(1, 10, XLA_KILLS)
    for name in ("whole", "run"):
        process = subprocess.Popen(
            [*LAUNCH, *options, "--out", tmp_path / name],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for victim, epoch in zip(victims, epochs, strict=True) if name == "run" else ():
            wait_for_epochs(epoch, tmp_path / name, process)
            os.kill(process_of(victim, tmp_path / name)[0], signal.SIGKILL)
            assert process.stderr is not None
            while f"rank {victim} was ended by SIGKILL; started again" not in (
                said := process.stderr.readline()
            ):
                assert said, "it ended"
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    name = "network.safetensors"
    assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
