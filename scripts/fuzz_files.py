"""Damage files and load them: each must end in one clear error of ours, or in what the file says.

    python scripts/fuzz_files.py                           2,000 files, shared among all loaders
    python scripts/fuzz_files.py --files 100000 --each     100,000 through each loader
    python scripts/fuzz_files.py --loader npz --at 4711 --keep bad.npz    one of them again, kept and with its traceback

Every file follows from the seed, the loader and its number, so that what was found can be found again. Files are
loaded in processes of their own, with a limit of memory for all of it, so that a crash or a hang is found and not
suffered. A finding is: any exception that is not of chainrule, a warning, an error with an endless sentence or one that
cannot be printed, a load that another reader disagrees with, more than 5 seconds, a process that dies, and a peak of
memory above twice the file and what the loader says that it takes besides (4 MiB unless it says more).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import tracemalloc
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from fuzz_loaders import LOADERS, Loader
from fuzz_mutations import damage

from chainrule.errors import ChainruleError

SEED = 20261126
SECONDS = 5.0  # for one file
_ADDRESS_SPACE = 2 << 30  # beyond what a process has before its first file, compiled code included
_BATCH = 2500  # files of one process
_LONGEST_MESSAGE = 4000


class Finding(NamedTuple):
    """What went wrong with one file."""

    loader: str
    at: int
    what: str


class Job(NamedTuple):
    """Some files of a loader, by their numbers."""

    loader: str
    first: int
    last: int


class TooSlow(BaseException):
    """A file took longer than it may; not an Exception, so that nobody takes it for damage of the file."""


def damaged(loader: str, at: int, samples: list[bytes], seed: int) -> bytes:
    """The file of a number."""
    random = Random(f"{seed} {loader} {at}")
    return damage(LOADERS[loader].kind, random.choice(samples), random)


def samples_of(loader: Loader) -> list[bytes]:
    """Its good files."""
    with tempfile.TemporaryDirectory() as folder:
        return loader.samples(Path(folder))


def try_one(loader: Loader, path: Path) -> tuple[str, str]:
    """Load one file: "refused", "loaded", or what is wrong, and a sentence about it."""
    size = path.stat().st_size
    tracemalloc.start()  # for the load alone: it makes everything slow
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = loader.load(path)
        verdict = "loaded", ""
    except ChainruleError as error:
        found, verdict = None, ("refused", str(error))
    except TooSlow:
        return "slow", f"took more than {SECONDS} s"
    except BaseException as error:
        return "exception", f"{type(error).__name__}: {error}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    if peak > 2 * size + loader.besides:
        return "memory", f"{peak:,} bytes for a file of {size:,}"
    if verdict[0] == "refused":
        text = verdict[1].replace("\n", "")
        if not text.isprintable() or len(text) > _LONGEST_MESSAGE:
            return "message", repr(text[:300])
        return verdict
    try:
        agrees = loader.agrees(path, found)
    except Exception as error:  # another reader may refuse what we load; that is a disagreement too
        return "disagreement", f"{type(error).__name__}: {error}"
    return verdict if agrees else ("disagreement", "another reader finds something else")


def work(jobs: list[Job], seed: int) -> None:
    """A process: load the files of some jobs, and print a line about each before and after."""
    signal.signal(signal.SIGALRM, _raise_too_slow)
    with tempfile.TemporaryDirectory() as folder:
        samples = {name: samples_of(LOADERS[name]) for name, _, _ in jobs}
        for name, files in samples.items():
            loader, path = LOADERS[name], Path(folder, LOADERS[name].name)
            for sample in files:  # what is loaded once is loaded now: imports, caches
                path.write_bytes(sample)
                if not loader.agrees(path, loader.load(path)):
                    raise AssertionError(f"a good file of {name} is not loaded as what it is")
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + _ADDRESS_SPACE,) * 2)
        for name, first, last in jobs:
            loader, path = LOADERS[name], Path(folder, LOADERS[name].name)
            for at in range(first, last):
                path.write_bytes(damaged(name, at, samples[name], seed))
                print(f"{name} {at}", flush=True)
                verdict, text = try_one(loader, path)
                print(json.dumps([verdict, text]), flush=True)


def _raise_too_slow(*_: Any) -> None:
    raise TooSlow


def run_jobs(jobs: list[Job], seed: int) -> Iterator[tuple[str, str, Finding | None]]:
    """Load files in a process; yields for each the loader, the verdict and what was found.

    A process that dies is a finding of the file that it was at, and the files behind it go on in another.
    """
    while jobs:
        files = sum(last - first for _, first, last in jobs)
        command = [sys.executable, __file__, "--seed", str(seed), "--work", json.dumps(jobs)]
        limit = 60 + SECONDS + 0.2 * files
        try:
            done = subprocess.run(
                command, capture_output=True, encoding="utf-8", timeout=limit, env=_environment()
            )
            out, end = done.stdout, f"the process ended with {done.returncode}: {done.stderr[-300:]}"
        except subprocess.TimeoutExpired as slow:
            out = slow.stdout.decode() if isinstance(slow.stdout, bytes) else slow.stdout or ""
            end = f"the process hung for {limit:.0f} s"
        lines = out.splitlines()
        name, at = jobs[0][0], jobs[0][1] - 1
        for line, result in zip_longest(lines[::2], lines[1::2]):
            name, number = line.split()
            at = int(number)
            verdict, text = json.loads(result) if result else ("crash", end)
            wrong = verdict not in ("loaded", "refused")
            yield name, verdict, Finding(name, at, f"{verdict}: {text}") if wrong else None
        if not lines and done.returncode:
            raise RuntimeError(end)  # before the first file: that is a mistake of ours
        jobs = _behind(jobs, name, at)


def _behind(jobs: list[Job], name: str, at: int) -> list[Job]:
    """What is left behind a file."""
    names = [job[0] for job in jobs]
    left = jobs[names.index(name) :]
    left[0] = Job(name, at + 1, left[0].last)
    return [job for job in left if job.first < job.last]


def _environment() -> dict[str, str]:
    """One thread for each process, so that many of them share the machine well."""
    return {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONFAULTHANDLER": "1"}


def fuzz(names: Sequence[str], files: int, seed: int) -> Iterator[tuple[str, str, Finding | None]]:
    """Load so many damaged files through each loader; see `run_jobs`."""
    jobs = [
        Job(name, first, min(files, first + _BATCH)) for name in names for first in range(0, files, _BATCH)
    ]
    if files * len(names) <= _BATCH:  # few: one process for all of them
        yield from run_jobs(jobs, seed)
        return
    for job in jobs:
        yield from run_jobs([job], seed)


def again(name: str, at: int, seed: int, keep: Path | None) -> int:
    """One file once more, here, with its traceback."""
    loader = LOADERS[name]
    data = damaged(name, at, samples_of(loader), seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, loader.name)
        path.write_bytes(data)
        (keep or path).write_bytes(data)
        try:
            found = loader.load(path)
            print(f"loaded; another reader agrees: {loader.agrees(path, found)}")
        except Exception:
            traceback.print_exc()
    return 0


def main(arguments: list[str]) -> int:
    """0 when nothing was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=2000, metavar="N", help="how many (2000)")
    parser.add_argument(
        "--each", action="store_true", help="as many through each loader, not through all together"
    )
    parser.add_argument(
        "--loader", action="append", choices=LOADERS, help="only this one; may be given again"
    )
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--at", type=int, metavar="N", help="only the file of this number, in this process")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="with --at: where to put that file")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the counts there")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.work:
        work([Job(*job) for job in json.loads(options.work)], options.seed)
        return 0
    names = options.loader or list(LOADERS)
    if options.at is not None:
        return again(names[0], options.at, options.seed, options.keep)
    files = options.files if options.each else -(-options.files // len(names))
    counts: dict[str, Counter[str]] = {name: Counter() for name in names}
    findings: list[Finding] = []
    start = time.perf_counter()
    for name, verdict, finding in fuzz(names, files, options.seed):
        counts[name][verdict] += 1
        if finding is not None:
            findings.append(finding)
            print(f"{finding.loader} {finding.at}: {finding.what}", flush=True)
    for name, verdicts in counts.items():
        said = ", ".join(f"{number:,} {verdict}" for verdict, number in sorted(verdicts.items()))
        print(f"{name:12} {sum(verdicts.values()):>9,} files: {said}")
    print(f"{len(findings)} findings, seed {options.seed}, {time.perf_counter() - start:.0f} s")
    if options.json:
        options.json.write_text(json.dumps({"seed": options.seed, "loaders": counts, "findings": findings}))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
