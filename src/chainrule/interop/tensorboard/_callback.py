"""The callback that writes a run's event files."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ArgumentError, CheckpointError
from ...graph import Variable, gradients_of
from ...training import Callback, Epoch, Trainer, trace_step, training_loss
from . import _messages as messages
from ._graph import nodes
from ._histogram import Histogram, histogram
from ._records import new_file, record

_SHARE = 0.02  # of the time may go into histograms


class TensorBoard(Callback):
    """Write a log that TensorBoard shows; neither it nor TensorFlow is needed for that.

    folder       where the event files go; ``tensorboard --logdir FOLDER`` shows them
    every        a point for the loss, the learning rate and the steps a second after so many steps
    histograms   of the parameters and their gradients, after epochs; where they would take more than a fiftieth of the
                 time, after fewer of them, and at the end
    graph        of a whole step: forward pass, backward pass and update
    raises       ArgumentError for another number of steps, CheckpointError when the folder cannot be written (at the
                 beginning; a disk that is full later ends the log with a warning, and not the training)

    The loss and the accuracy on all data are there after each epoch. Gradients are those of the first mini-batch of
    the data, in their order in the arrays, so that they can be compared. A run that goes on writes a new file, and
    points of steps that are taken again replace the earlier ones.

    >>> import tempfile
    >>> net = cr.Sequential(cr.Affine(2, 8), cr.Tanh(), cr.Affine(8, 2))
    >>> x, t = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     log = cr.TensorBoard(folder)
    ...     history = cr.Trainer(net, cr.Adam(0.05), callbacks=[log]).fit(x, t, epochs=5)
    ...     [file.name[:19] for file in Path(folder).iterdir()]
    ['events.out.tfevents']
    """

    writes = True
    changes_network = False

    def __init__(
        self,
        folder: str | PathLike[str],
        *,
        every: int = 100,
        histograms: bool = True,
        graph: bool = True,
    ) -> None:
        if not isinstance(every, int) or isinstance(every, bool) or every < 1:
            raise ArgumentError(f"every is a whole number of steps, at least 1; it is {every!r}")
        self.folder, self.every, self.histograms, self.graph = Path(folder), every, histograms, graph
        self._file: Path | None = None
        self._timed = (0.0, 0)  # since when steps are counted, and from which step on
        self._next_histograms = 0.0  # not before that time
        self._latest_histograms: int | None = None  # of which step

    def on_start(self, trainer: Trainer) -> None:
        try:
            is_new = not any(self.folder.glob("events.out.tfevents.*"))
            self._file = new_file(self.folder)
        except OSError as error:
            raise CheckpointError(
                f"{self.folder} takes no event file: {error.strerror}",
                fix="give another folder, or make this one writable",
            ) from error
        void_from = trainer.step + 1 if trainer.step else 0
        self._write(messages.version_event(time.time()), messages.restart_event(time.time(), void_from))
        if self.graph and (is_new or trainer.step == 0):
            self._write_graph(trainer)
        if self.histograms and trainer.step == 0:
            self._write_histograms(trainer)
        self._timed = time.perf_counter(), trainer.step

    def on_steps(self, trainer: Trainer, losses: Sequence[float]) -> None:
        before = trainer.step - len(losses)
        steps = range(before + self.every - before % self.every, trainer.step + 1, self.every)
        if not steps:
            return
        since, first = self._timed
        self._timed = time.perf_counter(), trainer.step
        speed = (trainer.step - first) / max(self._timed[0] - since, 1e-9)
        self._write(
            *(
                messages.scalars_event(
                    time.time(),
                    step,
                    {
                        "step/loss": losses[step - before - 1],
                        "step/learning rate": trainer.learning_rate(step),
                        "step/per second": speed,
                    },
                )
                for step in steps
            )
        )

    def on_epoch(self, trainer: Trainer, epoch: Epoch) -> None:
        values = {
            "loss/train": epoch.train_loss,
            "loss/validation": epoch.validation_loss,
            "accuracy/train": epoch.train_accuracy,
            "accuracy/validation": epoch.validation_accuracy,
            "epoch/seconds": epoch.seconds,
        }
        known = {tag: value for tag, value in values.items() if value is not None}
        self._write(messages.scalars_event(time.time(), epoch.step, known))
        if self.histograms and time.perf_counter() >= self._next_histograms:
            self._write_histograms(trainer)
        self._timed = time.perf_counter(), trainer.step  # the evaluation was not a slow step

    def on_end(self, trainer: Trainer) -> None:
        if self.histograms and trainer.step != self._latest_histograms:
            self._write_histograms(trainer)

    def _write_graph(self, trainer: Trainer) -> None:
        values = _first_step(trainer)
        step = trace_step(trainer.network, trainer.optimizer, trainer.clip_norm, values)
        self._write(messages.graph_event(time.time(), nodes(step, values)))

    def _write_histograms(self, trainer: Trainer) -> None:
        start = time.perf_counter()
        arrays = {f"weights/{name}": w for name, w in trainer.network.params.items()}
        arrays |= {f"gradients/{name}": g for name, g in _gradients(trainer).items()}
        found: dict[str, Histogram] = {}
        for tag, array in arrays.items():
            if (one := histogram(array)) is not None:
                found[tag] = one
        self._write(messages.histograms_event(time.time(), trainer.step, found))
        now = time.perf_counter()
        self._latest_histograms, self._next_histograms = trainer.step, now + (now - start) / _SHARE

    def _write(self, *events: bytes) -> None:
        """Append events; the file is closed in between, so nothing is lost when training ends with an error."""
        if self._file is None:
            return
        try:
            with open(self._file, "ab") as file:
                file.write(b"".join(map(record, events)))
        except OSError as error:  # a run is worth more than its log
            self._file = None
            warnings.warn(f"the log in {self.folder} ends here: {error.strerror}", stacklevel=4)


def _first_step(trainer: Trainer) -> dict[str, Any]:
    """The inputs of a step on the first mini-batch of the data."""
    x, t = trainer.data
    return trainer.inputs_of_step(trainer.held, x[: trainer.batch_size], t[: trainer.batch_size])


def _gradients(trainer: Trainer) -> Mapping[str, Any]:
    """The gradients of that step, without a change to what layers remember of their latest run."""
    values = _first_step(trainer)
    leaves = {name: Variable(w, name=name) for name, w in trainer.network.params.items()}
    loss, _ = training_loss(trainer.network, values | leaves, values["x"], values["t"], values["step"])
    found = gradients_of(loss, list(leaves.values()))
    return {name: np.asarray(g) for name, g in zip(leaves, found, strict=True) if g is not None}
