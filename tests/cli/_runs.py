"""Runs of the command that are to end alike."""

from __future__ import annotations

import json
from pathlib import Path

WORDS = ("--hidden", 6, "--batch-size", 30, "--optimizer", "adam", "--epochs", 3)


def bytes_of(folder, name="network.safetensors"):
    return (Path(folder) / name).read_bytes()


def without_seconds(folder):
    epochs = json.loads((Path(folder) / "history.json").read_text())["epochs"]
    return [{name: value for name, value in epoch.items() if name != "seconds"} for epoch in epochs]


def assert_same_run(one, other):
    assert bytes_of(one) == bytes_of(other)
    assert without_seconds(one) == without_seconds(other)
