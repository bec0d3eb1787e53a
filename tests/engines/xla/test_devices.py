"""The same numbers on one device, on several of one process, and on those of several processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.engines.xla import Devices, join
from chainrule.errors import ArgumentError, RankError, UnsupportedError
from tests.engines.xla._work import train

ROOT = Path(__file__).parents[3]


def start(file: Path, *parameters: str, **environment: str) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(ROOT / "src"), *sys.path])
    environment["XLA_FLAGS"] = "--xla_backend_optimization_level=0"  # most of the time is the compiler's
    return subprocess.Popen(
        [sys.executable, str(ROOT / "tests/engines/xla/_work.py"), str(file), *parameters],
        env={**os.environ, "PYTHONPATH": path, "JAX_PLATFORMS": "cpu", **environment},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def finish(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0, said


@pytest.fixture(scope="module")
def on_one_device() -> Any:
    return train()


def assert_same(file: Path, wanted: Any, parameters: int = 1) -> None:
    with np.load(file, allow_pickle=False) as found:
        assert len(found) == parameters * len(wanted)
        for name, value in found.items():
            expected = wanted[name.partition("/")[2]]
            np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-14, err_msg=name)


@pytest.mark.parametrize(("count", "parameters"), [(2, "split"), (4, "replicated")])
def test_devices_of_one_process_share_a_mini_batch(count, parameters, tmp_path, on_one_device):
    finish(start(tmp_path / "found.npz", parameters, JAX_NUM_CPU_DEVICES=str(count)))
    assert_same(tmp_path / "found.npz", on_one_device)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def test_processes_share_a_mini_batch(tmp_path, on_one_device):
    """Trainers that are told nothing of them: JAX is asked who there is."""
    files = [tmp_path / f"{rank}.npz" for rank in range(2)]
    where = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "WORLD_SIZE": "2"}
    both = "replicated", "split"
    finish(*(start(file, *both, RANK=str(rank), **where) for rank, file in enumerate(files)))
    for file in files:
        assert_same(file, on_one_device, len(both))


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"RANK": "0", "WORLD_SIZE": "2"}, "it lacks MASTER_ADDR, MASTER_PORT"),
        ({"RANK": "0", "WORLD_SIZE": "two", "MASTER_ADDR": "a", "MASTER_PORT": "1"}, "WORLD_SIZE='two'"),
    ],
)
def test_a_launcher_that_says_too_little_is_refused(environment, said, monkeypatch):
    for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ArgumentError, match=said):
        join()


def test_a_process_alone_has_nobody_to_join(monkeypatch):
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "1")
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    monkeypatch.setenv("MASTER_PORT", "1")
    assert join() == (0, 1)


def test_processes_that_do_not_meet_are_told_why(monkeypatch):
    def initialize(**settings: Any) -> None:
        raise RuntimeError("DEADLINE_EXCEEDED: Barrier timed out.\nand much more")

    for name, value in {"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "a", "MASTER_PORT": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("jax.distributed.initialize", initialize)
    monkeypatch.setattr("jax.config.update", lambda name, value: None)
    with pytest.raises(RankError, match=r"did not meet: DEADLINE_EXCEEDED: Barrier timed out\.\n"):
        join()


def test_a_device_that_is_not_there_is_told(monkeypatch):
    def none() -> None:
        raise RuntimeError("Unable to initialize backend 'cuda': no GPU\nand much more")

    monkeypatch.setattr("jax.devices", none)
    with pytest.raises(
        UnsupportedError, match="nothing to compute on.*: Unable to initialize backend 'cuda': no GPU"
    ):
        Devices()
