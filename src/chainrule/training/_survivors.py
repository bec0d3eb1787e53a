"""Where a rank is gone and the others can do without: they go back to a moment that all of them have seen, and on."""

from __future__ import annotations

import json
import time
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import RankError
from ._callbacks import Callback
from ._step import arrays_of

if TYPE_CHECKING:
    from ._trainer import Trainer

_SHARE = 0.01  # of the time may go into copies
_SECONDS = 0.2  # between two moments, at least


class Moments:
    """A trainer as it was at the last two moments that are kept.

    All ranks keep the same ones, each at a point that all have come to. When a rank dies there, some have kept the
    newest and some not yet; so the one before it is still needed.
    """

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._kept: list[_Moment] = []
        self._due = 0.0
        self.keep_up()

    def keep_up(self) -> None:
        """Keep a moment where it is time for one, which rank 0 decides."""
        if self._trainer.comm.broadcast(time.monotonic() >= self._due):
            start = time.monotonic()
            number = self._kept[-1].number + 1 if self._kept else 0
            self._kept = [*self._kept[-1:], _Moment(self._trainer, number)]
            now = time.monotonic()
            self._due = now + max(_SECONDS, (now - start) / _SHARE)

    def survive(self) -> None:
        """Go on with the ranks that are left, from the newest moment that each of them has.

        raises   RankError where they do not find together
        """
        trainer = self._trainer
        was, size = trainer.comm.rank, trainer.comm.size
        for attempt in range(1, size + 1):  # another one may die meanwhile
            try:
                trainer.comm.shrink()
                newest = trainer.comm.gather(self._kept[-1].number).min()
                break
            except RankError:
                if attempt == size:
                    raise
        moment = next(moment for moment in self._kept if moment.number == newest)
        moment.put(trainer)
        self._kept = [moment]
        if trainer.comm.rank == 0:
            what = (
                f"a rank is gone; training goes on after step {moment.step:,} with {trainer.comm.size} left"
            )
            warnings.warn(what, stacklevel=4)
            for callback in trainer.callbacks if was else ():
                if callback.writes:  # which was another rank's to call until now
                    callback.on_start(trainer)


class _Moment:
    """A copy of all that changes while a trainer trains.

    number   the same for the same moment on all ranks; at the end of an epoch there are two of one step
    """

    def __init__(self, trainer: Trainer, number: int) -> None:
        self.number, self.step = number, trainer.step
        self._arrays = {name: w.copy() for name, w in arrays_of(trainer.network).items()}
        self._state = {name: np.array(value) for name, value in trainer.state.items()}
        self._progress = trainer.epoch_loss, trainer.epoch_rows
        self._epochs = list(trainer.history.epochs)
        self._callbacks = [_remembered(callback) for callback in trainer.callbacks]

    def put(self, trainer: Trainer) -> None:
        """Bring the trainer back to it."""
        for callback, (values, arrays) in zip(trainer.callbacks, self._callbacks, strict=True):
            if type(callback).restore is not Callback.restore:
                callback.restore(values, arrays)
        for name, w in arrays_of(trainer.network).items():
            w[...] = self._arrays[name]
        trainer.state = {name: value.copy() for name, value in self._state.items()}
        trainer.step, (trainer.epoch_loss, trainer.epoch_rows) = self.step, self._progress
        trainer.history.epochs[:] = self._epochs


def _remembered(callback: Callback) -> tuple[dict[str, Any], dict[str, Any]]:
    values, arrays = callback.state()
    return json.loads(json.dumps(values)), {name: np.array(array) for name, array in arrays.items()}
