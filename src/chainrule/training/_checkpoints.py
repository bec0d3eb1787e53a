"""When checkpoints are saved, and what happens when they cannot be."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import ArgumentError, CheckpointError, CheckpointWarning
from ..storage import leftovers
from . import _checkpoint
from ._callbacks import Callback
from ._history import Epoch
from ._interrupt import ENDED_BY_SIGNAL
from ._step import arrays_of

if TYPE_CHECKING:
    from ._trainer import Trainer


class Attempts:
    """Files that may fail to be written without ending what they are written of.

    problem   what is wrong with the last of them, None where nothing is
    """

    def __init__(self) -> None:
        self.problem: CheckpointError | None = None

    def __call__(self, write: Callable[[], None], then: str) -> bool:
        """Write; where that fails, warn, once for each new reason.

        then      how it goes on: the end of the sentence
        returns   whether it was written
        """
        try:
            write()
        except CheckpointError as problem:
            if self.problem is None or self.problem.what != problem.what:
                warnings.warn(CheckpointWarning(f"{problem.what}; {then}"), stacklevel=3)
            self.problem = problem
            return False
        self.problem = None
        return True


class Checkpoints(Callback):
    """Save a checkpoint after each epoch, every so many steps or seconds in between, and when a signal ends training.

    path            the file, replaced in one rename each time; the two that it replaced last stay beside it, as
                    NAME.before-1 and NAME.before-2, see `Trainer.resume`
    every_steps     save after each step whose number this divides; None for none
    every_seconds   how much work may at most be lost; None for what the steps and epochs save
    raises          ArgumentError for numbers that cannot be; CheckpointError, before the first step, when the folder is
                    not there

    A checkpoint that cannot be written later (the disk is full, the folder has gone) does not end training: what is
    there stays, a CheckpointWarning says it once for each reason, and the next one tries again.

    >>> Checkpoints("runs/first/checkpoint.safetensors", every_steps=500).every_steps
    500
    """

    writes = True
    changes_network = False

    def __init__(
        self, path: str | Path, *, every_steps: int | None = None, every_seconds: float | None = 10.0
    ) -> None:
        if every_steps is not None and not (isinstance(every_steps, int) and every_steps >= 1):
            raise ArgumentError(f"every_steps must be a whole number from 1 up, or None; it is {every_steps}")
        if every_seconds is not None and not every_seconds >= 0:
            raise ArgumentError(f"every_seconds must be ≥ 0 or None; it is {every_seconds}")
        self.path, self.every_steps, self.every_seconds = Path(path), every_steps, every_seconds
        self._write = Attempts()
        self._saved_at = 0.0  # when, and of what
        self._saved: tuple[int, int] | None = None

    @property
    def problem(self) -> CheckpointError | None:
        """Why the last checkpoint could not be written; None where it was."""
        return self._write.problem

    def on_start(self, trainer: Trainer) -> None:
        folder = self.path.parent
        if not folder.is_dir():
            raise CheckpointError(
                f"{self.path} cannot be written: there is no folder {folder}", fix="make it"
            )
        for file in leftovers(folder, of=self.path.name):
            with suppress(OSError):
                file.unlink()
        self._saved_at, self._saved = time.monotonic(), None

    def most_steps(self, trainer: Trainer) -> int | None:
        return self.every_steps and self.every_steps - trainer.step % self.every_steps

    def on_steps(self, trainer: Trainer, losses: Sequence[float]) -> None:
        is_due = self.every_steps is not None and trainer.step % self.every_steps == 0
        if is_due or self._seconds_are_over():
            self._save(trainer)

    def on_epoch(self, trainer: Trainer, epoch: Epoch) -> None:
        self._save(trainer)

    def on_end(self, trainer: Trainer) -> None:
        # Otherwise the last epoch's is the last: where EarlyStopping went back, a run that goes on must not.
        if trainer.history.stopped in ENDED_BY_SIGNAL or trainer.epoch_rows:
            self._save(trainer)

    def _seconds_are_over(self) -> bool:
        seconds = self.every_seconds
        return seconds is not None and time.monotonic() - self._saved_at >= seconds

    def _save(self, trainer: Trainer) -> None:
        state = trainer.step, len(trainer.history)
        # NaN shows in the loss of the step after; the checkpoint before it must still be there then.
        is_new = state != self._saved
        if not is_new or not all(np.isfinite(w).all() for w in arrays_of(trainer.network).values()):
            return
        self._saved_at = time.monotonic()  # of the attempt: who fails must not try at every step

        def write() -> None:
            _checkpoint.save(trainer, self.path, keep=_checkpoint.KEPT - 1)

        if self._write(write, "training goes on, and the next checkpoint tries again"):
            self._saved, self._saved_at = state, time.monotonic()
