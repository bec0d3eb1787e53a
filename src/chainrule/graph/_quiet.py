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
        context = contextvars.copy_context()
        context.run(np.seterr, all="ignore")
        context.run(_inside.set, True)
        self._run = context.run

    @property
    def run(self) -> Callable[..., Any]:
        """Call it with a function and its arguments."""
        # A gate of somebody's own may call other gates; a context cannot be entered twice, and need not be.
        return _call if _inside.get() else self._run


def _call(function: Callable[..., Any], *args: Any, **settings: Any) -> Any:
    return function(*args, **settings)


quiet = _Quiet()
