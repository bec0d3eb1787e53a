"""The runs that a folder holds from earlier, wherever they were started."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

from ...errors import ChainruleError
from ...runs import data_of, saved_settings
from ...training import RunFolder

MOST_RUNS = 50
_MOST_EPOCHS = 200  # of a run that is drawn faintly behind others
_MOST_BYTES = 1 << 24  # of a file; history.json has about 250 for an epoch


def earlier_runs(parent: Path, *, without: str | None = None) -> list[dict[str, Any]]:
    """The newest runs in a folder, the newest first; what is damaged, or no run, is left out.

    without   the name of a run that is not meant
    """
    folders = [RunFolder(about.parent) for about in parent.glob("*/run.json") if about.parent.name != without]
    newest = sorted(folders, key=_started, reverse=True)
    return list(islice(filter(None, map(_run, newest)), MOST_RUNS))


def _started(folder: RunFolder) -> float:
    try:
        return folder.about.stat().st_mtime
    except OSError:  # deleted since
        return 0.0


def _run(folder: RunFolder) -> dict[str, Any] | None:
    try:
        about = folder.read_about()
        settings = saved_settings(about.get("settings"), str(folder.path))
        name, *_ = data_of(folder, about)
        stopped, epochs = _history(folder)
        if _predicts_numbers(folder):  # the page shows accuracies
            return None
    except (ChainruleError, OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    told = {"settings": settings.to_json(), "stopped": stopped, "epochs": epochs}
    return {"id": folder.path.name, "data": Path(name).stem, **told}


def _predicts_numbers(folder: RunFolder) -> bool:
    """Whether it learned a table whose target is no class."""
    if not folder.preprocessing.exists():
        return False
    with folder.preprocessing.open("rb") as file:
        return not json.loads(file.read(_MOST_BYTES))["target"]["classes"]


def _history(folder: RunFolder) -> tuple[str | None, list[dict[str, Any]]]:
    """Why a run ended, and its epochs; of very many every second, fourth, … one, the last one among them."""
    if not folder.history.exists():  # ended in its first epoch
        return None, []
    with folder.history.open("rb") as file:
        history = json.loads(file.read(_MOST_BYTES))
    epochs = [dict(epoch) for epoch in history["epochs"]]
    apart = -(-len(epochs) // _MOST_EPOCHS)
    return history["stopped"], epochs[::-1][:: apart or 1][::-1]
