"""``chainrule draw``: expressions and networks as pictures."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import chainrule as cr
from chainrule.cli import main
from tests.cli._data import make_arrays

LESSON = ("L = 0.5*(x*m*t - 219)**2", "x=100", "m=2", "t=1.1")


def texts(svg: str) -> list[str]:
    return [e.text or "" for e in ElementTree.fromstring(svg).iter() if e.tag.endswith("}text")]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    np.savez(folder / "heaps.npz", **make_arrays())
    words = ("train", folder / "heaps.npz", "--hidden", 8, "--epochs", 1, "--engine", "eager")
    assert main([str(word) for word in (*words, "--out", folder / "run")]) == 0
    return folder / "run"


def test_the_lesson_is_drawn_into_a_file(command):
    assert command("draw", *LESSON, "--out", "apple.svg").out == "apple.svg\n"
    found = " ".join(texts(Path("apple.svg").read_text(encoding="utf-8")))
    assert all(number in found for number in ("100", "2.2", "110", "200", "220", "0.5"))


def test_without_a_file_it_is_printed(command):
    x, m, t = cr.variables(x=100.0, m=2, t=1.1)
    L = 0.5 * (x * m * t - 219) ** 2
    L.name = "L"
    assert command("draw", *LESSON).out == cr.draw(L).svg() + "\n"


@pytest.mark.parametrize("suffix", ["dot", "mmd", "tex", "json"])
def test_other_forms_by_their_names(command, suffix):
    command("draw", *LESSON, "--out", f"apple.{suffix}")
    assert "110" in Path(f"apple.{suffix}").read_text(encoding="utf-8")


def test_a_step_shows_what_is_known_by_then(command):
    first = command("draw", *LESSON, "--step", 0).out
    assert "100" in texts(first)
    assert "220" not in texts(first)


def test_forward_alone_has_no_gradients(command):
    assert "2.2" not in " ".join(texts(command("draw", *LESSON, "--passes", "forward").out))


def test_a_network_is_drawn_layer_by_layer(command, trained):
    closed = texts(command("draw", trained).out)
    assert any("Affine1" in text for text in closed)
    assert "W1" in " ".join(closed)
    opened = command("draw", trained, "--open", "Affine1").out
    assert len(texts(opened)) > len(closed)


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ((*LESSON, "--out", "apple.bmp"), ".svg, .png"),
        ((*LESSON, "--out", "apple"), ".svg, .png"),
        ((*LESSON, "--step", 99), "99"),
        ((*LESSON, "--step", -1), "whole number of at least 0"),
        ((*LESSON, "--passes", "sideways"), "must be one of both"),
        ((*LESSON, "--open", "Affine1"), "layers of a network"),
        (("x*m", "x=1"), "no value given for m"),
        (("x" + "*x" * 200,), "no value given for x"),  # too long for the name of a file
    ],
)
def test_wrong_input_is_one_sentence(refused, words, what):
    assert what in refused("draw", *words)


def test_wrong_questions_about_a_network(refused, trained):
    assert "Affine9" in refused("draw", trained, "--open", "Affine9")
    assert "no backward pass" in refused("draw", trained, "--passes", "backward")
