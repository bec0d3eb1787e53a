"""``chainrule show``: the step of a run, and what its statements cost."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.cli import main
from chainrule.cli._listing import listing
from chainrule.errors import UnsupportedError
from chainrule.runs import Statement, _step
from tests.cli._data import make_arrays, make_bars

WORDS = ("--hidden", 8, "--optimizer", "momentum", "--batch-size", 20, "--epochs", 1, "--engine", "eager")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run on numbers, 4-8-3."""
    folder = tmp_path_factory.mktemp("trained")
    np.savez(folder / "heaps.npz", **make_arrays())
    words = ("train", folder / "heaps.npz", *WORDS, "--out", folder / "run")
    assert main([str(word) for word in words]) == 0
    return folder / "run"


@pytest.fixture
def run(trained):
    """The run, at a short name in the test's own folder."""
    Path("run").symlink_to(trained)
    return Path("run")


@pytest.fixture
def shown(command, run):
    return command("show", run, "--no-time", "--json").json()


def test_the_text_is_that_of_a_trainer_with_the_same_settings(shown, run):
    net = cr.load(run / "network.safetensors")
    x, t = np.zeros((60, 4), np.float32), np.zeros(60, np.int64)
    pytest.importorskip("numba")  # a trainer of this engine asks for it
    trainer = cr.Trainer(net, cr.Momentum(0.05), batch_size=20, engine="fused")
    trainer._runner.stepper(x, t)
    assert shown["text"] == trainer.source
    assert (shown["run"], shown["rows"], shown["threads"], shown["seconds"]) == ("run", 20, 1, None)


def test_statements_cover_the_text_in_order_and_say_what_they_work_on(shown):
    lines = shown["text"].splitlines()
    behind = 0
    for statement in shown["statements"]:
        assert behind < statement["first"] <= statement["last"] <= len(lines)
        between = [line.strip() for line in lines[behind : statement["first"] - 1]]
        assert behind == 0 or all(line.startswith("#") or not line for line in between)
        behind = statement["last"]
        text = "\n".join(lines[statement["first"] - 1 : statement["last"]])
        assert all(re.search(rf"\b{name}\b", text) for name in statement["shapes"])
        assert statement["seconds"] is None
    assert behind == len(lines)


def test_flops_bytes_and_shapes_of_the_products_are_those_counted_by_hand(shown):
    first, *_, last = (s for s in shown["statements"] if "matmul" in s["gates"] and s["phase"] == "forward")
    assert first["shapes"] == {"x_batch": [20, 4], "W1": [4, 8], "Affine1_product": [20, 8]}
    assert (first["names"], first["flops"]) == (["Affine1"], 2 * 20 * 4 * 8)
    assert first["bytes"] == 4 * (20 * 4 + 4 * 8 + 20 * 8)
    assert (last["names"], last["flops"]) == (["Affine2"], 2 * 20 * 8 * 3)


def test_the_phases_come_in_their_order(shown):
    phases = [s["phase"] for s in shown["statements"] if s["flops"]]
    assert list(dict.fromkeys(phases)) == ["data", "forward", "backward", "update"]


def test_what_is_printed(command, run, shown):
    done = command("show", run, "--no-time")
    assert (done.code, done.err) == (0, "")
    head, listed, summary = re.split(r"\n\n(?=  +time|part)", done.out)
    assert head == "run: one step on 20 rows, by 1 thread"
    right = [line.partition("│")[2].removeprefix(" ") for line in listed.splitlines()[1:]]
    assert [line for line in right if not line.startswith("    # ↑")] == shown["text"].splitlines()
    assert "    # ↑ x_batch 20×4, W1 4×8, Affine1_product 20×8" in right
    assert re.search(r"^ +1\.28 k +1\.09 kB │     matmul\(x_batch", listed, re.M)
    rows = [line.split() for line in summary.splitlines()]
    assert rows[0] == ["part", "of", "the", "step", "flops", "bytes"]
    assert [row[0] for row in rows[1:]] == ["mini-batch", "forward", "backward", "update", "all"]
    assert "\x1b" not in done.out


def test_pixels_are_divided_in_the_step(command, tmp_path):
    make_bars(tmp_path / "bars")
    command("train", "bars", *WORDS, "--out", "pixels")
    text = command("show", "pixels", "--no-time", "--json").json()["text"]
    assert "float32(255)" in text


