"""The learning curve: its lines are the history."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.errors import ArgumentError
from chainrule.explain.plot import learning_curve
from chainrule.training import Epoch, History
from tests.explain.plot._axes import needs_hangul, new_axes, png

pytest.importorskip("matplotlib")


def history(*rows: tuple[Any, Any, Any, Any]) -> History:
    """Each row: train loss, train accuracy, validation loss, validation accuracy."""
    return History([Epoch(n, 600 * n, 0.5, *row, 1.0) for n, row in enumerate(rows, start=1)])


def drawn(axes: Any) -> dict[str, list[float]]:
    return {line.get_label(): list(line.get_ydata()) for line in axes.lines}


def test_loss_and_accuracy_are_those_of_the_history() -> None:
    axes = learning_curve(history((0.5, 0.8, 0.6, 0.75), (0.25, 0.9, 0.4, 0.85)))
    loss, accuracy = axes.figure.axes
    assert loss is axes
    assert drawn(loss) == {"train": [0.5, 0.25], "test": [0.6, 0.4]}
    assert {name: pytest.approx(v) for name, v in drawn(accuracy).items()} == {
        "train": [80, 90],
        "test": [75, 85],
    }
    assert [list(line.get_xdata()) for line in loss.lines] == [[1, 2], [1, 2]]
    assert (loss.get_ylabel(), accuracy.get_ylabel(), loss.get_xlabel()) == ("loss", "accuracy (%)", "epoch")


def test_the_lines_differ_in_more_than_their_colours() -> None:
    one, two = learning_curve(history((0.5, None, 0.6, None))).lines
    assert one.get_linestyle() != two.get_linestyle()
    assert one.get_marker() != two.get_marker()


def test_in_korean() -> None:
    needs_hangul()
    axes = learning_curve(history((0.5, 0.8, 0.6, 0.75)), lang="ko")
    assert [other.get_ylabel() for other in axes.figure.axes] == ["손실", "정확도 (%)"]
    assert list(drawn(axes)) == ["학습", "시험"]
    png(axes)


def test_networks_that_predict_numbers_have_one_panel() -> None:
    axes = learning_curve(history((0.5, None, None, None), (0.4, None, None, None)))
    assert axes.figure.axes == [axes]
    assert drawn(axes) == {"train": [0.5, 0.4]}


def test_neighbours_of_given_axes_keep_their_place() -> None:
    from matplotlib.figure import Figure

    left, right = Figure(layout="constrained").subplots(1, 2)
    learning_curve(history((0.5, 0.8, 0.6, 0.75)), left)
    png(left)
    accuracy = left.figure.axes[-1]
    assert accuracy is not right
    assert left.get_position().x1 < accuracy.get_position().x0
    assert accuracy.get_position().x1 < right.get_position().x0


def test_what_is_not_finite_leaves_a_gap_and_lonely_points_are_marked() -> None:
    rows = [(value, None, None, None) for value in (0.5, math.nan, 0.3, math.inf, 1e300)]
    axes = learning_curve(history(*rows))
    (line,) = axes.lines
    assert np.isfinite(line.get_ydata()).tolist() == [True, False, True, False, False]
    assert {0, 2} <= set(line.get_markevery())
    png(axes)


def test_where_nothing_can_be_drawn_it_says_so() -> None:
    axes = learning_curve(history((math.nan, 0.1, math.inf, 0.1)))
    assert [text.get_text() for text in axes.texts] == ["nothing to draw"]
    assert axes.figure.axes[1].get_legend() is not None
    png(axes)


@given(st.lists(st.floats(0, 1e6, width=32), min_size=1, max_size=300))
@settings(max_examples=20, deadline=None)
def test_any_run_is_drawn_as_it_was(losses: list[float]) -> None:
    axes = learning_curve(history(*((loss, None, None, None) for loss in losses)))
    (line,) = axes.lines
    assert list(line.get_ydata()) == losses
    assert len(line.get_markevery()) <= 20
    low, high = axes.get_xlim()
    assert low < 1
    assert high > len(losses)


def test_bad_input_gets_a_sentence() -> None:
    with pytest.raises(ArgumentError, match="a learning curve is that of a history; this is a list"):
        learning_curve([1, 2])  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="the history is empty: there is no epoch to plot"):
        learning_curve(History(), new_axes())
