"""Train with several processes, kill or freeze some of them in the middle, and compare with the undisturbed run.

python scripts/kill_ranks.py [--kills 30] [--seed 0] [--json]

Each run is of the engine whose turn it is and is struck several times, one blow after the other: any rank, or the
mpiexec that started all, after any step, by SIGKILL or SIGSTOP. After restarts network and history must have the same
bits as those of the run that nothing happened to; where survivors went on without the dead (--elastic), the
network must agree within 1e-12.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.comm import Comm, Job, Launcher, MpiComm, beating, place_among_ranks

EPOCHS, ROWS, BATCH = 20, 240, 24
STEPS = EPOCHS * ROWS // BATCH
TIMEOUT = 3.0  # seconds without a sign of life
FILES = ("network.safetensors", "losses.json")
USUAL_RANKS = {"eager": 3, "fused": 2, "xla": 2}
# A kill that survivors go on without is the cheapest, one that processes of JAX are started again after the dearest.
TURNS = [("eager", False), ("fused", True), ("fused", False), ("eager", True)]
TURNS += [("xla", False), ("fused", True), ("eager", True), ("fused", True)]


@dataclass(frozen=True)
class Blow:
    """What happens to whom: `victim` is a rank, or -1 for mpiexec, in the middle of what follows the step."""

    step: int
    victim: int
    how: str = "SIGKILL"
    delay: float = 0.0

    def __str__(self) -> str:
        who = "mpiexec" if self.victim < 0 else f"rank {self.victim}"
        return f"{who} {self.how} after step {self.step}"


@dataclass(frozen=True)
class Run:
    """A training run and what befalls it, in the order of steps."""

    engine: str
    ranks: int
    elastic: bool = False
    blows: tuple[Blow, ...] = ()

    @classmethod
    def random(cls, rng: np.random.Generator, number: int) -> Run:
        """Of the engine whose turn it is: with restarts, or with survivors that go on until one is left."""
        engine, elastic = TURNS[number % len(TURNS)]
        ranks = 4 if elastic else USUAL_RANKS[engine]
        kills = ranks - 1 if elastic else int(rng.integers(3, 5) if engine == "xla" else rng.integers(5, 8))
        steps = sorted(rng.choice(np.arange(1, STEPS), kills, replace=False))
        lowest = 0 if elastic or engine == "xla" else -1
        # Survivors have new numbers, and there are fewer of them each time.
        victims = [int(rng.integers(lowest, ranks - elastic * dead)) for dead in range(kills)]
        # To be frozen costs the time-out, so it befalls one of them, in every other run.
        frozen = int(rng.integers(0, 2 * kills))
        blows = (
            Blow(int(step), victim, "SIGSTOP" if n == frozen and victim >= 0 else "SIGKILL", rng.uniform(0, 0.01))
            for n, (step, victim) in enumerate(zip(steps, victims, strict=True))
        )  # fmt: skip
        return cls(engine, ranks, elastic, tuple(blows))

    def __str__(self) -> str:
        return f"{self.engine}, {self.ranks} ranks{', elastic' if self.elastic else ''}"


def random_runs(kills: int, seed: int) -> Iterator[Run]:
    """As many as bring so many kills, or a few more."""
    rng = np.random.default_rng(seed)
    for number in count():
        if kills <= 0:
            return
        run = Run.random(rng, number)
        kills -= len(run.blows)
        yield run


class Strike(cr.Callback):
    """Does to this rank what is next to befall it, once.

    Of what befalls a run with restarts, each start of the ranks gets one: so each has a cause of its own to be told.
    """

    def __init__(self, run: Run, folder: Path) -> None:
        self._run, self._folder = run, folder
        self._before = self._count()
        self._has_struck = False

    def _count(self) -> int:
        return len(list(self._folder.glob("struck-*")))

    def on_steps(self, trainer: cr.Trainer, losses: Sequence[float]) -> None:
        done = self._count()
        if (
            self._has_struck
            or done == len(self._run.blows)
            or (done > self._before and not self._run.elastic)
        ):
            return
        blow = self._run.blows[done]
        if trainer.step < blow.step or trainer.comm.rank != max(0, blow.victim):
            return
        self._has_struck = True
        (self._folder / f"struck-{done}").touch()
        target = os.getppid() if blow.victim < 0 else os.getpid()
        # In the middle of native code too.
        timer = Timer(blow.delay, os.kill, (target, getattr(signal, blow.how)))
        timer.daemon = True
        timer.start()
        # Without mpiexec ranks can go on for a while; they are to be ended by the launcher, and not done before.
        time.sleep(blow.delay / 2 if blow.victim >= 0 else 10)


def run_rank(folder: Path, run: Run) -> None:
    """What each process runs."""
    rng = np.random.default_rng(8)
    x, t = rng.normal(size=(ROWS, 16)), rng.integers(0, 4, ROWS)
    # What compiles fast, and what has state of its own.
    inner = [cr.BatchNorm(12), cr.ReLU(), cr.Dropout(0.2)] if run.engine == "eager" else [cr.ReLU()]
    net = cr.Sequential(cr.Affine(16, 12), *inner, cr.Affine(12, 4), seed=1, dtype=np.float64)
    checkpoint = folder / "checkpoint.safetensors"
    trainer = cr.Trainer(
        net, cr.Momentum(0.02), batch_size=BATCH, engine=run.engine, comm=communicator(run.engine), deterministic=True,
        callbacks=[cr.Checkpoints(checkpoint, every_steps=10), Strike(run, folder)],
    )  # fmt: skip
    if checkpoint.exists():
        trainer.resume(checkpoint)
    trainer.fit(x, t, epochs=EPOCHS)
    if trainer.comm.rank == 0:
        losses = [[epoch.loss, epoch.train_loss, epoch.train_accuracy] for epoch in trainer.history]
        net.save(folder / FILES[0])
        (folder / FILES[1]).write_text(json.dumps(losses))


def communicator(engine: str) -> Comm:
    if engine != "xla":
        return MpiComm()
    from chainrule.engines.xla import Processes

    return Processes()


def launch(folder: Path, run: Run) -> tuple[int, list[str]]:
    """Exit code and what was said."""
    folder.mkdir()
    said: list[str] = []
    job = Job(
        command=[sys.executable, __file__, "--rank", str(folder), json.dumps(asdict(run))], ranks=run.ranks,
        folder=folder / "ranks", mpi=run.engine != "xla", restarts=len(run.blows) + 2, timeout=TIMEOUT,
        elastic=run.elastic,
    )  # fmt: skip
    return Launcher(job, said.append).run(), said


class Undisturbed:
    """The results of runs that nothing happened to, one for each engine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, engine: str) -> Path:
        folder = self._folder / f"undisturbed-{engine}"
        if not folder.exists():
            code, said = launch(folder, Run(engine, USUAL_RANKS[engine]))
            assert code == 0, said
        return folder


