"""Whatever kills a rank or freezes it, the run ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from kill_ranks import Kill, Undisturbed, verdict

LAUNCH = [sys.executable, "-m", "chainrule", "launch", "-n", "2", "train"]


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return Undisturbed(tmp_path_factory.mktemp("undisturbed"))


@pytest.mark.parametrize(
    "kill",
    [
        Kill("fused", 3, victim=1, step=137, delay=0.003, how="SIGKILL", elastic=False),
        Kill("eager", 3, victim=0, step=211, delay=0.002, how="SIGSTOP", elastic=False),
        Kill("eager", 3, victim=-1, step=86, delay=0.0, how="SIGKILL", elastic=False),
        Kill("fused", 3, victim=0, step=64, delay=0.001, how="SIGKILL", elastic=True),
        Kill("eager", 3, victim=2, step=173, delay=0.004, how="SIGSTOP", elastic=True),
    ],
    ids=lambda kill: f"{kill.engine}-{kill.victim}-{kill.how}{'-elastic' * kill.elastic}",
)  # fmt: skip
def test_a_run_ends_as_if_nothing_had_happened(kill: Kill, tmp_path: Path, undisturbed: Undisturbed) -> None:
    if kill.engine == "fused":
        pytest.importorskip("numba")
    result = verdict(kill, tmp_path / "run", undisturbed)
    assert result["verdict"] == ("within 1e-12" if kill.elastic else "same bits"), result


def test_sigterm_ends_a_launched_run_cleanly_and_it_goes_on_later(tmp_path: Path, data: Path) -> None:
    options = [str(data), "--engine", "eager", "--dtype", "float64", "--batch-size", "5", "--epochs", "60"]
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
    for name in ("whole", "run"):
        process = subprocess.Popen(
            [*LAUNCH, *options, "--out", tmp_path / name],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if name == "run":
            while not (tmp_path / name / "history.json").exists():
                assert process.poll() is None
                time.sleep(0.02)
            os.kill(json.loads((tmp_path / ".run.ranks" / "rank-1").read_text())["pid"], signal.SIGKILL)
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    assert "rank 1 was ended by SIGKILL; started again" in said
    name = "network.safetensors"
    assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
