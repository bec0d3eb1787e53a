"""``chainrule train`` where the disk does not do what it should: nothing that is there is lost, and it is said."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

import chainrule as cr
from tests.cli._runs import WORDS, assert_same_run, bytes_of


def test_a_damaged_checkpoint_is_replaced_by_the_one_before_and_that_is_said(command, heaps):
    words = ("--hidden", 6, "--optimizer", "adam", "--batch-size", 30, "--checkpoint-every", 1)
    command("train", heaps, *words, "--epochs", 4, "--out", "whole")
    command("train", heaps, *words, "--epochs", 2, "--out", "run")
    file = Path("run/checkpoint.safetensors")
    content = bytearray(file.read_bytes())
    content[-5] ^= 1
    file.write_bytes(content)
    done = command("train", "--resume", "--out", "run", "--epochs", 4)
    assert (done.code, done.err) == (
        0,
        "note: run/checkpoint.safetensors is damaged: its checksum is not that of what it holds. "
        "Training goes on from run/checkpoint.before-1.safetensors, after step 4\n",
    )
    assert_same_run("run", "whole")


def test_how_often_checkpoints_are_saved_is_remembered(command, heaps, refused):
    command("train", heaps, *WORDS, "--checkpoint-every", "0s", "--out", "run")
    assert json.loads(bytes_of("run", "run.json"))["checkpoint_every"] == "0s"
    command("train", "--resume", "--out", "run", "--epochs", 4)
    assert json.loads(bytes_of("run", "run.json"))["checkpoint_every"] == "0s"
    saved = json.loads(cr.storage.load_arrays("run/checkpoint.before-2.safetensors")[1]["trainer"])
    assert saved["step"] == 7, "then 8, and 8 with the epoch behind it"
    for text in ("0", "5m", "infs"):
        said = refused("train", heaps, "--checkpoint-every", text)
        assert said == (
            "chainrule train: argument --checkpoint-every: must be a whole number of steps from 1 up, such as 500, "
            f"or of seconds, such as 30s; it is '{text}'\n"
        )


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_is_full_or_read_only_ends_no_training_and_looks_like_no_success(
    command, heaps, monkeypatch, code
):
    """After two epochs nothing can be written any more; what was there stays, and goes on when there is room again."""
    command("train", heaps, *WORDS, "--out", "whole")
    command("train", heaps, *WORDS, "--epochs", 2, "--out", "run")
    saved = bytes_of("run", "checkpoint.safetensors")
    fsync = os.fsync

    def fail(descriptor):
        file = os.readlink(f"/proc/self/fd/{descriptor}")
        if file.endswith(".tmp") and "run.json" not in file:  # which says how a run goes on, before it does
            raise OSError(code, os.strerror(code))

    if not Path("/proc/self/fd").exists():
        pytest.skip("which file is written is read from /proc")
    monkeypatch.setattr(os, "fsync", fail)
    done = command("train", "--resume", "--out", "run", "--epochs", 3)
    assert done.code == 1
    network = f"run/network.safetensors cannot be written: {os.strerror(code)}"
    assert done.err == (
        f"note: {network}; training goes on, and writes it again later\n"
        f"note: run/checkpoint.safetensors cannot be written: {os.strerror(code)}; "
        "training goes on, and the next checkpoint tries again\n"
        f"chainrule: the last state of this run could not be saved: {network}\n"
        "  fix    check that the folder exists, may be written to and has room; "
        "then chainrule train --resume --out run\n"
        "  saved  run/checkpoint.safetensors, from before that\n"
    )
    assert bytes_of("run", "checkpoint.safetensors") == saved
    monkeypatch.setattr(os, "fsync", fsync)
    assert command("train", "--resume", "--out", "run").code == 0
    assert_same_run("run", "whole")
    assert not list(Path("run").glob(".*"))
