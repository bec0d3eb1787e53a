"""``chainrule export``, and ONNX files where commands take a network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")

import chainrule as cr
from chainrule.graph import functions as f
from tests.interop.onnx._runtimes import check_runtimes


@pytest.fixture
def saved():
    """A network in a file."""
    net = cr.Sequential(cr.Affine(4, 5), cr.ReLU(), cr.Affine(5, 3), seed=1)
    net.save("net.safetensors")
    return net


def test_what_is_written_gives_scores_or_probabilities(command, saved):
    x = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    done = command("export", "net.safetensors", "net.onnx")
    assert (done.code, done.out) == (0, "net.onnx: 4 numbers a row, 3 scores, float32\n")
    check_runtimes("net.onnx", x, saved.predict(x))
    said = command("export", "net.safetensors", "net.onnx", "--probabilities", "--json").json()
    assert said == {
        "run": "net.safetensors",
        "file": "net.onnx",
        "probabilities": True,
        "inputs": 4,
        "outputs": 3,
        "bytes": Path("net.onnx").stat().st_size,
    }
    check_runtimes("net.onnx", x, f.softmax(saved.predict(x)))


def test_an_onnx_file_is_a_network_for_the_other_commands(command, saved, heaps):
    saved.to_onnx("net.onnx", probabilities=True)
    np.save("x.npy", np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32))
    for words in (("predict", "x.npy"), ("eval", heaps)):
        name, *rest = words
        by_file = [command(name, file, *rest, "--json").json() for file in ("net.onnx", "net.safetensors")]
        assert {**by_file[0], "run": None} == {**by_file[1], "run": None}
    assert "ReLU1" in command("draw", "net.onnx").out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("net.safetensors", "net.txt"), "net.txt is not the name of an ONNX file\n  fix   name it net.onnx\n"),
        (("nowhere", "net.onnx"), "there is no run nowhere\n"),
        (("net.safetensors", "nowhere/net.onnx"), "nowhere/net.onnx cannot be written: No such file or directory\n"),
        (("damaged.onnx", "net.onnx"), "damaged.onnx holds no network: it is no ONNX file, or a damaged one\n"),
    ],
)  # fmt: skip
def test_wrong_input_gets_a_sentence(refused, saved, words, says):
    Path("damaged.onnx").write_bytes(b"no model")
    assert refused("export", *words).startswith(f"chainrule: {says}")
    assert not Path("net.onnx").exists()
