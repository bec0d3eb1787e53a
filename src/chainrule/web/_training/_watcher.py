"""What looks at training between its steps: it reports, obeys, and lets others look at the network."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from ...networks import Network
from ...training import Callback, Epoch, Trainer
from ._flow import flow_of

if TYPE_CHECKING:
    from ._run import Run

INTERRUPTED = "interrupted"
"""Why training stops when somebody asked it to: the word that Ctrl-C leaves in a history."""

SECONDS_BETWEEN_STEPS = 0.1  # of two events
SECONDS_BETWEEN_FLOWS = 0.5
_FLOW_SHARE = 0.02  # of the time may go into measuring it


class OneStep(Callback):
    """Ends training after one step: whoever overrides on_step makes every step come by itself."""

    changes_network = False

    def on_step(self, trainer: Trainer, loss: float) -> None:
        trainer.stop(INTERRUPTED)


class Watcher(Callback):
    """Tells the log of a run what its trainer does, and the trainer what is wanted of it."""

    changes_network = False

    def __init__(self, run: Run) -> None:
        self._run = run
        self._next_steps = self._next_flow = self._evaluating = 0.0

    def on_start(self, trainer: Trainer) -> None:
        self._restart_clock()
        if trainer.step == 0:
            self._measure_flow(trainer)
            self._next_flow = 0.0  # the first one took long, and the first steps change most

    def on_steps(self, trainer: Trainer, losses: Sequence[float]) -> None:
        run = self._run
        self._losses += sum(losses)
        self._steps += len(losses)
        run.step = trainer.step
        now = time.perf_counter()
        if run.status == "preparing":
            run.tell("running")
            self._tell_steps(trainer, rate=None)  # that was compiling
        elif now >= self._next_steps:
            self._tell_steps(trainer, rate=self._steps / (now - self._since))
        if now >= self._next_flow:
            self._measure_flow(trainer)
        run.answer()
        if run.wanted != "go":
            trainer.stop(INTERRUPTED)
        if trainer.epoch_rows == trainer.rows:  # no step is taken while the epoch is evaluated
            self._evaluating = now
            run.steady(True)

    def on_epoch(self, trainer: Trainer, epoch: Epoch) -> None:
        self._run.steady(False)
        self._run.note_unsaved(trainer)
        self._run.epoch = epoch.epoch
        self._run.log.append("epoch", **asdict(epoch))
        self._since += time.perf_counter() - self._evaluating  # that was no slow step

    def on_end(self, trainer: Trainer) -> None:
        if self._steps:
            self._tell_steps(trainer, rate=self._run.rate)
        if not self._run.log.closed:  # then the checkpoint is what matters
            self._measure_flow(trainer)

    def _restart_clock(self) -> None:
        self._since = time.perf_counter()
        self._losses, self._steps = 0.0, 0

    def _tell_steps(self, trainer: Trainer, rate: float | None) -> None:
        self._run.rate = rate
        self._run.log.append("steps", step=trainer.step, loss=self._losses / self._steps, rate=rate)
        self._restart_clock()
        # Chunks that end a little early or late do not halve how often somebody hears of them.
        self._next_steps = max(
            self._next_steps + SECONDS_BETWEEN_STEPS, self._since + SECONDS_BETWEEN_STEPS / 2
        )

    def _measure_flow(self, trainer: Trainer) -> None:
        run, start = self._run, time.perf_counter()
        assert isinstance(trainer.network, Network)
        run.log.append("flow", step=trainer.step, **flow_of(trainer.network, run.settings, run.data))
        end = time.perf_counter()
        self._next_flow = end + max(SECONDS_BETWEEN_FLOWS, (end - start) / _FLOW_SHARE)
        self._since += end - start
