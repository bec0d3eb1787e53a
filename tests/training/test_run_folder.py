"""The folder of a run: where a new one may begin, and what is read back."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule._json import json_ready
from chainrule.errors import ArgumentError, CheckpointError
from chainrule.training import Epoch, History, RunFolder

LEFTOVER = ".chainrule-0123456789abcdef.tmp"


def test_what_is_created_is_read_back(tmp_path):
    folder = RunFolder(tmp_path / "runs" / "first")
    folder.create({"settings": {"lr": 0.1, "이름": "값"}})
    assert folder.read_about() == {"format": 1, "settings": {"lr": 0.1, "이름": "값"}}
    assert os.listdir(folder.path) == ["run.json"]


def test_a_blank_folder_is_one_without_files_of_anybody(tmp_path):
    folder = RunFolder(tmp_path / "run")
    assert folder.is_blank()
    folder.path.mkdir()
    assert folder.is_blank()
    (folder.path / LEFTOVER).write_bytes(b"half")
    assert folder.is_blank()
    folder.create({})
    assert os.listdir(folder.path) == ["run.json"]
    assert not folder.is_blank()


@pytest.mark.parametrize("name", ["notes.txt", ".hidden", ".chainrule-notes", "sub"])
def test_somebodys_files_are_left_alone(tmp_path, name):
    (tmp_path / name).mkdir() if name == "sub" else (tmp_path / name).write_text("mine")
    folder = RunFolder(tmp_path)
    with pytest.raises(ArgumentError, match="is not empty"):
        folder.create({})
    folder.remove_leftovers()
    assert os.listdir(tmp_path) == [name]


def test_a_file_in_its_place_is_refused(tmp_path):
    (tmp_path / "run").write_text("mine")
    with pytest.raises(ArgumentError, match="is not a folder"):
        RunFolder(tmp_path / "run").create({})
    with pytest.raises(CheckpointError, match="cannot be made: Not a directory"):
        RunFolder(tmp_path / "run" / "inside").create({})


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (None, "there is no run in .*: it has no run.json"),
        (b"", "run.json cannot be read: "),
        (b"\xff\xfe", "run.json cannot be read: "),
        (b'{"format": 1' + b" " * (1 << 20) + b"}", "run.json cannot be read: "),
        (b"[" * 10**5, "run.json cannot be read: "),
        (b"[]", "run.json is not one that this version of chainrule writes"),
        (b'{"format": 2}', "run.json is not one that this version of chainrule writes"),
    ],
)
def test_a_damaged_run_json_is_refused(tmp_path, text, what):
    if text is not None:
        (tmp_path / "run.json").write_bytes(text)
    with pytest.raises(CheckpointError, match=what):
        RunFolder(tmp_path).read_about()


def test_a_history_in_which_numbers_are_not_finite(tmp_path):
    history = History([Epoch(1, 5, 0.5, float("nan"), 0.5, float("inf"), None, 1.0)], stopped="finished")
    RunFolder(tmp_path).write_history(history)
    written = json.loads((tmp_path / "history.json").read_text(), parse_constant=pytest.fail)
    assert written["stopped"] == "finished"
    epoch = written["epochs"][0]
    assert (epoch["loss"], epoch["train_loss"], epoch["validation_loss"]) == (0.5, None, None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=10,
)


@given(JSON)
def test_everything_becomes_fit_for_json_and_finite_numbers_stay(value):
    ready = json_ready(value)
    assert json_ready(json.loads(json.dumps(ready, allow_nan=False))) == ready
    if isinstance(value, float) and abs(value) < float("inf"):
        assert ready == value


def test_paths(tmp_path):
    folder = RunFolder(str(tmp_path))
    files = [folder.about, folder.checkpoint, folder.network, folder.history, folder.picture]
    assert len(set(files)) == 5
    assert {file.parent for file in files} == {Path(tmp_path)}
