"""What all requests share: the data set, the folder of the runs, and the one that trains."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..runs import Data
    from ._training import Worker

_DTYPE = "float32"  # of inputs that are no pixels


@dataclass(frozen=True)
class State:
    """What the page is about.

    data_name  "mnist", a folder of IDX files, or an .npz file
    folder     where runs are put, each in a folder of its own
    language   of a page whose reader has not chosen one; None leaves it to the browser
    """

    data_name: str
    folder: Path
    language: str | None = None
    _lock: RLock = field(default_factory=RLock, init=False, repr=False, compare=False)

    @property
    def data(self) -> Data:
        """The data set, read when it is first asked for.

        raises   DataError when it is damaged
        """
        with self._lock:  # two requests may ask at once, and reading takes a while
            return self._data

    @cached_property
    def _data(self) -> Data:
        from ..runs import load_data

        return load_data(self.data_name, _DTYPE)

    @property
    def worker(self) -> Worker:
        """The only one that trains; it lives as long as the page is served."""
        with self._lock:
            return self._worker

    @cached_property
    def _worker(self) -> Worker:
        from ._training import Worker

        return Worker(self)
