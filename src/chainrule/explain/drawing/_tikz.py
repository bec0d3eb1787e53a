"""A scene as a LaTeX document with one picture, for pdfLaTeX, XeLaTeX and LuaLaTeX alike."""

from __future__ import annotations

from collections.abc import Iterator

from ._pieces import Bezier, Piece, Rectangle, Triangle, Words, groups_of
from ._scene import Point, Scene

_POINTS = 0.75  # in a pixel

_ESCAPED = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "'": "'", "`": r"\textasciigrave{}", "-": "{-}",
    "−": "$-$", "×": r"$\times$", "÷": r"$\div$", "·": r"$\cdot$", "←": r"$\leftarrow$", "→": r"$\rightarrow$",
    "∂": r"$\partial$", "Σ": r"$\Sigma$", "σ": r"$\sigma$", "√": r"$\sqrt{\ }$", "½": r"$\frac12$", "‖": r"$\Vert$",
    "∞": r"$\infty$", "≠": r"$\neq$", "≤": r"$\leq$", "≥": r"$\geq$", "∧": r"$\wedge$", "∨": r"$\vee$",
    "¬": r"$\neg$", "ᵀ": r"$^{\mathsf T}$", "ˣ": "$^x$", "ʸ": "$^y$", "⁻": "$^-$", "…": r"\dots{}",
} | {raised: f"$^{n}$" for n, raised in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}  # fmt: skip

_PREAMBLE = r"""\documentclass[border=2pt]{standalone}
\usepackage{iftex}
\iftutex\usepackage{fontspec}\else\usepackage[T1]{fontenc}\fi
\usepackage{textcomp}"""
_OTHER = r"""% A letter of another script, for an engine that has fonts of it, and what stands in for it elsewhere.
\newcommand\other[2]{\iftutex#1\else#2\fi}"""


def tikz(scene: Scene) -> str:
    """The document. Korean names need the package kotex."""
    pieces = [piece for group in groups_of(scene) for piece in group.pieces]
    texts = "".join(piece.text for piece in pieces if isinstance(piece, Words))
    colours = sorted({colour for piece in pieces for colour in _colours(piece)})
    names = {colour: f"c{number}" for number, colour in enumerate(colours)}
    korean = [r"\usepackage{kotex}"] if any(map(_is_hangul, texts)) else []
    return "\n".join(
        [
            _PREAMBLE,
            *korean,
            r"\usepackage{tikz}",
            _OTHER,
            *(rf"\definecolor{{{names[colour]}}}{{HTML}}{{{colour[1:].upper()}}}" for colour in colours),
            r"\begin{document}\sffamily",
            rf"\begin{{tikzpicture}}[x={_POINTS}pt, y=-{_POINTS}pt, every node/.style={{inner sep=0pt}}]",
            *(f"  {line}" for piece in pieces for line in _lines(piece, names)),
            r"\end{tikzpicture}",
            r"\end{document}",
            "",
        ]
    )


def _colours(piece: Piece) -> tuple[str, ...]:
    match piece:
        case Rectangle():
            return piece.fill, piece.stroke
        case Bezier():
            return (piece.stroke,)
        case Triangle() | Words():
            return (piece.fill,)


def _lines(piece: Piece, colours: dict[str, str]) -> Iterator[str]:
    match piece:
        case Rectangle():
            look = f"draw={colours[piece.stroke]}, fill={colours[piece.fill]}"
            look += f", line width={piece.thickness * _POINTS:.3g}pt, rounded corners={piece.radius * _POINTS:.3f}pt"
            corner = _at((piece.x + piece.width, piece.y + piece.height))
            yield rf"\path[{look}] {_at((piece.x, piece.y))} rectangle {corner};"
        case Bezier():
            look = f"draw={colours[piece.stroke]}, line width={piece.thickness * _POINTS:.3g}pt"
            yield rf"\path[{look}] {_at(piece.points[0])}{''.join(_curves(piece.points))};"
        case Triangle():
            corners = " -- ".join(map(_at, piece.points))
            yield rf"\fill[{colours[piece.fill]}] {corners} -- cycle;"
        case Words():
            anchor = "base" if piece.anchor == "middle" else "base west"
            size = piece.size * _POINTS
            font = rf"\fontsize{{{size:.4g}}}{{{size * 1.2:.4g}}}\selectfont" + (
                r"\bfseries" if piece.bold else ""
            )
            look = f"anchor={anchor}, text={colours[piece.fill]}, font={font}"
            yield rf"\node[{look}] at {_at((piece.x, piece.y))} {{{tex(piece.text)}}};"


def _curves(points: tuple[Point, ...]) -> Iterator[str]:
    for i in range(1, len(points), 3):
        first, second, end = map(_at, points[i : i + 3])
        yield f" .. controls {first} and {second} .. {end}"


def _at(point: Point) -> str:
    return f"({point[0]:.2f}, {point[1]:.2f})"


def tex(text: str) -> str:
    """Text as LaTeX reads it, whatever is in it.

    >>> print(tex("50 % & 사과"), tex("é"))
    50 \\% \\& 사과 \\other{é}{U+00E9}
    """
    return "".join(map(_letter, " ".join(text.split())))


def _letter(letter: str) -> str:
    if letter in _ESCAPED:
        return _ESCAPED[letter]
    if letter.isascii() or _is_hangul(letter):
        return letter if letter.isprintable() else ""
    return rf"\other{{{letter}}}{{U+{ord(letter):04X}}}" if letter.isprintable() else ""


def _is_hangul(letter: str) -> bool:
    return "가" <= letter <= "힣" or "ㄱ" <= letter <= "ㆎ"
