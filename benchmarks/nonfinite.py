"""What it costs that every training step is looked at for NaN and infinity: the same training with and without that.

The look is taken out here, in this script, and so are the copies that the fused engine keeps to come back to; nobody
else can turn them off. The two take turns, and the medians of many are compared, so that what else the machine does
falls on both or on neither.

pip install -e '.[fast]'; python benchmarks/nonfinite.py

    --rounds N   turns of each, 301 unless told otherwise
    --quick      a few turns, to see that everything runs; the figures mean nothing
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from unittest import mock

from _compare import describe_machine, refuse_forced_kernels
from _work import Array, Work, chainrule
from rich.console import Console
from rich.table import Table

import chainrule as cr
from chainrule.training import _in_chunks, _one_by_one

AIM = 0.03  # of a step
ROWS = tuple((engine, optimizer) for engine in ("eager", "fused") for optimizer in ("SGD", "Adam"))
STEPS = {
    "eager": 10,
    "fused": 600,
}  # of a turn; what the fused engine does once for an epoch is shared by all of it


class _Unsafe:
    """Nothing to come back to."""

    def __init__(self, *of_no_use: object) -> None: ...
    def keep_up(self, rows: Array, seconds: float) -> None: ...


@contextmanager
def without_a_look() -> Iterator[None]:
    """Training that takes every number for a finite one."""
    with (
        mock.patch.object(_one_by_one, "is_good", return_value=True),
        mock.patch.object(_in_chunks, "is_good", return_value=True),
        mock.patch.object(_in_chunks, "_Safe", _Unsafe),
    ):
        yield


def measure(train: Callable[[Array], object], batches: Array, rounds: int) -> tuple[float, float]:
    """The median seconds of a step with the look, and without."""

    def turn() -> float:
        start = time.perf_counter()
        train(batches)
        return (time.perf_counter() - start) / len(batches)

    turn()
    times: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * rounds):
        looks = number % 4 in (0, 3)  # neither always follows the other
        with nullcontext() if looks else without_a_look():
            times[looks].append(turn())
    return statistics.median(times[True]), statistics.median(times[False])


def main() -> bool:
    refuse_forced_kernels()
    parser = argparse.ArgumentParser(description="The share of a step that goes into looking for NaN.")
    parser.add_argument("--rounds", type=int, default=301)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    table = Table(title="784-50-10, batch 100, float32", title_justify="left")
    table.add_column("engine and optimizer")
    for column in ("with, µs a step", "without, µs", "share", f"aim ≤ {AIM:.0%}"):
        table.add_column(column, justify="right")
    good = True
    for engine, optimizer in ROWS:
        if cr.engines.available()[engine] is not None:
            print(f"without {engine}: {cr.engines.available()[engine]}")
            continue
        work = Work((784, 50, 10), 100, optimizer)
        data = work.data()
        train = chainrule(work, data.raw, data.t, engine=engine)
        rounds = 3 if options.quick else options.rounds
        looking, without = measure(train, work.batches(STEPS[engine]), rounds)
        share = 1 - without / looking
        good &= share <= AIM
        times = (f"{1e6 * seconds:.1f}" for seconds in (looking, without))
        table.add_row(f"{engine}, {optimizer}", *times, f"{share:.1%}", "✓" if share <= AIM else "✗")
    console = Console(width=110)
    console.print(table)
    console.print(describe_machine(), style="dim", highlight=False)
    return good


if __name__ == "__main__":
    sys.exit(not main())
