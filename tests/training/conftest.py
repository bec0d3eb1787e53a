"""A small problem that every training test can learn."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr


@pytest.fixture
def spirals() -> tuple[np.ndarray, np.ndarray]:
    """150 points of three classes, float64 of shape (150, 2)."""
    rng = np.random.default_rng(3)
    t = np.repeat(np.arange(3), 50)
    turn = np.linspace(0, 4, 50)[None, :] + np.arange(3)[:, None] * 2 * np.pi / 3
    radius = np.linspace(0.1, 1, 50)
    x = np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=-1).reshape(150, 2)
    return x + 0.02 * rng.normal(size=x.shape), t


@pytest.fixture
def make_net():
    def make(seed: int = 0, dtype=np.float64) -> cr.Sequential:
        return cr.Sequential(cr.Affine(2, 16), cr.Tanh(), cr.Affine(16, 3), seed=seed, dtype=dtype)

    return make
