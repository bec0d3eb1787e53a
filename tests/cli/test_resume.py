"""``chainrule train --resume``: a run that was cut off ends with the same bytes as one that was not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from itertools import count
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from tests.cli._runs import WORDS, assert_same_run, bytes_of, without_seconds


class Killed(BaseException):
    """What stands for kill -9 where the test stays in one process: nothing catches it."""


@pytest.fixture
def killed_before(monkeypatch):
    """Makes the n-th rename of a file the moment of death: the new file is complete, but not in its place."""
    replace = os.replace

    def arm(n):
        numbers = count(1)

        def replace_or_die(source, target):
            if next(numbers) == n:
                raise Killed
            replace(source, target)

        monkeypatch.setattr(os, "replace", replace_or_die)

    yield arm
    monkeypatch.setattr(os, "replace", replace)


@pytest.mark.parametrize(
    "words",
    [(*WORDS, "--checkpoint-every", 1, "--epochs", 2), (*WORDS, "--patience", 1, "--lr", 1)],
    ids=["after every step", "early stopping"],
)
def test_killed_at_any_moment_it_goes_on_to_the_same_bytes(command, heaps, killed_before, words):
    """Every file that a run writes, and every older checkpoint that moves, is once the one that is not there."""
    assert command("train", heaps, *words, "--out", "whole").code == 0
    for n in count(1):
        out = f"cut-{n}"
        killed_before(n)
        try:
            command("train", heaps, *words, "--out", out)
            break  # it has no n-th file
        except Killed:
            killed_before(0)
        # A folder that is still blank does not know its settings, so they are given again.
        flags = () if (Path(out) / "run.json").exists() else (heaps, *words)
        assert command("train", "--resume", "--out", out, *flags).code == 0
        assert_same_run(out, "whole")
    assert n > 10, "run.json, checkpoints that are moved and written, and 3 files for what was learned"


def test_what_a_killed_writer_left_is_removed(command, heaps, tmp_path):
    command("train", heaps, *WORDS, "--out", "run")
    leftover = tmp_path / "run" / ".chainrule-0123456789abcdef.tmp"
    leftover.write_bytes(b"half")
    assert command("train", "--resume", "--out", "run").code == 0
    assert not leftover.exists()


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam", "adamw"])
def test_more_epochs_are_the_same_as_all_at_once(command, heaps, optimizer):
    words = ("--optimizer", optimizer, "--seed", 5, "--batch-size", 7)
    command("train", heaps, *words, "--epochs", 5, "--out", "whole")
    command("train", heaps, *words, "--epochs", 2, "--out", "run")
    assert command("train", "--resume", "--out", "run", "--epochs", 5).code == 0
    assert_same_run("run", "whole")
    assert json.loads(bytes_of("run", "run.json"))["settings"]["epochs"] == 5, (
        "the next --resume goes on to there"
    )
    done = command("train", "--resume", "--out", "run")
    assert done.code == 0
    assert "5 epochs in" in done.out, "nothing is left to do"
    assert_same_run("run", "whole")


def test_early_stopping_goes_on_from_the_last_epoch_and_not_from_the_best(command, heaps):
    words = ("--optimizer", "adam", "--lr", 0.1, "--patience", 4)
    command("train", heaps, *words, "--epochs", 40, "--out", "whole")
    command("train", heaps, *words, "--epochs", 3, "--out", "run")
    command("train", "--resume", "--out", "run", "--epochs", 40)
    assert_same_run("run", "whole")


def test_another_target_is_looked_at_before_the_next_step(command, heaps):
    command("train", heaps, "--lr", 0.5, "--epochs", 6, "--out", "run")
    before = bytes_of("run")
    accuracy = without_seconds("run")[-1]["validation_accuracy"]
    done = command("train", "--resume", "--out", "run", "--epochs", 9, "--target-accuracy", accuracy)
    assert done.code == 0
    assert bytes_of("run") == before


@pytest.mark.parametrize(
    ("flag", "what"),
    [
        (("--lr", 0.2), "was started with --lr 0.1; it cannot go on with --lr 0.2"),
        (("--hidden", 6, 7), "was started with --hidden 6; it cannot go on with --hidden 6 7"),
        (
            ("--activation", "tanh"),
            "was started with --activation relu; it cannot go on with --activation tanh",
        ),
        (("--optimizer", "adam"), "was started with --optimizer sgd; it cannot go on with --optimizer adam"),
        (
            ("--weight-decay", 1),
            "was started with --weight-decay 0.0; it cannot go on with --weight-decay 1.0",
        ),
        (("--batch-size", 7), "was started with --batch-size 100; it cannot go on with --batch-size 7"),
        (("--seed", 1), "was started with --seed 0; it cannot go on with --seed 1"),
        (("--dtype", "float64"), "was started with --dtype float32; it cannot go on with --dtype float64"),
        (("--patience", 3), "was started without --patience; it cannot go on with --patience 3"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_flag_that_would_make_it_another_run_is_refused(command, heaps, flag, what):
    command("train", heaps, "--hidden", 6, "--epochs", 1, "--out", "run")
    before = bytes_of("run", "run.json"), bytes_of("run", "checkpoint.safetensors")
    done = command("train", "--resume", "--out", "run", "--epochs", 2, *flag)
    fix = f"  fix   leave {flag[0]} out, or start a new run in another folder\n"
    assert (done.code, done.err) == (2, f"chainrule: the run in run {what}\n{fix}")
    assert (bytes_of("run", "run.json"), bytes_of("run", "checkpoint.safetensors")) == before


def test_the_flags_it_was_started_with_may_be_given_again(command, heaps):
    words = (heaps, "--hidden", 6, "--lr", "1e-1", "--engine", "auto", "--epochs", 1, "--out", "run")
    command("train", *words)
    assert command("train", "--resume", *words).code == 0
    assert command("train", "--resume", *words[:-4], "--engine", "eager", "--out", "run").code == 0


def test_other_data_are_refused_and_moved_data_are_welcome(command, heaps, arrays, tmp_path):
    command("train", heaps, "--epochs", 1, "--out", "run")
    heaps.rename("moved.npz")
    done = command("train", "--resume", "--out", "run", "--epochs", 2)
    assert (done.code, done.err.splitlines()[0]) == (2, f"chainrule: there is no data set '{heaps}'")
    assert command("train", "--resume", "moved.npz", "--out", "run", "--epochs", 2).code == 0
    arrays["x_test"][0, 0] += 1e-3
    np.savez("changed.npz", **arrays)
    done = command("train", "--resume", "changed.npz", "--out", "run", "--epochs", 3)
    assert done.code == 2
    assert done.err.startswith(
        f"chainrule: {tmp_path}/changed.npz is not what the run in run was trained on: that had sha256 "
    )


def test_other_versions_are_told(command, heaps):
    command("train", heaps, "--epochs", 1, "--out", "run")
    about = json.loads(bytes_of("run", "run.json"))
    about["made_with"]["numpy"] = "1.0"
    Path("run/run.json").write_text(json.dumps(about))
    done = command("train", "--resume", "--out", "run", "--epochs", 2)
    assert done.code == 0
    assert done.err == f"note: numpy was 1.0 and is now {np.__version__}; the last digits may differ\n"


def test_where_a_new_run_may_not_begin(command, heaps):
    command("train", heaps, "--epochs", 1, "--out", "run")
    fix = "  fix   give another folder, or resume the run that is in this one\n"
    done = command("train", heaps, "--out", "run")
    assert (done.code, done.err) == (2, f"chainrule: run is not empty\n{fix}")
    done = command("train", heaps, "--out", heaps)
    assert (done.code, done.err) == (2, f"chainrule: {heaps} is not a folder\n{fix}")
    Path("empty").mkdir()
    assert command("train", heaps, "--epochs", 1, "--out", "empty").code == 0


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--resume",), "chainrule: --resume needs to know which run shall go on\n"
         "  fix   --out FOLDER, with the run's folder\n"),
        (("--resume", "--out", "nowhere"), "chainrule: there is no run in nowhere: it has no run.json\n"
         "  fix   give the folder of a run\n"),
    ],
)  # fmt: skip
def test_nothing_to_resume(command, words, what):
    done = command("train", *words)
    assert (done.code, done.err) == (2, what)


def test_a_blank_folder_is_a_run_that_was_killed_at_once(command, heaps):
    Path("blank").mkdir()
    Path("blank/.chainrule-0123456789abcdef.tmp").write_bytes(b"half")
    assert command("train", "--resume", heaps, *WORDS, "--out", "blank").code == 0
    command("train", heaps, *WORDS, "--out", "whole")
    assert_same_run("blank", "whole")
    assert not list(Path("blank").glob(".*"))


DAMAGED = "the settings in run/run.json are damaged: "


def damage(about, **changes):
    about["settings"].update(changes)
    return json.dumps(about)


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda about: "{", "run/run.json cannot be read: "),
        (lambda about: "[" * 100_000, "run/run.json cannot be read: "),
        (lambda about: "[1]", "run/run.json is not one that this version of chainrule writes"),
        (lambda about: json.dumps({**about, "format": 2}), "run/run.json is not one that this version "),
        (lambda about: json.dumps({**about, "settings": 3}), DAMAGED),
        (lambda about: json.dumps({**about, "data": {"name": 3}}), "run/run.json does not say which data the run had"),
        (lambda about: damage(about, lr="x"), f"{DAMAGED}lr must be a number above 0; it is 'x'"),
        (lambda about: damage(about, hidden=5), DAMAGED),
        (lambda about: damage(about, epochs=None), f"{DAMAGED}epochs must be a whole number"),
        (lambda about: damage(about, more=1), DAMAGED),
        (lambda about: damage(about, hidden=[7]), "run/checkpoint.safetensors: "),
    ],
)  # fmt: skip
def test_a_damaged_run_json_is_refused(command, heaps, make, what):
    command("train", heaps, "--hidden", 6, "--epochs", 1, "--out", "run")
    Path("run/run.json").write_text(make(json.loads(bytes_of("run", "run.json"))))
    done = command("train", "--resume", "--out", "run", "--epochs", 2)
    assert done.code == 2
    assert done.err.startswith(f"chainrule: {what}")


def test_a_damaged_checkpoint_is_refused(command, heaps):
    command("train", heaps, "--epochs", 1, "--out", "run")
    file = Path("run/checkpoint.safetensors")
    file.write_bytes(file.read_bytes()[:-1])
    done = command("train", "--resume", "--out", "run", "--epochs", 2)
    assert done.code == 2
    assert done.err.startswith("chainrule: run/checkpoint.safetensors cannot be loaded: ")


def start(*words):
    """The command as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "chainrule", "train", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_a_checkpoint(process):
    end = time.monotonic() + 60
    while not Path("run/checkpoint.safetensors").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "no checkpoint within a minute"
        time.sleep(0.01)
    time.sleep(0.05)


