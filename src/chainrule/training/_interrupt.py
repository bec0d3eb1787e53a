"""Ctrl-C, and the signals that ask a process to end, end a training run after the current step instead of within it."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

INTERRUPTED, TERMINATED, HUNG_UP = "interrupted", "terminated", "hung up"
_REASONS = {"SIGINT": INTERRUPTED, "SIGTERM": TERMINATED, "SIGHUP": HUNG_UP}  # Windows has no SIGHUP
ENDED_BY_SIGNAL = {INTERRUPTED: 130, TERMINATED: 143, HUNG_UP: 129}
"""The words that a history has for training which a signal ended, each with the exit code that shells give it."""


class InterruptFlag:
    """While it is entered, the first signal is noted; a second one does what it does without us.

    When it is left after SIGTERM or SIGHUP, which want the process to end, it raises SystemExit with the exit code that
    shells give it: 143, 129. Outside the main thread Python delivers no signals, and nothing is changed.

    requested   why to stop: "interrupted" (SIGINT), "terminated" (SIGTERM), "hung up" (SIGHUP); None where nobody asked
    """

    def __init__(self) -> None:
        self.requested: str | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> InterruptFlag:
        # A handler that is not Python's own belongs to somebody else (a notebook, a server): leave it.
        if threading.current_thread() is threading.main_thread():
            for name in _REASONS:
                number: int = getattr(signal, name, 0)
                handler = signal.getsignal(number) if number else None
                if handler is signal.default_int_handler or handler is signal.SIG_DFL:
                    self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()
        if error is None and self.requested not in (None, INTERRUPTED):
            raise SystemExit(ENDED_BY_SIGNAL[self.requested])

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.requested = _REASONS[signal.Signals(number).name]
        signal.signal(number, self._before[number])
