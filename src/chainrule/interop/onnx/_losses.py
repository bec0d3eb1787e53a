"""The losses of the standard, with class weights, an ignored class, and any number of axes behind the classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import LabelError
from ._apply import g, numbers
from ._registry import operator


@operator("NegativeLogLikelihoodLoss")
def _negative_log_likelihood(
    x: Any, target: Any, weight: Any = None, *, reduction: str = "mean", ignore_index: int | None = None
) -> Any:
    """−w[t] · x[t], where x has the classes along axis 1; its mean is weighted, too."""
    labels = numbers(target, "targets")
    counts = np.ones(labels.shape, np.bool_) if ignore_index is None else labels != ignore_index
    classes = x.shape[1]
    if np.any(counts & ((labels < 0) | (labels >= classes))):
        raise LabelError(f"its targets name classes outside 0 to {classes - 1}")
    places = np.where(counts, labels, 0)
    rows = np.indices(labels.shape)
    chosen = g.getitem(x, index=(rows[0], places, *rows[1:]))
    weights: Any = counts.astype(x.dtype)
    if weight is not None:
        weights = g.multiply(g.getitem(weight, index=places), weights)
    # What does not count is taken out before it is multiplied: there, x may be −∞, and 0 · ∞ is NaN.
    each = g.multiply(g.negate(g.where(counts, chosen, _zero(x))), weights)
    if reduction == "none":
        return each
    total = g.sum(each)
    return total if reduction == "sum" else g.divide(total, g.sum(weights))


@operator("SoftmaxCrossEntropyLoss")
def _softmax_cross_entropy(
    scores: Any,
    labels: Any,
    weights: Any = None,
    *,
    count: int,
    reduction: str = "mean",
    ignore_index: int | None = None,
) -> list[Any]:
    logarithms = g.log_softmax(scores, axis=1)
    loss = _negative_log_likelihood(
        logarithms, labels, weights, reduction=reduction, ignore_index=ignore_index
    )
    return [loss, logarithms][:count]


def _zero(x: Any) -> Any:
    return np.zeros((), x.dtype)
