"""What hidden units look for: the weights of the first layer, each unit's as a picture."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import Any

import numpy as np

from ...networks import Network
from ...runs import Data

MOST_UNITS = 400
_MIDDLE, _LARGEST = 128, 127


@dataclass(frozen=True)
class Tiles:
    """Pictures of units, one behind the other.

    pixels   uint8, shape (units, height · width): 128 for 0, 128 ± 127 for ± scale
    scale    the largest weight of all units that are shown
    """

    pixels: np.ndarray[Any, Any]
    width: int
    scale: float

    @property
    def height(self) -> int:
        return int(self.pixels.shape[1]) // self.width


def image_of(data: Data) -> tuple[int, int] | None:
    """Height and width of the inputs as a picture, None if they are none: pixels, and as many as a square has."""
    side = isqrt(data.inputs)
    return (side, side) if data.x_train.dtype == np.uint8 and side * side == data.inputs else None


def tiles(network: Network, width: int, most: int) -> Tiles:
    """The first units of the first layer as pictures on one common scale.

    network   whose inputs are pixels, `width` of them in a row

    >>> tiles(cr.TwoLayerNet(4, 3, 2, seed=0), width=2, most=2).pixels.shape
    (2, 4)
    """
    first = next(layer for layer in network.layers.values() if layer.parameter_names)
    weights = np.asarray(network.params[first.keys["W"]][:, :most], np.float64).T
    scale = float(np.max(np.abs(weights)))
    shares = weights / scale if scale > 0 else np.zeros_like(weights)
    return Tiles((_MIDDLE + np.rint(_LARGEST * shares)).astype(np.uint8), width, scale)
