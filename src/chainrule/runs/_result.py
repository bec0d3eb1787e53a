"""How good a network is on rows that it was not trained on, beside what anybody could say without it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..datasets import Target
from ..networks import Network
from ._data import Array, Data


@dataclass(frozen=True)
class ClassResult:
    """One class.

    rows     that are of it
    right    how many of these the network takes for it
    guessed  how many of all rows the network takes for it
    """

    name: str
    rows: int
    right: int
    guessed: int


@dataclass(frozen=True)
class ClassificationResult:
    """Of a network that tells classes apart.

    baseline           the class that is most frequent where the network was trained
    baseline_accuracy  the share that is right for whoever always says so
    """

    rows: int
    loss: float
    accuracy: float
    baseline: str
    baseline_accuracy: float
    classes: tuple[ClassResult, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class RegressionResult:
    """Of a network that predicts numbers; all but `loss` and `r2` in the units of the target.

    r2            1 − Σ(t − y)² / Σ(t − t̄)²: 1 for a perfect prediction, 0 for that of the mean of these rows
    mae, rmse     the mean absolute error, and the root of the mean square error
    baseline      the mean of the target where the network was trained
    baseline_mae  the mean absolute error of whoever always says so
    """

    rows: int
    loss: float
    r2: float
    mae: float
    rmse: float
    baseline: float
    baseline_mae: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


Result = ClassificationResult | RegressionResult


def measure(network: Network, data: Data) -> Result:
    """Measure a network on the test rows of a data set."""
    if data.preprocessing is not None:
        return measured(network, data.x_test, data.t_test, data.preprocessing.target)
    scores = network.predict(data.x_test)
    loss, accuracy = network.evaluate(data.x_test, data.t_test)
    largest = int(np.bincount(data.t_train).argmax())
    return _of_classes(scores.argmax(axis=1), data.t_test, data.class_names, largest, loss, accuracy or 0.0)


def measured(network: Network, x: Array, t: Array, target: Target) -> Result:
    """Measure a network on prepared rows of a table."""
    scores = network.predict(x)
    loss, accuracy = network.evaluate(x, t)
    if not target.classes:
        return _of_numbers(scores, t, target, loss)
    largest = target.classes.index(target.typical)
    return _of_classes(scores.argmax(axis=1), t, target.classes, largest, loss, accuracy or 0.0)


def _of_classes(
    guessed: Array, t: Array, names: tuple[str, ...], largest: int, loss: float, accuracy: float
) -> ClassificationResult:
    counts = [np.bincount(some, minlength=len(names)) for some in (t, t[guessed == t], guessed)]
    classes = [ClassResult(name, *map(int, own)) for name, *own in zip(names, *counts, strict=True)]
    return ClassificationResult(
        rows=len(t),
        loss=loss,
        accuracy=accuracy,
        baseline=names[largest],
        baseline_accuracy=float(np.mean(t == largest)),
        classes=tuple(classes),
    )


def _of_numbers(scores: Array, t: Array, target: Target, loss: float) -> RegressionResult:
    y, t = (target.in_units(some) for some in (scores, t))
    errors, spread = t - y, float(np.sum(np.square(t - t.mean())))
    return RegressionResult(
        rows=len(t),
        loss=loss,
        r2=1 - float(np.sum(np.square(errors))) / spread if spread else float("nan"),
        mae=float(np.mean(np.abs(errors))),
        rmse=float(np.sqrt(np.mean(np.square(errors)))),
        baseline=target.mean,
        baseline_mae=float(np.mean(np.abs(t - target.mean))),
    )
