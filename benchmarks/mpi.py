"""What several processes gain: a training step on 1 and 2 ranks, strong and weak, and what the all-reduce costs.

Each rank is one thread, so that 2 ranks have twice the cores of 1. Strong scaling shares the mini-batch, weak scaling
gives each rank as many rows. Figures are medians of several starts.

"floor" is the step of a rank's rows without the others, while they do the same; a line
alpha + beta · bytes is fitted through the times of all-reduces of 8 bytes to 8 MB, by least squares of relative errors.
"overlap" is what a matrix product and an all-reduce of the network's gradients take together when the all-reduce is
begun before the product and waited for after it (Iallreduce), beside the one after the other.

"DDP" is PyTorch's DistributedDataParallel (over gloo, its way for CPUs) in the same processes, on the same
mini-batches, where PyTorch is installed. Its losses are compared with ours before anything is timed.

pip install -e '.[fast,mpi]' torch; python benchmarks/mpi.py

    --ranks N ...   1 and 2 unless told otherwise
    --rounds N      how often the processes of each number of ranks are started, in turns (5)
    --json          print one JSON object, which benchmarks/scale_model.py reads
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from socket import socket
from typing import Any

import numpy as np
from _compare import describe_machine, refuse_forced_kernels
from _peers import torch_loop, torch_network
from _work import Array, Train, Work, chainrule
from rich.console import Console
from rich.table import Table

from chainrule.comm import Comm, MpiComm, mpiexec_command

WORKS = [Work((784, 50, 10), 100), Work((784, 256, 256, 10), 128), Work((784, 1024, 1024, 10), 256)]
BYTES = [8 << (2 * power) for power in range(11)]
ROWS = 4096
TURN, TURNS = 0.005, 60  # seconds, and how many of them

Times = dict[str, float]
"""µs by what was measured."""


def parameters_of(work: Work) -> int:
    return sum((a + 1) * b for a, b in zip(work.sizes, work.sizes[1:], strict=False))


def ours(work: Work, comm: Comm | None, x: Array, t: Array) -> Train:
    return chainrule(work, x, t, engine="fused", comm=comm)


def ddp(work: Work, comm: Comm, x: Array, t: Array) -> Train:
    """PyTorch's DistributedDataParallel on this rank's rows of each mini-batch; returns the losses of these."""
    import torch
    from torch.nn.functional import cross_entropy
    from torch.nn.parallel import DistributedDataParallel

    net = DistributedDataParallel(torch_network(work))
    optimizer = torch.optim.SGD(net.parameters(), lr=work.lr, fused=True)
    train = torch_loop(net, optimizer, cross_entropy, x, t)

    def train_own(batches: Array) -> Any:
        rows = batches.shape[1]
        own = batches[:, rows * comm.rank // comm.size : rows * (comm.rank + 1) // comm.size]
        return train(np.ascontiguousarray(own))

    return train_own


def check_same(work: Work, comm: Comm, mine: Train, theirs: Train) -> None:
    batches = np.random.default_rng(3).integers(0, ROWS, (5, work.batch))
    losses = np.array([float(loss) for loss in theirs(batches)])
    comm.allreduce_sum(losses)
    np.testing.assert_allclose(losses / comm.size, mine(batches), rtol=1e-3)


def timed(comm: Comm, calls: Mapping[str, Callable[[int], object]]) -> Times:
    """µs of each of the times that a call is told to do it: what the fastest tenth of many turns stays below.

    A rank that another program keeps from its core holds up all; that is a property of a shared machine.
    """
    several = {}
    for name, call in calls.items():
        call(3)
        comm.first(None)
        start = time.perf_counter()
        call(5)
        several[name] = max(1, int(comm.broadcast(5 * TURN / (time.perf_counter() - start))))
    turns: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(TURNS):
        for name, call in calls.items():
            comm.first(None)
            start = time.perf_counter()
            call(several[name])
            turns[name].append(1e6 * (time.perf_counter() - start) / several[name])
    return {name: float(np.percentile(found, 10)) for name, found in turns.items()}


def repeated(once: Callable[[], object]) -> Callable[[int], object]:
    return lambda times: [once() for _ in range(times)]


def all_reduce(comm: Comm, size: int) -> Callable[[int], object]:
    flat = np.zeros(size // 4, np.float32)
    return repeated(lambda: comm.allreduce_sum(flat))


def measure_rank(comm: MpiComm) -> Times:
    """What one start of these ranks measures."""
    rng = np.random.default_rng(0)
    x, t = rng.random((ROWS, 784), np.float32), rng.integers(0, 10, ROWS)
    times: Times = {}
    has_torch = find_spec("torch") is not None
    if has_torch:
        join_torch(comm)
    for work in WORKS:
        calls = {"floor": stepper(ours(work, None, x, t), -(-work.batch // comm.size))}
        for kind, rows in (("strong", work.batch), ("weak", work.batch * comm.size)):
            mine = ours(work, comm, x, t)
            calls[kind] = stepper(mine, rows)
            if has_torch:
                theirs = ddp(work, comm, x, t)
                check_same(work, comm, mine, theirs)
                calls[f"{kind} DDP"] = stepper(theirs, rows)
        found = timed(comm, calls) | (overlap(comm, work) if comm.size > 1 else {})
        times |= {f"{work.name} {name}": value for name, value in found.items()}
    if comm.size > 1:
        times |= timed(comm, {f"all-reduce {size}": all_reduce(comm, size) for size in BYTES})
    return times


def stepper(run: Train, rows: int) -> Callable[[int], object]:
    rng = np.random.default_rng(1)
    return lambda steps: run(rng.integers(0, ROWS, (steps, rows)))


def join_torch(comm: Comm) -> None:
    """Let PyTorch's processes find each other."""
    import torch

    torch.set_num_threads(1)
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = comm.broadcast(probe.getsockname()[1])
    torch.distributed.init_process_group(
        "gloo", init_method=f"tcp://127.0.0.1:{port}", rank=comm.rank, world_size=comm.size
    )


