"""The gradients of losses for soft labels, and the tail of the ELU."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import chainrule as cr

X = np.array([[1.0, 2.0, 0.5], [-0.5, 0.25, 1.5]])
T = np.array([[0.2, 0.7, 0.1], [0.0, 0.4, 0.6]])
ROWS = ["softmax_with_loss", "cross_entropy_error", "binary_cross_entropy_with_logits"]


def test_a_target_made_of_the_scores_counts() -> None:
    dz = cr.grad(lambda z: cr.softmax_with_loss(z, cr.softmax(z)))(X[:1])
    p = np.exp(X[0]) / np.exp(X[0]).sum()
    entropy = -(p * np.log(p)).sum()
    np.testing.assert_allclose(dz[0], -p * (np.log(p) + entropy), rtol=1e-13)  # the slope of the entropy
    np.testing.assert_allclose(dz[0], [0.129, -0.278, 0.144], atol=6e-3)


@pytest.mark.parametrize("name", ROWS)
def test_the_gradient_for_soft_labels_is_the_slope(name: str) -> None:
    loss = getattr(cr, name)
    first = cr.softmax(X) if name == "cross_entropy_error" else X
    dt: Any = cr.grad(loss, 1)(first, T)
    for at in np.ndindex(T.shape):
        step = np.zeros_like(T)
        step[at] = 1e-3  # losses are linear in the labels
        slope = (loss(first, T + step) - loss(first, T)) / 1e-3
        assert dt[at] == pytest.approx(slope, rel=1e-9, abs=1e-12)


def test_the_slope_of_cross_entropy_changes_with_a_weight_that_is_0() -> None:
    y = np.array([0.5, 0.5])
    mixed = cr.grad(lambda t: cr.sum(cr.grad(cr.cross_entropy_error)(y, t)))(np.array([0.0, 1.0]))
    np.testing.assert_allclose(mixed, [-2, -2], rtol=1e-15)


@pytest.mark.parametrize("x", [-5.0, -20.0, -37.0, -40.0])
def test_the_tail_of_elu(x: float) -> None:
    for slope in (cr.grad(cr.elu), cr.grad(cr.grad(cr.elu))):
        assert slope(x) == pytest.approx(math.exp(x), rel=1e-12, abs=0)
        assert slope(np.float64(x)) == pytest.approx(math.exp(x), rel=1e-12, abs=0)
    single = cr.grad(lambda v: cr.sum(cr.elu(v)))(np.array([x], np.float32))
    assert single.dtype == np.float32
    assert single[0] == pytest.approx(math.exp(x), rel=1e-6, abs=0)
