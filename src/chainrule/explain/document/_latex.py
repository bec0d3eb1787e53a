"""Documents in LaTeX, for pdfLaTeX, XeLaTeX and LuaLaTeX alike."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .. import notation
from ._model import Block, Bullets, Document, Formula, Heading, Inline, Paragraph, Table, Tone
from ._pieces import clean, tones_of, written

_ESCAPED = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "`": r"\textasciigrave{}",
    "-": "{-}",  # two are no dash
    "[": "{[}", "]": "{]}", "*": "{*}",  # which behind a line break belong to it
    "–": r"\textendash{}", "—": r"\textemdash{}", "…": r"\ldots{}", "\u00a0": "~", "✓": r"\ding{51}", "✗": r"\ding{55}",
    "‘": r"\textquoteleft{}", "’": r"\textquoteright{}", "“": r"\textquotedblleft{}", "”": r"\textquotedblright{}",
}  # fmt: skip
_SYMBOLS = {
    "×": r"\times", "·": r"\cdot", "÷": r"\div", "−": "-", "±": r"\pm", "∂": r"\partial", "∇": r"\nabla",
    "√": r"\surd", "∞": r"\infty", "≈": r"\approx", "≠": r"\ne", "≤": r"\le", "≥": r"\ge", "∈": r"\in", "∑": r"\sum",
    "→": r"\to", "←": r"\gets", "↔": r"\leftrightarrow", "↑": r"\uparrow", "↓": r"\downarrow", "∧": r"\land",
    "∨": r"\lor", "¬": r"\lnot", "α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "ε": r"\varepsilon",
    "ζ": r"\zeta", "η": r"\eta", "θ": r"\theta", "ι": r"\iota", "κ": r"\kappa", "λ": r"\lambda", "μ": r"\mu",
    "ν": r"\nu", "ξ": r"\xi", "π": r"\pi", "ρ": r"\rho", "σ": r"\sigma", "τ": r"\tau", "φ": r"\varphi", "χ": r"\chi",
    "ψ": r"\psi", "ω": r"\omega", "Γ": r"\Gamma", "Δ": r"\Delta", "Θ": r"\Theta", "Λ": r"\Lambda", "Ξ": r"\Xi",
    "Π": r"\Pi", "Σ": r"\Sigma", "Φ": r"\Phi", "Ψ": r"\Psi", "Ω": r"\Omega", "ᵀ": r"{}^{\mathsf{T}}",
}  # fmt: skip
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
# What the fonts of every engine have: the Latin letters of the encoding T1, and with kotex those of Korea and its
# neighbours.
_LATIN = "\0-\x7f\xa1-\xffĂ-čĎ-đĘ-ěĞğİıĲĳĹĺĽľŁ-ńŇňŊŋŐ-ŕŘ-śŞ-ťŮ-űŸ-ž"
_KOREAN = re.compile("[\u3040-\u30ff\u3131-\u318e\u4e00-\u9fff\uac00-\ud7a3]")
_SET = re.compile(f"[{_LATIN}]|{_KOREAN.pattern}")
_SIGNS: dict[Tone, str] = {
    "plain": "",
    "good": r"\ding{51} ",
    "warning": r"\textbf{!} ",
    "bad": r"\ding{55} ",
}
_T1 = r"\ifdefined\Umathchar\else\usepackage[T1]{fontenc}\fi"  # for pdfLaTeX; the other engines have Unicode fonts
_HEADINGS = ("section", "subsection", "subsubsection", "paragraph")


def latex(document: Document, *, standalone: bool = True) -> str:
    r"""A document in LaTeX.

    standalone  a whole article; without it a part of one, whose first line names the packages that it needs
    returns     text that can be compiled, with a line break at the end. Where no font has a letter (emoji, say), its
                number in Unicode stands for it

    >>> from chainrule.explain.document import Paragraph
    >>> print(latex(Document("What if?", (Paragraph("50 % of x_1"),), "en"), standalone=False))
    % needs the packages amsmath, booktabs, longtable, pifont
    \section*{What if?}
    <BLANKLINE>
    50 \% of x\_1
    <BLANKLINE>
    """
    writer = _Writer(document.language)
    blocks = ["\n".join(writer.lines(block)) for block in document.blocks]
    body = "\n\n".join([writer.heading(document.title, 0), *blocks])
    packages = ["amsmath", "booktabs", "longtable", "pifont"]
    if document.language == "ko" or _KOREAN.search(body):
        packages.append("kotex")
    if not standalone:
        return f"% needs the packages {', '.join(packages)}\n{body}\n"
    loaded = "\n".join(rf"\usepackage{{{package}}}" for package in packages)
    return (
        f"\\documentclass{{article}}\n{_T1}\n{loaded}\n\\begin{{document}}\n\n{body}\n\n\\end{{document}}\n"
    )


class _Writer:
    def __init__(self, language: str) -> None:
        self._language = language

    def heading(self, words: str, level: int) -> str:
        kind = _HEADINGS[min(level, len(_HEADINGS) - 1)]
        return rf"\{kind}*{{{_escaped(clean(words))}}}"

    def lines(self, block: Block) -> Iterator[str]:
        match block:
            case Heading(words, level):
                yield self.heading(words, level)
            case Paragraph(content, tone):
                yield _SIGNS[tone] + self._inline(content)
            case Formula(expression):
                yield rf"\[ {_settable(notation.latex(expression, language=self._language))} \]"
            case Bullets(items, numbered):
                kind = "enumerate" if numbered else "itemize"
                yield rf"\begin{{{kind}}}"
                yield from (rf"\item {self._inline(item)}" for item in items)
                yield rf"\end{{{kind}}}"
            case Table():
                yield from self._table(block)

    def _inline(self, content: Inline) -> str:
        return written(
            content, _escaped, lambda e: f"${_settable(notation.latex(e, language=self._language))}$"
        ).strip()

    def _table(self, table: Table) -> Iterator[str]:
        yield rf"\begin{{longtable}}[l]{{{table.align}}}"
        yield r"\toprule"
        yield _row([_escaped(clean(name)) for name in table.header])
        yield r"\midrule \endhead \bottomrule \endlastfoot"
        for row, tone in zip(table.rows, tones_of(table), strict=True):
            first, *rest = map(self._inline, row)
            yield _row([_SIGNS[tone] + first, *rest])
        yield r"\end{longtable}"


def _row(cells: list[str]) -> str:
    return rf"{' & '.join(cells)} \tabularnewline"


def _escaped(words: str) -> str:
    """Words that LaTeX takes for nothing but words."""
    return re.sub(r"[⁻⁰¹²³⁴-⁹]+|[₀-₉]+|.", _escaped_part, words)


def _escaped_part(found: re.Match[str]) -> str:
    part = found[0]
    if part in _ESCAPED:
        return _ESCAPED[part]
    if part[0] in "⁻⁰¹²³⁴⁵⁶⁷⁸⁹":
        return f"${{}}^{{{part.translate(_RAISED)}}}$"
    if part[0] in "₀₁₂₃₄₅₆₇₈₉":
        return f"${{}}_{{{part.translate(_LOWERED)}}}$"
    if part in _SYMBOLS:
        return f"${_SYMBOLS[part]}$"
    return part if _SET.match(part) else f"{{[}}U+{ord(part):04X}{{]}}"


def _settable(formula: str) -> str:
    """A formula in one line, without letters that no font has."""
    return "".join(map(_settable_letter, clean(formula)))


def _settable_letter(letter: str) -> str:
    if letter in _SYMBOLS and not letter.isascii():
        return rf"\ensuremath{{{_SYMBOLS[letter]}}}"  # it may stand in a name, which is text
    return letter if _SET.match(letter) else rf"\text{{U+{ord(letter):04X}}}"
