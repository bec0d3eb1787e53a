"""What tests see of a run that somebody else trains."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path


def wait_for_epochs(count: int, run: Path, process: subprocess.Popen[str]) -> None:
    """Until a run has ended so many more epochs than now."""
    end = epochs_of(run) + count
    while epochs_of(run) < end:
        assert process.poll() is None
        time.sleep(0.02)


def epochs_of(run: Path) -> int:
    """How many a run has ended."""
    file = run / "history.json"
    return len(json.loads(file.read_text())["epochs"]) if file.exists() else 0


def process_of(rank: int, run: Path) -> tuple[int, str]:
    """The number of its process, and the host that it is on."""
    (sign,) = run.with_name(f".{run.name}.ranks").glob(f"*/rank-{rank}")
    about = json.loads(sign.read_text())
    return about["pid"], about["host"]
