"""Rows a second and peak memory of training on data that stay on the disk, beside the same data in memory.

Each way is a process of its own, taken in turns: the array in memory, a memory map of NumPy, and a folder of shards,
all of the same pixels (784 numbers a row, uint8) in the same order; and Parquet row groups of 64 columns, beside the
same columns in memory. What is timed are the steps of the second epoch, compiling and measuring left out; the files are
in the system's cache, so this is what reading costs besides the disk.

pip install -e '.[fast,parquet]'; python benchmarks/large_data.py

    --megabytes N   of data (400)
    --runs N        of each way (3)
    --engine NAME   fused unless told otherwise
    --limit N       instead: the system gives a process no more than N MB of memory of its own (RLIMIT_DATA), and it
                    trains for an epoch on ten times as many MB; on one thread, with the eager engine
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
BATCH, SHARD_ROWS, GROUP_ROWS, COLUMNS = 100, 80_000, 40_000, 64
# Columns of what is read under a limit, where 8 bytes a row count too, and rows of a file.
WIDE, WIDE_ROWS = 256, 20_000


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

    rng = np.random.default_rng(0)
    rows = megabytes * 1_000_000 // 784
    x = np.lib.format.open_memmap(folder / "x.npy", "w+", np.uint8, (rows, 784))
    t = rng.integers(0, 10, rows)
    np.save(folder / "t.npy", t)
    for some in pieces(rows):
        x[some] = rng.integers(0, 256, (len(t[some]), 784), np.uint8)
        np.save(folder / f"train-x-{some.start:09}.npy", x[some])
        np.save(folder / f"train-t-{some.start:09}.npy", t[some])
    rows = megabytes * 1_000_000 // (4 * COLUMNS)
    columns = rng.standard_normal((rows, COLUMNS), np.float32)
    np.save(folder / "columns.npy", columns)
    np.save(folder / "kinds.npy", rng.integers(0, 10, rows))
    for some in pieces(rows):
        write_row_groups(folder, some.start, columns[some], np.load(folder / "kinds.npy")[some])


def write_holes(folder: Path, megabytes: int) -> None:
    """As many bytes, most of them holes in files, and one Parquet file under many names: reading them is no less."""
    import numpy as np

    rng = np.random.default_rng(0)
    rows = megabytes * 1_000_000 // 784
    np.save(folder / "t.npy", np.arange(rows) % 10)
    np.lib.format.open_memmap(folder / "x.npy", "w+", np.uint8, (rows, 784))[::100] = 255
    for some in pieces(rows):
        t = np.arange(some.start, min(some.stop, rows)) % 10
        np.lib.format.open_memmap(folder / f"train-x-{some.start:09}.npy", "w+", np.uint8, (len(t), 784))
        np.save(folder / f"train-t-{some.start:09}.npy", t)
    few = rng.integers(0, 4, (WIDE_ROWS, WIDE)).astype(np.float32)
    first = write_row_groups(folder, 0, few, np.arange(WIDE_ROWS) % 10)
    for number in range(1, megabytes * 1_000_000 // few.nbytes):
        os.link(first, first.with_name(f"train-{number:09}.parquet"))


def write_row_groups(folder: Path, start: int, columns: Any, kinds: Any) -> Path:
    import pyarrow
    import pyarrow.parquet

    (folder / "parquet").mkdir(exist_ok=True)
    names: dict[str, Any] = {f"c{number}": columns[:, number] for number in range(columns.shape[1])}
    table = pyarrow.table({**names, "kind": kinds})
    file = folder / "parquet" / f"train-{start:09}.parquet"
    rows = GROUP_ROWS * COLUMNS // columns.shape[1]
    pyarrow.parquet.write_table(table, file, row_group_size=rows)
    return file


def pieces(rows: int) -> list[slice]:
    """Of which each is a file."""
    return [slice(start, start + SHARD_ROWS) for start in range(0, rows, SHARD_ROWS)]


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


def network_of(inputs: int, hidden: tuple[int, ...]) -> Any:
    from itertools import pairwise

    import chainrule as cr

    layers: list[Any] = []
    for size, following in pairwise([inputs, *hidden, 10]):
        layers += [cr.Affine(size, following), cr.ReLU()]
    return cr.Sequential(*layers[:-1], seed=0)


def measure(way: str, folder: Path, hidden: tuple[int, ...], engine: str) -> dict[str, float]:
    """In this process: rows a second, and how much more memory was needed than before the data were known."""
    import numpy as np

    import chainrule as cr

    class Clock(cr.Callback):
        def __init__(self) -> None:
            self.first: tuple[int, float, float] | None = None

        def on_steps(self, trainer: cr.Trainer, losses: Any) -> None:
            now = trainer.epoch_rows, time.perf_counter(), time.process_time()
            if len(trainer.history) == 1:
                self.first = self.first or now
                self.last = now

    def train(x: Any, t: Any, epochs: int) -> Clock:
        clock = Clock()
        net = network_of(x.shape[1], hidden)
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
    rows, seconds, busy = (end - start for start, end in zip(clock.first, clock.last, strict=True))
    return {"rows": rows / seconds, "busy": 1e6 * busy / rows, "grown": peak_mb() - before}


def measure_limited(way: str, folder: Path, megabytes: int) -> dict[str, float]:
    """In this process: the peak of its memory in an epoch under a limit, and how long that took."""
    import resource

    resource.setrlimit(resource.RLIMIT_DATA, (megabytes * 1_000_000,) * 2)
    import chainrule as cr

    start = time.perf_counter()
    try:
        x, t = load(way, folder)
    except MemoryError:
        return {"bytes": 0, "peak": peak_mb(), "seconds": time.perf_counter() - start}
    net = network_of(x.shape[1], (50,))
    cr.Trainer(net, cr.SGD(0.01), batch_size=1000, engine="eager").fit(x, t)
    size = x.size * x.dtype.itemsize
    return {"bytes": size, "peak": peak_mb(), "seconds": time.perf_counter() - start}


def show_limited(folder: Path, limit: int) -> None:
    """What becomes of each way under a limit."""
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARROW_IO_THREADS")  # each has a stack of its own
    environment = {**os.environ, **dict.fromkeys(threads, "1")}
    print(
        f"\nan epoch and a measurement after it, 784-50-10 and {WIDE}-50-10, under RLIMIT_DATA of {limit} MB"
    )
    for way in (way for way in WAYS if way != "columns in memory"):
        words = [sys.executable, __file__, "--measure", way, str(folder), "", "--limit", str(limit)]
        done = subprocess.run(words, check=True, capture_output=True, text=True, env=environment)
        found = json.loads(done.stdout)
        what = f"{found['bytes'] / 1e6:7,.0f} MB of data" if found["bytes"] else "MemoryError       "
        print(f"{way:18}{what}, at most {found['peak']:4.0f} MB resident, {found['seconds']:6.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megabytes", type=int, default=400)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--engine", default="fused")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        way, folder, sizes = options.measure
        if options.limit:
            print(json.dumps(measure_limited(way, Path(folder), options.limit)))
            return
        print(json.dumps(measure(way, Path(folder), HIDDEN[sizes], options.engine)))
        return

    from _compare import describe_machine

    print(describe_machine())
    with tempfile.TemporaryDirectory() as folder:
        if options.limit:
            write_holes(Path(folder), 10 * options.limit)
            show_limited(Path(folder), options.limit)
            return
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
                grown, busy = (median(result[key] for result in results) for key in ("grown", "busy"))
                print(
                    f"{way:18}{rows:14,.0f} rows/s{share:8.2f} ×{busy:8.2f} µs of processors a row{grown:8.0f} MB more"
                )


if __name__ == "__main__":
    main()
