"""What a training step costs on N hosts, on paper: the computation of a host's rows, and one all-reduce.

    step(N) = floor(B / N) + 2 · log₂N · alpha + 2 · (N − 1)/N · bytes · beta

The all-reduce is Rabenseifner's algorithm (Thakur, Rabenseifner, Gropp, Optimization of Collective Communication
Operations in MPICH, IJHPCA 19 (2005), section 4.5), without the addition, which is part of beta where it was measured.
The floor is a line through what benchmarks/mpi.py measured for a rank's rows alone, at two sizes of mini-batch. Within
a host alpha and beta are measured too; between hosts they are those of the network, by its data sheet.

python benchmarks/mpi.py --json > measured.json; python benchmarks/scale_model.py measured.json

    --hosts N ...   2 4 8 … 256 unless told otherwise
    --weak          each host has B rows, instead of all hosts together
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mpi import WORKS, Times, fitted, parameters_of
from rich.console import Console
from rich.table import Table

BYTES_A_NUMBER = 4


@dataclass(frozen=True)
class Link:
    """What lies between two ranks: µs for a message, and µs for each byte."""

    name: str
    alpha: float
    beta: float

    def all_reduce(self, ranks: int, size: float) -> float:
        """µs for an array of so many bytes."""
        if ranks == 1:
            return 0.0
        return 2 * math.log2(ranks) * self.alpha + 2 * (ranks - 1) / ranks * size * self.beta


# Latency of an MPI message, and 8 bits a byte: order of magnitude, of which a site's own OSU benchmark knows better.
NETWORKS = [
    Link("10 Gbit Ethernet, TCP", alpha=25.0, beta=8e-4 / 1.0),
    Link("25 Gbit Ethernet, TCP", alpha=20.0, beta=8e-4 / 2.5),
    Link("100 Gbit InfiniBand", alpha=1.5, beta=8e-4 / 10.0),
]


@dataclass(frozen=True)
class Floor:
    """The line through a step's µs without communication."""

    fixed: float
    a_row: float

    @classmethod
    def through(cls, rows: int, full: float, half: float) -> Floor:
        """From the µs of a step with so many rows, and with half of them."""
        a_row = max(0.0, (full - half) / (rows - rows / 2))
        return cls(max(0.0, full - a_row * rows), a_row)

    def __call__(self, rows: float) -> float:
        return self.fixed + self.a_row * max(1.0, rows)


def step(floor: Floor, link: Link, hosts: int, batch: int, size: float, *, weak: bool = False) -> float:
    """µs of a step on so many hosts.

    >>> step(Floor(10.0, 1.0), Link("", 1.0, 0.0), hosts=4, batch=100, size=0.0)
    39.0
    """
    return floor(batch if weak else batch / hosts) + link.all_reduce(hosts, size)


def best(floor: Floor, link: Link, batch: int, size: float) -> int:
    """The number of hosts, a power of two up to the rows of a mini-batch, whose step is shortest."""
    powers = [2**power for power in range(int(math.log2(batch)) + 1)]
    best_of_all: int = min(powers, key=lambda hosts: step(floor, link, hosts, batch, size))
    return best_of_all


def show(measured: dict[int, Times], hosts: Sequence[int], weak: bool, console: Console) -> None:
    """How many times as many rows a second as on one host; and beside it, at 2 ranks, what was measured."""
    within = Link("within this host", *_link_of(measured[2])) if 2 in measured else None
    for work in WORKS:
        size = parameters_of(work) * BYTES_A_NUMBER
        half = measured.get(2, measured[1])[f"{work.name} floor"]
        floor = Floor.through(work.batch, measured[1][f"{work.name} floor"], half)
        table = Table("network between hosts", *map(str, hosts), "stops at")
        table.title = (
            f"{work.name}, batch {work.batch}: {floor(work.batch):.0f} µs on one host, {size / 1e6:.2f} MB"
        )
        for link in NETWORKS:
            times = [step(floor, link, n, work.batch, size, weak=weak) for n in hosts]
            gains = [
                floor(work.batch) / time * (n if weak else 1) for n, time in zip(hosts, times, strict=True)
            ]
            table.add_row(
                link.name, *(f"{gain:.1f}" for gain in gains), str(best(floor, link, work.batch, size))
            )
        console.print(table)
        if within is not None:
            said = step(floor, within, 2, work.batch, size)
            found = measured[2][f"{work.name} strong"]
            console.print(f"2 ranks on this host: {said:.0f} µs by this formula, {found:.0f} µs measured\n")


def _link_of(times: Times) -> tuple[float, float]:
    """alpha and beta of the formula, which has 2 · alpha and 1 · beta for two ranks."""
    alpha, beta = fitted(times)
    return alpha / 2, beta


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("measured", type=Path, help="what benchmarks/mpi.py --json printed")
    parser.add_argument("--hosts", type=int, nargs="+", default=[2**n for n in range(1, 9)], metavar="N")
    parser.add_argument("--weak", action="store_true")
    options = parser.parse_args()
    found = json.loads(options.measured.read_text())
    console = Console(width=110)
    console.print(found["machine"])
    show({int(n): times for n, times in found["ranks"].items()}, options.hosts, options.weak, console)


if __name__ == "__main__":
    main()
