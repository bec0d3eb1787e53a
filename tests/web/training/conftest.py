"""A small data set, a page's state without a page, and ways to wait for the thread that trains."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.runs import checked_settings
from chainrule.web._state import State

PATIENCE = 10.0  # seconds, of a test on a busy machine
SIDE = 4


def write_pictures(file: Path, rows: int = 120) -> Path:
    """An .npz file of 4 x 4 pictures, brighter above (class 0), below (1) or on the left (2)."""
    rng = np.random.default_rng(20261126)
    t = rng.integers(0, 3, rows + 30)
    x = rng.integers(0, 120, (rows + 30, SIDE, SIDE))
    x[t == 0, :2] += 90
    x[t == 1, 2:] += 90
    x[t == 2, :, :2] += 90
    x = x.reshape(len(x), -1).astype(np.uint8)
    np.savez(file, x_train=x[:rows], t_train=t[:rows], x_test=x[rows:], t_test=t[rows:])
    return file


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return write_pictures(tmp_path / "pictures.npz")


@pytest.fixture
def state(pictures: Path, tmp_path: Path) -> Iterator[State]:
    state = State(str(pictures), tmp_path / "runs")
    yield state
    state.worker.close()
    run = state.worker.run
    if run is not None:
        run._thread.join(PATIENCE)
        assert not run._thread.is_alive()


@pytest.fixture
def start(state: State) -> Callable[..., Any]:
    """Starts a run with settings that are small unless told otherwise."""

    def begin(*, paused: bool = False, **chosen: Any) -> Any:
        settings = {"hidden": [6], "batch_size": 8, "epochs": 3, "engine": "eager", **chosen}
        return state.worker.start(checked_settings(settings), paused=paused)

    return begin


def wait_for(what: Callable[[], object], seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "that did not happen"
        time.sleep(0.002)


def wait_for_status(run: Any, *statuses: str) -> None:
    wait_for(lambda: run.status in statuses or not run.is_alive)
    assert run.status in statuses, run.error
