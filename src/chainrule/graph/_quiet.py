"""NumPy's floating-point warnings off, for the duration of one call."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

_inside: contextvars.ContextVar[bool] = contextvars.ContextVar("inside", default=False)


class _Quiet(threading.local):
    """Runs a function with NumPy's floating-point warnings off: 0.2 µs, where ``np.errstate`` takes 2.4 µs.

    The safe form of a gate may compute an infinity in a branch that it does not take; and −inf from log 0 is an
    answer. Neither deserves a warning from a line that is not the user's.
    """

    def __init__(self) -> None:
        self._context = contextvars.copy_context()
        self._context.run(np.seterr, all="ignore")
        self._context.run(_inside.set, True)

    def run(self, function: Callable[..., Any], *args: Any, **settings: Any) -> Any:
        if _inside.get():  # a gate of somebody's own that calls other gates; a context cannot be entered twice
            return function(*args, **settings)
        return self._context.run(function, *args, **settings)


quiet = _Quiet()
