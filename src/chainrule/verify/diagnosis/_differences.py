"""One derivative of all results by differences, as exact as they can be, and NaN at a kink."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .._slopes import Array, step_for

EPS = float(np.finfo(np.float64).eps)
WIDEST = EPS**0.2  # the best step for an error of fourth order
EXACT = 1e-6  # a pattern explains a gradient if no more than this part of it is left


def derivative(move: Callable[[float], Array], here: Array, scale: float) -> tuple[Array, float]:
    """The derivatives of results along a line, and the step that they were measured with.

    move   the results at a distance from the point
    here   the results at the point
    scale  the size of what is moved
    """
    far, near = scale * WIDEST, scale * step_for(EPS)
    slope, bend = _central(move, here, far)
    twice = (move(2 * far) - move(-2 * far)) / (4 * far)
    size = float(np.max(np.abs(slope), initial=0.0)) + 1e-9
    if np.all(bend <= 0.05 * size) and np.all(np.abs(twice - slope) <= EXACT * size):
        return (4 * slope - twice) / 3, far
    slope, near_bend = _central(move, here, near)
    # A curve straightens out as the step gets smaller, a kink does not.
    noise = 10 * EPS * np.abs(here) / near
    is_kink = np.any(near_bend > 0.02 * bend + noise)
    return np.where(is_kink, np.nan, slope), near


def _central(move: Callable[[float], Array], here: Array, step: float) -> tuple[Array, Array]:
    """The slope, and by how much the slopes on both sides differ."""
    ahead, behind = move(step), move(-step)
    return (ahead - behind) / (2 * step), np.abs(ahead + behind - 2 * here) / step


def scale_of(value: Array, element: int) -> float:
    """How large a step may be, for small numbers in proportion to the others beside them."""
    usual = 10 * float(np.sqrt(np.mean(value * value)))
    return max(abs(float(value.flat[element])), min(1.0, usual) if usual else 1.0)


def rows_to_measure(sizes: Array, number: int) -> Array:
    """Some rows of many: half of them the ones with the largest sizes, the others spread evenly."""
    largest = np.argsort(-sizes, kind="stable")[: number // 2]
    others = np.setdiff1d(np.arange(len(sizes)), largest)
    every = max(1, len(others) // (number - len(largest)))
    spread = others[::every]
    return np.sort(np.concatenate([largest, spread])[:number])
