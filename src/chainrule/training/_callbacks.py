"""Callbacks: what else happens during training."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ArgumentError, NonFiniteError
from ._history import Epoch

if TYPE_CHECKING:
    from ._trainer import Trainer

_QUANTITIES = {  # what can be watched, and whether more of it is better
    "loss": False, "train_loss": False, "validation_loss": False, "train_accuracy": True, "validation_accuracy": True,
}  # fmt: skip


class Callback:
    """Override what is of interest. ``trainer.stop(reason)`` ends training after the current step.

    A callback with something to remember across an interruption returns it from `state` (numbers, text, lists and
    dictionaries as JSON has them; arrays as values of the second dictionary) and takes it back in `restore`.
    """

    def on_start(self, trainer: Trainer) -> None:
        """Before the first step, with a network that may be a resumed one."""

    def on_step(self, trainer: Trainer, loss: float) -> None:
        """After each step; ``trainer.step`` is its number."""

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

    monitor     "validation_loss", "validation_accuracy", "train_loss", "train_accuracy" or "loss"
    patience    how many epochs in a row without improvement are waited for
    min_delta   how much counts as an improvement
    raises      ArgumentError for another quantity, NonFiniteError when the quantity is NaN

    >>> EarlyStopping(patience=3).monitor
    'validation_loss'
    """

    def __init__(self, monitor: str = "validation_loss", *, patience: int = 5, min_delta: float = 0.0) -> None:
        if monitor not in _QUANTITIES:
            raise ArgumentError(f"monitor must be one of {', '.join(_QUANTITIES)}; it is {monitor!r}")
        if patience < 1 or min_delta < 0:
            raise ArgumentError(f"patience must be ≥ 1 and min_delta ≥ 0; they are {patience} and {min_delta}")
        self.monitor, self.patience, self.min_delta = monitor, patience, min_delta
        self.best: float | None = None
        self.best_epoch = 0
        self.waited = 0
        self._best_params: dict[str, np.ndarray[Any, Any]] = {}

    def on_epoch(self, trainer: Trainer, epoch: Epoch) -> None:
        value = getattr(epoch, self.monitor)
        if value is None:
            raise ArgumentError(f"EarlyStopping watches {self.monitor}, but fit was given no validation data")
        if math.isnan(value):
            what = f"{self.monitor} is NaN after epoch {epoch.epoch}, so no epoch can be called the best"
            raise NonFiniteError(what, gate="loss", variable=self.monitor, phase="forward", step=epoch.step)
        sign = 1 if _QUANTITIES[self.monitor] else -1
        if self.best is None or sign * (value - self.best) > self.min_delta:
            self.best, self.best_epoch, self.waited = value, epoch.epoch, 0
            self._best_params = {name: w.copy() for name, w in trainer.network.params.items()}
            return
        self.waited += 1
        if self.waited >= self.patience:
            trainer.stop(f"no better {self.monitor} than {self.best:.6g} of epoch {self.best_epoch}")

    def on_end(self, trainer: Trainer) -> None:
        # Not after Ctrl-C: a run that goes on must go on from where it was.
        if trainer.history.stopped not in (None, "interrupted"):
            for name, w in self._best_params.items():
                trainer.network.params[name][...] = w

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
        return {"best": self.best, "best_epoch": self.best_epoch, "waited": self.waited}, dict(self._best_params)

    def restore(self, values: dict[str, Any], arrays: dict[str, np.ndarray[Any, Any]]) -> None:
        self.best, self.best_epoch, self.waited = values["best"], values["best_epoch"], values["waited"]
        self._best_params = dict(arrays)


class TargetAccuracy(Callback):
    """End training once the validation accuracy reaches a target (the training accuracy without validation data).

    target   from 0 to 1
    raises   ArgumentError for another number

    >>> TargetAccuracy(0.97).target
    0.97
    """

    def __init__(self, target: float) -> None:
        if not 0 <= target <= 1:
            raise ArgumentError(f"the target accuracy must be from 0 to 1; it is {target}", fix="0.97 for 97 %")
        self.target = target

    def on_epoch(self, trainer: Trainer, epoch: Epoch) -> None:
        accuracy = epoch.train_accuracy if epoch.validation_accuracy is None else epoch.validation_accuracy
        if accuracy >= self.target:
            trainer.stop(f"reached {accuracy:.2%}, the target was {self.target:.2%}")
