"""What all figures share: axes without pyplot, texts in fonts that have their letters, and files."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any, TypeAlias

from ...errors import ArgumentError, MissingExtraError
from ...storage import write_atomically
from .._fonts import charmap, families, letters_of

Axes: TypeAlias = Any  # matplotlib.axes.Axes, which is there only with the extra

# Blue and vermilion are from Okabe, Ito, "Color Universal Design" (2008); they differ in lightness too.
BLUE, VERMILION, SOFT, GRID = "#0072b2", "#d55e00", "#6b7280", "#e5e7eb"
FIRST = {"color": BLUE, "linestyle": "-", "marker": "o", "markersize": 4.5, "linewidth": 1.6}
SECOND = {"color": VERMILION, "linestyle": "--", "marker": "s", "markersize": 4.5, "linewidth": 1.6}
LARGEST = 1e100  # what is larger is drawn no more than infinity is

_NUMBERS = "0123456789.−+×e"  # what stands at ticks
_LETTER = 0.09  # inches that one takes at a tick, about

_UNSTAMPED: dict[str, dict[str, None]] = {
    ".png": dict.fromkeys(("Software",)),
    ".pdf": dict.fromkeys(("CreationDate", "Creator", "Producer")),
    ".svg": dict.fromkeys(("Date", "Creator")),
}


def axes_for(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """The axes that are given, or new ones in a figure of their own.

    size    width and height of a new figure, in inches
    raises  MissingExtraError without Matplotlib; ArgumentError for what is no axes with an x and a y
    """
    try:
        from matplotlib.axes import Axes as RealAxes
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError.for_extra("plot", "matplotlib", "plotting") from None
    if ax is None:
        return Figure(figsize=size, layout="constrained").add_subplot()
    if not isinstance(ax, RealAxes):
        raise ArgumentError(
            f"ax is the axes to draw in, or None for new ones; this is a {type(ax).__name__}",
            fix="figure.add_subplot(), or one of those that plt.subplots() returns",
        )
    if ax.name != "rectilinear":
        raise ArgumentError(
            f"figures are drawn in axes with x and y; these are {ax.name}", fix="figure.add_subplot()"
        )
    return ax


def beside(axes: Axes) -> Axes:
    """New axes in the right half of the given ones, which keep the left half."""
    spec = axes.get_subplotspec()
    if spec is not None:
        # A layout engine finds the room that labels need; without one it is left free here.
        left, right = spec.subgridspec(1, 2, wspace=0.08 if axes.figure.get_layout_engine() else 0.35)
        axes.set_subplotspec(left)
        return axes.figure.add_subplot(right)
    place = axes.get_position()
    width = 0.42 * place.width
    axes.set_position([place.x0, place.y0, width, place.height])
    return axes.figure.add_axes((place.x1 - width, place.y0, width, place.height))


def style_for(*texts: str) -> dict[str, Any]:
    """How texts are written: as they are, without formulas in them, in the font that is set if it has their letters.

    raises   ChainruleError for a letter that no font here has
    """
    from matplotlib.font_manager import FontProperties, findfont

    usual = FontProperties()
    known = charmap(findfont(usual))
    if all(ord(letter) in known for letter in letters_of(texts)):
        chosen = usual.get_family()
    else:
        chosen = list(families([*texts, _NUMBERS], otherwise="ask for lang='en'"))
    return {"fontfamily": chosen, "parse_math": False, "usetex": False}


def quiet(axes: Axes, style: dict[str, Any]) -> None:
    """A frame that leaves the eye to the data, with numbers in the font of the texts."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(SOFT)
    axes.tick_params(color=SOFT, labelfontfamily=style["fontfamily"])
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)


def name_layers(axes: Axes, names: list[str], style: dict[str, Any]) -> None:
    """Names below the x axis, upright where they would touch each other."""
    room = axes.get_window_extent().width / axes.figure.dpi / len(names)
    turned = {"rotation": 90} if room < _LETTER * (max(map(len, names)) + 1) else {}
    axes.set_xticks(range(len(names)), names, **turned, **style)
    axes.tick_params(axis="x", length=0, pad=6)
    axes.set_xlim(-0.6, len(names) - 0.4)


def legend(axes: Axes, style: dict[str, Any]) -> None:
    """The names of what is drawn, without a frame."""
    for text in axes.legend(frameon=False, prop={"family": style["fontfamily"]}).get_texts():
        text.set(parse_math=False, usetex=False)


def save(axes: Axes, path: str | os.PathLike[str]) -> None:
    """Write the figure of some axes, complete or not at all; the same figure gives the same bytes.

    path    ends in .png, .pdf or .svg; its folder must exist
    raises  ArgumentError for another ending, CheckpointError if it cannot be written

    >>> import tempfile
    >>> axes = cr.plot.weights(np.eye(4), shape=(2, 2))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(axes, f"{folder}/weights.png")
    """
    from matplotlib import rc_context

    suffix = Path(path).suffix.lower()
    if suffix not in _UNSTAMPED:
        raise ArgumentError(
            f"a figure is saved as .png, .pdf or .svg, not as {Path(path).name!r}",
            fix='plot.save(axes, "flow.png")',
        )
    file = io.BytesIO()
    with rc_context({"svg.hashsalt": "chainrule"}):  # the ids of an SVG are random otherwise
        axes.figure.savefig(file, format=suffix[1:], dpi=200, metadata=_UNSTAMPED[suffix])
    write_atomically(path, file.getvalue())
