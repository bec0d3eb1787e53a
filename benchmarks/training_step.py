"""A training step in float32, for networks from tiny to wide, beside JAX, PyTorch and the matrix products alone.

Everybody trains from the same weights on the same mini-batches, gathered inside the step; the losses are compared
before anything is timed. chainrule is given MNIST's pixels as they come, uint8, and scales each mini-batch; its peers
are given float32 already scaled. The row "chainrule, float32 data" starts where they start.

pip install -e '.[fast]' jax torch; python benchmarks/training_step.py

    --row 1 2 …      only these rows of the list of work below
    --no-compile     without torch.compile, which needs a C++ compiler and a minute for each row
    --quick          a few steps each, to see that everything runs; the figures mean nothing
    --json FILE      write the medians, ratios and aims as well
    --engine NAME    of chainrule, fused unless told otherwise
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from _compare import refuse_forced_kernels, report
from _peers import jax_jit, jax_jit_gather, jax_scan, matrix_products, pytorch_compile, pytorch_eager
from _work import Array, Train, Work, chainrule, check_losses, measure_steps

JIT, JIT_GATHER, SCAN = "JAX jit, NumPy gathers", "JAX jit, gathers inside", "JAX scan over all steps"
EAGER, COMPILE, FLOOR = "PyTorch eager", "PyTorch, torch.compile", "matrix products alone"
CHECKED = 5  # steps whose losses are compared


class Row(NamedTuple):
    """Work, how many steps make a turn, how many turns, and the ratios aimed for."""

    work: Work
    steps: int
    rounds: int
    aims: dict[str, float]


def aims(jit: float, scan: float, pytorch: float, floor: float | None = None) -> dict[str, float]:
    limits = {JIT: jit, JIT_GATHER: jit, SCAN: scan, EAGER: pytorch, COMPILE: pytorch}
    return limits if floor is None else {**limits, FLOOR: floor}


MIDDLE, LARGE = (784, 256, 256, 10), (784, 1024, 1024, 10)
ONLY_JIT = {JIT: 0.9, JIT_GATHER: 0.9}
ROWS = (
    Row(Work((784, 50, 10), 100), 600, 15, aims(0.5, 0.7, 0.3, 1.5)),
    Row(Work(MIDDLE, 128), 200, 11, aims(0.7, 0.85, 0.5, 1.12)),
    Row(Work(LARGE, 256), 24, 9, aims(0.9, 0.9, 0.5, 1.04)),
    Row(Work((784, 4096, 4096, 10), 512), 3, 5, aims(0.85, 0.85, 0.5, 1.04)),
    Row(Work((16, 32, 32, 1), 1), 5000, 9, aims(0.2, 0.5, 0.05)),
    Row(Work(MIDDLE, 128, "Momentum"), 200, 11, ONLY_JIT),
    Row(Work(LARGE, 256, "Momentum"), 24, 9, ONLY_JIT),
    Row(Work(MIDDLE, 128, "Adam"), 200, 11, ONLY_JIT),
    Row(Work(LARGE, 256, "Adam"), 24, 9, ONLY_JIT),
)


def make_peers(work: Work, *, engine: str, with_compile: bool) -> dict[str, Train]:
    """chainrule and everybody who is installed."""
    data = work.data()
    peers = {"chainrule": chainrule(work, data.raw, data.t, engine=engine)}
    if data.raw is not data.x:
        peers["chainrule, float32 data"] = chainrule(work, data.x, data.t, engine=engine)
    makers: dict[str, Callable[[Work, Array, Array], Train]] = {
        JIT: jax_jit,
        JIT_GATHER: jax_jit_gather,
        SCAN: jax_scan,
        EAGER: pytorch_eager,
    }
    for name, make in makers.items():
        try:
            peers[name] = make(work, data.x, data.t)
        except ImportError as error:
            print(f"without {name}: {error}")
    if with_compile and EAGER in peers:
        try:
            peers[COMPILE] = pytorch_compile(work, data.x, data.t)
        except Exception as error:  # whatever its many parts raise, the others can be measured
            print(f"without {COMPILE}: {str(error).strip().splitlines()[-1]}")
    return peers


def run(row: Row, *, engine: str, with_compile: bool, quick: bool) -> tuple[bool, dict[str, Any]]:
    work = row.work
    peers = make_peers(work, engine=engine, with_compile=with_compile)
    check_losses(peers, work.batches(CHECKED), ours="chainrule")
    peers[FLOOR] = matrix_products(work)
    steps, rounds = (max(1, row.steps // 10), 3) if quick else (row.steps, row.rounds)
    medians = measure_steps(peers, work.batches(steps), rounds=rounds)
    limits = {name: limit for name, limit in row.aims.items() if name in medians}
    good = report(str(work), medians, ours="chainrule", limits=limits, unit="µs a step")
    ratios = {name: medians["chainrule"] / median for name, median in medians.items()}
    return good, {"work": str(work), "medians": medians, "ratios": ratios, "aims": limits, "held": good}


def main() -> bool:
    refuse_forced_kernels()
    parser = argparse.ArgumentParser(description="Training steps beside JAX and PyTorch.")
    parser.add_argument("--row", type=int, nargs="+", choices=range(1, len(ROWS) + 1), metavar="ROW")
    parser.add_argument("--no-compile", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--engine", default="fused")
    options = parser.parse_args()
    run_row = partial(run, engine=options.engine, with_compile=not options.no_compile, quick=options.quick)
    results = [run_row(ROWS[number - 1]) for number in options.row or range(1, len(ROWS) + 1)]
    if options.json:
        options.json.write_text(json.dumps([result for _, result in results], indent=2, ensure_ascii=False))
    return all(good for good, _ in results)


if __name__ == "__main__":
    sys.exit(not main())