def verdict(run: Run, folder: Path, undisturbed: Undisturbed) -> str:
    """What became of a run: "same bits", "within 1e-12" of an elastic one, or what is wrong."""
    code, said = launch(folder, run)
    struck = len(list(folder.glob("struck-*")))
    if code != 0 or struck != len(run.blows) or (len(said) < struck and not run.elastic):
        return f"exit code {code} after {struck} of {len(run.blows)} blows: {said}"
    expected = undisturbed(run.engine)
    if all((folder / name).read_bytes() == (expected / name).read_bytes() for name in FILES):
        return "same bits"
    mine, other = (cr.load(f / FILES[0]).arrays for f in (folder, expected))
    apart = max(float(np.abs(mine[name].astype(float) - other[name]).max()) for name in other)
    return "within 1e-12" if run.elastic and apart < 1e-12 else f"differs by {apart:.1e}"


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--rank"]:
        folder, about = Path(arguments[1]), json.loads(arguments[2])
        warnings.simplefilter("ignore")
        with beating(place_among_ranks()[0]) as code:
            run_rank(folder, Run(**{**about, "blows": [Blow(**blow) for blow in about["blows"]]}))
            code.append(0)
        return 0
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=30, help="at least; the last run may bring more")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    results: list[dict[str, Any]] = []
    with TemporaryDirectory(prefix="chainrule-kills-") as parent:
        undisturbed = Undisturbed(Path(parent))
        for number, run in enumerate(random_runs(options.kills, options.seed)):
            start = time.perf_counter()
            result = verdict(run, Path(parent, str(number)), undisturbed)
            seconds = round(time.perf_counter() - start, 1)
            results.append({**asdict(run), "seconds": seconds, "verdict": result})
            if not options.json:
                print(f"{run}: {result}, {seconds} s", *run.blows, sep="\n    ", flush=True)
    if options.json:
        print(json.dumps({"seed": options.seed, "steps": STEPS, "runs": results}, indent=1))
    else:
        kills = sum(len(result["blows"]) for result in results)
        print(f"{kills} kills in {len(results)} runs of {STEPS} steps, seed {options.seed}")
    return int(any(result["verdict"] not in ("same bits", "within 1e-12") for result in results))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
