"""``chainrule eval``: the numbers of a trained network."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr


@pytest.fixture
def run(command, heaps):
    """The folder of a short run."""
    assert command("train", heaps, "--epochs", 3, "--out", "run").code == 0
    return Path("run")


def test_the_whole_and_each_class(command, run, arrays):
    result = command("eval", run, "--json").json()
    x, t = arrays["x_test"].astype(np.float32), arrays["t_test"]
    network = cr.load(run / "network.safetensors")
    answers = network.predict(x).argmax(axis=1)
    assert result["rows"] == 30
    assert result["loss"] == network.loss(x, t)
    assert result["accuracy"] == np.mean(answers == t)
    expected = [
        {"class": c, "rows": int((t == c).sum()), "right": int((answers[t == c] == c).sum())}
        for c in range(3)
    ]
    assert result["classes"] == expected
    assert sum(c["right"] for c in expected) == round(30 * result["accuracy"])


def test_the_table(command, run, arrays):
    result = command("eval", run, "--json").json()
    lines = command("eval", run).out.splitlines()
    assert lines[0].endswith("heaps.npz: 30 test rows")
    assert lines[1] == f"loss {result['loss']:.4f}, accuracy {100 * result['accuracy']:.2f} %"
    assert lines[3].split() == ["class", "rows", "right", "share"]
    cells = [line.split() for line in lines[4:]]
    for row, c in zip(cells, result["classes"], strict=True):
        assert row == [
            str(c["class"]),
            str(c["rows"]),
            str(c["right"]),
            f"{100 * c['right'] / c['rows']:.2f}",
            "%",
        ]


def test_other_data_and_a_network_without_its_run(command, run, arrays):
    few = {name: a[:7] if name.endswith("test") else a for name, a in arrays.items()}
    few["t_test"] = few["t_test"] * 0 + 1
    np.savez("few.npz", **few)
    with_run = command("eval", run, "few.npz", "--json").json()
    alone = command("eval", run / "network.safetensors", "few.npz", "--json").json()
    assert with_run["rows"] == 7
    assert with_run["classes"][0] == {"class": 0, "rows": 0, "right": 0}
    assert {**alone, "run": ""} == {**with_run, "run": ""}
    assert "    0     0      0        -\n" in command("eval", run, "few.npz").out, "no share of no rows"


def test_data_that_changed_are_told(command, run, arrays):
    arrays["x_test"] += 1
    np.savez("heaps.npz", **arrays)
    done = command("eval", run)
    assert done.code == 0
    assert done.err == f"note: {Path('heaps.npz').resolve()} is no longer what the run was trained on\n"


def test_a_network_of_python_with_another_loss_is_refused(command, heaps):
    network = cr.Sequential(cr.Affine(4, 3), loss=cr.MeanSquaredError())
    network.save("other.safetensors")
    done = command("eval", "other.safetensors", heaps)
    assert (done.code, done.err) == (
        2,
        "chainrule: the network in other.safetensors ends in MeanSquaredError, so its outputs are not classes\n"
        "  fix   use chainrule.load in Python\n",
    )


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("nowhere",), "there is no run nowhere\n  fix   give the folder of a run, or a .safetensors or .onnx file\n"),
        (("empty",), "there is no run in empty: it has no run.json\n  fix   give the folder of a run\n"),
        (("started",), "the run in started has not finished an epoch yet, so it holds no network\n"),
        (("run/network.safetensors",), "run/network.safetensors does not say on which data to measure\n"
         "  fix   name them: mnist, FOLDER or FILE.npz\n"),
        (("run", "minst"), "there is no data set 'minst'\n"
         "  fix   give mnist, a folder of IDX files or shards, an .npz file, or a table as .csv or .parquet\n"),
        (("heaps.npz",), "heaps.npz cannot be loaded: "),
        (("run", "wide.npz"), "Affine needs x with 4 columns, because W is (4, 50); x is (30, 5)\n"),
        (("run", "numbers.npz"), "the labels in numbers.npz are float64 of shape (60,); "),
        (("run", "many.npz"), "many.npz has labels up to 1,000,000,000 for 60 training rows: these are no classes\n"),
        (("run", "fourth.npz"), "label 3 names no class: "),
    ],
)  # fmt: skip
def test_what_cannot_be_measured(command, run, arrays, words, what):
    Path("empty").mkdir()
    Path("started").mkdir()
    Path("started/run.json").write_bytes((run / "run.json").read_bytes())
    np.savez("wide.npz", **{n: np.hstack([a, a[:, :1]]) if n[0] == "x" else a for n, a in arrays.items()})
    np.savez("numbers.npz", **{n: a + 0.5 if n[0] == "t" else a for n, a in arrays.items()})
    np.savez("many.npz", **{n: np.where(a == 1, 10**9, a) if n[0] == "t" else a for n, a in arrays.items()})
    np.savez("fourth.npz", **{n: a + 1 if n == "t_test" else a for n, a in arrays.items()})
    done = command("eval", *words)
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith(f"chainrule: {what}")


def test_a_run_of_another_version_is_refused(command, run):
    about = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**about, "format": 99}))
    done = command("eval", run)
    assert (
        done.err
        == "chainrule: run/run.json is not one that this version of chainrule writes\n  fix   start a new run\n"
    )
