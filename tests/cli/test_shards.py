"""``chainrule train FOLDER`` with a folder of shards."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.cli._runs import assert_same_run


def write(arrays, cuts=(17, 40)):
    Path("shards").mkdir()
    for split in ("train", "test"):
        for kind in ("x", "t"):
            pieces = np.split(arrays[f"{kind}_{split}"], cuts if split == "train" else [])
            for number, piece in enumerate(pieces):
                np.save(f"shards/{split}-{kind}-{number}.npy", piece)


def test_shards_train_as_the_same_arrays_in_one_file_do(command, heaps, arrays):
    arrays = {name: a.astype(np.float32) if a.dtype.kind == "f" else a for name, a in arrays.items()}
    write(arrays)
    np.savez("whole.npz", **arrays)
    words = ("--hidden", 6, "--batch-size", 25, "--optimizer", "adam", "--epochs", 3)
    assert command("train", "whole.npz", *words, "--out", "whole").code == 0
    done = command("train", "shards", *words[:-1], 2, "--out", "run")
    assert (done.code, done.err) == (0, "")
    assert "shards: 60 training and 30 test rows of 4 numbers, 3 classes" in done.out
    assert command("train", "--resume", "--out", "run", "--epochs", 3).code == 0
    assert_same_run("run", "whole")
    assert command("eval", "run", "--json").json()["rows"] == 30
    Path("shards").rename("moved")
    assert command("train", "--resume", "moved", "--out", "run", "--epochs", 4).code == 0
    changed = np.load("moved/train-x-1.npy")
    changed[3] += 1
    np.save("moved/train-x-1.npy", changed)
    done = command("train", "--resume", "moved", "--out", "run", "--epochs", 5)
    assert done.code == 2
    assert "is not what the run in run was trained on" in done.err


def test_shards_that_the_command_cannot_train_on(refused, arrays):
    write(arrays)
    Path("shards/test-x-0.npy").unlink()
    Path("shards/test-t-0.npy").rename("t.npy")
    said = refused("train", "shards")
    assert said.startswith(
        "chainrule: shards holds no shards of test data, on which the command line measures\n"
    )
    np.save("shards/test-x-0.npy", arrays["x_test"].astype(np.int32))
    Path("t.npy").rename("shards/test-t-0.npy")
    for number in range(3):
        x = np.load(f"shards/train-x-{number}.npy")
        np.save(f"shards/train-x-{number}.npy", x.astype(np.int32))
    said = refused("train", "shards")
    assert said.startswith(
        "chainrule: shards holds inputs of int32; shards are trained on as they are, so of floats"
    )