def overlap(comm: MpiComm, work: Work) -> Times:
    """An all-reduce beside the product of the largest layer's gradient: one after the other, and begun before it."""
    a, b = max(zip(work.sizes, work.sizes[1:], strict=False), key=lambda pair: pair[0] * pair[1])
    rng = np.random.default_rng(2)
    x, dy = rng.random((work.batch, a), np.float32), rng.random((work.batch, b), np.float32)
    flat, summed = np.zeros((2, parameters_of(work)), np.float32)
    out = np.zeros((a, b), np.float32)

    def after() -> None:
        np.matmul(x.T, dy, out=out)
        comm.allreduce_sum(flat)

    def beside() -> None:
        request = comm.handle.Iallreduce(flat, summed)
        np.matmul(x.T, dy, out=out)
        request.Wait()

    return timed(comm, {"after": repeated(after), "beside": repeated(beside)})


def start(ranks: int) -> Times:
    """Start so many ranks, and read what rank 0 prints."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    prefix = mpiexec_command(ranks)
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "mpi4py", __file__, "--rank"], env=environment, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    times: Times = json.loads(done.stdout.splitlines()[-1])
    return times


def fitted(times: Mapping[str, float]) -> tuple[float, float]:
    """alpha in µs and beta in µs a byte."""
    n = np.array(BYTES, np.float64)
    y = np.array([times[f"all-reduce {size}"] for size in BYTES])
    terms = np.stack([np.ones_like(n), n], axis=1)
    (alpha, beta), *_ = np.linalg.lstsq(terms / y[:, None], np.ones_like(y), rcond=None)
    return float(alpha), float(beta)


def median_of(found: Sequence[Times]) -> Times:
    return {name: statistics.median(times[name] for times in found) for name in found[0]}


def share_of_ddp(times: Times, name: str) -> str:
    """Our time as a share of PyTorch's."""
    ddp = times.get(f"{name} DDP")
    return "" if ddp is None else f"{times[name] / ddp:.2f}"


def show(results: Mapping[int, Times], console: Console) -> None:
    heads = "network,ranks,strong µs,gain,of DDP,weak µs,efficiency,of DDP,floor µs,rest µs".split(",")
    table = Table(*heads)
    one = results[min(results)]
    for work in WORKS:
        for ranks, times in results.items():
            strong, weak, floor = (times[f"{work.name} {kind}"] for kind in ("strong", "weak", "floor"))
            gain = one[f"{work.name} strong"] / strong
            efficiency = one[f"{work.name} weak"] / weak
            table.add_row(
                f"{work.name}, batch {work.batch}", str(ranks),
                f"{strong:.0f}", f"{gain:.2f}", share_of_ddp(times, f"{work.name} strong"),
                f"{weak:.0f}", f"{efficiency:.0%}", share_of_ddp(times, f"{work.name} weak"),
                f"{floor:.0f}", f"{strong - floor:.0f}",
            )  # fmt: skip
    console.print(table)
    for ranks, times in results.items():
        if ranks > 1:
            alpha, beta = fitted(times)
            console.print(f"{ranks} ranks: all-reduce {alpha:.1f} µs + {1e6 * beta:.0f} µs a MB")
            for work in WORKS:
                after, beside = (times[f"{work.name} {name}"] for name in ("after", "beside"))
                console.print(
                    f"  {work.name}: product, then all-reduce {after:.0f} µs; beside it {beside:.0f} µs"
                )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ranks", type=int, nargs="+", default=[1, 2], metavar="N")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rank", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.rank:
        comm = MpiComm()
        found = measure_rank(comm)
        if comm.rank == 0:
            print(json.dumps(found), flush=True)
        return
    refuse_forced_kernels()
    rounds: dict[int, list[Times]] = {ranks: [] for ranks in options.ranks}
    for _ in range(options.rounds):
        for ranks, starts in rounds.items():
            starts.append(start(ranks))
    results = {ranks: median_of(starts) for ranks, starts in rounds.items()}
    if options.json:
        print(json.dumps({"machine": describe_machine(), "ranks": results}, indent=1))
    else:
        console = Console(width=120)
        console.print(describe_machine())
        show(results, console)


if __name__ == "__main__":
    main()
