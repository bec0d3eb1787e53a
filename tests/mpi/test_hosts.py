"""Two machines, as far as network and name go: namespaces of this one, joined by a cable that can be cut."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from tests.mpi._launched import process_of, wait_for_epochs

TRAIN = [sys.executable, "-m", "chainrule", "train"]
LAUNCH = [sys.executable, "-m", "chainrule", "launch", "-n", "2", "--timeout", "3", "--restarts", "5"]


class Hosts:
    """The hosts alpha and beta.

    file          the hostfile
    environment   with what starts a process on the other host, in the place of ssh
    """

    def __init__(self, folder: Path) -> None:
        self._holders: list[subprocess.Popen[str]] = []
        try:
            for name in ("alpha", "beta"):
                hold = f"hostname {name} && ip link set lo up && echo ready && exec sleep 600"
                command = ["unshare", "--net", "--uts", "sh", "-c", hold]
                holder = subprocess.Popen(
                    command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
                )
                self._holders.append(holder)
                assert holder.stdout is not None
                if (said := holder.stdout.readline().strip()) != "ready":
                    pytest.skip(f"network namespaces cannot be made here: {said}")
            alpha, beta = (str(holder.pid) for holder in self._holders)
            ends = f"cable netns {alpha} type veth peer name cable netns {beta}"
            cable = ["ip", "link", "add", *ends.split()]
            done = subprocess.run(cable, capture_output=True, text=True)
            if done.returncode:
                pytest.skip(f"no cable can be laid between namespaces here: {done.stderr.strip()}")
            for number, holder in enumerate(self._holders, 1):
                self.run(holder, "ip", "address", "add", f"10.77.0.{number}/24", "dev", "cable")
                self.run(holder, "ip", "link", "set", "cable", "up")
        except BaseException:
            self.close()
            raise
        agent, self.file = folder / "agent", folder / "hosts"
        agent.write_text(f'#!/bin/sh\nshift\nexec nsenter --target {beta} --net --uts sh -c "$*"\n')
        agent.chmod(0o755)
        self.file.write_text("10.77.0.1 slots=1\n10.77.0.2 slots=1\n")
        # As they share the cores of this machine, whoever waits leaves them to the other.
        own = {"PRTE_MCA_plm_ssh_agent": str(agent), "OMPI_MCA_mpi_yield_when_idle": "1"}
        self.environment = {**os.environ, **own}

    def run(self, holder: subprocess.Popen[str], *command: str) -> None:
        subprocess.run([*self._on(holder), *command], check=True)

    @staticmethod
    def _on(holder: subprocess.Popen[str]) -> list[str]:
        return ["nsenter", "--target", str(holder.pid), "--net", "--uts"]

    def start(self, command: Sequence[str | Path]) -> subprocess.Popen[str]:
        """Start a command on alpha."""
        return subprocess.Popen(
            [*self._on(self._holders[0]), *map(str, command)], env=self.environment, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def cable(self, state: str) -> None:
        self.run(self._holders[0], "ip", "link", "set", "cable", state)

    def close(self) -> None:
        for holder in self._holders:
            holder.kill()
            holder.wait()
            if holder.stdout is not None:
                holder.stdout.close()


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Hosts]:
    missing = [program for program in ("unshare", "nsenter", "ip") if shutil.which(program) is None]
    if missing or os.geteuid() != 0:
        why = f"there is no {' and no '.join(missing)}" if missing else "this user is not root"
        pytest.skip(f"network namespaces cannot be made here: {why}")
    hosts = Hosts(tmp_path)
    yield hosts
    hosts.close()


def says(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    return process.stderr.readline().removeprefix("chainrule: ")


def test_what_befalls_another_host_or_the_cable_to_it(hosts: Hosts, tmp_path: Path, data: Path) -> None:
    options = [str(data), "--engine", "eager", "--dtype", "float64", "--batch-size", "25", "--epochs", "200"]
    subprocess.run([*TRAIN, *options, "--out", tmp_path / "one"], check=True, stdout=subprocess.DEVNULL)
    launch = [*LAUNCH, "--hostfile", hosts.file, "train", *options, "--out"]
    whole = hosts.start([*launch, tmp_path / "whole"])
    _, said = whole.communicate(timeout=120)
    assert (whole.returncode, said) == (0, "")
    one, other = (cr.load(tmp_path / name / "network.safetensors").arrays for name in ("one", "whole"))
    for name, array in one.items():
        np.testing.assert_allclose(other[name], array, rtol=1e-12, atol=1e-14)

    run = tmp_path / "run"
    process = hosts.start([*launch, run])
    wait_for_epochs(5, run, process)
    pid, host = process_of(1, run)
    assert host == "beta"
    os.kill(pid, signal.SIGKILL)
    # Its daemon may say so first, or the rank that it leaves alone, which does not always know who it was.
    causes = "rank 1 on beta was ended by SIGKILL", "a rank on beta is gone", "a rank has lost its connection"
    assert says(process).startswith(causes)
    wait_for_epochs(5, run, process)
    hosts.cable("down")
    assert says(process).startswith("beta can no longer be reached; started again from the last checkpoint (")
    hosts.cable("up")
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    name = "network.safetensors"
    assert (run / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
