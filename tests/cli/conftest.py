"""Small data and a way to run a command inside the test's own process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from chainrule.cli import main
from tests.cli._data import make_arrays, make_bars


class Done(NamedTuple):
    """What a command left: its exit code and what it printed."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """What it printed, as the one JSON object that it must be."""

        def refuse(name: str) -> None:
            raise ValueError(f"{name} is no JSON")

        return json.loads(self.out, parse_constant=refuse)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Runs ``chainrule`` with these words."""

    def run(*words: object) -> Done:
        capsys.readouterr()
        code = main([str(word) for word in words])
        return Done(code, *capsys.readouterr())

    return run


@pytest.fixture
def refused(command: Callable[..., Done]) -> Callable[..., str]:
    """What ``chainrule`` says of these words, which are wrong input: a sentence, and no traceback."""

    def run(*words: object) -> str:
        done = command(*words)
        assert (done.code, done.out) == (2, "")
        assert "Traceback" not in done.err
        return done.err

    return run


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    return make_arrays()


@pytest.fixture
def heaps(tmp_path: Path, arrays: dict[str, np.ndarray]) -> Path:
    """An .npz file with 60 training and 30 test rows of 4 numbers and 3 classes."""
    file = tmp_path / "heaps.npz"
    np.savez(file, **arrays)
    return file


@pytest.fixture
def bars(tmp_path: Path) -> Path:
    """A folder of IDX files, see `make_bars`."""
    return make_bars(tmp_path / "bars")
