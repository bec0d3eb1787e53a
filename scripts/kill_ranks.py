"""Train with several processes, kill or freeze one of them in the middle, and compare with the undisturbed run.

python scripts/kill_ranks.py [--kills 30] [--seed 0] [--json]

Each kill is of another rank, after another step, on each engine in turn, by SIGKILL or SIGSTOP, or it is mpiexec that
is killed. After a restart the network and the history must have the same bits as those of the run that nothing
happened to; where the survivors went on without one (--elastic), the network must agree within 1e-12.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.comm import Job, Launcher, MpiComm, beating, place_among_ranks

EPOCHS, ROWS, BATCH = 30, 240, 24
STEPS = EPOCHS * ROWS // BATCH
TIMEOUT = 3.0  # seconds without a sign of life


@dataclass(frozen=True)
class Kill:
    """What happens to whom: `victim` is a rank, or -1 for mpiexec, at the end of the step or a little later."""

    engine: str
    ranks: int
    victim: int
    step: int
    delay: float
    how: str
    elastic: bool

    @classmethod
    def random(cls, rng: np.random.Generator, number: int) -> Kill:
        elastic = bool(number % 3 == 2)
        ranks = int(rng.integers(2, 4))
        victim = int(rng.integers(0 if elastic else -1, ranks))
        how = "SIGSTOP" if victim >= 0 and rng.random() < 0.25 else "SIGKILL"
        return cls(
            engine=("eager", "fused")[number % 2], ranks=ranks, victim=victim, step=int(rng.integers(1, STEPS)),
            delay=float(rng.uniform(0, 0.01)), how=how, elastic=elastic,
        )  # fmt: skip


class Die(cr.Callback):
    """Does to this rank what is asked for, the first time that the run comes to that step."""

    def __init__(self, kill: Kill, folder: Path) -> None:
        self.kill, self.mark = kill, folder / "killed"

    def on_steps(self, trainer: cr.Trainer, losses: Sequence[float]) -> None:
        kill = self.kill
        if trainer.step < kill.step or trainer.comm.rank != max(0, kill.victim) or self.mark.exists():
            return
        self.mark.touch()
        target = os.getppid() if kill.victim < 0 else os.getpid()
        timer = Timer(
            kill.delay, os.kill, (target, getattr(signal, kill.how))
        )  # in the middle of native code too
        timer.daemon = True
        timer.start()
        time.sleep(kill.delay / 2)


def run_rank(folder: Path, kill: Kill | None, engine: str) -> None:
    """What each process runs."""
    rng = np.random.default_rng(8)
    x, t = rng.normal(size=(ROWS, 16)), rng.integers(0, 4, ROWS)
    # What compiles fast, and what has state of its own.
    inner = [cr.ReLU()] if engine == "fused" else [cr.BatchNorm(12), cr.ReLU(), cr.Dropout(0.2)]
    net = cr.Sequential(cr.Affine(16, 12), *inner, cr.Affine(12, 4), seed=1, dtype=np.float64)
    checkpoint = folder / "checkpoint.safetensors"
    callbacks: list[cr.Callback] = [cr.Checkpoints(checkpoint, every_steps=10)]
    if kill is not None:
        callbacks.append(Die(kill, folder))
    trainer = cr.Trainer(
        net, cr.Momentum(0.02), batch_size=BATCH, engine=engine, comm=MpiComm(), callbacks=callbacks,
        deterministic=True,
    )  # fmt: skip
    if checkpoint.exists():
        trainer.resume(checkpoint)
    trainer.fit(x, t, epochs=EPOCHS)
    if trainer.comm.rank == 0:
        net.save(folder / "network.safetensors")
        losses = [[epoch.loss, epoch.train_loss, epoch.train_accuracy] for epoch in trainer.history]
        (folder / "losses.json").write_text(json.dumps(losses))


def launch(folder: Path, ranks: int, engine: str, kill: Kill | None = None) -> tuple[int, float, list[str]]:
    """Exit code, seconds, and what was said."""
    folder.mkdir()
    about = "" if kill is None else json.dumps(asdict(kill))
    said: list[str] = []
    job = Job(
        command=[sys.executable, __file__, "--rank", str(folder), engine, about], ranks=ranks,
        folder=folder / "ranks", timeout=TIMEOUT, elastic=kill is not None and kill.elastic,
    )  # fmt: skip
    start = time.perf_counter()
    code = Launcher(job, said.append).run()
    return code, time.perf_counter() - start, said


class Undisturbed:
    """The results of runs that nothing happened to, each trained once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, ranks: int, engine: str) -> Path:
        folder = self._folder / f"undisturbed-{ranks}-{engine}"
        if not folder.exists():
            code, _, said = launch(folder, ranks, engine)
            assert code == 0, said
        return folder


def verdict(kill: Kill, folder: Path, undisturbed: Undisturbed) -> dict[str, Any]:
    """What became of a run after a kill: "same bits", "within 1e-12", or what is wrong."""
    code, seconds, said = launch(folder, kill.ranks, kill.engine, kill)
    result = {**asdict(kill), "seconds": round(seconds, 1), "said": said}
    if code != 0 or not (folder / "killed").exists():
        return {**result, "verdict": f"exit code {code}"}
    expected = undisturbed(kill.ranks, kill.engine)
    names = ("network.safetensors", "losses.json")
    if all((folder / name).read_bytes() == (expected / name).read_bytes() for name in names):
        return {**result, "verdict": "same bits"}
    mine, other = (cr.load(f / "network.safetensors").arrays for f in (folder, expected))
    apart = max(float(np.abs(mine[k].astype(float) - other[k]).max()) for k in other)
    return {
        **result,
        "verdict": "within 1e-12" if kill.elastic and apart < 1e-12 else f"differs by {apart:.1e}",
    }


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--rank"]:
        folder, engine, about = arguments[1:]
        warnings.simplefilter("ignore")
        with beating(place_among_ranks()[0]) as code:
            run_rank(Path(folder), Kill(**json.loads(about)) if about else None, engine)
            code.append(0)
        return 0
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    rng = np.random.default_rng(options.seed)
    results = []
    with TemporaryDirectory(prefix="chainrule-kills-") as parent:
        undisturbed = Undisturbed(Path(parent))
        for number in range(options.kills):
            kill = Kill.random(rng, number)
            result = verdict(kill, Path(parent, str(number)), undisturbed)
            results.append(result)
            if not options.json:
                who = "mpiexec" if kill.victim < 0 else f"rank {kill.victim} of {kill.ranks}"
                how = f"{kill.how}{' elastic' if kill.elastic else ''}"
                print(
                    f"{number:3} {kill.engine:6} {who:12} step {kill.step:4} {how:16} "
                    f"{result['seconds']:5.1f} s  {result['verdict']}",
                    flush=True,
                )
    if options.json:
        print(json.dumps({"seed": options.seed, "steps": STEPS, "kills": results}, indent=1))
    return int(any(r["verdict"] not in ("same bits", "within 1e-12") for r in results))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
