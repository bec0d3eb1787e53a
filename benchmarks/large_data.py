"""Rows a second and peak memory of training on data that stay on the disk, beside the same data in memory.

Each way is a process of its own, taken in turns: the array in memory, a memory map of NumPy, and a folder of shards,
all of the same pixels (784 numbers a row, uint8) in the same order; and Parquet row groups of 64 columns, beside the
same columns in memory. What is timed are the steps of the second epoch, compiling and measuring left out; the files are
in the system's cache, so this is what reading costs besides the disk.

pip install -e '.[fast,parquet]'; python benchmarks/large_data.py

    --megabytes N   of data (400)
    --runs N        of each way (3)
    --engine NAME   fused unless told otherwise
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

# The measured processes run this file too: all further imports are made where they are needed.

WAYS = ("memory", "memory map", "shards", "columns in memory", "row groups")
HIDDEN = {"784-50-10": (50,), "784-1024-1024-10": (1024, 1024)}
BATCH, SHARD_ROWS, GROUP_ROWS, COLUMNS = 100, 80_000, 50_000, 64


def peak_mb() -> float:
    """The most memory that this process has had resident since `forget_peak`; Linux alone tells."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6


def forget_peak() -> None:
    """Let the peak be what is resident now: compiling needed more."""
    Path("/proc/self/clear_refs").write_text("5")


def write(folder: Path, megabytes: int) -> None:
    """The same rows as one file and as shards, and as many bytes of columns."""
    import numpy as np
    import pyarrow
    import pyarrow.parquet

    rng = np.random.default_rng(0)
    rows = megabytes * 1_000_000 // 784
    x = np.lib.format.open_memmap(folder / "x.npy", "w+", np.uint8, (rows, 784))
    t = rng.integers(0, 10, rows)
    np.save(folder / "t.npy", t)
    for start in range(0, rows, SHARD_ROWS):
        some = slice(start, start + SHARD_ROWS)
        x[some] = rng.integers(0, 256, (len(t[some]), 784), np.uint8)
        np.save(folder / f"train-x-{start:09}.npy", x[some])
        np.save(folder / f"train-t-{start:09}.npy", t[some])
    (folder / "parquet").mkdir()
    rows = megabytes * 1_000_000 // (4 * COLUMNS)
    columns = rng.standard_normal((rows, COLUMNS), np.float32)
    np.save(folder / "columns.npy", columns)
    np.save(folder / "kinds.npy", rng.integers(0, 10, rows))
    names: dict[str, Any] = {f"c{number}": columns[:, number] for number in range(COLUMNS)}
    table = pyarrow.table({**names, "kind": np.load(folder / "kinds.npy")})
    pyarrow.parquet.write_table(table, folder / "parquet" / "train.parquet", row_group_size=GROUP_ROWS)


def load(way: str, folder: Path) -> tuple[Any, Any]:
    import numpy as np

    from chainrule.datasets import load_shards

    if way == "memory":
        return np.load(folder / "x.npy"), np.load(folder / "t.npy")
    if way == "memory map":
        return np.load(folder / "x.npy", mmap_mode="r"), np.load(folder / "t.npy")
    if way == "shards":
        return load_shards(folder)[0]
    if way == "columns in memory":
        return np.load(folder / "columns.npy"), np.load(folder / "kinds.npy")
    return load_shards(folder / "parquet", target="kind")[0]


def measure(way: str, folder: Path, hidden: tuple[int, ...], engine: str) -> dict[str, float]:
    """In this process: rows a second, and how much more memory was needed than before the data were known."""
    from itertools import pairwise

    import numpy as np

    import chainrule as cr

    class Clock(cr.Callback):
        def __init__(self) -> None:
            self.first: tuple[int, float] | None = None

        def on_steps(self, trainer: cr.Trainer, losses: Any) -> None:
            now = trainer.epoch_rows, time.perf_counter()
            if len(trainer.history) == 1:
                self.first = self.first or now
                self.last = now

    def train(x: Any, t: Any, epochs: int) -> Clock:
        clock = Clock()
        sizes = [x.shape[1], *hidden, 10]
        layers: list[Any] = []
        for inputs, outputs in pairwise(sizes):
            layers += [cr.Affine(inputs, outputs), cr.ReLU()]
        net = cr.Sequential(*layers[:-1], seed=0)
        cr.Trainer(net, cr.SGD(0.01), batch_size=BATCH, engine=engine, callbacks=[clock]).fit(
            x, t, epochs=epochs
        )
        return clock

    pixels = "columns" not in way and "groups" not in way
    few = np.zeros((2000, 784), np.uint8) if pixels else np.zeros((2000, COLUMNS), np.float32)
    train(few, np.arange(2000) % 10, 1)  # what all training needs
    forget_peak()
    before = peak_mb()
    clock = train(*load(way, folder), 2)
    assert clock.first is not None
    rows, seconds = (end - start for start, end in zip(clock.first, clock.last, strict=True))
    return {"rows": rows / seconds, "grown": peak_mb() - before}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megabytes", type=int, default=400)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--engine", default="fused")
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        way, folder, sizes = options.measure
        print(json.dumps(measure(way, Path(folder), HIDDEN[sizes], options.engine)))
        return

    from _compare import describe_machine

    print(describe_machine())
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), options.megabytes)
        for sizes in HIDDEN:
            found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
            for _ in range(options.runs):
                for way in WAYS:
                    words = [
                        sys.executable,
                        __file__,
                        "--engine",
                        options.engine,
                        "--measure",
                        way,
                        folder,
                        sizes,
                    ]
                    done = subprocess.run(words, check=True, capture_output=True, text=True, env=os.environ)
                    found[way].append(json.loads(done.stdout))
            print(f"\n{sizes}, batch {BATCH}, {options.megabytes} MB, {options.engine}")
            for way, results in found.items():
                rows = median(result["rows"] for result in results)
                beside = found["memory" if WAYS.index(way) < 3 else "columns in memory"]
                share = rows / median(result["rows"] for result in beside)
                grown = median(result["grown"] for result in results)
                print(f"{way:18}{rows:14,.0f} rows/s{share:8.2f} ×{grown:10.0f} MB more")


if __name__ == "__main__":
    main()
