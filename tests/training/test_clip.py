"""Clipping: all gradients together, whatever their size."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.engines import eager, trace
from chainrule.training._step import clip


@pytest.mark.parametrize("size", [1e20, 1e30, 1e38])
def test_large_single_precision_gradients_keep_their_direction(size: float) -> None:
    g = np.array([size, size], np.float32)
    clipped = clip({"w": g}, 1.0)["w"]
    assert clipped.dtype == np.float32
    np.testing.assert_allclose(clipped, [0.5**0.5] * 2, rtol=1e-5)


@pytest.mark.parametrize("size", [0.0, 1e-35, 1e-20])
def test_small_gradients_are_left_alone(size: float) -> None:
    g = np.array([size, -size, 0], np.float32)
    np.testing.assert_array_equal(clip({"w": g, "none": np.zeros((0, 2))}, 1.0)["w"], g)


@pytest.mark.parametrize("size", [1e-12, 1e-3, 1.0, 1e3, np.inf, np.nan])
def test_the_numbers_are_those_of_pytorch(size: float) -> None:
    torch = pytest.importorskip("torch")
    grads = {"a": size * np.array([3.0, -1.0]), "b": np.array([0.5])}
    tensors = [torch.zeros(len(g), dtype=torch.float64, requires_grad=True) for g in grads.values()]
    for tensor, g in zip(tensors, grads.values(), strict=True):
        tensor.grad = torch.tensor(g)
    torch.nn.utils.clip_grad_norm_(tensors, 0.25)
    with np.errstate(invalid="ignore"):
        clipped = clip(grads, 0.25)
    for tensor, g in zip(tensors, clipped.values(), strict=True):
        np.testing.assert_allclose(g, tensor.grad.numpy(), rtol=1e-14)


def test_a_recorded_step_clips_alike() -> None:
    g = np.array([3e20, 4e20], np.float32)
    step = eager.build(trace(lambda v: clip(v, 1.0), {"w": g}))
    np.testing.assert_allclose(step({"w": g})["w"], [0.6, 0.8], rtol=1e-6)
    np.testing.assert_array_equal(step({"w": g * 0})["w"], [0, 0])
