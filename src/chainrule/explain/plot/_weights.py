"""The weights of each unit as an image: what a unit looks for in its inputs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...errors import ArgumentError, ShapeError
from ...networks import Network
from ...words import words
from ._figure import Axes, axes_for, style_for

Array = np.ndarray[Any, Any]


def weights(
    network_or_array: Any,
    layer: str | None = None,
    ax: Axes | None = None,
    *,
    shape: tuple[int, int] | None = None,
    most: int = 50,
    lang: str = "en",
) -> Axes:
    """Plot the weights that lead into each unit of a layer as an image, all with one scale.

    Red is above 0, blue below, white is 0; the scale ends at the largest weight shown, on both sides.

    network_or_array  a network, or weights of shape (inputs, units)
    layer             its name in the network; the first one that has weights unless given
    ax                Matplotlib's axes to draw in; new ones unless given
    shape             rows and columns of an image; a square unless given
    most              units that are shown, the first ones
    lang              "en" or "ko"
    returns           the axes; its image is the grid of all images, masked between them
    raises            ArgumentError for an unknown layer, and for weights that are not finite or not an array of two
                      axes; ShapeError when so many weights are no picture of that shape; MissingExtraError without
                      Matplotlib; ChainruleError where no font has the letters

    >>> axes = weights(cr.TwoLayerNet(784, 50, 10, seed=0))
    >>> axes.get_title(loc="left")
    'Affine1: weights of 50 units'
    """
    say = words(lang, "plot")
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise ArgumentError(f"most is a number of units, 1 or more; it is {most!r}")
    name, matrix = _weights_of(network_or_array, layer)
    rows, columns = _shape_of(matrix, shape)
    units = matrix.shape[1]
    images = matrix[:, :most].T.reshape(-1, rows, columns)
    grid = _grid(images)
    axes = axes_for(ax, _size(grid))
    key = "weights" if len(images) == units else "weights some"
    title, scale = say(key, name=name or "W", count=units, shown=len(images)), say("weight")
    style = style_for(title, scale)
    end = float(np.max(np.abs(images))) or 1.0
    shown = axes.imshow(grid, cmap="RdBu_r", vmin=-end, vmax=end, interpolation="nearest")
    axes.set_axis_off()
    axes.set_title(title, loc="left", fontsize="medium", **style)
    beside = axes.inset_axes((1.02, 0.0, 0.025, 1.0))  # as high as the images, whatever the shape of the axes
    bar = axes.figure.colorbar(shown, cax=beside)
    bar.outline.set_visible(False)
    bar.set_label(scale, **style)
    bar.ax.tick_params(labelfontfamily=style["fontfamily"])
    return axes


def _weights_of(source: Any, layer: str | None) -> tuple[str | None, Array]:
    """Name of the layer, None for an array, and its weights in float64."""
    if isinstance(source, Network):
        name = _choose(source, layer)
        array = np.asarray(source.layers[name].parameters["W"])
    elif layer is not None:
        raise ArgumentError(f"an array has no layer {layer!r}", fix="give the network, or leave layer out")
    else:
        name, array = None, np.asarray(source)
    what = "weights" if name is None else f"the weights of {name}"
    if array.dtype.kind not in "iuf" or array.ndim != 2 or array.size == 0:
        raise ArgumentError(
            f"weights are a network or an array of shape (inputs, units); {what} are {_describe(source, array)}",
            fix="cr.plot.weights(network), or cr.plot.weights(network.params['W1'])",
        )
    if not np.all(np.isfinite(array)):
        raise ArgumentError(
            f"{what} hold numbers that are not finite, which have no colour",
            fix="look where they arose: cr.gradient_flow(network, x, t)",
        )
    return name, array.astype(np.float64)


def _describe(source: Any, array: Array) -> str:
    if array.dtype.kind not in "iuf":
        return f"a {type(source).__name__}"
    return f"an array of shape {array.shape}"


def _choose(network: Network, layer: str | None) -> str:
    having = [name for name, own in network.layers.items() if np.ndim(own.parameters.get("W")) == 2]
    if layer is None:
        return having[0]  # every network has an affine layer
    if layer not in having:
        raise ArgumentError(
            f"no layer {layer!r} has weights in this {type(network).__name__}; {', '.join(having)} has"
            if len(having) == 1
            else f"no layer {layer!r} has weights in this {type(network).__name__}; {', '.join(having)} have",
            fix=f"layer={having[0]!r}",
        )
    return layer


def _shape_of(matrix: Array, shape: tuple[int, int] | None) -> tuple[int, int]:
    inputs = matrix.shape[0]
    if shape is None:
        side = math.isqrt(inputs)
        if side * side == inputs:
            return side, side
        raise ShapeError(
            f"{inputs} weights of a unit are no square picture",
            fix=f"shape=(rows, columns), whose product is {inputs}, such as {_near_square(inputs)}",
        )
    try:
        rows, columns = (int(n) for n in shape)
    except (TypeError, ValueError):
        raise ArgumentError(f"shape is (rows, columns), not {shape!r}") from None
    if min(rows, columns) < 1 or rows * columns != inputs:
        raise ShapeError(
            f"{inputs} weights of a unit are no picture of {rows} rows and {columns} columns",
            fix=f"shape=(rows, columns), whose product is {inputs}, such as {_near_square(inputs)}",
        )
    return rows, columns


def _near_square(count: int) -> tuple[int, int]:
    rows = next(n for n in range(math.isqrt(count), 0, -1) if count % n == 0)
    return rows, count // rows


def _grid(images: Array) -> Any:
    """All images in rows, about as wide as a page is, with a masked gap around each."""
    count, rows, columns = images.shape
    gap = max(1, round(min(rows, columns) / 14))
    across = min(count, math.ceil(math.sqrt(2 * count * (rows + gap) / (columns + gap))))
    down = math.ceil(count / across)
    grid = np.full((down * (rows + gap) - gap, across * (columns + gap) - gap), np.nan)
    for number, image in enumerate(images):
        top, left = number // across * (rows + gap), number % across * (columns + gap)
        grid[top : top + rows, left : left + columns] = image
    return np.ma.masked_invalid(grid)


def _size(grid: Any) -> tuple[float, float]:
    """Inches for a figure whose images, title and scale leave no empty paper."""
    height, width = grid.shape
    wide = 6.2
    return wide + 0.9, min(max(wide * height / width, 1.2), 8.0) + 0.4
