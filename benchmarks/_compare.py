"""Timing of peers side by side: interleaved, in one process or as one process each, medians and ratios.

Machines are shared and noisy, so only ratios within one run mean something. OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE
force kernels, which suits one peer and not another; nothing is measured while one of them is set.
"""

from __future__ import annotations

import gc
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping

import numpy as np
from rich.console import Console
from rich.table import Table

FORCED = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


def describe_machine() -> str:
    """Processor, cores, NumPy and BLAS, in one line."""
    from threadpoolctl import threadpool_info

    blas = ", ".join(
        f"{i['internal_api']} {i['version']} {i.get('architecture', '')} × {i['num_threads']} threads"
        for i in threadpool_info()
        if i["user_api"] == "blas"
    )
    return f"{platform.machine()}, {os.cpu_count()} cores; NumPy {np.__version__}; {blas}"


def refuse_forced_kernels() -> None:
    """End the program when the environment forces kernels of OpenBLAS."""
    forced = [name for name in FORCED if name in os.environ]
    if forced:
        verb, them = ("force", "them") if len(forced) > 1 else ("forces", "it")
        raise SystemExit(
            f"{' and '.join(forced)} {verb} kernels of OpenBLAS, so times would not be comparable; "
            f"unset {them} and run again"
        )


def measure(peers: Mapping[str, Callable[[], object]], *, rounds: int, calls: int) -> dict[str, float]:
    """The median time of a call of each peer, in µs, measured in turns.

    rounds  how often each peer has its turn
    calls   how many calls make a turn
    """
    refuse_forced_kernels()
    for call in peers.values():  # warm caches, lazy imports, allocators
        for _ in range(calls):
            call()
    times: dict[str, list[float]] = {name: [] for name in peers}
    gc.collect()
    gc.disable()
    try:
        for number in range(rounds):
            names = (
                list(peers) if number % 2 == 0 else list(peers)[::-1]
            )  # nobody always follows the same peer
            for name in names:
                call = peers[name]
                start = time.perf_counter()
                for _ in range(calls):
                    call()
                times[name].append((time.perf_counter() - start) / calls * 1e6)
    finally:
        gc.enable()
    return {name: statistics.median(values) for name, values in times.items()}


def report(
    title: str,
    medians: Mapping[str, float],
    *,
    ours: str,
    limits: Mapping[str, float],
    unit: str = "µs",
    machine: str = "",
) -> bool:
    """Print the medians and how our time compares with each peer's.

    limits   for a peer the largest ratio ours / peer that is aimed for
    machine  what it was measured on; `describe_machine` unless told otherwise
    returns  whether all of them hold
    """
    table = Table(title=title, title_justify="left")
    table.add_column("peer")
    for column in (f"median, {unit}", "chainrule / peer", "aim", ""):
        table.add_column(column, justify="right")
    good = True
    for name, median in medians.items():
        ratio, limit = medians[ours] / median, limits.get(name)
        held = limit is None or ratio <= limit
        good &= held
        aim = "" if limit is None else f"≤ {limit:g}"
        table.add_row(
            name, f"{median:,.1f}", f"{ratio:.2f}", aim, "" if limit is None else "✓" if held else "✗"
        )
    console = Console(width=110)
    console.print(table)
    console.print(machine or describe_machine(), style="dim", highlight=False)
    return good
