"""A scene as an SVG document of its own: no style sheet, no script, no font; the same bytes for the same scene."""

from __future__ import annotations

from hashlib import sha256
from html import escape

from .._xml import NOT_IN_XML
from ._pieces import Bezier, Group, Piece, Rectangle, Triangle, Words, groups_of
from ._scene import Point, Scene

_FONTS = (
    "system-ui, -apple-system, 'Segoe UI', 'Noto Sans KR', 'Apple SD Gothic Neo', 'Malgun Gothic', sans-serif"
)


def svg(scene: Scene) -> str:
    """The document. Its ids begin with a digest of all that is in it: two drawings on one page never share one."""
    diagram = scene.diagram
    title, description = _clean(scene.title or diagram.heading), _clean(diagram.description)
    groups = {group.name: _content(group) for group in groups_of(scene)}
    everything = "\n".join([scene.lang, title, description, *groups.values()])
    prefix = "g" + sha256(everything.encode()).hexdigest()[:12]
    width, height = _short(scene.width), _short(scene.height)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" role="img" xml:lang="{scene.lang}" '
            f'aria-labelledby="{prefix}-title {prefix}-desc" font-family="{_FONTS}">',
            f'<title id="{prefix}-title">{title}</title>',
            f'<desc id="{prefix}-desc">{description}</desc>',
            *(f'<g id="{prefix}-{name}">{content}</g>' for name, content in groups.items()),
            "</svg>\n",
        ]
    )


def _content(group: Group) -> str:
    title = f"<title>{_clean(group.detail)}</title>" if group.detail else ""
    return title + "".join(map(_element, group.pieces))


def _element(piece: Piece) -> str:
    match piece:
        case Rectangle():
            size = (
                f'width="{_short(piece.width)}" height="{_short(piece.height)}" rx="{_short(piece.radius)}"'
            )
            colours = f'fill="{piece.fill}" stroke="{piece.stroke}" stroke-width="{_short(piece.thickness)}"'
            return f'<rect x="{_short(piece.x)}" y="{_short(piece.y)}" {size} {colours}/>'
        case Bezier():
            stroke = f'stroke="{piece.stroke}" stroke-width="{_short(piece.thickness)}"'
            return f'<path d="{path_data(piece.points)}" fill="none" {stroke}/>'
        case Triangle():
            corners = " ".join(f"{_short(x)},{_short(y)}" for x, y in piece.points)
            return f'<polygon points="{corners}" fill="{piece.fill}"/>'
        case Words():
            bold = ' font-weight="700"' if piece.bold else ""
            place = f'x="{_short(piece.x)}" y="{_short(piece.y)}" text-anchor="{piece.anchor}"'
            look = f'font-size="{_short(piece.size)}" fill="{piece.fill}"{bold}'
            return f"<text {place} {look}>{_clean(piece.text)}</text>"


def path_data(points: tuple[Point, ...]) -> str:
    """A chain of cubic Béziers as SVG writes it.

    >>> path_data(((0.0, 0.0), (1.0, 0.0), (2.0, 5.0), (3.25, 5.0)))
    'M0 0C1 0 2 5 3.25 5'
    """
    start, *rest = (f"{_short(x)} {_short(y)}" for x, y in points)
    curves = (" ".join(rest[i : i + 3]) for i in range(0, len(rest), 3))
    return f"M{start}" + "".join(f"C{curve}" for curve in curves)


def _short(number: float) -> str:
    """A length to a hundredth of a pixel."""
    text = f"{number:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _clean(text: str) -> str:
    """Text in one line, without what XML cannot hold."""
    return escape(" ".join(NOT_IN_XML.sub("", text).split()), quote=False)
