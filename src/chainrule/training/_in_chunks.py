"""Many steps in one call of a compiled engine, in chunks that are short for whoever waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engines.fused import Stepper, readable
from ..errors import ArgumentError, ChainruleError
from ._nonfinite import is_good
from ._step import step_settings, trace_step

if TYPE_CHECKING:
    from ._trainer import Trainer

Array = np.ndarray[Any, Any]

_SECONDS = 0.1  # of a chunk: what Ctrl-C and the progress on the screen wait for
_MOST_STEPS = 16384  # of a chunk
_WHOLE_STEPS = 64  # long chunks are multiples of that: the xla engine has blocks of so many
_COPY_SHARE = 0.01  # of the time may go into copies to come back to


class InChunks:
    """Runs a trainer's steps on the network's own arrays, on the fused engine; see `steps`."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._steppers: dict[Any, Any] = {}
        self._size = 1

    def stepper(self, x: Array, t: Array) -> Any:
        """What runs steps on such data, with the settings of now."""
        trainer = self._trainer
        t = readable(t)
        settings = step_settings(trainer.optimizer, trainer.clip_norm)
        key = (x.shape[1:], x.dtype, t.shape[1:], t.dtype, trainer.ranks.is_alone, *settings)
        if key not in self._steppers:
            network, optimizer, clip_norm = trainer.network, trainer.optimizer, trainer.clip_norm
            self._steppers[key] = self._new_stepper(
                lambda values: trace_step(network, optimizer, clip_norm, values, trainer.ranks),
                {**trainer.held, "x": x, "t": t, "lr": 0.0, "step": 0.0, **trainer.ranks.example()},
                gathered=("x", "t"),
                dtype=trainer.dtype,
            )
        return self._steppers[key]

    def _new_stepper(self, *form: Any, **more: Any) -> Any:
        return Stepper(*form, **more, threads=1 if self._trainer.deterministic else None)

    def forget_data(self) -> None:
        """There are none to forget: steps read the caller's own."""

    def source(self, rows: int) -> str:
        """The text of a step: of the latest, or, before there was one, for data as the network would take them."""
        if self._steppers:
            return str(list(self._steppers.values())[-1].source(rows).text)
        network = self._trainer.network
        ids = getattr(network, "embedding", None) is not None
        x = np.zeros((1, network.input_size), np.int64 if ids else self._trainer.dtype)
        scores = network.predict(x)
        for t in (np.zeros(1, np.int64), np.zeros_like(scores)):
            with suppress(ChainruleError):
                network.check_targets(x, t)
                return str(self.stepper(x, t).source(rows).text)
        raise ArgumentError("the form of the targets is not known", fix="ask for the source after a step")

    def steps(self, x: Array, t: Array, batches: Array) -> Iterator[list[float]]:
        """Yields the losses of some steps, each once the network holds the result of the last of them."""
        x, t = np.ascontiguousarray(x), readable(t)
        stepper = self.stepper(x, t)
        if self._trainer.may_be_changed:
            self._changed()
        safe = _Safe(self._trainer, lambda: self._copies(stepper), lambda copies: self._put(stepper, copies))
        # Where a rank died, the others may differ in it.
        self._size = self._trainer.comm.broadcast(self._size)
        while len(batches):
            size = min(self._size, self._trainer.most_steps)
            rows, batches = batches[:size], batches[size:]
            start = time.perf_counter()
            losses = self._run(stepper, x, t, rows)
            # What is decided by the clock must be decided alike on all ranks.
            seconds, goal = self._trainer.comm.broadcast([time.perf_counter() - start, self._seconds])
            if not self._is_good(losses):
                yield from self._again_slowly(safe, stepper, x, t, rows)
            self._trainer.step += len(rows)
            yield losses.tolist()
            if self._trainer.may_be_changed:
                self._changed()
            size = int(min(max(1, goal * len(rows) / seconds), 2 * self._size, _MOST_STEPS))
            self._size = size if size < _WHOLE_STEPS else size - size % _WHOLE_STEPS
            safe.keep_up(rows, seconds)

    @property
    def _seconds(self) -> float:
        """How long a chunk shall take."""
        return _SECONDS

    def _changed(self) -> None:
        """The network's arrays may hold other numbers than the last chunk left in them."""

    def _copies(self, stepper: Any) -> Any:
        """Of all that a step may change."""
        return {name: np.array(v) for name, v in self._trainer.held.items()}

    def _put(self, stepper: Any, copies: Any) -> None:
        """Bring back what `_copies` gave."""
        for name, value in self._trainer.held.items():
            value[...] = copies[name]

    def _run(self, stepper: Any, x: Array, t: Array, rows: Array) -> Array:
        own, part = self._trainer.ranks.rows(rows)
        numbers = {**self._numbers(rows), **part}
        losses: Array = stepper.run(self._trainer.held, {"x": x, "t": t}, own, numbers).losses
        return losses

    def _numbers(self, rows: Array) -> dict[str, Array]:
        """The floats among the inputs of a step, for each mini-batch of a chunk."""
        trainer = self._trainer
        numbers = np.arange(trainer.step + 1, trainer.step + 1 + len(rows))
        rates = [trainer.learning_rate(int(number)) for number in numbers] if trainer.has_schedule else None
        lr = np.array(rates or [trainer.learning_rate(0)] * len(rows))
        return {"lr": lr, "step": numbers}

    def _is_good(self, losses: Array) -> bool:
        """NaN and inf stay in parameters and state once they are there, so the end of a chunk tells of all of it."""
        return is_good(losses, self._trainer.held.values())

    def _again_slowly(
        self, safe: _Safe, stepper: Any, x: Array, t: Array, rows: Array
    ) -> Iterator[list[float]]:
        """Come back to before the bad step, one step at a time, and raise there."""
        trainer = self._trainer
        done = trainer.step
        todo = [row for chunk in (*safe.since, rows) for row in chunk]
        safe.restore()
        for row in todo:
            before = self._copies(stepper)
            losses = self._run(stepper, x, t, row[np.newaxis])
            if not self._is_good(losses):
                self._put(stepper, before)
                trainer.refuse_step(trainer.held, x[row], t[row])
            trainer.step += 1
            if trainer.step > done:
                yield losses.tolist()


class _Safe:
    """Copies of parameters and state as they were some steps ago, to come back to."""

    def __init__(self, trainer: Trainer, copy: Callable[[], Any], put: Callable[[Any], None]) -> None:
        self._trainer, self._copy, self._put = trainer, copy, put
        self._take()

    def _take(self) -> None:
        start = time.perf_counter()
        self._copies, self._step = self._copy(), self._trainer.step
        self.since: list[Array] = []
        self._worth = self._trainer.comm.broadcast((time.perf_counter() - start) / _COPY_SHARE)

    def restore(self) -> None:
        self._put(self._copies)
        self._trainer.step = self._step

    def keep_up(self, rows: Array, seconds: float) -> None:
        """Note that a chunk went well; take new copies when that is cheap beside the time since the last ones."""
        self.since.append(rows)
        self._worth -= seconds
        if self._worth <= 0 or self._trainer.is_watched:
            self._take()
