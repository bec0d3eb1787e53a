"""The place for the one run that trains on the page."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from ...networks import Network
from ...runs import Data, Settings, new_path, start
from .._problem import Problem
from ._log import Log
from ._run import Run, Wanted

if TYPE_CHECKING:
    from .._state import State

T = TypeVar("T")

_SECONDS_TO_END = 0.7  # once the page is no longer served
_SECONDS_TO_RESET = 8.0

NO_RUN: dict[str, Any] = {
    **dict.fromkeys(
        ("id", "asked", "settings", "data", "folder", "step", "epoch", "steps_per_epoch", "epochs")
    ),
    **dict.fromkeys(("rate", "ended", "error", "note", "resume")),
    "status": "none",
}
"""What the page gets of a run where there is none."""


class Worker:
    """Trains one run at a time, and keeps the last one until it is reset or another is started.

    Its methods may be called from any thread.

    state   the data, and where runs are put
    log     what happened to the run
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._lock = Lock()  # one at a time starts or resets
        self._run: Run | None = None
        self._closed = False
        self.log = Log()

    @property
    def run(self) -> Run | None:
        """The run of now, or the last one."""
        return self._run

    def told(self) -> dict[str, Any]:
        """Where the run stands, as the page gets it."""
        run = self._run
        return NO_RUN if run is None else run.to_json()

    def data_for(self, settings: Settings) -> Data:
        """The data in the form that these settings ask for: pixels are the same in any."""
        data = self._state.data
        if data.x_train.dtype.kind != "f" or data.x_train.dtype == settings.dtype:
            return data
        return self._state.load(settings.dtype)

    def start(self, settings: Settings, *, paused: bool = False) -> Run:
        """Begin a run in a new folder.

        paused   to wait for an order before the first step
        raises   Problem while there is one that has not ended; CheckpointError when the folder cannot be made
        """
        with self._lock:
            if self._closed:
                raise Problem("closing", 503)
            if self._run is not None and self._run.is_alive:
                raise Problem("run_alive", 409, id=self._run.id)
            data = self.data_for(settings)
            folder = start(new_path(data, self._state.folder), settings, data)
            self.log.clear()
            run = Run(folder, settings, data, self.log, paused=paused)
            run.start()
            self._run = run
            return run

    def order(self, id: Any, wanted: Wanted) -> None:
        """Have the run go on, take one step, pause or stop.

        id       of the run that is meant
        raises   Problem when another run is there now, or where that makes no sense
        """
        self._known(id).order(wanted)

    def reset(self, id: Any) -> None:
        """Stop the run, if it has not ended, and forget it; its folder stays."""
        run = self._known(id)
        with self._lock:
            if run.is_alive:
                run.order("stop", _SECONDS_TO_RESET)
            if run.is_alive:
                raise Problem("run_busy", 503)
            self._run = None
            self.log.clear()
            self.log.append("status", **NO_RUN)

    def between_steps(self, f: Callable[[Network], T]) -> T:
        """What a function returns for the network of the run, while no step changes it.

        raises   Problem when there is no run
        """
        run = self._run
        if run is None:
            raise Problem("run_none", 404)
        return run.between_steps(f)

    def network_snapshot(self) -> Network:
        """A copy of the network of the run as it is after some step.

        raises   Problem when there is no run
        """
        run = self._run
        if run is None:
            raise Problem("run_none", 404)
        return run.snapshot()[0]

    def close(self) -> None:
        """Save what has been learned, within a second, and let all readers of the log go; nothing starts after this."""
        self._closed = True
        self.log.close()
        run = self._run
        if run is None or not run.is_alive:
            return
        try:
            run.order("stop", _SECONDS_TO_END)
        except Problem:  # it has just ended by itself
            pass

    def _known(self, id: Any) -> Run:
        run = self._run
        if run is None:
            raise Problem("run_none", 404)
        if run.id != id:
            raise Problem("run_other", 409, id=run.id)
        return run
