"""The plot of a gradient flow: its points are what was measured."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError
from chainrule.explain.plot import gradient_flow
from tests.explain.plot._axes import needs_hangul, png

pytest.importorskip("matplotlib")

SEED = 3


def measured(activation: type[Any] = cr.Sigmoid, depth: int = 4) -> cr.GradientFlow:
    rng = np.random.default_rng(SEED)
    layers = [layer for _ in range(depth) for layer in (cr.Affine(8, 8), activation())]
    net = cr.Sequential(*layers, cr.Affine(8, 3), seed=SEED)
    return cr.gradient_flow(net, rng.normal(size=(20, 8)), rng.integers(0, 3, 20))


def changed(flow: cr.GradientFlow, number: int, **values: Any) -> cr.GradientFlow:
    layers = list(flow.layers)
    layers[number] = dataclasses.replace(layers[number], **values)
    return dataclasses.replace(flow, layers=tuple(layers))


def test_the_points_are_the_sizes_of_each_layer_on_a_logarithmic_scale() -> None:
    flow = measured()
    axes = gradient_flow(flow)
    activation, gradient = axes.lines
    assert list(activation.get_ydata()) == [layer.activation for layer in flow.layers]
    assert list(gradient.get_ydata()) == [layer.gradient for layer in flow.layers]
    assert axes.get_yscale() == "log"
    assert [text.get_text() for text in axes.get_xticklabels()] == [layer.name for layer in flow.layers]
    assert activation.get_marker() != gradient.get_marker()
    assert activation.get_linestyle() != gradient.get_linestyle()


def test_in_both_languages() -> None:
    axes = gradient_flow(measured())
    assert axes.get_title(loc="left") == "Activations and gradients in Sequential"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["activation", "gradient"]
    needs_hangul()
    axes = gradient_flow(measured(), lang="ko")
    assert axes.get_title(loc="left") == "Sequential의 계층별 활성값과 기울기"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["활성값", "기울기"]
    png(axes)


def test_zero_and_what_is_not_finite_are_marked_at_the_edges() -> None:
    flow = changed(changed(measured(), 0, gradient=0.0), 2, activation=math.nan)
    axes = gradient_flow(flow)
    activation, gradient, zero, not_finite = axes.lines
    assert math.isnan(gradient.get_ydata()[0])
    assert math.isnan(activation.get_ydata()[2])
    assert (list(zero.get_xdata()), list(zero.get_ydata()), zero.get_label()) == (
        [0],
        [0.0],
        "0 (not on this scale)",
    )
    assert (list(not_finite.get_xdata()), list(not_finite.get_ydata())) == ([2], [1.0])
    assert (zero.get_color(), not_finite.get_color()) == (gradient.get_color(), activation.get_color())
    png(axes)


def test_a_flow_without_one_size_above_zero_is_drawn_without_a_warning() -> None:
    flow = measured(depth=1)
    for number in range(len(flow.layers)):
        flow = changed(flow, number, activation=0.0, gradient=0.0 if number else math.inf)
    axes = gradient_flow(flow)
    png(axes)
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["activation", "gradient", "0 (not on this scale)", "not finite"]


def test_names_are_written_as_they_are_and_turned_where_they_would_touch() -> None:
    axes = gradient_flow(changed(measured(), 1, name="$\\frac{$ _%"))
    png(axes)  # as a formula it could not be read
    assert axes.get_xticklabels()[1].get_text() == "$\\frac{$ _%"
    assert [label.get_rotation() for label in gradient_flow(measured(depth=1)).get_xticklabels()] == [0] * 3
    assert {label.get_rotation() for label in gradient_flow(measured(depth=10)).get_xticklabels()} == {90}


def test_what_is_no_flow_gets_a_sentence() -> None:
    with pytest.raises(
        ArgumentError, match="plots what cr.gradient_flow measured, not a TwoLayerNet"
    ) as caught:
        gradient_flow(cr.TwoLayerNet(2, 3, 2))  # type: ignore[arg-type]
    assert caught.value.fix == "cr.plot.gradient_flow(cr.gradient_flow(network, x, t))"
