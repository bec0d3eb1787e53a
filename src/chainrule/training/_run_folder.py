"""The folder of a run: what it was started with, what it learned, and what it needs to go on.

    run.json                how the run was started: settings, data, versions
    checkpoint.safetensors  everything that is needed to go on; beside it, as checkpoint.before-1 and .before-2, the two
                            that it replaced, for the case that it is damaged
    network.safetensors     the network, as `Network.save` writes it
    history.json            the epochs so far
    learning-curve.svg      their picture
    tensorboard             a log for TensorBoard, where one was asked for
    preprocessing.json      of a table: how its rows become numbers

Each file is replaced in one rename, so it is complete or absent at every moment.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from .._json import json_ready
from ..errors import ArgumentError, CheckpointError
from ..storage import earlier, leftovers, write_atomically
from ._checkpoint import KEPT
from ._history import History

_FORMAT = 1
_MOST_BYTES = 1 << 20  # of run.json, which has about a thousand
_MOST_BYTES_OF_PREPROCESSING = (
    1 << 25
)  # which has about a hundred for each column, and the names of categories


class RunFolder:
    """The paths of a run's files, and those of them that are JSON.

    path   the folder

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     folder = RunFolder(f"{parent}/first")
    ...     folder.create({"settings": {"lr": 0.1}})
    ...     folder.read_about(), folder.checkpoint.name
    ({'format': 1, 'settings': {'lr': 0.1}}, 'checkpoint.safetensors')
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.about = self.path / "run.json"
        self.checkpoint = self.path / "checkpoint.safetensors"
        self.network = self.path / "network.safetensors"
        self.history = self.path / "history.json"
        self.picture = self.path / "learning-curve.svg"
        self.tensorboard = self.path / "tensorboard"
        self.preprocessing = self.path / "preprocessing.json"

    def has_checkpoint(self) -> bool:
        """Whether there is a state to go on from: a checkpoint, or one that it replaced."""
        return any(earlier(self.checkpoint, number).exists() for number in range(KEPT))

    def is_blank(self) -> bool:
        """Whether a new run may begin here: nothing is there, or nothing but what a killed writer left behind."""
        return not self.path.exists() or (
            self.path.is_dir() and set(self.path.iterdir()) <= set(leftovers(self.path))
        )

    def check_blank(self) -> None:
        """Raise ArgumentError where a new run may not begin."""
        if not self.is_blank():
            what = f"{self.path} is not empty" if self.path.is_dir() else f"{self.path} is not a folder"
            raise ArgumentError(what, fix="give another folder, or resume the run that is in this one")

    def create(self, about: dict[str, Any]) -> None:
        """Make the folder, where there is none, and write run.json.

        about    how the run was started, fit for JSON
        raises   ArgumentError when there is something else at its place, CheckpointError when it cannot be written
        """
        self.check_blank()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CheckpointError(f"the folder {self.path} cannot be made: {error.strerror}") from error
        self.remove_leftovers()
        self.write_about(about)

    def write_about(self, about: dict[str, Any]) -> None:
        """Write run.json."""
        write_atomically(self.about, _to_json({"format": _FORMAT, **about}))

    def read_about(self) -> dict[str, Any]:
        """What `create` wrote.

        raises   CheckpointError when there is no run here, or run.json is damaged
        """
        if not self.about.is_file():
            raise CheckpointError(
                f"there is no run in {self.path}: it has no run.json", fix="give the folder of a run"
            )
        about = _read(self.about, _MOST_BYTES)
        if not isinstance(about, dict) or about.get("format") != _FORMAT:
            raise CheckpointError(
                f"{self.about} is not one that this version of chainrule writes", fix="start a new run"
            )
        return about

    def write_preprocessing(self, value: dict[str, Any]) -> None:
        """Write preprocessing.json."""
        write_atomically(self.preprocessing, _to_json(value))

    def read_preprocessing(self) -> Any:
        """What `write_preprocessing` wrote; CheckpointError when it is not there or no JSON."""
        return _read(self.preprocessing, _MOST_BYTES_OF_PREPROCESSING)

    def write_history(self, history: History) -> None:
        """Write history.json. NaN and inf, which JSON cannot say, become null."""
        write_atomically(self.history, _to_json({"stopped": history.stopped, "epochs": history.to_dicts()}))

    def remove_leftovers(self) -> None:
        """Delete the temporary files of a writer that was killed."""
        for file in leftovers(self.path):
            file.unlink(missing_ok=True)


def _read(file: Path, most: int) -> Any:
    try:
        with file.open("rb") as stream:
            # As many bytes as are asked for are reserved, however few there are.
            return json.loads(stream.read(min(most, os.fstat(stream.fileno()).st_size)))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{file} cannot be read: {error}", fix="start a new run") from error


def _to_json(value: Any) -> bytes:
    return (json.dumps(json_ready(value), ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()
