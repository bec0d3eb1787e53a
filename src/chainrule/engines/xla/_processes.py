"""Several processes that compute as one: what launchers say, told to `jax.distributed`."""

from __future__ import annotations

import inspect
import os
from contextlib import suppress
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils

from ...comm import Comm
from ...errors import ArgumentError, RankError
from ._devices import computing

_LAUNCHER = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
_SECONDS_TO_MEET, _SECONDS_TO_PART = 60, 10
_LOCAL = ("localhost", "127.0.0.1", "::1")


def join(*, heartbeat_seconds: int = 100) -> tuple[int, int]:
    """Meet the other processes of this run; then each `Trainer` of the xla engine shares its mini-batches with them.

    To be called before anything is computed with JAX. Where the environment has torchrun's names (RANK, WORLD_SIZE,
    MASTER_ADDR, MASTER_PORT) these count; else JAX asks Slurm, Kubernetes, a TPU pod, or, below mpiexec, MPI (which
    needs mpi4py). Alone, or called again, it does nothing.

    heartbeat_seconds  after which silence of a process ends all the others: nothing else is heard of a frozen host
    returns            the number of this process, from 0, and how many there are
    raises             ArgumentError when some of the names are missing or are no numbers; RankError when the others
                       do not come within a minute, or JAX has computed already
    """
    if not jax.distributed.is_initialized():
        arguments = _from_launcher() or _from_cluster()
        # Before JAX is asked for devices: it must not be, if somebody is to be joined later.
        if arguments is None:
            return 0, 1
        waits = {
            "initialization_timeout": _SECONDS_TO_MEET,
            "heartbeat_timeout_seconds": heartbeat_seconds,
            "shutdown_timeout_seconds": _SECONDS_TO_PART,  # which JAX 0.8 has not
        }
        known = inspect.signature(jax.distributed.initialize).parameters
        # JAX would take SIGTERM for itself, and a process that does not ask it would not end; 0.8 cannot be told so.
        with suppress(AttributeError):
            jax.config.update("jax_enable_preemption_service", False)
        # Two programs with sums over processes must not run at once: each process would meet the sums in an order of
        # its own, and all would wait for each other. On CPUs one begins when the one before has ended.
        jax.config.update("jax_cpu_enable_async_dispatch", False)
        try:
            jax.distributed.initialize(**arguments, **{name: s for name, s in waits.items() if name in known})
        except (RuntimeError, ValueError) as problem:
            reason = (str(problem).strip() or type(problem).__name__).splitlines()[0]
            fix = (
                "all processes started within a minute, MASTER_ADDR and MASTER_PORT the same for all and free"
            )
            raise RankError(f"the processes of this run did not meet: {reason}", fix=fix) from problem
    return jax.process_index(), jax.process_count()


class Processes(Comm):
    """The processes that `join` finds, as a communicator: for what they must decide alike.

    Rows are not split by it: a mini-batch is split over the devices of all processes by the engine.

    >>> Processes().size
    1
    """

    splits_rows = False

    def __init__(self) -> None:
        self.rank, self.size = join()

    def allreduce_sum(self, flat: np.ndarray[Any, Any]) -> None:
        if self.size > 1:
            with computing():
                flat[...] = np.sum(multihost_utils.process_allgather(flat), axis=0, dtype=flat.dtype)


def _from_launcher() -> dict[str, Any] | None:
    """What torchrun's names say; None where there are none, or one process."""
    values = {name: os.environ.get(name) for name in _LAUNCHER}
    if values["WORLD_SIZE"] is None or values["RANK"] is None:
        return None
    missing = [name for name, value in values.items() if not value]
    if missing:
        needed = f"to join other processes, the environment must have {', '.join(_LAUNCHER)}"
        raise ArgumentError(
            f"{needed}; it lacks {', '.join(missing)}",
            fix="MASTER_ADDR=127.0.0.1 MASTER_PORT=29500 on one machine",
        )
    try:
        rank, size = int(values["RANK"]), int(values["WORLD_SIZE"])
        port = int(values["MASTER_PORT"] or "")
    except ValueError:
        said = ", ".join(f"{name}={value!r}" for name, value in values.items())
        raise ArgumentError(
            f"RANK, WORLD_SIZE and MASTER_PORT must be whole numbers; there is {said}"
        ) from None
    if size == 1:
        return None
    address = f"{values['MASTER_ADDR']}:{port}"
    # By itself it would listen on all of the machine's interfaces, where whoever finds it may join.
    bind = {"coordinator_bind_address": address} if values["MASTER_ADDR"] in _LOCAL else {}
    return {
        "coordinator_address": address,
        "num_processes": size,
        "process_id": rank,
        "cluster_detection_method": "deactivate",
        **bind,
    }


def _from_cluster() -> dict[str, Any] | None:
    """What a cluster says; None outside of one."""
    if "OMPI_COMM_WORLD_SIZE" in os.environ or "PMI_SIZE" in os.environ:
        size = int(os.environ.get("OMPI_COMM_WORLD_SIZE") or os.environ["PMI_SIZE"])
        return {"cluster_detection_method": "mpi4py"} if size > 1 else None
    if int(os.environ.get("SLURM_NTASKS", "1")) > 1 and "SLURM_PROCID" in os.environ:
        return {}
    return {} if "JOB_COMPLETION_INDEX" in os.environ else None
