"""How the activations of each layer are distributed."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import ArgumentError
from ...graph import as_array, check_inputs
from ...networks import Network
from ...words import Words, words
from .._by_layer import run_by_layer
from ._figure import BLUE, LARGEST, SOFT, Axes, axes_for, name_layers, quiet, style_for

Array = np.ndarray[Any, Any]

_BINS = 40
_HALF = 0.42  # of the widest bin, where neighbours are 1 apart
_PALE = "#8fc1e0"  # blue, thinned with white
_NOTE = {"va": "bottom", "fontsize": "small", "color": SOFT}


def activations(network: Network, x: Any, ax: Axes | None = None, *, lang: str = "en") -> Axes:
    """Plot the distribution of what each layer hands on, as one upright histogram a layer.

    Each histogram has its own bins and is as wide as its fullest one. Values that are exactly 0, of which ReLUs have
    many, would flatten all others: their share is written above instead.

    network  with the parameters it has now
    x        rows of inputs, as ``network.predict`` takes them
    ax       Matplotlib's axes to draw in; new ones unless given
    lang     "en" or "ko"
    returns  the axes; its patches are the histograms of the layers in order, without those that have nothing but zeros
    raises   ArgumentError for what is no network, no rows, other axes or languages; DTypeError, ShapeError when x does
             not fit; MissingExtraError without Matplotlib; ChainruleError where no font has the letters
    source   Glorot, Bengio, Understanding the difficulty of training deep feedforward neural networks, AISTATS 2010

    >>> x = np.random.default_rng(0).normal(size=(100, 4))
    >>> axes = activations(cr.TwoLayerNet(4, 5, 3, seed=0), x)
    >>> [label.get_text() for label in axes.get_xticklabels()]
    ['Affine1', 'Relu1', 'Affine2']
    """
    say = words(lang, "plot")
    if not isinstance(network, Network):
        raise ArgumentError(
            f"this plots the layers of a network; this is a {type(network).__name__}",
            fix="cr.plot.activations(network, x)",
        )
    rows = as_array(x)
    check_inputs(rows)
    if rows.size == 0:
        raise ArgumentError(f"x has shape {rows.shape}: there is nothing to run the network on")
    runs = run_by_layer(network, rows, None)
    names = [run.name for run in runs]
    outs = [np.asarray(run.out.value, dtype=np.float64) for run in runs]
    axes = axes_for(ax, (min(max(4.2, 1.2 + 0.62 * len(names)), 11.0), 3.1))
    title = say("activations", network=type(network).__name__)
    notes = [_note(out, say) for out in outs]
    style = style_for(title, say("value"), say("zeros"), *names, *notes)
    for place, (out, note) in enumerate(zip(outs, notes, strict=True)):
        _histogram(axes, place, out)
        if note:
            axes.text(place, 1.02, note, ha="center", transform=axes.get_xaxis_transform(), **_NOTE, **style)
    if any("%" in note for note in notes):
        axes.text(-0.01, 1.02, say("zeros"), ha="right", transform=axes.transAxes, **_NOTE, **style)
    axes.set_ylabel(say("value"), **style)
    axes.set_title(title, loc="left", fontsize="medium", pad=_pad(notes), **style)
    name_layers(axes, names, style)
    quiet(axes, style)
    return axes


def _note(out: Array, say: Words) -> str:
    if not np.all(_has_place(out)):
        return say("some not finite")
    zeros = float(np.mean(out == 0))
    if not zeros:
        return ""
    return f"{100 * zeros:.0f} %" if zeros > 0.1 else f"{100 * zeros:.2g} %"


def _pad(notes: list[str]) -> int:
    """Points between the frame and the title, for the notes between them."""
    lines = max(note.count("\n") + bool(note) for note in notes)
    return 6 + 13 * lines


def _has_place(out: Array) -> Any:
    return np.abs(out) < LARGEST  # NaN has none


def _histogram(axes: Axes, place: int, out: Array) -> None:
    values = out[_has_place(out) & (out != 0)]
    if not values.size:
        return
    low, high = float(values.min()), float(values.max())
    least = 0.02 * max(abs(low), abs(high))  # a constant has no width of its own
    if high - low < least:
        low, high = (low + high - least) / 2, (low + high + least) / 2
    counts, edges = np.histogram(values, bins=_BINS, range=(low, high))
    half = _HALF * counts / counts.max()
    axes.stairs(
        place + half,
        edges,
        baseline=place - half,
        orientation="horizontal",
        fill=True,
        facecolor=_PALE,
        edgecolor=BLUE,
        linewidth=0.7,  # shows a bin of one value among thousands
    )
