"""How the time of a training step grows with depth and with the mini-batch, beside JAX and PyTorch.

The networks are 784-256-…-256-10 in float32, with SGD: one to eight layers of 256 at batch 128, and two of them at
batches of 32 to 2048. A line a + b·n is fitted through the times of each peer, by least squares of relative errors;
"off" is the largest relative distance of a time from its line.

pip install -e '.[fast]' jax matplotlib torch; python benchmarks/scaling.py

    --output FILE    draw both as well, .png or .svg
    --quick          a few sizes and steps, to see that everything runs; the figures mean nothing
    --engine NAME    of chainrule, fused unless told otherwise
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from _compare import describe_machine, refuse_forced_kernels
from _peers import jax_scan, pytorch_eager
from _work import Data, Work, chainrule, check_losses, measure_steps
from rich.console import Console
from rich.table import Table

WIDTH, DEPTH, BATCH = 256, 2, 128
DEPTHS = range(1, 9)
BATCHES = (32, 64, 128, 256, 512, 1024, 2048)
ROWS_A_TURN = 16_384  # of the data; so that turns last about as long whatever the mini-batch
Times = dict[str, list[float]]
"""For each peer the µs of a step at each size."""


def work_of(depth: int, batch: int) -> Work:
    return Work((784, *[WIDTH] * depth, 10), batch)


def measure_all(works: Sequence[Work], data: Data, *, engine: str, quick: bool) -> Times:
    times: Times = {}
    for work in works:
        peers = {
            "chainrule": chainrule(work, data.raw, data.t, engine=engine),
            "JAX scan": jax_scan(work, data.x, data.t),
            "PyTorch eager": pytorch_eager(work, data.x, data.t),
        }
        check_losses(peers, work.batches(3), ours="chainrule")
        steps = 2 if quick else max(4, ROWS_A_TURN // work.batch)
        for name, median in measure_steps(peers, work.batches(steps), rounds=3 if quick else 9).items():
            times.setdefault(name, []).append(median)
    return times


def fit_line(sizes: Sequence[int], times: Sequence[float]) -> tuple[float, float, float]:
    """a and b of a + b·n, and the largest relative distance of a time from it."""
    n, y = np.array(sizes, dtype=np.float64), np.array(times)
    terms = np.stack([np.ones_like(n), n], axis=1)
    (a, b), *_ = np.linalg.lstsq(terms / y[:, None], np.ones_like(y), rcond=None)
    return float(a), float(b), float(np.max(np.abs((a + b * n) / y - 1)))


def print_table(title: str, sizes: Sequence[int], times: Times) -> None:
    table = Table(title=f"{title}: median, µs a step", title_justify="left")
    table.add_column("peer")
    for heading in (*map(str, sizes), "line", "off"):
        table.add_column(heading, justify="right")
    for name, values in times.items():
        a, b, off = fit_line(sizes, values)
        cells = [f"{value:,.0f}" for value in values]
        table.add_row(name, *cells, f"{a:,.0f} + {b:,.1f} n", f"{100 * off:.0f} %")
    Console(width=130).print(table)


def draw(results: Mapping[str, tuple[Sequence[int], Times]], file: Path) -> None:
    """One picture for each table: the times, and the line through them."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.5), layout="constrained")
    for axes, (title, (sizes, times)) in zip(figure.subplots(1, len(results)), results.items(), strict=True):
        for name, values in times.items():
            a, b, _ = fit_line(sizes, values)
            (points,) = axes.plot(sizes, np.array(values) / 1000, "o", label=name)
            axes.plot(sizes, (a + b * np.array(sizes)) / 1000, color=points.get_color(), linewidth=1)
        axes.set(xlabel=title, ylabel="ms a step", xlim=(0, None), ylim=(0, None))
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    figure.savefig(file)


def main() -> None:
    refuse_forced_kernels()
    parser = argparse.ArgumentParser(description="Time of a step against depth and mini-batch.")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--engine", default="fused")
    options = parser.parse_args()
    every = 3 if options.quick else 1
    depths, batches = DEPTHS[::every], BATCHES[::every]
    works = {
        f"layers of {WIDTH}, batch {BATCH}": (depths, [work_of(depth, BATCH) for depth in depths]),
        f"mini-batch, {work_of(DEPTH, BATCH).name}": (batches, [work_of(DEPTH, batch) for batch in batches]),
    }
    data = work_of(DEPTH, BATCH).data()
    results = {}
    for title, (sizes, measured) in works.items():
        times = measure_all(measured, data, engine=options.engine, quick=options.quick)
        results[title] = sizes, times
        print_table(title, sizes, times)
    Console().print(describe_machine(), style="dim", highlight=False)
    if options.output:
        draw(results, options.output)


if __name__ == "__main__":
    main()
