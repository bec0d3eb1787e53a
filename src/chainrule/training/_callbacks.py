"""Callbacks: what else happens during training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ArgumentError, CheckpointError, NonFiniteError
from ._history import Epoch
from ._step import arrays_of

if TYPE_CHECKING:
    from ._trainer import Trainer

_QUANTITIES = {  # what can be watched, and whether more of it is better
    "loss": False, "train_loss": False, "validation_loss": False, "train_accuracy": True, "validation_accuracy": True,
}  # fmt: skip


class Callback:
    """Override what is of interest. ``trainer.stop(reason)`` ends training after the current step.

    A callback with something to remember across an interruption returns it from `state` (numbers, text, lists and
    dictionaries as JSON has them; arrays as values of the second dictionary) and takes it back in `restore`.

    writes           whether it writes files or to the screen: where several processes train, rank 0 alone calls it
    changes_network  whether it may change the network while training is under way; where it says False, devices of the
                     xla engine need not be given the parameters again after each call

    >>> class Print(cr.Callback):
    ...     def on_epoch(self, trainer, epoch):
    ...         print(f"epoch {epoch.epoch}: loss {epoch.train_loss:.3f}")
    """

    writes = False
    changes_network = True

    def on_start(self, trainer: Trainer) -> None:
        """Before the first step, with a network that may be a resumed one; `Trainer.stop` ends it before that step."""

    def on_step(self, trainer: Trainer, loss: float) -> None:
        """After each step; ``trainer.step`` is its number. Whoever overrides this makes every step come by itself."""

    def on_steps(self, trainer: Trainer, losses: Sequence[float]) -> None:
        """After some steps that were taken at once, with the loss of each; ``trainer.step`` is the number of the last.

        At most some tenths of a second after the last time, unless a single step takes longer.
        """

    def most_steps(self, trainer: Trainer) -> int | None:
        """How many steps may be taken at once from here, before `on_steps` is to be called; None for any number."""
        return None

    def on_epoch(self, trainer: Trainer, epoch: Epoch) -> None:
        """After each epoch."""

    def on_end(self, trainer: Trainer) -> None:
        """After the last step, however training ended (an error excepted)."""

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
        return {}, {}

    def restore(self, values: dict[str, Any], arrays: dict[str, np.ndarray[Any, Any]]) -> None:
        """Take back what `state` returned."""


class EarlyStopping(Callback):
    """End training when a quantity has not improved for some epochs, and go back to the best parameters.

    It goes back after the last epoch too, but not where another callback or Ctrl-C ended training.

    monitor     "validation_loss", "validation_accuracy", "train_loss", "train_accuracy" or "loss"
    patience    how many epochs in a row without improvement are waited for
    min_delta   how much counts as an improvement
    raises      ArgumentError for another quantity, NonFiniteError when the quantity is NaN

    >>> EarlyStopping(patience=3).monitor
    'validation_loss'
    """

    changes_network = False

    def __init__(
        self, monitor: str = "validation_loss", *, patience: int = 5, min_delta: float = 0.0
    ) -> None:
        if monitor not in _QUANTITIES:
            raise ArgumentError(f"monitor must be one of {', '.join(_QUANTITIES)}; it is {monitor!r}")
        if patience < 1 or min_delta < 0:
            raise ArgumentError(
                f"patience must be ≥ 1 and min_delta ≥ 0; they are {patience} and {min_delta}"
            )
        self.monitor, self.patience, self.min_delta = monitor, patience, min_delta
        self.best: float | None = None
        self.best_epoch = 0
        self.waited = 0
        self.went_back = False
        self._best_params: dict[str, np.ndarray[Any, Any]] = {}
        self._last_params: dict[str, np.ndarray[Any, Any]] = {}

    def on_epoch(self, trainer: Trainer, epoch: Epoch) -> None:
        value = getattr(epoch, self.monitor)
        if value is None:
            what = f"EarlyStopping watches {self.monitor}, which this run does not have"
            raise ArgumentError(
                what, fix="give fit validation=(x, t); a network that predicts numbers has no accuracy"
            )
        if math.isnan(value):
            what = f"{self.monitor} is NaN after epoch {epoch.epoch}, so no epoch can be called the best"
            raise NonFiniteError(what, gate="loss", variable=self.monitor, phase="forward", step=epoch.step)
        sign = 1 if _QUANTITIES[self.monitor] else -1
        if self.best is None or sign * (value - self.best) > self.min_delta:
            self.best, self.best_epoch, self.waited = value, epoch.epoch, 0
            self._best_params = {name: w.copy() for name, w in arrays_of(trainer.network).items()}
            return
        self.waited += 1
        self._stop_if_waited(trainer)

    def on_start(self, trainer: Trainer) -> None:
        params = trainer.network.params
        if self.best is not None and {n: w.shape for n, w in self._best_params.items()} != {
            n: w.shape for n, w in params.items()
        }:
            raise CheckpointError(
                "the best parameters that EarlyStopping was given back are not of this network",
                fix="resume from another checkpoint, or start a new run",
            )
        # Training goes on from the last parameters, to which the optimizer's state belongs, not from the best.
        for name, w in self._last_params.items():
            arrays_of(trainer.network)[name][...] = w
        self._last_params, self.went_back = {}, False
        # A run that was killed between its last epoch and its end must not learn on when it is resumed.
        self._stop_if_waited(trainer)

    def _stop_if_waited(self, trainer: Trainer) -> None:
        if self.waited >= self.patience:
            trainer.stop(self._reason())

    def _reason(self) -> str:
        return f"no better {self.monitor} than {self.best:.6g} of epoch {self.best_epoch}"

    def on_end(self, trainer: Trainer) -> None:
        if self.best is not None and trainer.history.stopped in ("finished", self._reason()):
            self._last_params = {name: w.copy() for name, w in arrays_of(trainer.network).items()}
            for name, w in self._best_params.items():
                arrays_of(trainer.network)[name][...] = w
            self.went_back = True

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
        return {"best": self.best, "best_epoch": self.best_epoch, "waited": self.waited}, dict(
            self._best_params
        )

    def restore(self, values: dict[str, Any], arrays: dict[str, np.ndarray[Any, Any]]) -> None:
        self.best = None if values["best"] is None else float(values["best"])
        self.best_epoch, self.waited = int(values["best_epoch"]), int(values["waited"])
        self._best_params = dict(arrays)


class TargetAccuracy(Callback):
    """End training once the validation accuracy reaches a target (the training accuracy without validation data).

    target   from 0 to 1
    raises   ArgumentError for another number

    >>> TargetAccuracy(0.97).target
    0.97
    """

    changes_network = False

    def __init__(self, target: float) -> None:
        if not 0 <= target <= 1:
            raise ArgumentError(
                f"the target accuracy must be from 0 to 1; it is {target}", fix="0.97 for 97 %"
            )
        self.target = target

    def on_start(self, trainer: Trainer) -> None:
        # A run that was killed between its last epoch and its end must not learn on when it is resumed.
        if trainer.history.epochs and trainer.epoch_rows == 0:
            self.on_epoch(trainer, trainer.history.epochs[-1])

    def on_epoch(self, trainer: Trainer, epoch: Epoch) -> None:
        accuracy = epoch.train_accuracy if epoch.validation_accuracy is None else epoch.validation_accuracy
        if accuracy is None:
            raise ArgumentError("a target accuracy is for classes; this network predicts numbers")
        if accuracy >= self.target:
            trainer.stop(f"reached {accuracy:.2%}, the target was {self.target:.2%}")
