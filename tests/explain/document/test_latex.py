"""Documents in LaTeX: nothing of the text commands anything, and engines that are installed compile it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings

from chainrule.explain._expression import Equation, Name, Number, total
from chainrule.explain.document import Document, Formula, Paragraph, latex
from tests.explain.document._samples import HOSTILE, documents, hostile, sample

ENGLISH = r"""% needs the packages amsmath, booktabs, longtable, pifont
\section*{The price}

\subsection*{Result}

Onward by $x_{1}$

\[ \frac{\partial L}{\partial x_{1}} = 1.1 \cdot 2 = 2.2 \]

\subsubsection*{1}

\begin{itemize}
\item price
\item Onward by $x_{1}$
\end{itemize}

\begin{enumerate}
\item done
\end{enumerate}

\begin{longtable}[l]{lr}
\toprule
price & value \tabularnewline
\midrule \endhead \bottomrule \endlastfoot
$x_{1}$ & 100 \tabularnewline
\ding{55} price & 2.5 \tabularnewline
\end{longtable}

\ding{51} done

\textbf{!} done
"""


def test_a_small_document() -> None:
    assert latex(sample("en"), standalone=False) == ENGLISH


def test_an_article_loads_what_it_needs_and_for_korean_its_fonts() -> None:
    article = latex(sample("ko"))
    assert article.startswith("\\documentclass{article}\n")
    packages = ["amsmath", "booktabs", "longtable", "pifont"]
    assert r"\ifdefined\Umathchar\else\usepackage[T1]{fontenc}" in article
    assert re.findall(r"^\\usepackage\{(.*)\}", article, re.M) == [*packages, "kotex"]
    assert re.findall(r"^\\usepackage\{(.*)\}", latex(sample("en")), re.M) == packages
    named_in_korean = Document("t", (Paragraph("총액"),), "en")
    assert r"\usepackage{kotex}" in latex(named_in_korean)


def test_a_long_equation_may_break_before_its_signs_and_brings_the_command_for_it() -> None:
    sides = [total([Name(f"x{i}") for i in range(30)]), total([Number(i) for i in range(30)]), Number(435)]
    part = latex(Document("t", (Formula(Equation((Name("L"), *sides))),), "en"), standalone=False)
    assert part.startswith("% needs the packages amsmath, booktabs, longtable, pifont, graphicx\n")
    assert part.count(r"\providecommand\fitted") == 1
    assert r"\[ \fitted{L \alignhere = x_{0} + " in part
    assert part.endswith("+ 28 + 29 \\breakhere = 435} \\]\n")


@pytest.mark.parametrize(
    ("words", "written"),
    [
        ("50% of $x_1^2", r"50\% of \$x\_1\textasciicircum{}2"),
        ("\\input{x} & #1 ~", r"\textbackslash{}input\{x\} \& \#1 \textasciitilde{}"),
        ("5×10⁻¹² x₁₂ Wᵀ", r"5$\times$10${}^{-12}$ x${}_{12}$ W${}^{\mathsf{T}}$"),
        ("[3pt] * -- |<>|", r"{[}3pt{]} {*} {-}{-} \textbar{}\textless{}\textgreater{}\textbar{}"),
        ("é 총액 🍎 ħ", "é 총액 {[}U+1F34E{]} {[}U+0127{]}"),
        ('don\'t ""', r"don't \textquotedbl{}\textquotedbl{}"),
    ],
)
def test_text_is_escaped(words: str, written: str) -> None:
    assert latex(Document("t", (Paragraph(words),), "en"), standalone=False).endswith(f"\n\n{written}\n")


def groups_are_balanced(source: str) -> bool:
    """Whether all braces, environments and formulas that are opened are closed, the last opened first."""
    pairs = {"}": "{", r"\]": r"\[", r"\right": r"\left"}
    opened: list[str] = []
    for command, name in re.findall(r"\\begin\{(\w+)\}|(\\end\{\w+\}|\\(?:left|right)\b|\\.|[{}$])", source):
        if command:
            opened.append(command)
        elif name.startswith(r"\end"):
            if not opened or opened.pop() != name[5:-1]:
                return False
        elif name == "$" and opened[-1:] != ["$"] or name in pairs.values():
            opened.append(name)
        elif (name == "$" or name in pairs) and opened.pop() != pairs.get(name, "$"):
            return False
    return not opened


def test_the_check_of_groups_finds_what_is_wrong() -> None:
    assert groups_are_balanced(r"\begin{a} {\{} $x$ \end{a}")
    for wrong in (r"\begin{a} {\}  \end{a}", "$x", "{ $ } $", r"\begin{a}\end{b}", r"\[ { \] }"):
        assert not groups_are_balanced(wrong)


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_command_nothing(words: str) -> None:
    def commands(source: str) -> set[str]:
        return set(re.findall(r"\\[A-Za-z]+", source)) - _LETTERS

    source = latex(hostile(words))
    assert groups_are_balanced(source)
    assert commands(source) <= commands(latex(hostile("tame"))) | {r"\text", r"\mathrm", r"\ensuremath"}
    assert not re.search(r"\\tabularnewline\s*[\[*]|\\item\s*\[", source)
    assert "\n\n" not in source.partition(r"\[")[2].partition(r"\]")[0]


_LETTERS = {
    r"\textbackslash", r"\textasciitilde", r"\textasciicircum", r"\textasciigrave", r"\textbar", r"\textless",
    r"\textgreater", r"\textquotedbl", r"\usepackage",
}  # fmt: skip


@given(documents)
@settings(max_examples=50, deadline=None)
def test_every_document_is_balanced_and_of_letters_that_fonts_have(document: Document) -> None:
    source = latex(document)
    assert groups_are_balanced(source)
    assert not re.search("[^\n -~\xa0-\u017f\u3040-\u30ff\u3131-\u318e\u4e00-\u9fff\uac00-\ud7a3]", source)


@pytest.mark.parametrize("engine", ["pdflatex", "xelatex", "lualatex"])
@pytest.mark.parametrize(
    "document", [sample("en"), sample("ko"), hostile("".join(HOSTILE))], ids=["en", "ko", "hostile"]
)
def test_it_compiles(engine: str, document: Document, tmp_path: Path) -> None:
    if shutil.which(engine) is None:
        pytest.skip(f"{engine} is not installed")
    source = latex(document)
    if "kotex" in source and not _has_kotex():
        pytest.skip("the LaTeX package kotex is not installed")
    (tmp_path / "report.tex").write_text(source, encoding="utf-8")
    command = [engine, "-interaction=nonstopmode", "-halt-on-error", "report.tex"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]


def _has_kotex() -> bool:
    return not subprocess.run(["kpsewhich", "kotex.sty"], capture_output=True, check=False).returncode
