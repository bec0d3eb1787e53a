"""A scene as a LaTeX document with one picture, for pdfLaTeX, XeLaTeX and LuaLaTeX alike."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .._tex import ENCODING, KOREAN, tex
from ._pieces import Bezier, Piece, Rectangle, Triangle, Words, groups_of
from ._scene import Point, Scene

_POINTS = 0.75  # in a pixel


def tikz(scene: Scene) -> str:
    """The document. Korean names need the package kotex."""
    pieces = [piece for group in groups_of(scene) for piece in group.pieces]
    colours = sorted({colour for piece in pieces for colour in _colours(piece)})
    names = {colour: f"c{number}" for number, colour in enumerate(colours)}
    body = "\n".join(f"  {line}" for piece in pieces for line in _lines(piece, names))
    packages = ["tikz"]
    if re.search(KOREAN, body):
        packages.append("kotex")
    if r"\ding" in body:
        packages.append("pifont")
    return "\n".join(
        [
            r"\documentclass[border=2pt]{standalone}",
            ENCODING,
            *(rf"\usepackage{{{package}}}" for package in packages),
            *(rf"\definecolor{{{names[colour]}}}{{HTML}}{{{colour[1:].upper()}}}" for colour in colours),
            r"\begin{document}\sffamily",
            rf"\begin{{tikzpicture}}[x={_POINTS}pt, y=-{_POINTS}pt, every node/.style={{inner sep=0pt}}]",
            body,
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
            yield rf"\node[{look}] at {_at((piece.x, piece.y))} {{{_words(piece.text)}}};"


def _curves(points: tuple[Point, ...]) -> Iterator[str]:
    for i in range(1, len(points), 3):
        first, second, end = map(_at, points[i : i + 3])
        yield f" .. controls {first} and {second} .. {end}"


def _at(point: Point) -> str:
    return f"({point[0]:.2f}, {point[1]:.2f})"


def _words(text: str) -> str:
    return tex("".join(letter for letter in " ".join(text.split()) if letter.isprintable()))
