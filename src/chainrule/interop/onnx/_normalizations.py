"""Normalisations."""

from __future__ import annotations

from typing import Any

from numpy.lib.array_utils import normalize_axis_index

from ...errors import UnsupportedError
from ._apply import g
from ._registry import operator


@operator("LayerNormalization")
def _layer_normalization(
    x: Any,
    scale: Any,
    shift: Any = None,
    *,
    count: int,
    axis: int = -1,
    epsilon: float = 1e-5,
    stash_type: int = 1,
) -> list[Any]:
    axes = tuple(range(normalize_axis_index(axis, len(x.shape)), len(x.shape)))
    mean = g.mean(x, axis=axes, keepdims=True)
    centred = g.subtract(x, mean)
    variance = g.mean(g.square(centred), axis=axes, keepdims=True)
    inverse = g.divide(1.0, g.sqrt(g.add(variance, epsilon)))
    y = g.multiply(g.multiply(centred, inverse), scale)
    return [y if shift is None else g.add(y, shift), mean, inverse][:count]


@operator("BatchNormalization")
def _batch_normalization(
    x: Any,
    scale: Any,
    shift: Any,
    mean: Any,
    variance: Any,
    *,
    count: int,
    epsilon: float = 1e-5,
    momentum: float = 0.9,
    training_mode: int = 0,
    spatial: int = 1,
) -> list[Any]:
    if not spatial:
        raise UnsupportedError(
            "it normalises each place by itself (spatial = 0), which chainrule does not have"
        )
    kept = [mean, variance]
    if training_mode:
        axes = tuple(i for i in range(len(x.shape)) if i != 1)
        of_batch = [g.mean(x, axis=axes)]
        of_batch.append(g.mean(g.square(g.subtract(x, _by_channel(of_batch[0], x))), axis=axes))
        kept = [
            g.add(g.multiply(before, momentum), g.multiply(now, 1 - momentum))
            for before, now in zip(kept, of_batch, strict=True)
        ]
        mean, variance = of_batch
    factor = g.divide(scale, g.sqrt(g.add(variance, epsilon)))
    y = g.multiply(g.subtract(x, _by_channel(mean, x)), _by_channel(factor, x))
    return [g.add(y, _by_channel(shift, x)), *kept][:count]


def _by_channel(values: Any, x: Any) -> Any:
    """One number for each channel, which are along axis 1, beside whatever lies behind them."""
    return g.reshape(values, shape=(-1, *(1,) * (len(x.shape) - 2)))
