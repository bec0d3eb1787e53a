"""The error of a central difference against its step: it tells a wrong gradient from a bad measurement."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ._slopes import Array

STEPS = tuple(10.0**-k for k in range(1, 11))
_BARS = "▁▂▃▄▅▆▇█"
_LEAST = 3  # powers of ten from the highest bar to the lowest: what differs by less looks level


@dataclass(frozen=True, slots=True)
class Curve:
    """How far central differences of one element are from the gradient that is claimed for it, step by step.

    Of a right gradient the error falls with the square of the step, until rounding makes it rise again; of a wrong one
    it settles at what is wrong. (Gill, Murray, Wright, Practical Optimization, section 8.6, have the picture.)

    steps, errors   in the unit of the element
    """

    steps: tuple[float, ...]
    errors: tuple[float, ...]

    def __str__(self) -> str:
        """Bars from the largest step to the smallest, the height of each the logarithm of the error.

        >>> print(Curve((0.1, 0.01, 0.001), (1e-2, 1e-4, 1e-6)))
        █▅▁
        """
        sizes = [math.log10(error) if 0 < error < math.inf else math.nan for error in self.errors]
        known = [size for size in sizes if not math.isnan(size)]
        if not known:
            return "·" * len(sizes)
        high = max(known)
        reach = max(high - min(known), _LEAST)
        tops = len(_BARS) - 1
        return "".join(
            "·" if math.isnan(size) else _BARS[round(tops - (high - size) / reach * tops)] for size in sizes
        )

    @property
    def floor(self) -> float:
        """The smallest error: about 0 of a right gradient, of a wrong one what is wrong with it."""
        return min((error for error in self.errors if not math.isnan(error)), default=math.nan)


def curve_of(
    run: Callable[[Sequence[Array]], Array | float],
    values: Sequence[Array],
    dout: Array,
    place: tuple[int, tuple[int, ...]],
    claimed: float,
) -> Curve:
    """Measure one element with steps from a tenth down to 10⁻¹⁰ of its size.

    run      the result for other values, in float64
    values   where it is measured, float64
    dout     the weight of each result
    place    which of the values, and the index of the element in it
    claimed  the gradient of the weighted result for this element

    >>> square = lambda values: values[0] ** 2
    >>> curve_of(square, [np.array([3.0])], np.array([1.0]), (0, (0,)), 6.0).floor < 1e-9
    True
    """
    number, index = place
    scale = max(1.0, abs(float(values[number][index])))
    errors = []
    with np.errstate(all="ignore"):
        for step in STEPS:
            up, down = (_moved(values, number, index, sign * step * scale) for sign in (1, -1))
            difference = np.asarray(run(up), dtype=float) - np.asarray(run(down), dtype=float)
            distance = float(up[number][index] - down[number][index])
            slope = float(np.sum(dout * difference)) / distance if distance else math.nan
            errors.append(abs(slope - claimed))
    return Curve(tuple(step * scale for step in STEPS), tuple(errors))


def _moved(values: Sequence[Array], number: int, index: tuple[int, ...], distance: float) -> list[Array]:
    moved = [np.array(value, dtype=np.float64) for value in values]
    moved[number][index] += distance
    return moved
