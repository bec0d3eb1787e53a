"""``chainrule explain``: the lesson on the command line, in both languages and every form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

LESSON = ("L = 0.5*(x*m*t - 219)**2", "x=100", "m=2", "t=1.1")
KOREAN = ("총액 = 사과 * 개수 * 소비세", "사과=100", "개수=2", "소비세=1.1")


def test_the_lesson_is_explained(command):
    shown = command("explain", *LESSON).out
    assert shown.startswith("How L depends on x, m, t\n")
    assert "∂L/∂m = ∂L/∂multiply1 · ∂multiply1/∂m = ∂L/∂multiply1 · x = 1.1 · 100 = 110" in shown


def test_korean_names_in_korean(command):
    shown = command("explain", *KOREAN, "--lang", "ko").out
    assert "총액은 사과, 개수, 소비세에 따라 어떻게 변하는가" in shown
    assert (
        "∂총액/∂사과 = ∂총액/∂multiply1 · ∂multiply1/∂사과 = ∂총액/∂multiply1 · 개수 = 1.1 · 2 = 2.2" in shown
    )


def test_a_name_typed_in_parts_is_the_same_name(command):
    decomposed = "\u1100\u1161\u11a8=3"  # 각, as macOS spells it
    assert command("explain", "각 * 2", decomposed, "--json").json()["values"]["각"] == 3.0


def test_what_if_is_told_behind_the_explanation(command):
    words = ("explain", *LESSON, "--what-if", "x=+1", "--what-if", "m=+1", "--what-if", "t=+0.01")
    shown = command(*words).out
    assert shown.index("How L depends") < shown.index("What if")
    data = command(*words, "--json").json()
    assert data.keys() == {"explanation", "what_if"}
    changes = [scenario["output_after"] for scenario in data["what_if"]["scenarios"]]
    assert changes[:3] == pytest.approx([5.12, 6160.5, 4.5])


def test_an_element_is_followed(command):
    words = ("explain", "L = sum((X @ W)**2)", "X=[[1, 2]]", "W=[[3], [4]]", "--element", "W[1, 0]")
    assert "L depends on W[1, 0]" in command(*words).out
    # L = (3 + 2·4)²: ∂L/∂W[1, 0] = 2 · 11 · 2
    assert command(*words, "--json").json()["way"][0]["total"] == pytest.approx(44)


@pytest.mark.parametrize(
    ("form", "beginning"),
    [("text", "How"), ("markdown", "# How"), ("html", "<!DOCTYPE html>"), ("latex", "\\documentclass")],
)
def test_every_form(command, form, beginning):
    assert command("explain", *LESSON, "--format", form).out.lower().startswith(beginning.lower())


@pytest.mark.parametrize("suffix", ["txt", "md", "html", "tex", "json"])
def test_it_is_saved_under_a_name_that_says_the_form(command, suffix):
    assert command("explain", *LESSON, "--out", f"apple.{suffix}").out == f"apple.{suffix}\n"
    text = Path(f"apple.{suffix}").read_text(encoding="utf-8")
    assert "2.2" in text
    if suffix == "json":
        assert json.loads(text)["gradients"]["m"] == pytest.approx(110)


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("x*m", "x=1"), "no value given for m"),
        (("x*m", "x=1", "m=two"), "the value of m is neither a number nor an array: 'two'"),
        (("x*m", "x=1", "m=NaN"), "neither a number nor an array"),
        (("x*m", "x=1", "m=1e999"), "no finite number"),
        (("x*m", "x=1", "m=true"), "no finite number"),
        (("x*m", "x=1", 'm=["1"]'), "no finite number"),
        (("x*m", "x=1", "m=[[1],[2,3]]"), "neither a number nor an array"),
        (("x*m", "x=1", "m=2", "k=3"), "k: not an input"),
        (("x*m", "x=1", "m=2", "m=3"), "given twice"),
        (("x*m", "x=1", "m"), "'m' is no NAME=VALUE"),
        (("x*m", "x=1", "m=[1, 2]"), "starts from a single number"),
        (("x*", "x=1"), "the expression ends where"),
        (("x.real", "x=1"), "attributes are not part of this language"),
        ((*LESSON, "--what-if", "x"), "'x' is no NAME=VALUE"),
        ((*LESSON, "--what-if", "y=+1"), "y"),
        ((*LESSON, "--element", "x"), "is no element of an array"),
        ((*LESSON, "--element", "x[1]"), "no index of one element"),
        ((*LESSON, "--out", "apple.doc"), ".doc"),
        ((*LESSON, "--out", "nowhere/apple.md"), "nowhere"),
    ],
)
def test_wrong_input_is_one_sentence(refused, words, what):
    assert what in refused("explain", *words)


def test_other_languages_and_forms_are_refused(refused):
    assert "must be one of en, ko" in refused("explain", *LESSON, "--lang", "fr")
    assert "must be one of text" in refused("explain", *LESSON, "--format", "docx")