def test_where_the_time_goes(command, run, monkeypatch):
    """Measured: the largest product of a wide layer takes longer than adding its bias."""
    pytest.importorskip("numba")
    pytest.importorskip("scipy")
    monkeypatch.setenv("CHAINRULE_CACHE_DIR", str(Path("cache").resolve()))
    monkeypatch.setattr(_step, "_MOST_STEPS", 50)
    done = command("show", run, "--json").json()
    seconds = [statement["seconds"] for statement in done["statements"]]
    assert all(0 <= took < 0.01 for took in seconds)
    assert done["seconds"] == pytest.approx(sum(seconds))
    assert done["seconds"] > 0
    printed = command("show", run).out
    assert re.search(r"part of the step +time +share +flops +bytes\n", printed)
    assert re.search(r"^ +all +[\d.]+ [µm]s +100\.00 % ", printed, re.M)
    assert re.search(r"^ +\d+\.\d % +1\.28 k +1\.09 kB │     matmul\(x_batch", printed, re.M)


def test_without_the_compiler_the_text_is_still_shown(command, run, monkeypatch):
    monkeypatch.setattr(_step, "available", lambda: {"fused": "needs numba: pip install 'chainrule[fast]'"})
    done = command("show", run)
    assert done.code == 0
    assert done.err == "note: no times: the fused engine needs numba: pip install 'chainrule[fast]'\n"
    assert done.out == command("show", run, "--no-time").out


def test_a_compiler_that_fails_is_said(command, run, monkeypatch):
    from chainrule.engines.fused import Stepper

    def fail(self, rows):
        raise UnsupportedError("the fused engine cannot be used here: no linker")

    monkeypatch.setattr(_step, "available", lambda: {"fused": None})
    monkeypatch.setattr(Stepper, "prepare", fail)
    done = command("show", run)
    assert done.err == "note: no times: the fused engine cannot be used here: no linker\n"
    assert "matmul(" in done.out


def test_colours_on_a_terminal_unless_plain(command, run, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "160")
    coloured, plain = command("show", run, "--no-time").out, command("show", run, "--no-time", "--plain").out
    assert "\x1b[" in coloured
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain


TEXT = "def step(n):\n    for i in range(n):\n        y[i] = exp(x[i])\n"
ABOUT = [Statement(2, 3, "forward", ["y"], ["exp"], {"y": [7], "x": [7]}, 140, 56, 1e-6)]


def test_a_narrow_screen_has_the_costs_under_each_statement():
    assert [line.plain for line in listing(TEXT, ABOUT, width=40)] == [
        *TEXT.splitlines(),
        "    # ↑ 100.0 %, 140 flops, 56 B: y 7, x 7",
    ]


def test_a_wide_screen_has_them_beside_it():
    gutter = 8 + 8 + 9
    lines = [line.plain for line in listing(TEXT, ABOUT, width=gutter + 3 + 24)]
    assert lines == [
        "    time   flops    bytes │",
        " " * gutter + " │ def step(n):",
        " 100.0 %     140     56 B │     for i in range(n):",
        " " * gutter + " │         y[i] = exp(x[i])",
        " " * gutter + " │     # ↑ y 7, x 7",
    ]
    assert len(listing(TEXT, ABOUT, width=gutter + 3 + 23)) == 4, "one column less is too narrow"


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda run: (run / "run.json").write_text("{"), "run/run.json cannot be read: "),
        (lambda run: (run / "run.json").unlink(), "there is no run in run: it has no run.json\n"),
        (lambda run: (run / "network.safetensors").unlink(), "the run in run has not finished an epoch yet"),
    ],
    ids=["damaged", "no run", "no network"],
)
def test_a_folder_that_is_no_run(command, trained, spoil, what):
    Path("run").mkdir()
    for file in trained.iterdir():
        (Path("run") / file.name).write_bytes(file.read_bytes())
    spoil(Path("run"))
    done = command("show", "run", "--no-time")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"chainrule: {what}")


def test_a_network_file_alone_is_no_run(command, run):
    done = command("show", run / "network.safetensors", "--no-time")
    assert done.code == 2
    assert done.err.startswith("chainrule: there is no run in run/network.safetensors")
