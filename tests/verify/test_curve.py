"""The error against the step."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chainrule.verify._curve import STEPS, Curve, curve_of


def test_of_a_right_gradient_the_error_falls_with_the_square_of_the_step() -> None:
    x = np.array([0.7])
    curve = curve_of(lambda v: np.exp(v[0]), [x], np.array([1.0]), (0, (0,)), math.exp(0.7))
    assert curve.errors[0] / curve.errors[1] == pytest.approx(100, rel=0.05)
    assert curve.floor < 1e-9
    assert curve.errors[-1] > curve.floor  # rounding


def test_of_a_wrong_gradient_it_settles_at_what_is_wrong() -> None:
    x = np.array([0.7])
    curve = curve_of(lambda v: np.exp(v[0]), [x], np.array([1.0]), (0, (0,)), 2 * math.exp(0.7))
    assert curve.errors[4] == pytest.approx(math.exp(0.7), rel=1e-6)


def test_results_are_weighed_and_elements_chosen() -> None:
    values = [np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5.0, 6.0])]
    dout = np.array([2.0, -3.0])
    curve = curve_of(lambda v: v[0] @ v[1], values, dout, (0, (1, 0)), -3.0 * 5.0)
    assert curve.floor < 1e-9
    assert curve.steps == tuple(3.0 * step for step in STEPS)


def test_the_values_stay_as_they_are() -> None:
    values = [np.array([1.0, 2.0])]
    curve_of(lambda v: v[0] ** 2, values, np.ones(2), (0, (1,)), 4.0)
    assert values[0].tolist() == [1.0, 2.0]


def test_the_picture() -> None:
    assert str(Curve((0.1, 0.01, 0.001), (1.0, 0.1, 0.001))) == "█▆▁"
    assert str(Curve((0.1, 0.01), (0.0, math.nan))) == "··"
    assert str(Curve((0.1, 0.01), (3.0, 3.1))) == "██"  # of a wrong gradient the error is level
