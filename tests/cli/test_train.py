"""``chainrule train``: what it prints, what it writes, and what it refuses."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest

import chainrule as cr
from chainrule.cli import _train
from chainrule.optimizers import BY_NAME
from chainrule.runs import Settings, load_data, trainer_of
from chainrule.training import RunFolder
from tests.interop.tensorboard._read import points

FILES = {"run.json", "history.json", "learning-curve.svg", "network.safetensors", "checkpoint.safetensors"}
FILES |= {f"checkpoint.before-{number}.safetensors" for number in (1, 2)}


def epochs_of(folder):
    return json.loads((folder / "history.json").read_text())["epochs"]


def settings_of(folder):
    return json.loads((folder / "run.json").read_text())["settings"]


def test_a_log_for_tensorboard_goes_on_when_the_run_does(command, heaps, tmp_path):
    assert command("train", heaps, "--epochs", 1, "--hidden", 8, "--out", "r", "--tensorboard").code == 0
    assert command("train", heaps, "--epochs", 2, "--resume", "--out", "r").code == 0
    folder = tmp_path / "r"
    assert len(list((folder / "tensorboard").iterdir())) == 2
    found = points(folder / "tensorboard")
    assert found["loss/validation"] == [
        (e["step"], np.float32(e["validation_loss"])) for e in epochs_of(folder)
    ]


def test_a_run_is_shown_and_written(command, heaps, arrays, tmp_path):
    done = command("train", heaps, "--epochs", 3, "--hidden", 8, "--out", "runs/first")
    assert done.code == 0
    assert done.err == ""
    folder = tmp_path / "runs" / "first"
    assert {file.name for file in folder.iterdir()} == FILES
    rows = re.findall(
        r"^ +(\d) +\d\.\d{4} +\d+\.\d\d % +\d\.\d{4} +(\d+\.\d\d) % +\d+\.\d s$", done.out, re.M
    )
    assert [number for number, _ in rows] == ["1", "2", "3"]
    network = cr.load(folder / "network.safetensors")
    accuracy = network.accuracy(arrays["x_test"], arrays["t_test"])
    assert rows[-1][1] == f"{100 * accuracy:.2f}"
    assert epochs_of(folder)[-1]["validation_accuracy"] == accuracy
    assert epochs_of(folder)[-1]["validation_loss"] == network.loss(arrays["x_test"], arrays["t_test"])
    assert ElementTree.parse(folder / "learning-curve.svg").getroot().tag.endswith("svg")
    assert f"test accuracy {100 * accuracy:.2f} %" in done.out
    assert "  measure  chainrule eval runs/first\n" in done.out
    assert "heaps.npz: 60 training and 30 test rows of 4 numbers, 3 classes\n" in done.out


def test_the_same_as_the_same_steps_in_python(command, heaps, arrays, tmp_path):
    sizes = ("--hidden", 5, 6, "--batch-size", 7, "--dtype", "float64", "--activation", "tanh")
    rule = ("--optimizer", "momentum", "--lr", 0.02, "--weight-decay", 0.1)
    command("train", heaps, "--epochs", 2, "--seed", 3, *sizes, *rule, "--out", "run")
    net = cr.Sequential(
        cr.Affine(4, 5), cr.Tanh(), cr.Affine(5, 6), cr.Tanh(), cr.Affine(6, 3), seed=3, dtype=np.float64
    )
    optimizer = cr.Momentum(0.02, weight_decay=0.1)
    cr.Trainer(net, optimizer, batch_size=7, seed=3).fit(arrays["x_train"], arrays["t_train"], epochs=2)
    written = cr.load(tmp_path / "run" / "network.safetensors")
    for name, w in net.params.items():
        np.testing.assert_array_equal(written.params[name], w)


def test_json_is_one_object_and_the_progress_goes_to_stderr(command, heaps, tmp_path):
    done = command("train", heaps, "--epochs", 2, "--json", "--out", "run")
    result = done.json()
    assert result["epochs"] == epochs_of(tmp_path / "run")
    assert result["settings"] == settings_of(tmp_path / "run")
    assert (result["run"], result["stopped"], result["steps"], result["kept_epoch"]) == (
        "run",
        "finished",
        2,
        2,
    )
    assert result["reached_target"] is None
    assert "epoch  train loss" in done.err


def test_the_folder_gets_a_name_of_its_own(command, heaps, tmp_path):
    names = [command("train", heaps, "--epochs", 3, "--json").json()["run"] for _ in range(2)]
    assert len(set(names)) == 2
    for name in names:
        assert re.fullmatch(r"runs/heaps-\d{8}-\d{6}(-2)?", name)
        assert {file.name for file in (tmp_path / name).iterdir()} == FILES


def test_a_target_that_is_reached_ends_the_run(command, heaps):
    done = command(
        "train", heaps, "--target-accuracy", 0.6, "--lr", 0.5, "--epochs", 50, "--json", "--out", "run"
    )
    result = done.json()
    assert done.code == 0
    assert result["reached_target"] is True
    assert 1 <= len(result["epochs"]) < 50
    assert result["epochs"][-1]["validation_accuracy"] >= 0.6
    assert all(epoch["validation_accuracy"] < 0.6 for epoch in result["epochs"][:-1])


def test_a_target_that_is_missed_is_said(command, heaps, tmp_path):
    done = command("train", heaps, "--target-accuracy", 1, "--epochs", 2, "--out", "run")
    best = max(epochs_of(tmp_path / "run"), key=lambda epoch: epoch["validation_accuracy"])
    assert done.code == 1
    assert done.err == (
        f"the target of 100.00 % was not reached: the best was {100 * best['validation_accuracy']:.2f} %, "
        f"after epoch {best['epoch']}\n  fix   chainrule train --resume --out run --epochs 4\n"
    )


def test_patience_keeps_the_network_of_the_best_epoch(command, heaps, arrays, tmp_path):
    done = command(
        "train", heaps, "--patience", 2, "--optimizer", "adam", "--lr", 0.1, "--epochs", 99, "--out", "run"
    )
    losses = [epoch["validation_loss"] for epoch in epochs_of(tmp_path / "run")]
    assert len(losses) < 99
    best = int(np.argmin(losses))
    assert best == len(losses) - 3, "two epochs without improvement, then the end"
    network = cr.load(tmp_path / "run" / "network.safetensors")
    assert network.loss(arrays["x_test"], arrays["t_test"]) == losses[best]
    assert f"(the network of epoch {best + 1} is kept, where the test loss was lowest)" in done.out


def test_a_target_that_is_reached_keeps_the_network_that_reached_it(command, heaps, arrays, tmp_path):
    """Also where an earlier epoch had a lower loss, to which early stopping would go back."""
    words = ("--optimizer", "sgd", "--lr", 3, "--seed", 1, "--epochs", 30)
    command("train", heaps, *words, "--out", "without")
    epochs = epochs_of(tmp_path / "without")
    best_so_far = [max(e["validation_accuracy"] for e in epochs[: n + 1]) for n in range(len(epochs))]
    later = next(n for n in range(1, len(epochs)) if best_so_far[n] > best_so_far[n - 1]
                 and epochs[n]["validation_loss"] > min(e["validation_loss"] for e in epochs[:n]))  # fmt: skip
    target = epochs[later]["validation_accuracy"]
    done = command("train", heaps, *words, "--patience", 99, "--target-accuracy", target, "--out", "run")
    assert done.code == 0
    network = cr.load(tmp_path / "run" / "network.safetensors")
    assert network.accuracy(arrays["x_test"], arrays["t_test"]) == target


@pytest.mark.parametrize("name", BY_NAME)
def test_every_optimizer_learns_with_the_rate_that_the_help_promises(command, heaps, tmp_path, name):
    help_text = " ".join(command("train", "--help").out.split())
    command("train", heaps, "--optimizer", name, "--epochs", 3, "--out", "run")
    settings = settings_of(tmp_path / "run")
    assert re.search(rf"\(.*\b{name} {settings['lr']:g}[,)]", help_text)
    assert settings["weight_decay"] == BY_NAME[name](0.1).weight_decay
    losses = [epoch["train_loss"] for epoch in epochs_of(tmp_path / "run")]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh", "leaky_relu", "elu", "gelu", "softplus", "silu"])
def test_every_activation_is_in_the_network(command, heaps, tmp_path, name):
    assert command("train", heaps, "--activation", name, "--epochs", 1, "--out", "run").code == 0
    kinds = [
        type(layer).__name__ for layer in cr.load(tmp_path / "run" / "network.safetensors").layers.values()
    ]
    assert [kind.lower() for kind in kinds] == ["affine", name.replace("_", ""), "affine"]


def test_data_may_stand_behind_the_sizes(command, heaps, tmp_path):
    assert command("train", "--epochs", 1, "--out", "run", "--hidden", 3, 2, heaps).code == 0
    assert settings_of(tmp_path / "run")["hidden"] == [3, 2]


def test_a_folder_of_images(command, bars):
    result = command("train", bars, "--epochs", 20, "--batch-size", 10, "--json").json()
    assert result["epochs"][-1]["validation_accuracy"] == 1.0


def test_one_hot_rows_are_the_classes_they_stand_for(command, arrays, tmp_path):
    np.savez("numbers.npz", **arrays)
    rows = {name: np.eye(4, dtype=np.float32)[a] if name[0] == "t" else a for name, a in arrays.items()}
    np.savez("rows.npz", **rows)
    command("train", "rows.npz", "--epochs", 1, "--out", "rows")
    assert cr.load(tmp_path / "rows" / "network.safetensors").params["W2"].shape == (50, 4)


def test_a_class_that_only_the_test_data_have_is_one(command, arrays, tmp_path):
    arrays["t_test"][0] = 5
    np.savez("more.npz", **arrays)
    assert command("train", "more.npz", "--epochs", 1, "--out", "run").code == 0
    assert cr.load(tmp_path / "run" / "network.safetensors").params["W2"].shape == (50, 6)


def test_numbers_that_are_not_finite_end_the_run_and_leave_the_last_good_checkpoint(
    command, heaps, arrays, tmp_path
):
    # Every step multiplies the weights by about 1 - 0.5 * 10 = -4, until float32 cannot hold them.
    words = ("--weight-decay", 10, "--lr", 0.5, "--batch-size", 10, "--epochs", 50)
    done = command("train", heaps, *words, "--out", "run")
    assert done.code == 1
    pattern = (
        r"chainrule: step \d+: the gate \w+ gave NaN or inf for \w+ in the \w+ pass\n"
        r"  fix    a --lr smaller than 0\.5\n  saved  run/checkpoint\.safetensors, from before that\n"
    )
    assert re.fullmatch(pattern, done.err)
    saved, metadata = cr.storage.load_arrays(tmp_path / "run" / "checkpoint.safetensors")
    assert all(np.isfinite(array).all() for array in saved.values())
    assert json.loads(metadata["trainer"])["step"] >= 6
    json.loads((tmp_path / "run" / "history.json").read_text(), parse_constant=pytest.fail)


def test_numbers_that_are_not_finite_in_the_data_are_named(command, arrays):
    arrays["x_train"][0, 0] = np.nan
    np.savez("bad.npz", **arrays)
    done = command("train", "bad.npz", "--out", "run")
    assert done.code == 1
    assert done.err == (
        "chainrule: step 1: x holds NaN or inf to begin with\n"
        "  fix    look at the data\n  saved  nothing, since that was before the first checkpoint\n"
    )


def test_a_network_too_large_for_memory_is_refused(command, heaps):
    done = command("train", heaps, "--hidden", 10**9, 10**9)
    assert done.code == 1
    assert done.err.startswith("chainrule: there is not enough memory: Unable to allocate")
    assert len(done.err.splitlines()) == 1


MISSING = {"eager": None, "fused": "needs numba: pip install 'chainrule[fast]'"}


def test_a_fused_engine_that_is_missing_is_said_in_one_line(command, heaps, monkeypatch):
    monkeypatch.setattr(_train, "available", lambda: MISSING)
    line = "note: the fused engine, which is faster, needs numba: pip install 'chainrule[fast]'\n"
    for number, (words, said) in enumerate([((), 1), (("--engine", "auto"), 1), (("--engine", "eager"), 0)]):
        done = command("train", heaps, "--epochs", 1, *words, "--out", f"run{number}")
        assert (done.code, done.out.count(line)) == (0, said)
    done = command("train", "--resume", "--epochs", 2, "--out", "run0")
    assert line not in done.out, "a run that goes on has no choice"


def test_a_run_goes_on_with_its_own_engine_or_not_at_all(command, heaps, monkeypatch):
    command("train", heaps, "--epochs", 1, "--out", "run")
    about = RunFolder("run").read_about()
    about["settings"]["engine"] = "fused"
    RunFolder("run").write_about(about)
    monkeypatch.setattr(_train, "available", lambda: MISSING)
    for words in ((), ("--engine", "auto")):
        done = command("train", "--resume", "--epochs", 2, *words, "--out", "run")
        assert (done.code, done.out) == (2, "")
        assert done.err == (
            "chainrule: the run in run is one of the fused engine, which needs numba: pip install 'chainrule[fast]'\n"
            "  fix   make that engine work here, or start a new run in another folder\n"
        )
    assert RunFolder("run").read_about() == about


@pytest.fixture
def broken(monkeypatch):
    """A machine with Numba and SciPy on which nothing can be compiled."""
    pytest.importorskip("numba")
    pytest.importorskip("scipy")
    from chainrule.engines.fused import Compiled

    def fail(self, threads, *, profile=False):
        raise RuntimeError("no linker\nand much more")

    monkeypatch.setattr(Compiled, "native", fail)
    monkeypatch.setattr("chainrule.engines._choice._FASTEST_FIRST", ("fused", "eager"))


def test_a_compiler_that_fails_is_said_in_one_line_and_training_goes_on(command, heaps, broken, tmp_path):
    done = command("train", heaps, "--epochs", 2, "--out", "run")
    assert (done.code, done.err) == (0, "")
    line = "note: the fused engine cannot be used here: no linker; training goes on with the eager engine\n"
    assert done.out.count(line) == 1
    assert done.out.count("train loss") == 1
    assert settings_of(tmp_path / "run")["engine"] == "eager"
    assert command("train", "--resume", "--epochs", 4, "--out", "run").code == 0
    command("train", heaps, "--epochs", 4, "--engine", "eager", "--out", "eager")
    whole, parts = (cr.load(tmp_path / name / "network.safetensors") for name in ("eager", "run"))
    for name, w in whole.params.items():
        np.testing.assert_array_equal(parts.params[name], w)


def test_a_compiler_that_fails_ends_a_run_that_asked_for_it(command, heaps, broken):
    done = command("train", heaps, "--engine", "fused", "--out", "run")
    assert done.code == 2
    assert done.err.startswith("chainrule: the fused engine cannot be used here: no linker\n  fix   ")


@pytest.mark.parametrize(
    ("engine", "hidden", "one_thread"), [("eager", 8, True), ("eager", 40000, False), ("fused", 8, False)]
)
def test_threads_are_left_to_the_fused_engine(heaps, engine, hidden, one_thread):
    """A small network keeps BLAS to one thread on the eager engine alone."""
    pytest.importorskip("numba")
    pytest.importorskip("scipy")
    settings = Settings(hidden=(hidden,), engine=engine, batch_size=1000)
    data = load_data(str(heaps), "float32")
    trainer = trainer_of(RunFolder("run"), settings, data)
    assert trainer.deterministic is one_thread


def test_the_run_remembers_the_form_of_its_data(command, heaps, bars, tmp_path):
    for name, data, about in (("a", heaps, (60, False)), ("b", bars, (80, True))):
        command("train", data, "--epochs", 1, "--out", name)
        saved = json.loads((tmp_path / name / "run.json").read_text())["data"]
        assert (saved["rows"], saved["pixels"]) == about
