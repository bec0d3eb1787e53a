"""TeX sets the drawings and the explanations, with every letter in some font."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.explain import draw, expand, explain
from chainrule.graph import Variable
from tests.explain.drawing._graphs import apple, apples_and_oranges, softmax_with_loss
from tests.explain.parsers._gallery import GALLERY, HOSTILE

ENGINES = ("pdflatex", "xelatex", "lualatex")


def compiled(engine: str, source: str, folder: Path, *packages: str) -> Path:
    """The PDF. Skips the test where the engine, or a package that the source needs, is not installed."""
    for file in (*packages, *(["luatexko"] if engine == "lualatex" and "{kotex}" in source else [])):
        if (
            shutil.which("kpsewhich")
            and subprocess.run(["kpsewhich", f"{file}.sty"], capture_output=True).returncode
        ):
            pytest.skip(f"there is no {file}.sty here")
    if shutil.which(engine) is None:
        pytest.skip(f"there is no {engine} here")
    (folder / "it.tex").write_bytes(source.encode("utf-8", "replace"))
    command = [engine, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "it.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120)
    log = (folder / "it.log").read_text("utf-8", "replace")
    assert done.returncode == 0, log[-2000:]
    assert re.findall("Missing character.*|Command .* invalid in math mode.*", log) == []
    return folder / "it.pdf"


def all_names() -> Variable:
    """One graph in which every hostile name is used, in a product and as an intermediate value."""
    products = [Variable(2.0, name=name) * 3.0 for name in HOSTILE]
    for name, inner in zip(HOSTILE, products, strict=True):
        inner.name = name + "!"
    return reduce(add, products)  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", GALLERY)
def test_tex_sets_a_drawing(name: str, tmp_path: Path) -> None:
    compiled("pdflatex", GALLERY[name]().tikz(), tmp_path, "tikz", "kotex")


@pytest.mark.parametrize("engine", ENGINES)
def test_tex_shows_any_name_as_it_is(engine: str, tmp_path: Path) -> None:
    names = draw(all_names())
    pdf = compiled(engine, names.tikz(), tmp_path, "tikz", "kotex", "lmodern")
    if shutil.which("pdftotext") is None:
        pytest.skip("there is no pdftotext here")
    text = subprocess.run(["pdftotext", "-raw", pdf, "-"], capture_output=True, encoding="utf-8").stdout
    words = " ".join(text.split())
    for node in names.to_dict()["nodes"]:
        if node["kind"] == "leaf" and re.fullmatch("[ -~가-힣]+", node["text"]):
            assert node["text"] in words


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_tex_sets_an_explanation_with_any_name(engine: str, lang: str, tmp_path: Path) -> None:
    output = all_names()
    compiled(engine, explain(output, lang=lang).to_latex(), tmp_path, "kotex", "longtable", "booktabs")


def dense() -> Variable:
    """A loss of arrays."""
    rng = np.random.default_rng(0)
    x, w, b = cr.variables(X=rng.normal(size=(2, 3)), W=rng.normal(size=(3, 2)), b=np.zeros(2))
    return cr.softmax_with_loss(cr.relu(x @ w + b), np.array([0, 1]))


EXPLAINED = {
    "apple": apple,
    "apples and oranges": apples_and_oranges,
    "softmax with loss": softmax_with_loss,
    "arrays": dense,
    "arrays opened": lambda: expand(dense()),
    "a choice": lambda: cr.where(Variable(2.0, name="x") > 1, Variable(3.0, name="a") ** 2, 1e-9),
}


@pytest.mark.parametrize("name", EXPLAINED)
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_tex_sets_an_explanation(name: str, lang: str, tmp_path: Path) -> None:
    compiled("pdflatex", explain(EXPLAINED[name](), lang=lang).to_latex(), tmp_path, "kotex", "longtable")
