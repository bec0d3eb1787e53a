"""Files are complete or absent: failing writes, Ctrl-C, and a process that is killed."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.errors import CheckpointError
from chainrule.storage import load_arrays, save_arrays, write_atomically


def test_write_atomically_writes_replaces_and_leaves_nothing_else(tmp_path: Path) -> None:
    write_atomically(tmp_path / "run.json", b"old")
    write_atomically(str(tmp_path / "run.json"), b"new")
    assert (tmp_path / "run.json").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_a_link_keeps_pointing_and_the_mode_is_that_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "plain").write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere" / "file")
    write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "elsewhere" / "file").read_bytes() == b"new"
    assert (tmp_path / "elsewhere" / "file").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_the_file_is_synced_before_the_rename_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    real = {"fsync": os.fsync, "replace": os.replace}

    def fsync(descriptor: int) -> None:
        calls.append("sync folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "sync file")
        if calls[-1] == "sync file":
            assert os.fstat(descriptor).st_size == 3, "what is synced must have been flushed"
        real["fsync"](descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", lambda *names: (calls.append("rename"), real["replace"](*names)))
    write_atomically(tmp_path / "x", b"abc")
    assert calls == ["sync file", "rename", "sync folder"]


@pytest.mark.parametrize("function", ["fsync", "replace"])
@pytest.mark.parametrize(
    ("failure", "error", "message"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device"),
            CheckpointError,
            "x cannot be written: No space left",
        ),
        (KeyboardInterrupt("by the user"), KeyboardInterrupt, "by the user"),
    ],
    ids=["disk full", "Ctrl-C"],
)
def test_a_write_that_fails_leaves_the_old_file_and_no_other(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    function: str,
    failure: BaseException,
    error: type[BaseException],
    message: str,
) -> None:
    save_arrays(tmp_path / "x", {"a": np.zeros(2)})

    def fail(*_: Any) -> None:
        raise failure

    monkeypatch.setattr(os, function, fail)
    with pytest.raises(error, match=message):
        save_arrays(tmp_path / "x", {"a": np.ones(2)})
    with pytest.raises(error, match=message):
        write_atomically(tmp_path / "x", b"")
    assert load_arrays(tmp_path / "x")[0]["a"].tolist() == [0, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    for place, reason in (
        ("no/x", "No such file"),
        ("file/x", "Not a directory"),
        ("folder", "Is a directory"),
    ):
        with pytest.raises(CheckpointError, match=f"{place} cannot be written: {reason}"):
            write_atomically(tmp_path / place, b"")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder"]


def test_kill_at_any_moment_leaves_a_complete_file(tmp_path: Path) -> None:
    script = """
import itertools, sys, numpy as np
from chainrule.storage import save_arrays
for n in itertools.count():
    save_arrays(sys.argv[1], {"a": np.full(200_000, n), "b": np.array(n)})
    if n == 1:
        print("saving", flush=True)
"""
    path = tmp_path / "x.safetensors"
    for wait in (0.0, 0.011, 0.023):
        process = subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"saving\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(wait)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        found, _ = load_arrays(path)
        assert (found["a"] == found["b"]).all()
