"""Taking a graph along: every form of every example, and programs that run and print the same gradients."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from base64 import b64decode
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

pytest.importorskip("starlette")
pytest.importorskip("httpx")

from starlette.testclient import TestClient

import chainrule
from chainrule.web import _export
from chainrule.web._export import FORMS, exported
from chainrule.web._gallery import GALLERY
from chainrule.web._graph import graph_of
from chainrule.web._problem import Problem
from tests.web._client import client_of

EXAMPLES = [pytest.param(e, id=f"{e['id']}-{language}") for language in GALLERY for e in GALLERY[language]]
APPLE, VALUES = "total = apple * count * tax", {"apple": 100, "count": 2, "tax": 1.1}


def run(text: str) -> str:
    environment = os.environ | {
        "PYTHONPATH": str(Path(chainrule.__file__).parents[1]),
        "PYTHONIOENCODING": "utf-8",
    }
    command = [sys.executable, "-W", "error", "-c", text]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def numbers_in(printed: str) -> dict[str, Any]:
    """What a program printed, by name; an array as the numbers in it."""
    lines = re.split(r"\n(?=\S+ = )", printed.strip())
    pairs = [line.split(" = ") for line in lines]
    return {name: [float(x) for x in re.findall(r"[-+\d.e]+", value)] for name, value in pairs}


@pytest.mark.parametrize("form", [form for form in FORMS if form != "png"])
def test_every_form_of_every_example(form: str) -> None:
    for language, entries in GALLERY.items():
        for entry in entries:
            file = exported(entry["expression"], entry["values"], form, language)
            assert file["name"].endswith(FORMS[form].ending)
            assert file["media"] == FORMS[form].media
            assert file["text"].endswith("\n") or form == "svg"


@pytest.mark.parametrize("id", ["apple", "softmax-with-loss", "batch-norm", "network"])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_program_runs_and_prints_the_gradients(id: str, language: str) -> None:
    (entry,) = [each for each in GALLERY[language] if each["id"] == id]
    program = exported(entry["expression"], entry["values"], "python", language)["text"]
    printed = numbers_in(run(program))
    graph = graph_of(entry["expression"], entry["values"])
    graph.output.backward()
    leaves = {v.name: v for v in _leaves(graph.output)}
    output = graph.output.name
    assert printed[output] == pytest.approx([graph.output.value])
    for name in entry["values"]:
        np.testing.assert_allclose(printed[f"d{output}/d{name}"], np.ravel(leaves[name].grad), rtol=1e-6)


def _leaves(output: Any) -> list[Any]:
    return [node.variable for node in chainrule.Graph(output) if node.variable.gate is None]


def test_the_program_reads_as_one_would_write_it() -> None:
    assert exported(APPLE, VALUES, "python", "en")["text"] == (
        "import chainrule as cr\n"
        "\n"
        'apple = cr.Variable(100.0, name="apple")\n'
        'count = cr.Variable(2.0, name="count")\n'
        'tax = cr.Variable(1.1, name="tax")\n'
        "\n"
        "total = apple * count * tax\n"
        "\n"
        "total.backward()\n"
        'print(f"total = {total.value}")\n'
        'print(f"dtotal/dapple = {apple.grad}")\n'
        'print(f"dtotal/dcount = {count.grad}")\n'
        'print(f"dtotal/dtax = {tax.grad}")\n'
    )


@pytest.mark.parametrize(
    ("expression", "line"),
    [
        ("x×2 · x ÷ 4 − 1", "out = x * 2 * x / 4 - 1"),
        ("y = -x**-2", "y = -x**-2"),
        ("y = +(-x) - -x", "y = +(-x) - -x"),
        ("y = 007.5 * x + .5", "y = 7.5 * x + .5"),
        ("y = maximum( x,2 )*e + pi", "y = cr.maximum(x, 2) * math.e + math.pi"),
        ("e = 3; y = e * x", 'e = cr.Variable(3, name="e")\ny = e * x'),
        ("a = abs(2); y = a * a", 'a = cr.Variable(float(cr.abs(2)), name="a")\ny = a * a'),
        ("cr = x; print = cr * cr", "cr_ = x\nprint_ = cr_ * cr_"),
        ("np = x * snp", "np_ = x * snp"),
        ("where = exp(x); y = where * x", "where = cr.exp(x)\ny = where * x"),
    ],
)
def test_a_program_is_in_pythons_own_words(expression: str, line: str) -> None:
    text = exported(expression, {"x": 2, "snp": 1}, "python", "en")["text"]
    assert f"\n{line}\n" in text
    assert ("import numpy" in text) == ("np.array" in text)
    run(text)


def test_lines_in_brackets_become_one() -> None:
    text = exported("y = (x\n + 1)  # one more\nL = y * 2", {"x": 2}, "python", "en")["text"]
    assert "\ny = (x + 1)\nL = y * 2\n" in text


def test_only_inputs_that_the_output_depends_on_have_a_gradient_to_print() -> None:
    text = exported("a = x * 2; L = y * y", {"x": 3, "y": 1}, "python", "en")["text"]
    assert "dL/dy" in text
    assert "dL/dx" not in text


def test_a_picture_is_one() -> None:
    svg = exported(APPLE, VALUES, "svg", "en")["text"]
    assert ElementTree.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"
    assert json.loads(exported(APPLE, VALUES, "json", "en")["text"])["gradients"]["apple"] == pytest.approx(
        2.2
    )


def test_a_png_is_sent_as_base64() -> None:
    pytest.importorskip("matplotlib")
    file = exported(APPLE, VALUES, "png", "en")
    assert (file["name"], file["media"]) == ("total.png", "image/png")
    assert b64decode(file["base64"]).startswith(b"\x89PNG\r\n\x1a\n")


def test_a_png_without_matplotlib_is_refused_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_export, "find_spec", lambda name: None)
    with pytest.raises(Problem) as refusal:
        exported(APPLE, VALUES, "png", "en")
    told = refusal.value.to_json("ko")["error"]
    assert told["message"] == "PNG 그림을 만들려면 Matplotlib이 필요한데 설치되어 있지 않습니다."
    assert told["fix"] == "pip install 'chainrule[plot]'로 설치하거나, 그림을 SVG로 저장하십시오."


@pytest.mark.parametrize("form", [None, "exe", 3, ["svg"]])
def test_another_form_is_refused(form: Any) -> None:
    client: TestClient = client_of()
    answer = client.post("/api/graph/export", json={"expression": APPLE, "values": VALUES, "form": form})
    assert answer.status_code == 422
    assert answer.json()["error"]["message"] == (
        "A graph cannot be saved in this form; the forms are svg, png, latex, mermaid, dot, tikz, python, json."
    )


def test_a_file_is_answered_over_http() -> None:
    question = {"expression": APPLE, "values": VALUES, "form": "mermaid", "lang": "ko"}
    answer = client_of().post("/api/graph/export", json=question)
    assert answer.json() == exported(APPLE, VALUES, "mermaid", "ko")
