"""Words as LaTeX reads them: nothing in them commands anything, and pdfLaTeX, XeLaTeX and LuaLaTeX show the same."""

from __future__ import annotations

import re
from unicodedata import normalize

ENCODING = (
    r"\ifdefined\Umathchar\else\usepackage[T1]{fontenc}\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}\fi"
)
"""For pdfLaTeX, with scalable fonts where they are installed; the other engines have Unicode fonts."""

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
    "ˣ": "{}^x", "ʸ": "{}^y", "‖": r"\Vert",
}  # fmt: skip
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
# What the fonts of every engine have: the Latin letters of the encoding T1, and with kotex those of Korea and its
# neighbours.
_LATIN = "\0-\x7f\xa1-\xffĂ-čĎ-đĘ-ěĞğİıĲĳĹĺĽľŁ-ńŇňŊŋŐ-ŕŘ-śŞ-ťŮ-űŸ-ž"
KOREAN = "[\u3040-\u30ff\u3131-\u318e\u4e00-\u9fff\uac00-\ud7a3]"  # compiled when used, which takes long
"""What needs the package kotex."""

_SET = f"[{_LATIN}]|{KOREAN}"
_LIGATURE = re.compile(r"(?<=[,'])(?=[,'])")


def tex(words: str) -> str:
    r"""Words in one line as LaTeX shows them. Where no font has a letter, its number in Unicode stands for it.

    >>> print(tex("50 % of 사과 🍎"))
    50 \% of 사과 {[}U+1F34E{]}
    """
    written = re.sub(r"[⁻⁰¹²³⁴-⁹]+|[₀-₉]+|.", _part, normalize("NFC", words))
    return _LIGATURE.sub("{}", written)


def _part(found: re.Match[str]) -> str:
    part = found[0]
    if part in _ESCAPED:
        return _ESCAPED[part]
    if part[0] in "⁻⁰¹²³⁴⁵⁶⁷⁸⁹":
        return f"${{}}^{{{part.translate(_RAISED)}}}$"
    if part[0] in "₀₁₂₃₄₅₆₇₈₉":
        return f"${{}}_{{{part.translate(_LOWERED)}}}$"
    if part in _SYMBOLS:
        return f"${_SYMBOLS[part]}$"
    return part if re.match(_SET, part) else f"{{[}}U+{ord(part):04X}{{]}}"


def in_formula(formula: str) -> str:
    """A formula in LaTeX, of whose letters every font has all. It needs the package amsmath."""
    return "".join(map(_in_formula, normalize("NFC", formula)))


def _in_formula(letter: str) -> str:
    if letter in _SYMBOLS and not letter.isascii():
        return rf"\ensuremath{{{_SYMBOLS[letter]}}}"  # it may stand in a name, which is text
    return letter if re.match(_SET, letter) else rf"\text{{U+{ord(letter):04X}}}"
