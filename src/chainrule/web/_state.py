"""What all requests share: the data set, the folder of the runs, and the one that trains."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from ..errors import DataError

if TYPE_CHECKING:
    from ..runs import Data, TableOptions
    from ._training import Worker

_DTYPE = "float32"  # of inputs that are no pixels


@dataclass(frozen=True)
class State:
    """What the page is about.

    data_name  "mnist", a folder of IDX files, an .npz file, or a table
    folder     where runs are put, each in a folder of its own
    language   of a page whose reader has not chosen one; None leaves it to the browser
    options    of a table
    """

    data_name: str
    folder: Path
    language: str | None = None
    options: TableOptions | None = None
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
        return self.load(_DTYPE)

    def load(self, dtype: str) -> Data:
        """Read the data set. DataError for one that has no classes, which is what the page trains for."""
        from ..runs import load_data

        data = load_data(self.data_name, dtype, self.options)
        if not data.classes:
            what = f"the target of {data.short_name} is a number; the page trains for classes"
            raise DataError(what, fix="chainrule train, or --task classification if its numbers are classes")
        return data

    @property
    def worker(self) -> Worker:
        """The only one that trains; it lives as long as the page is served."""
        with self._lock:
            return self._worker

    @cached_property
    def _worker(self) -> Worker:
        from ._training import Worker

        return Worker(self)
