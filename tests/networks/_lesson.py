"""The network of the lesson, written with NumPy alone and by hand: what ours is compared with."""

from __future__ import annotations

from typing import Any

import numpy as np


def loss_and_gradient(
    params: dict[str, Any], x: Any, t: Any, activation: str = "relu"
) -> tuple[float, dict[str, Any]]:
    """Loss and gradients of affine, ReLU or sigmoid, affine, softmax with cross-entropy; t holds class numbers."""
    a = x @ params["W1"] + params["b1"]
    if activation == "relu":
        h = np.maximum(a, 0)
        slope = a > 0
    else:
        h = 1 / (1 + np.exp(-a))
        slope = h * (1 - h)
    scores = h @ params["W2"] + params["b2"]
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    rows = np.arange(len(t))
    loss = -np.mean(np.log(y[rows, t]))

    y[rows, t] -= 1
    y /= len(t)
    da = y @ params["W2"].T * slope
    gradients = {
        "W1": x.T @ da,
        "b1": da.sum(axis=0),
        "W2": h.T @ y,
        "b2": y.sum(axis=0),
    }
    return float(loss), gradients


def blobs(rng: np.random.Generator, rows: int = 60, inputs: int = 6, classes: int = 3) -> tuple[Any, Any]:
    """Points around one centre for each class, and their classes."""
    centres = 3 * rng.normal(size=(classes, inputs))
    t = np.arange(rows) % classes
    return centres[t] + rng.normal(size=(rows, inputs)), t
