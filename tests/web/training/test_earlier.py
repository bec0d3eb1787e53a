"""The runs of earlier: newest first, and nothing damaged stops them from being shown."""

from __future__ import annotations

import json
import os

import pytest

from chainrule.runs import Settings
from chainrule.training import Epoch, History, RunFolder
from chainrule.web._training import _earlier
from chainrule.web._training._earlier import earlier_runs

EPOCH = Epoch(1, 600, 0.5, 0.3, 0.91, 0.3, 0.92, 1.0)


def make(parent, name, *, age=0.0, epochs=1, stopped="finished", **about):
    folder = RunFolder(parent / name)
    data = {"name": "/data/pictures.npz", "sha256": "0" * 64}
    folder.create({"settings": Settings(engine="eager").to_json(), "data": data, **about})
    folder.write_history(History([EPOCH] * epochs, stopped))
    os.utime(folder.about, (1e9 - age, 1e9 - age))
    return folder


def test_the_newest_comes_first(tmp_path):
    make(tmp_path, "a", age=2)
    make(tmp_path, "b", age=1)
    make(tmp_path, "c", age=3, stopped="interrupted")
    found = earlier_runs(tmp_path)
    assert [(run["id"], run["stopped"]) for run in found] == [
        ("b", "finished"),
        ("a", "finished"),
        ("c", "interrupted"),
    ]
    assert found[0]["settings"]["hidden"] == (50,)
    assert found[0]["data"] == "pictures"
    assert History.from_dicts(found[0]["epochs"]).epochs == [EPOCH]


def test_the_run_of_now_is_no_earlier_one(tmp_path):
    make(tmp_path, "a")
    make(tmp_path, "b")
    assert [run["id"] for run in earlier_runs(tmp_path, without="b")] == ["a"]


def test_a_run_in_its_first_epoch_has_none(tmp_path):
    make(tmp_path, "a").history.unlink()
    (run,) = earlier_runs(tmp_path)
    assert (run["epochs"], run["stopped"]) == ([], None)


def test_where_there_is_no_folder_there_are_no_runs(tmp_path):
    assert earlier_runs(tmp_path / "none") == []


def test_not_too_many_runs_and_not_too_many_epochs(tmp_path, monkeypatch):
    monkeypatch.setattr(_earlier, "MOST_RUNS", 3)
    for n in range(5):
        make(tmp_path, f"r{n}", age=n)
    assert [run["id"] for run in earlier_runs(tmp_path)] == ["r0", "r1", "r2"]
    folder = make(tmp_path, "long", age=-1)
    rows = [{**History([EPOCH]).to_dicts()[0], "epoch": n} for n in range(1, 1001)]
    folder.history.write_text(json.dumps({"stopped": "finished", "epochs": rows}))
    numbers = [epoch["epoch"] for epoch in earlier_runs(tmp_path)[0]["epochs"]]
    assert numbers == list(range(5, 1001, 5))


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("run.json", "{"), ("run.json", "[]"), ("run.json", '{"format": 1}'), ("run.json", '{"format": 2}'),
        ("history.json", "{"), ("history.json", "[]"), ("history.json", '{"epochs": [3], "stopped": null}'),
        ("history.json", '{"epochs": 3}'), ("history.json", "[" * 100_000), ("history.json", '{"stopped": "x"}'),
        ("history.json", b"\xff\xfe\x00"),
    ],
)  # fmt: skip
def test_what_is_damaged_is_left_out(tmp_path, file, text):
    make(tmp_path, "good")
    folder = make(tmp_path, "damaged", age=-1)
    (folder.path / file).write_bytes(text if isinstance(text, bytes) else text.encode())
    (tmp_path / "no-run").mkdir()
    (tmp_path / "file").write_text("run.json")
    assert [run["id"] for run in earlier_runs(tmp_path)] == ["good"]
