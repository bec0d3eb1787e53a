"""``chainrule flow``: activations and gradients, layer by layer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chainrule.cli import main
from tests.cli._data import make_arrays


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    np.savez(folder / "heaps.npz", **make_arrays())
    words = ("train", folder / "heaps.npz", "--hidden", 8, 8, "--activation", "sigmoid", "--epochs", 1)
    assert main([str(word) for word in (*words, "--engine", "eager", "--out", folder / "run")]) == 0
    return folder / "run"


@pytest.mark.parametrize(("lang", "word"), [("en", "gradient"), ("ko", "기울기")])
def test_every_layer_is_in_the_table(command, trained, lang, word):
    shown = command("flow", trained, "--lang", lang).out
    assert word in shown
    assert all(layer in shown for layer in ("Affine1", "Sigmoid1", "Affine2", "Sigmoid2", "Affine3"))


def test_the_rows_are_those_asked_for(command, trained):
    few = command("flow", trained, "--rows", 2, "--json").json()
    assert few != command("flow", trained, "--json").json()


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_a_picture(command, trained, suffix):
    pytest.importorskip("matplotlib")
    assert command("flow", trained, "--out", f"flow.{suffix}").out == f"flow.{suffix}\n"
    assert Path(f"flow.{suffix}").stat().st_size > 1000


def test_a_report(command, trained):
    command("flow", trained, "--out", "flow.md")
    assert "Affine1" in Path("flow.md").read_text(encoding="utf-8")


def test_wrong_input_is_one_sentence(refused, trained):
    assert "there is no run nowhere" in refused("flow", "nowhere")
    assert ".doc" in refused("flow", trained, "--out", "flow.doc")
    assert "whole number of at least 1" in refused("flow", trained, "--rows", 0)
