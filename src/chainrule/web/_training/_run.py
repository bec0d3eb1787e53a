"""One run: where it stands, what is wanted of it, and the thread that trains."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from threading import Condition, Thread
from typing import Any, Literal, TypeVar

from ...errors import ChainruleError, UnsupportedError
from ...networks import Network
from ...runs import Data, Settings, how_to_go_on, trainer_of, what_is_unsaved
from ...training import RunFolder, Trainer
from .._problem import Problem
from ._failure import failure_of, in_words
from ._log import Log
from ._watcher import INTERRUPTED, OneStep, Watcher

T = TypeVar("T")
Status = Literal["preparing", "running", "paused", "finished", "stopped", "failed"]
Wanted = Literal["go", "step", "pause", "stop"]

_ALIVE = ("preparing", "running", "paused")
_POSSIBLE: Mapping[Wanted, tuple[Status, ...]] = {
    "go": ("paused",),
    "step": ("paused",),
    "pause": ("preparing", "running", "paused"),
    "stop": ("preparing", "running", "paused"),
}
_SECONDS = 8.0  # to wait for the end of a step, or of the evaluation behind an epoch


class Run:
    """A run in its folder, trained by a thread of its own until it has finished, failed, or is stopped.

    Whenever it is not running, all of it is in the folder.

    folder, settings, data   as `chainrule.runs.start` took them
    log      is told what happens
    paused   whether to wait for an order before the first step

    status   where it stands
    wanted   what the thread shall do
    """

    def __init__(
        self, folder: RunFolder, settings: Settings, data: Data, log: Log, *, paused: bool = False
    ) -> None:
        self.folder, self.settings, self.data, self.log = folder, settings, data, log
        self.status: Status = "preparing"
        self.wanted: Wanted = "pause" if paused else "go"
        self.step, self.epoch = 0, 0  # of the trainer, as of the last time it was looked at
        self.rate: float | None = None  # steps per second
        self.ended: Literal["epochs", "target", "patience"] | None = None
        self.error: dict[str, Any] | None = None
        self.note: dict[str, str] | None = None  # what a person should know, by language
        self._unsaved: dict[str, str] | None = None
        self._moved = Condition()  # guards what is wanted, the status, and what is below
        self._network: Network | None = None
        self._is_steady = False  # the network stays as it is until somebody orders otherwise, or for a while
        self._questions: list[_Question] = []
        self._thread = Thread(target=self._work, name="chainrule-training", daemon=True)

    @property
    def id(self) -> str:
        """The name of its folder."""
        return self.folder.path.name

    @property
    def is_alive(self) -> bool:
        return self.status in _ALIVE

    def to_json(self) -> dict[str, Any]:
        """Where it stands."""
        waits = self.is_alive and self.status != "paused" and self.wanted in ("pause", "stop")
        return {
            "id": self.id,
            "status": self.status,
            "asked": self.wanted if waits else None,
            "settings": self.settings.to_json(),
            "data": self.data.short_name,
            "folder": str(self.folder.path),
            "step": self.step,
            "epoch": self.epoch,
            "steps_per_epoch": -(-len(self.data.x_train) // self.settings.batch_size),
            "epochs": self.settings.epochs,
            "rate": self.rate if self.status == "running" else None,
            "ended": self.ended,
            "error": self.error,
            "note": self.note,
            "resume": how_to_go_on(
                self.folder, f" --epochs {2 * self.settings.epochs}" if self.ended == "epochs" else ""
            ),
        }

    # For whoever wants something of it.

    def start(self) -> None:
        self.tell("preparing")
        self._thread.start()

    def order(self, wanted: Wanted, seconds: float = _SECONDS) -> None:
        """Say what the thread shall do, and wait until it does, or for some seconds.

        raises   Problem where that makes no sense now
        """
        with self._moved:
            if self.status not in _POSSIBLE[wanted]:
                raise Problem(f"run_cannot_{wanted}", 409)
            self.wanted = wanted
            if wanted in ("go", "step"):
                self.tell("running")
            self._moved.notify_all()
            if wanted != "go":
                self._moved.wait_for(lambda: self._has_obeyed(wanted), seconds)

    def between_steps(self, f: Callable[[Network], T]) -> T:
        """What a function returns for the network as it is after some step.

        The thread that trains calls it, while no step is under way. While it waits, evaluates, or has ended, the caller
        does: it may look at the parameters, but not let the network compute, which its layers would remember.

        raises   Problem when there is no moment between two steps within some seconds, and whatever f raises
        """
        with self._moved:
            if self._network is not None and self._is_steady:
                return f(self._network)
            if not self.is_alive:  # it failed before there was a network
                raise Problem("run_none", 404)
            question = _Question(f)
            self._questions.append(question)
        try:
            answer: T = question.answer.result(_SECONDS)
        except TimeoutError:
            question.answer.cancel()
            raise Problem("too_slow", 503, seconds=round(_SECONDS)) from None
        return answer

    def snapshot(self) -> tuple[Network, int]:
        """A copy of the network as it is after some step, and the number of the step."""
        copy = self.settings.network(self.data.inputs, self.data.classes)

        def take_over(network: Network) -> int:
            for name, w in network.arrays.items():
                copy.arrays[name][...] = w
            return self.step

        return copy, self.between_steps(take_over)

    # For the thread that trains.

    def tell(self, status: Status) -> None:
        """Move on, and let everybody know."""
        with self._moved:
            self.status = status
            self.log.append("status", **self.to_json())
            self._moved.notify_all()

    def note_unsaved(self, trainer: Trainer) -> None:
        """Say that what was learned last could not be saved, for as long as that is so."""
        problem = what_is_unsaved(trainer)
        unsaved = None if problem is None else in_words("not_saved", why=problem.what)
        if unsaved != self._unsaved:
            self.note = self._unsaved = unsaved
            self.tell(self.status)

    def steady(self, is_steady: bool) -> None:
        """Say whether the network stays as it is for now, so that anybody may look at it at any time."""
        with self._moved:  # whoever looks has it too
            self._is_steady = is_steady
        if is_steady:
            self.answer()

    def answer(self) -> None:
        """Let those look at the network who asked to."""
        if not self._questions:
            return
        with self._moved:
            questions, self._questions = self._questions, []
        for question in questions:
            question.settle(self._network)

    def _work(self) -> None:
        try:
            self._train()
        except BaseException as error:
            if not isinstance(error, ChainruleError):
                traceback.print_exc()
            self.error = failure_of(error, self.settings)
            self.tell("failed")
        self.answer()

    def _train(self) -> None:
        trainer = self._trainer()
        while len(trainer.history) >= self.settings.epochs or self._may_go_on():
            trainer = self._fit(trainer)
            self.note_unsaved(trainer)
            if trainer.history.stopped != INTERRUPTED:
                self.ended = self._why(trainer)
                self.tell("finished")
                return
        self.tell("stopped")

    def _trainer(self) -> Trainer:
        trainer = trainer_of(self.folder, self.settings, self.data, [Watcher(self)])
        assert isinstance(trainer.network, Network)
        self._network = trainer.network
        self.steady(True)
        return trainer

    def _may_go_on(self) -> bool:
        """Wait while a pause is wanted; False when the run is to stop."""
        with self._moved:
            while self.wanted == "pause":
                if self.status != "paused":  # at first, or because somebody changed their mind at once
                    self.tell("paused")
                self._moved.wait()
            return self.wanted != "stop"

    def _fit(self, trainer: Trainer) -> Trainer:
        """Train until it is over or something else is wanted; with the other engine where this one cannot be used."""
        single = [OneStep()] if self.wanted == "step" else []
        trainer.callbacks[:0] = single
        self.steady(False)
        try:
            data = self.data
            trainer.fit(
                data.x_train, data.t_train, epochs=self.settings.epochs, validation=(data.x_test, data.t_test)
            )
        except UnsupportedError:
            if trainer.step or self.settings.engine == "eager":
                raise
            self.note = in_words("engine_fell_back", engine=self.settings.engine)
            self.settings = replace(self.settings, engine="eager")
            self.folder.write_about({**self.folder.read_about(), "settings": self.settings.to_json()})
            return self._fit(self._trainer())
        finally:
            del trainer.callbacks[: len(single)]
            with self._moved:
                if self.wanted == "step":
                    self.wanted = "pause"
            self.steady(True)
        return trainer

    def _has_obeyed(self, wanted: Wanted) -> bool:
        if not self.is_alive:
            return True
        return wanted != "stop" and self.status == "paused"

    def _why(self, trainer: Trainer) -> Literal["epochs", "target", "patience"]:
        if trainer.history.stopped == "finished":
            return "epochs"
        target, reached = self.settings.target_accuracy, trainer.history["validation_accuracy"][-1]
        return "target" if target is not None and reached >= target else "patience"


class _Question:
    """Somebody who waits for a moment between two steps."""

    def __init__(self, f: Callable[[Network], Any]) -> None:
        self._f = f
        self.answer: Future[Any] = Future()

    def settle(self, network: Network | None) -> None:
        """Answer, unless nobody waits any more."""
        if not self.answer.set_running_or_notify_cancel():
            return
        try:
            if network is None:
                raise Problem("run_none", 404)
            self.answer.set_result(self._f(network))
        except BaseException as error:
            self.answer.set_exception(error)
