"""Random parameters and inputs for the subjects. All sizes differ, so that a factor means one thing only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .subject import Point, Rng

Points = Callable[[Rng], Point]


def normal(*shapes: Any, claimed: int | None = None) -> Points:
    """Normal inputs of these shapes; the first ones have a gradient, or all."""
    count = len(shapes) if claimed is None else claimed
    return lambda rng: Point({}, tuple(rng.normal(size=shape) for shape in shapes), count)


def rows(**parameters: Any) -> Points:
    """Five rows of three numbers, and parameters of these shapes."""
    return lambda rng: _with(rng, parameters, (rng.normal(size=(5, 3)),))


def affine(number: int, columns: int, outputs: int) -> Points:
    """Rows, a matrix and a bias."""
    shapes = {"W": (columns, outputs), "b": outputs}
    return lambda rng: _with(rng, shapes, (rng.normal(size=(number, columns)),))


def network(sizes: tuple[int, ...], target: Callable[[Rng, Any], Any]) -> Points:
    """Parameters of layers, inputs and targets.

    sizes   rows, then the widths from inputs to outputs
    target  makes targets for results
    """
    number, *widths = sizes

    def point(rng: Rng) -> Point:
        shapes: dict[str, Any] = {}
        for layer, (before, after) in enumerate(zip(widths, widths[1:], strict=False), 1):
            shapes[f"W{layer}"] = before, after
            shapes[f"b{layer}"] = after
        x = rng.normal(size=(number, widths[0]))
        t = target(rng, np.empty((number, widths[-1])))
        return _with(rng, shapes, (x, t), 0)

    return point


def loss(target: Callable[[Rng, Any], Any]) -> Points:
    """Scores and targets for them."""

    def point(rng: Rng) -> Point:
        x = 1.5 * rng.normal(size=(5, 3))
        return Point({}, (x, target(rng, x)))

    return point


def class_numbers(rng: Rng, scores: Any) -> Any:
    """Class numbers, with not equally many of each."""
    number, classes = scores.shape
    while True:
        t = rng.integers(0, classes, number)
        if np.ptp(np.bincount(t, minlength=classes)):
            return t


def one_hot(rng: Rng, scores: Any) -> Any:
    """The same as one-hot rows."""
    return np.eye(scores.shape[1])[class_numbers(rng, scores)]


def numbers(rng: Rng, scores: Any) -> Any:
    """Normal numbers."""
    return rng.normal(size=scores.shape)


def yes_or_no(rng: Rng, scores: Any) -> Any:
    """0 and 1."""
    return rng.integers(0, 2, scores.shape).astype(float)


def signs(rng: Rng, scores: Any) -> Any:
    """-1 and 1."""
    return rng.choice([-1.0, 1.0], scores.shape)


def embedding(rng: Rng) -> Point:
    """Class numbers, one of them twice."""
    index = np.append(rng.integers(0, 6, 4), [2, 2])
    return _with(rng, {"W": (6, 3)}, (index,), 0)


def dropout(rng: Rng) -> Point:
    """A fixed mask."""
    kept = np.ones(15)
    kept[rng.choice(15, 5, replace=False)] = 0
    return Point({"kept": kept.reshape(5, 3)}, (rng.normal(size=(5, 3)),))


def update(*state: str) -> Points:
    """A parameter, its gradient, the state and a learning rate.

    state  for each array of it what its numbers are: "any" or "positive"
    """

    def point(rng: Rng) -> Point:
        inputs = list(rng.normal(size=(2, 7)))
        for sort in state:
            numbers = rng.normal(size=7)
            if sort == "positive":
                numbers = abs(numbers) + 0.5
            inputs.append(numbers)
        inputs.append(np.array(rng.uniform(0.1, 0.5)))
        return Point({}, tuple(inputs), len(inputs))

    return point


def logistic(rng: Rng) -> Point:
    """Weights, inputs and truths."""
    x = rng.normal(size=(6, 4))
    return Point({}, (rng.normal(size=4), x, yes_or_no(rng, x[:, 0])))


def _with(rng: Rng, shapes: Mapping[str, Any], inputs: tuple[Any, ...], claimed: int = 1) -> Point:
    parameters = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    return Point(parameters, inputs, claimed)
