"""Loss and accuracy after each epoch."""

from __future__ import annotations

import math
from typing import Any

from ...errors import ArgumentError
from ...training import History
from ...words import Words, words
from ._figure import FIRST, LARGEST, SECOND, SOFT, Axes, axes_for, beside, legend, quiet, style_for

_MOST_MARKERS = 20  # on a curve: more of them would hide it


def learning_curve(history: History, ax: Axes | None = None, *, lang: str = "en") -> Axes:
    """Plot loss and accuracy on the training and the test data after each epoch.

    Two scales in one frame would invite comparing what cannot be compared, so the accuracy has a panel of its own: new
    axes in the right half of ``ax``.

    history  as `Trainer.fit` returns it; values that are not finite leave a gap
    ax       Matplotlib's axes to draw in; new ones unless given
    lang     "en" or "ko"
    returns  the axes with the loss; ``axes.figure.axes[-1]`` has the accuracy, in %, where the network predicts classes
    raises   ArgumentError for what is no history, an empty one, other axes or languages; MissingExtraError without
             Matplotlib; ChainruleError where no font has the letters

    >>> from chainrule.training import Epoch
    >>> history = History([Epoch(1, 600, 0.5, 0.3, 0.9, 0.4, 0.9, 1.0), Epoch(2, 1200, 0.3, 0.2, 0.9, 0.3, 0.9, 1.0)])
    >>> axes = learning_curve(history)
    >>> [line.get_ydata().tolist() for line in axes.lines]
    [[0.3, 0.2], [0.4, 0.3]]
    """
    say = words(lang, "plot")
    if not isinstance(history, History):
        raise ArgumentError(
            f"a learning curve is that of a history; this is a {type(history).__name__}",
            fix="cr.plot.learning_curve(trainer.fit(x, t))",
        )
    if not len(history):
        raise ArgumentError(
            "the history is empty: there is no epoch to plot", fix="train for one epoch or more"
        )
    losses = {"train": history["train_loss"], "test": history["validation_loss"]}
    accuracies = {
        "train": _percent(history["train_accuracy"]),
        "test": _percent(history["validation_accuracy"]),
    }
    has_accuracy = any(value is not None for values in accuracies.values() for value in values)
    axes = axes_for(ax, (7.2, 2.9) if has_accuracy else (4.2, 2.9))
    style = style_for(*(say(key) for key in ("epoch", "loss", "accuracy", "train", "test", "nothing")))
    panels = [_panel(axes, "loss", history["epoch"], losses, say, style)]
    if has_accuracy:
        panels.append(_panel(beside(axes), "accuracy", history["epoch"], accuracies, say, style))
    for panel in [panel for panel in panels if panel.lines][:1]:  # one legend: both have the same lines
        legend(panel, style)
    return axes


def _panel(
    axes: Axes, kind: str, epochs: list[int], curves: dict[str, list[Any]], say: Words, style: dict[str, Any]
) -> Axes:
    from matplotlib.ticker import MaxNLocator

    for name, look in (("train", FIRST), ("test", SECOND)):
        values = [_drawable(value) for value in curves[name]]
        if not all(map(math.isnan, values)):
            axes.plot(epochs, values, label=say(name), markevery=_marked(values), **look)
    axes.set_xlabel(say("epoch"), **style)
    axes.set_ylabel(say(kind), **style)
    margin = 0.04 * (epochs[-1] - epochs[0]) or 0.5
    axes.set_xlim(epochs[0] - margin, epochs[-1] + margin)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, integer=True, min_n_ticks=1))
    quiet(axes, style)
    if not axes.lines:
        middle = {"ha": "center", "va": "center", "transform": axes.transAxes, "color": SOFT}
        axes.text(0.5, 0.5, say("nothing"), **middle, **style)
    return axes


def _percent(values: list[float | None]) -> list[float | None]:
    return [None if value is None else 100 * value for value in values]


def _drawable(value: float | None) -> float:
    return value if value is not None and abs(value) < LARGEST else math.nan


def _marked(values: list[float]) -> list[int]:
    """The points with a marker: a few along the curve, and all that stand alone, which no line shows."""
    gap = [True, *map(math.isnan, values), True]
    every = math.ceil(len(values) / _MOST_MARKERS)
    return [i for i in range(len(values)) if i % every == 0 or (gap[i] and gap[i + 2])]
