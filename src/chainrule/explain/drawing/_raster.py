"""A scene as PNG or PDF, drawn by Matplotlib without a screen."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from ...errors import MissingExtraError
from .._fonts import families
from ._pieces import Bezier, Piece, Rectangle, Triangle, Words, groups_of
from ._scene import Scene
from ._text_width import text_width

_PER_INCH = 96  # pixels
_POINTS = 0.75  # in a pixel
_SCALE = 2  # of a PNG: sharp on fine screens
_ROUND = 0.5522847498  # from the end of a quarter of a circle to its control point, in radii

Form = Literal["png", "pdf"]


def raster(scene: Scene, form: Form) -> bytes:
    """The content of a file, the same bytes for the same scene and the same fonts.

    raises   MissingExtraError without Matplotlib; ChainruleError for a letter that no font here has
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.backends.backend_pdf import FigureCanvasPdf
        from matplotlib.figure import Figure
        from matplotlib.transforms import Affine2D
    except ImportError:
        raise MissingExtraError.for_extra("plot", "matplotlib", f"drawing a {form} file") from None
    pieces = [piece for group in groups_of(scene) for piece in group.pieces]
    texts = (piece.text for piece in pieces if isinstance(piece, Words))
    fonts = families(texts, otherwise="save as .svg")
    figure = Figure(figsize=(scene.width / _PER_INCH, scene.height / _PER_INCH), dpi=_PER_INCH)
    downwards = Affine2D().scale(1 / scene.width, -1 / scene.height).translate(0, 1) + figure.transFigure
    renderer = FigureCanvasAgg(figure).get_renderer()
    for order, piece in enumerate(pieces):
        artist = _artist(piece, fonts)
        artist.set_transform(downwards)
        artist.set_zorder(order)
        figure.add_artist(artist)
    file = io.BytesIO()
    with _no_word_about_weights():
        for artist, piece in zip(
            figure.get_children()[1:], pieces, strict=True
        ):  # the first one is the background
            if isinstance(piece, Words):
                _fit(artist, piece, renderer)
        if form == "png":
            figure.dpi = _PER_INCH * _SCALE
            FigureCanvasAgg(figure).print_png(file, metadata={"Software": None})
        else:
            unset = dict.fromkeys(("CreationDate", "Creator", "Producer"))
            FigureCanvasPdf(figure).print_pdf(file, metadata=unset)
    return file.getvalue()


@contextmanager
def _no_word_about_weights() -> Iterator[None]:
    """A font without a bold face is written in the boldest that it has; that is no news for whoever draws."""
    log = logging.getLogger("matplotlib.font_manager")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


def _artist(piece: Piece, fonts: Sequence[str]) -> Any:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path
    from matplotlib.text import Text

    match piece:
        case Rectangle():
            path = Path(*_rounded(piece), closed=True)
            return PathPatch(path, fc=piece.fill, ec=piece.stroke, lw=piece.thickness * _POINTS)
        case Bezier():
            codes = [Path.MOVETO, *[Path.CURVE4] * (len(piece.points) - 1)]
            path = Path(list(piece.points), codes)
            return PathPatch(path, fc="none", ec=piece.stroke, lw=piece.thickness * _POINTS, capstyle="butt")
        case Triangle():
            return PathPatch(Path([*piece.points, piece.points[0]], closed=True), fc=piece.fill, lw=0)
        case Words():
            return Text(
                piece.x, piece.y, piece.text, color=piece.fill, fontsize=piece.size * _POINTS,
                fontfamily=list(fonts), fontweight="bold" if piece.bold else "normal",
                ha="center" if piece.anchor == "middle" else "left", va="baseline", parse_math=False,
            )  # fmt: skip


def _rounded(piece: Rectangle) -> tuple[list[tuple[float, float]], list[int]]:
    """A rectangle with round corners, from the end of its left upper corner on."""
    from matplotlib.path import Path

    radius = min(piece.radius, piece.width / 2, piece.height / 2)
    left, top, right, bottom = piece.x, piece.y, piece.x + piece.width, piece.y + piece.height
    points = [(left + radius, top)]
    for x, y, (ix, iy), (ox, oy) in (
        (right, top, (-1, 0), (0, 1)),
        (right, bottom, (0, -1), (-1, 0)),
        (left, bottom, (1, 0), (0, -1)),
        (left, top, (0, 1), (1, 0)),
    ):  # a corner, from it back to where the line came from, and on to where it goes
        bend = radius * (1 - _ROUND)
        points += [(x + ix * radius, y + iy * radius), (x + ix * bend, y + iy * bend)]
        points += [(x + ox * bend, y + oy * bend), (x + ox * radius, y + oy * radius)]
    codes = [Path.MOVETO, *[Path.LINETO, *[Path.CURVE4] * 3] * 4]
    return points, [int(code) for code in codes]


def _fit(artist: Any, piece: Words, renderer: Any) -> None:
    """Fonts differ in width; what is wider than its room is written smaller."""
    room = text_width(piece.text, piece.size, bold=piece.bold)
    width = artist.get_window_extent(renderer).width
    if width > room > 0:
        artist.set_fontsize(piece.size * _POINTS * room / width)
