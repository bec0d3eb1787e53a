"""A server that is killed loses nothing but the work since its last checkpoint."""

from __future__ import annotations

import json
import subprocess
import sys
import time

from chainrule.cli import main
from chainrule.storage import load_arrays
from chainrule.training import RunFolder
from tests.web.training.conftest import PATIENCE

EPOCHS = 25
SERVER = """
import sys, time
from pathlib import Path
from chainrule.runs import checked_settings
from chainrule.web._state import State

worker = State(sys.argv[1], Path(sys.argv[2])).worker
settings = {"hidden": [6], "batch_size": 8, "engine": "eager", "epochs": int(sys.argv[3])}
print(worker.start(checked_settings(settings)).folder.path, flush=True)
time.sleep(60)
"""


def test_after_kill_9_the_command_goes_on_and_ends_with_the_same_bits(pictures, tmp_path):
    words = [sys.executable, "-c", SERVER, str(pictures), str(tmp_path / "runs"), str(EPOCHS)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        try:
            folder = RunFolder(server.stdout.readline().strip())
            end = time.monotonic() + PATIENCE
            while not folder.checkpoint.exists():
                assert time.monotonic() < end
                time.sleep(0.001)
            time.sleep(0.02)
        finally:
            server.kill()
    _, about = load_arrays(folder.checkpoint)  # complete, whenever the end came
    done = len(json.loads(about["trainer"])["history"])
    assert 1 <= done < EPOCHS
    assert main(["train", "--resume", "--out", str(folder.path)]) == 0
    whole = ["--hidden", "6", "--batch-size", "8", "--engine", "eager", "--epochs", str(EPOCHS)]
    assert main(["train", str(pictures), *whole, "--out", str(tmp_path / "whole")]) == 0
    assert folder.network.read_bytes() == (tmp_path / "whole" / "network.safetensors").read_bytes()
