"""The training loop: mini-batches, epochs, history, callbacks, checkpoints."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from sys import maxsize
from typing import Any, NoReturn

import numpy as np

from ..comm import Comm, advance, comm_of
from ..engines import report_broken, resolve
from ..errors import ArgumentError, RankError, UnsupportedError
from ..graph import as_array
from ..optimizers import Optimizer
from . import _checkpoint
from ._arguments import row_numbers, whole
from ._callbacks import Callback
from ._checkpoints import Checkpoints
from ._evaluation import Evaluation
from ._history import Epoch, History
from ._in_chunks import InChunks
from ._interrupt import InterruptFlag
from ._nonfinite import refuse
from ._on_devices import OnDevices, check_engine, processes_of
from ._one_by_one import OneByOne
from ._order import order_of_rows
from ._ranks import Ranks
from ._schedules import Schedule
from ._step import Network, arrays_of, initial_state, step_inputs, trace_step
from ._survivors import Moments
from ._windows import checked, windows

Array = np.ndarray[Any, Any]


class Trainer:
    """Trains a network with an optimizer, on mini-batches.

    network        what is trained; its ``params`` are changed in place
    optimizer      the update rule
    batch_size     rows of a mini-batch; the last one of an epoch may be smaller
    drop_last      leave it out where it is smaller; as rows are shuffled, they are others in each epoch
    seed           of the order of the data, which depends on it and the number of the epoch alone
    engine         what runs a step: "auto", "eager", "fused" or "xla"
    clip_norm      scale the gradients of a step down to this common length, or None
    schedule       from the number of a step to a factor of the learning rate, see `chainrule.training`
    callbacks      see `Callback`
    comm           the processes that train together: None for this one alone, "mpi" for all that mpiexec started,
                   or a `chainrule.Comm`. Each takes its rows of every mini-batch (docs/scale.md)
    deterministic  keep matrix products to one thread, so that bits do not depend on the number of cores
    precision      "bfloat16" (of the xla engine): operands of matrix products are rounded to bfloat16, all else stays
                   float32; None for the network's own
    parameters     on several devices of the xla engine: "replicated", a copy on each, or "split", a part on each
    raises         ArgumentError for settings out of range, or that the engine does not have

    The same seed gives the same bits on one machine and engine, interrupted or not.

    >>> net = cr.Sequential(cr.Affine(2, 8), cr.Tanh(), cr.Affine(8, 2), dtype=np.float64)
    >>> x, t = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    >>> history = cr.Trainer(net, cr.Adam(0.05), batch_size=4).fit(x, t, epochs=200)
    >>> net.accuracy(x, t)
    1.0
    """

    def __init__(
        self,
        network: Network,
        optimizer: Optimizer,
        *,
        batch_size: int = 100,
        drop_last: bool = False,
        seed: int = 0,
        engine: str = "auto",
        clip_norm: float | None = None,
        schedule: Schedule | None = None,
        callbacks: Sequence[Callback] = (),
        comm: Comm | str | None = None,
        deterministic: bool = False,
        precision: str | None = None,
        parameters: str = "replicated",
    ) -> None:
        if not isinstance(optimizer, Optimizer):
            raise ArgumentError(f"{optimizer!r} is no optimizer", fix="cr.SGD(0.1), cr.Adam() and so on")
        if clip_norm is not None and not clip_norm > 0:
            raise ArgumentError(f"clip_norm must be a positive number or None; it is {clip_norm}")
        if schedule is not None and not callable(schedule):
            raise ArgumentError(f"a schedule is a function of the step's number; {schedule!r} is not one")
        if not all(isinstance(callback, Callback) for callback in callbacks):
            raise ArgumentError(
                "callbacks is a list of Callback objects", fix="callbacks=[cr.EarlyStopping()]"
            )
        self.network, self.optimizer = network, optimizer
        self.batch_size = whole("batch_size", batch_size, least=1)
        self.drop_last = drop_last
        self.seed, self.engine = whole("seed", seed, least=0), resolve(engine, on_cpu=isinstance(comm, Comm))
        self.precision, self.parameters = precision, parameters
        check_engine(self.engine, self.dtype, precision=precision, parameters=parameters)
        self.clip_norm, self.deterministic = clip_norm, deterministic
        self.ranks = Ranks(processes_of(comm) if self.engine == "xla" else comm_of(comm))
        self.schedule = schedule
        # Checkpoints come last, so that they save what the other callbacks remember of the epoch.
        self.callbacks = sorted(callbacks, key=lambda callback: isinstance(callback, Checkpoints))
        self.rows: int | None = None  # of the data, known once there is some
        self._data: tuple[Array, Array] | None = None  # while `fit` trains on them
        self.history = History()
        self.step = 0
        self.epoch_loss, self.epoch_rows = 0.0, 0  # of the mini-batches of the epoch that is under way
        self.state = initial_state(network.params, optimizer)
        self.settings = {
            "optimizer": type(optimizer).__name__,
            **optimizer.config(),
            "batch_size": self.batch_size,
            "drop_last": drop_last,
            "seed": self.seed,
            "engine": self.engine,
            "clip_norm": clip_norm,
            "precision": precision,
        }
        """What must be the same for a run to be resumed bit for bit (and the schedule, which cannot be compared)."""
        self._may_choose = engine == "auto"
        self._known_evaluation: Evaluation | None = None
        self._runner = _RUNNERS[self.engine](self)
        self._stop_reason: str | None = None
        self._moments: Moments | None = None  # to come back to, where ranks may die

    def stop(self, reason: str) -> None:
        """End training after the current step; for callbacks."""
        self._stop_reason = reason

    def save(self, path: str | Path) -> None:
        """Write a checkpoint: complete, or not at all."""
        _checkpoint.save(self, Path(path))

    def resume(self, path: str | Path) -> None:
        """Go on where a checkpoint was written, by a trainer with the same settings.

        Where the file is damaged and `Checkpoints` kept those before it, the newest of them that is whole is taken, and
        a CheckpointWarning names the file, what is wrong with it and what is used.

        raises   CheckpointError when it is damaged or of other settings; nothing is changed then
        """
        _checkpoint.load(self, Path(path))

    def fit(
        self, x: Array, t: Array, *, epochs: int = 1, validation: tuple[Array, Array] | None = None
    ) -> History:
        """Train until `epochs` epochs are finished (counting those of an earlier call or a checkpoint).

        x, t        training data, a row for each sample; x of uint8 are pixels, taken as x / 255 batch by batch. Memory
                    maps, and what `chainrule.datasets.load_shards` gives, are read while training goes on
        epochs      how many epochs there shall be in all
        validation  data that is only evaluated, after each epoch
        returns     the history, also kept as ``trainer.history``
        raises      NonFiniteError with the step, gate and variable where NaN or inf first arose; ShapeError,
                    DTypeError, LabelError when the data do not fit. Whatever happens, the network holds the last
                    finished step. SystemExit, when all is saved, where SIGTERM or SIGHUP wants the process to end
        """
        epochs = whole("epochs", epochs, least=0)
        x, t = checked(self.network, x, t)
        if validation is not None:
            if not isinstance(validation, (tuple, list)) or len(validation) != 2:
                raise ArgumentError("validation must be a pair of arrays", fix="validation=(x_test, t_test)")
            validation = checked(self.network, *validation)
        if self.drop_last and len(x) < self.batch_size:
            what = f"no mini-batch of {self.batch_size} rows can be made of {len(x)}, and smaller ones are dropped"
            raise ArgumentError(what, fix=f"batch_size={len(x)}, or drop_last=False")
        if self.epoch_rows and self.rows != len(x):
            what = f"the epoch under way began on {self.rows} rows; x has {len(x)}"
            raise ArgumentError(what, fix="go on with the same data")
        self.rows, self._data = len(x), (x, t)
        self._stop_reason = self.history.stopped = None
        self._join(x, t, epochs)
        try:
            with InterruptFlag() as interrupt, self._threads():
                for callback in self._called:
                    callback.on_start(self)
                self._moments = Moments(self) if self.comm.can_shrink and not self.ranks.is_alone else None
                while not self._is_done(epochs):
                    try:
                        self._epoch(x, t, validation, interrupt)
                    except RankError as error:
                        self._survive(error)
                self.history.stopped = self._stop_reason or "finished"
                for callback in self._called:
                    callback.on_end(self)
        finally:
            self._data = self._moments = None
            self._runner.forget_data()
        return self.history

    def run(self, x: Array, t: Array, batches: Array) -> Array:
        """Train on exactly these mini-batches, in this order.

        x, t     data, a row for each sample
        batches  row numbers, integers of shape (steps, rows of a mini-batch)
        returns  the loss of each step, float64 of shape (steps,), each before its update; fewer when Ctrl-C or
                 the `on_step` of a callback ended it (the other methods of callbacks are not called)
        raises   as `fit`; ArgumentError when `batches` is not such an array
        """
        x, t = checked(self.network, x, t)
        batches = row_numbers(batches, len(x))
        self._stop_reason = None
        self._join(x, t, 0)
        try:
            with InterruptFlag() as interrupt, self._threads():
                losses = [loss for some in self._run_steps(x, t, batches, interrupt) for loss in some]
        finally:
            self._runner.forget_data()
        return np.array(losses, dtype=np.float64)

    def evaluate(self, x: Array, t: Array) -> tuple[float, float | None]:
        """`loss` and `accuracy` from one pass; None for the accuracy of a network that predicts numbers."""
        return self._evaluation().evaluate(x, t)

    def loss(self, x: Array, t: Array) -> float:
        """The loss of the network, as its own method gives it, computed by the trainer's engine."""
        return self._evaluation().loss(x, t)

    def accuracy(self, x: Array, t: Array) -> float:
        """The share of right answers, as the network's own method gives it, computed by the trainer's engine."""
        return self._evaluation().accuracy(x, t)

    def predict(self, x: Array) -> Array:
        """The scores, as the network's own method gives them, computed by the trainer's engine."""
        return self._evaluation().predict(x)

    def _evaluation(self) -> Evaluation:
        if self._known_evaluation is None or self._known_evaluation.engine != self.engine:
            threads = 1 if self.deterministic else None
            self._known_evaluation = Evaluation(self.network, self.engine, threads=threads)
        return self._known_evaluation

    def _epoch(
        self, x: Array, t: Array, validation: tuple[Array, Array] | None, interrupt: InterruptFlag
    ) -> None:
        """The rest of the epoch under way, or the next one."""
        start = time.perf_counter()
        number = len(self.history)
        order = order_of_rows(x, self.seed, number, self.batch_size)
        rows = len(x) - len(x) % self.batch_size if self.drop_last else len(x)
        left = order[self.epoch_rows : rows]
        even = len(left) - len(left) % self.batch_size
        for batches in (left[:even].reshape(-1, self.batch_size), left[np.newaxis, even:]):
            for losses in self._run_steps(x, t, batches, interrupt) if batches.size else ():
                for loss in losses:
                    self.epoch_loss += loss * batches.shape[1]
                    self.epoch_rows += batches.shape[1]
            if self._stop_reason is not None and self.epoch_rows < rows:
                return
        mean_loss = self.epoch_loss / self.epoch_rows
        self.epoch_loss, self.epoch_rows = 0.0, 0
        self.ranks.check_arrays(self.held)
        train_loss, train_accuracy = self.ranks.mean(x, t, self.evaluate)
        validation_loss, validation_accuracy = (
            self.ranks.mean(*validation, self.evaluate) if validation else (None, None)
        )
        epoch = Epoch(
            epoch=number + 1,
            step=self.step,
            loss=mean_loss,
            train_loss=train_loss,
            train_accuracy=train_accuracy,
            validation_loss=validation_loss,
            validation_accuracy=validation_accuracy,
            seconds=time.perf_counter() - start,
        )
        self.history.append(epoch)
        for callback in self._called:
            callback.on_epoch(self, epoch)

    def _run_steps(
        self, x: Array, t: Array, batches: Array, interrupt: InterruptFlag
    ) -> Iterable[list[float]]:
        """A step for each mini-batch; yields the losses of some once the network holds the result of the last."""
        for window in windows(self.network, x, t, batches, self.ranks):
            self._prepare(*window[:2])
            for losses in self._runner.steps(*window):
                advance()
                yield losses
                for callback in self._called:
                    callback.on_steps(self, losses)
                    if self.is_watched:
                        callback.on_step(self, losses[0])
                if interrupt.requested:
                    self.stop(interrupt.requested)
                if self._is_stopped():
                    return

    def _is_stopped(self) -> bool:
        """Whether somebody asked for the end, on any rank: so all end after the same step."""
        self._stop_reason = self.comm.first(self._stop_reason)
        if self._moments is not None:
            self._moments.keep_up()
        return self._stop_reason is not None

    def _is_done(self, epochs: int) -> bool:
        """Whether training is over, on all ranks."""
        while True:
            try:
                return self._is_stopped() or len(self.history) >= epochs
            except RankError as error:
                self._survive(error)

    def _survive(self, error: RankError) -> None:
        """Go on where a rank is gone and the others can do without it."""
        if self._moments is None or not error.lost:
            raise error
        self._moments.survive()

    def _join(self, x: Array, t: Array, epochs: int) -> None:
        """See to it that all ranks begin alike: the parameters, and what has no right to differ."""
        if self.comm.size == 1:
            return
        self.ranks.check_alike("settings", [self.settings, self.deterministic])
        data = [x.shape, x.dtype.name, t.shape, t.dtype.name]
        self.ranks.check_alike("data", json.loads(json.dumps(data)))
        self.ranks.check_alike("progress", [self.step, self.epoch_rows, len(self.history), epochs])
        self.comm.broadcast_arrays(self.held.values())

    @property
    def comm(self) -> Comm:
        """The processes that train together."""
        return self.ranks.comm

    @property
    def _called(self) -> list[Callback]:
        """The callbacks of this rank: those that write are called on rank 0 alone."""
        return [c for c in self.callbacks if self.comm.rank == 0 or not c.writes]

    def _prepare(self, x: Array, t: Array) -> None:
        """Compile, or, where the engine was ours to choose and cannot be used, go on with one that can."""
        if not isinstance(self._runner, InChunks):
            return
        problem = None
        try:
            self._runner.stepper(x, t).prepare(min(self.batch_size, len(x)))
        except UnsupportedError as unsupported:
            if not self._may_choose:
                raise
            problem = unsupported.what
        if (problem := self.comm.first(problem)) is not None:  # all ranks, or none, use the other engine
            report_broken(self.engine, problem)
            warnings.warn(f"{problem}; training goes on with the eager engine", stacklevel=4)
            self.engine = self.settings["engine"] = "eager"
            self._runner = _RUNNERS[self.engine](self)

    @property
    def source(self) -> str:
        """A whole step (forward, backward, update) as the text of one Python function, as the fused engine has it.

        The names in it that are not Python's are in `chainrule.engines.fused.PLAIN_NAMES`.
        """
        runner = self._runner if self.engine == "fused" else InChunks(self)
        return runner.source(self.batch_size)

    @property
    def held(self) -> dict[str, Array]:
        """All arrays that a step reads and may change: what the network holds, and the optimizer's state."""
        return {**arrays_of(self.network), **self.state}

    @property
    def data(self) -> tuple[Array, Array]:
        """The training data, for callbacks; x of uint8 are pixels.

        raises   ArgumentError where `fit` is not under way: a trainer keeps no data
        """
        if self._data is None:
            raise ArgumentError("a trainer has data only while fit is under way")
        return self._data

    @property
    def is_watched(self) -> bool:
        """Whether a callback looks at every step."""
        return any(type(c).on_step is not Callback.on_step for c in self.callbacks)

    @property
    def most_steps(self) -> int:
        """How many steps may be taken at once from here on: to whichever step a callback wants to see next."""
        asked = [1] if self.is_watched else [callback.most_steps(self) for callback in self.callbacks]
        return min((steps for steps in asked if steps is not None), default=maxsize)

    @property
    def may_be_changed(self) -> bool:
        """Whether a callback may change the network while training is under way."""
        return any(callback.changes_network for callback in self.callbacks)

    @property
    def has_schedule(self) -> bool:
        """Whether the learning rate may be another one in each step."""
        return self.schedule is not None

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of the parameters, in which everything is computed."""
        dtype: np.dtype[Any] = next(iter(self.network.params.values())).dtype
        return dtype

    def inputs_of_step(self, trained: Mapping[str, Any], x: Array, t: Array) -> dict[str, Any]:
        """The inputs of the next step by name; `trained` is as `held`, x and t a mini-batch."""
        step, x, t = self.step + 1, as_array(x), as_array(t, "t")
        return step_inputs(trained, x, t, dtype=self.dtype, lr=self.learning_rate(step), step=step)

    def refuse_step(self, trained: Mapping[str, Any], x: Array, t: Array) -> NoReturn:
        """Raise with the place where NaN or inf first arose in the next step.

        trained  as `held`, before the step
        x, t     its whole mini-batch: each rank looks at all of it, and says the same
        """
        values = self.inputs_of_step(trained, x, t)
        graph = trace_step(self.network, self.optimizer, self.clip_norm, values)
        refuse(self.network, graph, values, self.step + 1)

    def learning_rate(self, step: int) -> float:
        """The learning rate of a step by its number."""
        return float(self.optimizer.lr * (self.schedule(step) if self.schedule else 1.0))

    def _threads(self) -> AbstractContextManager[Any]:
        if not self.deterministic:
            return nullcontext()
        from threadpoolctl import threadpool_limits

        limits: AbstractContextManager[Any] = threadpool_limits(1, user_api="blas")
        return limits


_RUNNERS: Mapping[str, type[Any]] = {"eager": OneByOne, "fused": InChunks, "xla": OnDevices}