@pytest.fixture
def larger(tmp_path):
    """Data on which an epoch takes long enough to be interrupted in."""
    rng = np.random.default_rng(0)
    t = rng.integers(0, 10, 4000)
    x = (rng.normal(size=(4000, 64)) + 1.5 * np.eye(64)[t]).astype(np.float32)
    np.savez(tmp_path / "larger.npz", x_train=x, t_train=t, x_test=x[:200], t_test=t[:200])
    return tmp_path / "larger.npz"


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Where what is compiled for these tests is kept."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(params=["eager", "fused"])
def engine(request, cache, monkeypatch):
    """Each engine by name, the fused one with a cache that only these tests share."""
    if request.param == "fused":
        pytest.importorskip("numba")
        pytest.importorskip("scipy")
    monkeypatch.setenv("CHAINRULE_CACHE_DIR", str(cache))
    return request.param


@pytest.mark.parametrize(
    ("number", "code", "word"), [("SIGINT", 130, "interrupted"), ("SIGTERM", 143, "terminated")]
)
def test_ctrl_c_and_kill_end_after_the_step_and_save_everything(command, larger, engine, number, code, word):
    if (engine, number) == ("fused", "SIGTERM"):
        pytest.skip("each signal on one engine, and Ctrl-C on both")
    words = (larger, "--epochs", 500, "--batch-size", 10, "--optimizer", "adam", "--engine", engine)
    process = start(*words, "--out", "run")
    wait_for_a_checkpoint(process)
    process.send_signal(getattr(signal, number))
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert err == ""
    assert out.endswith("all of it is saved\n  go on    chainrule train --resume --out run\n")
    saved = json.loads(cr.storage.load_arrays("run/checkpoint.safetensors")[1]["trainer"])
    epochs = saved["step"] // 400 + 1
    assert f"{word} in epoch {epochs}, after step {saved['step']:,};" in out
    assert command("train", "--resume", "--out", "run", "--epochs", epochs).code == 0
    command("train", *words[:1], "--epochs", epochs, *words[3:], "--out", "whole")
    assert_same_run("run", "whole")


def test_kill_9_loses_nothing_that_was_saved(command, larger, engine):
    words = (larger, "--batch-size", 10, "--optimizer", "adam", "--engine", engine)
    process = start(*words, "--epochs", 500, "--out", "run")
    wait_for_a_checkpoint(process)
    process.kill()
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    saved = json.loads(cr.storage.load_arrays("run/checkpoint.safetensors")[1]["trainer"])
    epochs = len(saved["history"]) + 1
    assert command("train", "--resume", "--out", "run", "--epochs", epochs).code == 0
    command("train", *words, "--epochs", epochs, "--out", "whole")
    assert_same_run("run", "whole")
