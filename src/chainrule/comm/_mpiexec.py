"""mpiexec: its flags, and what it says when something dies."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from signal import Signals
from typing import IO

from ..errors import MissingExtraError

_FORWARDED = ("CHAINRULE_", "OMP_", "OPENBLAS_", "MKL_", "NUMBA_", "PYTHON")
_RULE = re.compile(r"-{60,}\s*")
_OF_MPI = re.compile(r"PMIX|prterun|^\s*\[[\w.-]+(:\d+\] (\*\*\*|plm:)|\]\[\[)")
_DIED = re.compile(r"process\s+rank\s+(\d+).*?on\s+node\s+(\S+)\s+exited\s+on\s+signal\s+(\d+)", re.DOTALL)
_CUT_OFF = re.compile(r"lost\s+communication\s+with.*?Remote\s+daemon:.*?on\s+node\s+(\S+)", re.DOTALL)
_GONE = re.compile(r"(?:unexpectedly\s+disconnected.*?Peer\s+host|mca_btl_tcp\S+\s+peer):\s+(\S+)", re.DOTALL)


def mpiexec_command(
    ranks: int,
    *,
    hostfile: str | None = None,
    elastic: bool = False,
    environment: Mapping[str, str] = os.environ,
) -> list[str]:
    """mpiexec with its flags: that of the extra, or the site's own.

    ranks        how many
    hostfile     the machines; None is this one
    elastic      whether the others go on when a rank dies
    environment  of which ranks on other machines get what is about how they compute
    raises       MissingExtraError when there is none
    """
    beside = Path(sys.executable).with_name("mpiexec")
    program = str(beside) if beside.exists() else shutil.which("mpiexec")
    if program is None:
        raise MissingExtraError.for_extra("mpi", "openmpi", "starting several processes")
    command = [program, "-n", str(ranks)]
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    if hostfile:
        command += ["--hostfile", hostfile]
    if "Open MPI" not in said and "Open RTE" not in said:
        return command
    # Threads are ours to choose, so no rank is bound to one core.
    command += ["--bind-to", "none"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-run-as-root")
    if ranks > cores() and not hostfile:
        command.append("--oversubscribe")
    if elastic:
        command += ["--with-ft", "ulfm"]
    if hostfile:
        passed = [name for name in environment if name.startswith(_FORWARDED)]
        command += [word for name in passed for word in ("-x", name)]
    else:  # nothing of a single machine's goes over a network
        command += ["--mca", "pml", "ob1", "--mca", "btl", "self,sm"]
        # Whoever waits lets others have the core: on a busy machine it may be the one that is waited for.
        command += ["--mca", "mpi_yield_when_idle", "1"]
    return command


def noticing(timeout: float) -> dict[str, str]:
    """Variables with which Open MPI notices within the time-out that a machine can no longer be reached.

    Its daemons say nothing to each other while ranks compute; by themselves they notice after eight minutes.
    """
    seconds = {"time": timeout / 2, "intvl": timeout / 6, "probes": 3}
    return {
        f"PRTE_MCA_oob_tcp_keepalive_{name}": str(max(1, round(value))) for name, value in seconds.items()
    }


class Told:
    """What mpiexec and the ranks write to the standard error stream.

    text   what is mpiexec's own
    """

    def __init__(self) -> None:
        self.text = ""

    def pass_on(self, stream: IO[str]) -> None:
        """What ranks write, without what mpiexec puts between rules: that is said shorter."""
        inside = False
        with stream:
            for line in stream:
                line = line.replace("\0", "")  # which mpiexec puts there when a daemon ends
                if _RULE.fullmatch(line):
                    inside = not inside
                elif inside or _OF_MPI.search(line):
                    self.text += line
                elif line.strip():
                    print(line, end="", file=sys.stderr, flush=True)

    def cause(self) -> str | None:
        """Why it ended, as far as it says so."""
        if found := _DIED.search(self.text):
            return f"rank {found[1]} on {found[2].rstrip('.')} was ended by {Signals(int(found[3])).name}"
        if found := _CUT_OFF.search(self.text):
            return f"{found[1]} can no longer be reached"
        if found := _GONE.search(self.text):
            return f"a rank on {found[1]} is gone"
        if "Socket closed" in self.text:
            return "a rank has lost its connection to another one"
        return None


def threads_for_each(ranks: int, hostfile: str | None) -> int:
    """A rank's share of the cores, where machines are alike."""
    return max(1, cores() // -(-ranks // len(_machines(hostfile))))


def _machines(hostfile: str | None) -> Sequence[str]:
    if hostfile is None:
        return ["this one"]
    lines = (line.partition("#")[0].split() for line in Path(hostfile).read_text().splitlines())
    return list({words[0] for words in lines if words}) or ["this one"]


def cores() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
