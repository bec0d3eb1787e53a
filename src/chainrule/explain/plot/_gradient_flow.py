"""Sizes of activations and gradients from layer to layer."""

from __future__ import annotations

import math
from typing import Any

from ...errors import ArgumentError
from ...words import words
from .._gradient_flow import GradientFlow
from ._figure import FIRST, SECOND, Axes, axes_for, legend, name_layers, quiet, style_for

_AT_THE_EDGE = {"linestyle": "none", "markerfacecolor": "white", "markersize": 6, "clip_on": False}


def gradient_flow(flow: GradientFlow, ax: Axes | None = None, *, lang: str = "en") -> Axes:
    """Plot how large activations and gradients are in each layer, on a logarithmic scale.

    A size that has no place on such a scale is marked at its edge: 0 at the lower, one that is not finite at the upper.

    flow     as `chainrule.gradient_flow` returns it
    ax       Matplotlib's axes to draw in; new ones unless given
    lang     "en" or "ko"
    returns  the axes
    raises   ArgumentError for what is no gradient flow, other axes or languages; MissingExtraError without
             Matplotlib; ChainruleError where no font has the letters

    >>> net = cr.TwoLayerNet(4, 5, 3, seed=0)
    >>> axes = gradient_flow(cr.gradient_flow(net, np.ones((2, 4)), np.array([0, 1])))
    >>> axes.get_yscale(), [line.get_label() for line in axes.lines]
    ('log', ['activation', 'gradient'])
    """
    say = words(lang, "plot")
    if not isinstance(flow, GradientFlow):
        raise ArgumentError(
            f"this plots what cr.gradient_flow measured, not a {type(flow).__name__}",
            fix="cr.plot.gradient_flow(cr.gradient_flow(network, x, t))",
        )
    names = [layer.name for layer in flow.layers]
    axes = axes_for(ax, (min(max(4.2, 1.6 + 0.36 * len(names)), 9.0), 3.1))
    keys = ("size", "activation", "gradient", "zero", "not finite")
    title = say("flow", network=flow.network)
    style = style_for(title, *names, *map(say, keys))
    sizes = {
        "activation": [layer.activation for layer in flow.layers],
        "gradient": [layer.gradient for layer in flow.layers],
    }
    axes.set_yscale("log")
    for (name, values), look in zip(sizes.items(), (FIRST, SECOND), strict=True):
        axes.plot([value if _has_place(value) else math.nan for value in values], label=say(name), **look)
    if not any(_has_place(value) for values in sizes.values() for value in values):
        axes.set_ylim(0.1, 10)
    _mark(axes, sizes, "v", 0.0, say("zero"), lambda value: value == 0)
    _mark(axes, sizes, "x", 1.0, say("not finite"), lambda value: not math.isfinite(value))
    axes.set_ylabel(say("size"), **style)
    axes.set_title(title, loc="left", fontsize="medium", **style)
    name_layers(axes, names, style)
    quiet(axes, style)
    legend(axes, style)
    return axes


def _has_place(value: float) -> bool:
    return 0 < value < math.inf


def _mark(
    axes: Axes, sizes: dict[str, list[float]], marker: str, height: float, label: str, chosen: Any
) -> None:
    for values, look in zip(sizes.values(), (FIRST, SECOND), strict=True):
        at = [place for place, value in enumerate(values) if chosen(value)]
        if at:
            once = label if label not in axes.get_legend_handles_labels()[1] else "_"
            across = axes.get_xaxis_transform()  # x of the data, y of the frame
            axes.plot(
                at, [height] * len(at), color=look["color"], marker=marker, label=once, transform=across,
                **_AT_THE_EDGE,
            )  # fmt: skip
