"""A run in its folder: how it begins, what trains it, and what it writes."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import count
from math import inf
from pathlib import Path
from typing import Any

from ..comm import Comm
from ..errors import CheckpointError
from ..explain import learning_curve
from ..networks import Network
from ..storage import write_atomically
from ..training import (
    Attempts,
    Callback,
    Checkpoints,
    EarlyStopping,
    Epoch,
    RunFolder,
    TargetAccuracy,
    Trainer,
)
from . import machine
from ._data import Data
from ._settings import Settings

_SMALL = 3e8  # operations
_SECONDS_BETWEEN_RESULTS = 1.0  # of small data, an epoch is shorter than writing what came out of it


def new_path(data: Data, parent: str | os.PathLike[str] = "runs") -> Path:
    """Where a new run may live: ``runs/mnist-20261126-090000``, with a number behind it where that is taken."""
    name = f"{data.short_name}-{datetime.now():%Y%m%d-%H%M%S}"
    names = (name if n == 1 else f"{name}-{n}" for n in count(1))
    return next(path for path in (Path(parent, name) for name in names) if not path.exists())


def start(path: str | os.PathLike[str], settings: Settings, data: Data) -> RunFolder:
    """The folder of a new run, made, with what the run is started with.

    raises   ArgumentError when there is something at its place, CheckpointError when it cannot be written
    """
    folder = RunFolder(path)
    about = {"data": data.about(), "made_with": machine.what_decides_bits(settings.engine)}
    folder.create({"settings": settings.to_json(), **about})
    keep_preprocessing(folder, data)
    return folder


def keep_preprocessing(folder: RunFolder, data: Data) -> None:
    """Write how the rows of a table became numbers, so that rows of another one can."""
    if data.preprocessing is not None:
        folder.write_preprocessing(data.preprocessing.to_json())


def trainer_of(
    folder: RunFolder,
    settings: Settings,
    data: Data,
    callbacks: Sequence[Callback] = (),
    checkpoints: Mapping[str, Any] | None = None,
    comm: Comm | None = None,
) -> Trainer:
    """The trainer of a run, where its checkpoint left it; it saves checkpoints and results into the folder.

    callbacks    what else happens, after what the settings ask for and before checkpoints are saved
    checkpoints  when they are saved besides after each epoch, as `Checkpoints` takes it
    comm         the processes that train together
    raises       CheckpointError when the checkpoint, and those before it, are damaged or of other settings
    """
    asked: list[Callback] = []
    if settings.patience is not None:
        asked.append(EarlyStopping(patience=settings.patience))
    if settings.target_accuracy is not None:
        asked.append(TargetAccuracy(settings.target_accuracy))
    network = settings.network(data.inputs, data.classes)
    results = _Results(folder, network, describe(settings, data))
    trainer = Trainer(
        network,
        settings.update_rule(),
        batch_size=settings.batch_size,
        seed=settings.seed,
        engine=settings.engine,
        precision=settings.precision,
        callbacks=[*asked, Checkpoints(folder.checkpoint, **checkpoints or {}), results, *callbacks],
        comm=comm,
        # The fused engine chooses its threads itself, by the size of a step.
        deterministic=settings.engine == "eager" and _is_small(network, settings.batch_size),
    )
    if folder.has_checkpoint():
        trainer.resume(folder.checkpoint)
    return trainer


def what_is_unsaved(trainer: Trainer) -> CheckpointError | None:
    """Why the last state of a run, or what it learned, could not be saved; None where all of it was."""
    writers = (c for c in trainer.callbacks if isinstance(c, Checkpoints | _Results))
    return next((writer.problem for writer in writers if writer.problem is not None), None)


def describe(settings: Settings, data: Data) -> str:
    """The data and the settings in one line."""
    sizes = "-".join(map(str, (data.inputs, *settings.hidden, data.outputs)))
    initial = "" if settings.initial == Settings.initial else f", {settings.initial}"
    decay = f", weight decay {settings.weight_decay:g}" if settings.weight_decay else ""
    return (
        f"{data.short_name} · {sizes} {settings.activation}{initial} · "
        f"{settings.optimizer}, lr {settings.lr:g}{decay} · "
        f"batch {settings.batch_size} · seed {settings.seed} · {settings.dtype}"
    )


def how_to_go_on(folder: RunFolder, more: str = "") -> str:
    """The command that resumes a run."""
    return f"chainrule train --resume --out {shlex.quote(str(folder.path))}{more}"


def _is_small(network: Network, batch_size: int) -> bool:
    """Whether a step is so short that sharing it among cores takes longer than doing it.

    It is most of all so where other programs want the cores: then the cores wait for each other.
    """
    numbers = sum(w.size for w in network.params.values())
    return bool(6 * batch_size * numbers < _SMALL)  # a product and a sum forward, and twice that backward


class _Results(Callback):
    """Writes what a person or another program may want of a run."""

    writes = True
    changes_network = False

    def __init__(self, folder: RunFolder, network: Network, title: str) -> None:
        self.folder, self.network, self.title = folder, network, title
        self.written = -inf
        self._attempt = Attempts()

    @property
    def problem(self) -> CheckpointError | None:
        """Why the results could not be written the last time."""
        return self._attempt.problem

    def on_epoch(self, trainer: Trainer, epoch: Epoch) -> None:
        if time.monotonic() - self.written >= _SECONDS_BETWEEN_RESULTS:
            self._attempt(lambda: self._write(trainer), "training goes on, and writes it again later")

    def on_end(self, trainer: Trainer) -> None:
        self._attempt(lambda: self._write(trainer), "that was the last attempt")

    def _write(self, trainer: Trainer) -> None:
        self.network.save(self.folder.network)
        self.folder.write_history(trainer.history)
        write_atomically(self.folder.picture, learning_curve(trainer.history, title=self.title).encode())
        self.written = time.monotonic()
