"""Processes of mpiexec train as one does, and say what one says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.comm import mpiexec_command

FIT = Path(__file__).with_name("_fit.py")
TRAIN = [sys.executable, "-m", "chainrule", "train"]


def mpiexec(ranks: int, *command: str | Path) -> subprocess.CompletedProcess[str]:
    prefix = mpiexec_command(ranks)
    return subprocess.run([*prefix, *map(str, command)], capture_output=True, text=True, timeout=120)


def history(run: Path) -> list[dict[str, Any]]:
    epochs: list[dict[str, Any]] = json.loads((run / "history.json").read_text())["epochs"]
    return [{name: value for name, value in epoch.items() if name != "seconds"} for epoch in epochs]


@pytest.mark.parametrize(("engine", "ranks"), [("eager", 3), ("fused", 2)])
def test_a_script_trains_with_several_processes(tmp_path: Path, engine: str, ranks: int) -> None:
    if engine == "fused":
        pytest.importorskip("numba")
    done = mpiexec(ranks, sys.executable, "-m", "mpi4py", FIT, tmp_path / "several", engine, "mpi")
    assert done.returncode == 0, done.stderr
    subprocess.run([sys.executable, FIT, tmp_path / "one", engine], check=True, timeout=120)
    several, one = (json.loads((tmp_path / name).read_text()) for name in ("several", "one"))
    assert (several["size"], one["size"]) == (ranks, 1)
    np.testing.assert_allclose(several["loss"], one["loss"], rtol=1e-12)
    np.testing.assert_allclose(several["W1"], one["W1"], rtol=1e-12, atol=1e-14)
    assert several["accuracy"] == one["accuracy"]


def test_the_command_trains_with_several_processes_and_one_of_them_speaks(tmp_path: Path, data: Path) -> None:
    options = ["--dtype", "float64", "--engine", "eager", "--epochs", "4", "--batch-size", "32"]
    done = mpiexec(3, *TRAIN, data, *options, "--out", tmp_path / "several")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("train loss") == done.stdout.count("4 epochs in") == 1
    subprocess.run([*TRAIN, data, *options, "--out", tmp_path / "one"], check=True, timeout=120)
    for mine, other in zip(history(tmp_path / "several"), history(tmp_path / "one"), strict=True):
        assert mine.keys() == other.keys()
        np.testing.assert_allclose(list(mine.values()), list(other.values()), rtol=1e-12)


def test_ranks_with_other_settings_are_refused_with_one_sentence(tmp_path: Path, data: Path) -> None:
    shell = 'exec "$0" -m chainrule train "$1" --engine eager --out "$2" --seed $OMPI_COMM_WORLD_RANK'
    done = mpiexec(2, "sh", "-c", shell, sys.executable, data, tmp_path / "run")
    assert done.returncode == 2
    assert done.stderr.count("chainrule: rank 1 has other settings than rank 0") == 1
    assert "Traceback" not in done.stderr


def test_an_error_of_one_rank_ends_all_and_is_told_by_it(tmp_path: Path, data: Path) -> None:
    shell = 'test $OMPI_COMM_WORLD_RANK = 1 && set -- "$1.gone" "$2"; exec "$0" -m chainrule train "$1" --out "$2"'
    done = mpiexec(2, "sh", "-c", shell, sys.executable, data, tmp_path / "run")
    assert done.returncode == 2
    assert "rank 1: chainrule: " in done.stderr
    assert "small.npz.gone" in done.stderr
