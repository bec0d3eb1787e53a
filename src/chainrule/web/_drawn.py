"""A drawn digit, put into its square as those of MNIST were."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

_BOX = 20 / 28  # of the side: the box that the strokes are fitted into


def as_in_mnist(pixels: Array, side: int) -> Array:
    """Strokes scaled into the box that MNIST's digits have, and moved so that their centre of mass is in the middle.

    pixels   uint8, shape (height, width), light on dark, of any size
    side     of the square, 28 for MNIST
    returns  uint8, shape (side, side); all 0 where nothing is drawn
    source   LeCun, Cortes, Burges, The MNIST database of handwritten digits: "size normalized to fit in a 20x20 pixel
             box while preserving their aspect ratio … centered in a 28x28 image by computing the center of mass"

    >>> strokes = np.zeros((100, 60), np.uint8)
    >>> strokes[10:30, 5:9] = 255
    >>> square = as_in_mnist(strokes, 28)
    >>> rows, columns = np.nonzero(square)
    >>> int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())
    (4, 23, 12, 15)
    """
    inked = np.argwhere(pixels)
    if not len(inked):
        return np.zeros((side, side), np.uint8)
    (top, left), (bottom, right) = inked.min(axis=0), inked.max(axis=0) + 1
    strokes = pixels[top:bottom, left:right] / 255
    box = round(side * _BOX)
    scale = box / max(strokes.shape)
    height, width = (max(1, round(length * scale)) for length in strokes.shape)
    small = _shares(height, strokes.shape[0]) @ strokes @ _shares(width, strokes.shape[1]).T
    middle = side / 2  # that is where MNIST's digits have it, measured in numbers of pixels from 0
    total = small.sum()
    down = round(middle - small.sum(axis=1) @ np.arange(height) / total)
    across = round(middle - small.sum(axis=0) @ np.arange(width) / total)
    square = np.zeros((side, side))
    # A mass far from the middle of its box would push the strokes over the border.
    down, across = (int(np.clip(at, 0, side - length)) for at, length in ((down, height), (across, width)))
    square[down : down + height, across : across + width] = small
    return np.rint(255 * square).astype(np.uint8)


def _shares(new: int, old: int) -> Array:
    """Shape (new, old): which share of each new pixel every old one is, when `old` pixels become `new`."""
    edges = np.linspace(0, old, new + 1)
    begin, end = edges[:-1, np.newaxis], edges[1:, np.newaxis]
    pixel = np.arange(old)
    shared: Array = np.clip(np.minimum(end, pixel + 1) - np.maximum(begin, pixel), 0, None)
    return shared / (old / new)
