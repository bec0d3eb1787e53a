"""Losses as layers: the last layer of a network. Each is a mean over the rows of the mini-batch."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from .. import gates
from ..errors import ShapeError, UnsupportedError
from ..graph import Variable
from ..graph import functions as f
from ._layer import Array, Layer


class LossLayer(Layer):
    """A layer of two inputs, the scores x and the targets t, of which only x has a gradient.

    Attributes: ``t`` (the latest targets) and ``loss`` (the latest result), None before the first forward.
    """

    has_one_input = False
    t: Any = None

    @abstractmethod
    def compute(self, x: Any, t: Any) -> Any:
        """The loss, one number."""

    @abstractmethod
    def hits(self, x: Array, t: Array) -> Array:
        """For each answer in the scores, whether it is right; what `accuracy` counts."""

    def forward(self, x: Any, t: Any, *, training: bool = False) -> Any:  # type: ignore[override]
        """The loss of scores x for the targets t, which is the same in training.

        returns  a float, or a `Variable` if x is one
        raises   LabelError, ShapeError when the targets do not fit; DTypeError when x has no gradient
        """
        self.t = t
        loss = self._record((x,), t, training=training)
        return loss if isinstance(loss, Variable) else float(loss)

    def backward(self, dout: Any = 1) -> Any:
        """The gradient of the scores, times dout."""
        return super().backward(dout)

    @property
    def loss(self) -> float | None:
        return None if self._run is None else float(self._run.out.value)


class SoftmaxWithLoss(LossLayer):
    """Softmax and cross-entropy in one, see `chainrule.softmax_with_loss`.

    The targets are class numbers (whole numbers, one axis less than the scores) or one-hot rows. ``y`` holds the
    probabilities of the latest forward.

    source   Saito, Deep Learning from Scratch, section 5.6.3

    >>> layer = SoftmaxWithLoss()
    >>> round(layer.forward(np.array([[0.0, 0.0]]), np.array([1])), 6)
    0.693147
    >>> layer.y, layer.backward()
    (array([[0.5, 0.5]]), array([[ 0.5, -0.5]]))
    """

    def compute(self, x: Any, t: Any) -> Any:
        return f.softmax_with_loss(x, t)

    @property
    def y(self) -> Any:
        """The probabilities, which the gate keeps for its rule."""
        return None if self._run is None else self._run.out.kept[0].copy()

    def hits(self, x: Array, t: Array) -> Array:
        gates.check_labels(np, x, t)
        return _largest_is(x, t if gates.are_class_numbers(x, t) else np.argmax(t, axis=-1))


class MeanSquaredError(LossLayer):
    """The mean of (x − t)² over all elements, see `chainrule.mean_squared_error`.

    >>> layer = MeanSquaredError()
    >>> layer.forward(np.array([[1.0, 2.0]]), np.array([[0.0, 0.0]])), layer.backward()
    (2.5, array([[1., 2.]]))
    """

    def compute(self, x: Any, t: Any) -> Any:
        return f.mean_squared_error(x, t)

    def hits(self, x: Array, t: Array) -> Array:
        return _one_hot_hits(x, t)


class SquaredError(LossLayer):
    """½ Σ (x − t)² over the features of a row, its mean over the rows of the mini-batch.

    For one row it is the book's sum of squares (and `chainrule.squared_error`). The mean over the rows makes the size
    of a step independent of the size of the mini-batch, as for every loss here.

    source   Saito, Deep Learning from Scratch, section 4.2.1

    >>> layer = SquaredError()
    >>> layer.forward(np.array([[1.0, 2.0]]), np.array([[0.0, 0.0]])), layer.backward()
    (2.5, array([[1., 2.]]))
    """

    def compute(self, x: Any, t: Any) -> Any:
        features = x.shape[-1] if x.shape else 1
        return f.multiply(f.mean_squared_error(x, t), features / 2)

    def hits(self, x: Array, t: Array) -> Array:
        return _one_hot_hits(x, t)


class BinaryCrossEntropyWithLogits(LossLayer):
    """Sigmoid and binary cross-entropy in one, see `chainrule.binary_cross_entropy_with_logits`.

    Each output answers a question of its own with yes (its score is above 0) or no; the targets are 1 or 0, in the
    shape of the scores.

    >>> layer = BinaryCrossEntropyWithLogits()
    >>> round(layer.forward(np.array([[0.0]]), np.array([[1.0]])), 6), layer.backward()
    (0.693147, array([[-0.5]]))
    """

    def compute(self, x: Any, t: Any) -> Any:
        return f.binary_cross_entropy_with_logits(x, t)

    def hits(self, x: Array, t: Array) -> Array:
        _check_same_shape(x, t)
        # NaN is neither yes nor no.
        right: Array = ((x > 0) == (t > 0.5)) & ~np.isnan(x)
        return right


def _largest_is(x: Array, numbers: Array) -> Array:
    """Whether the largest score is that of the class; scores with a NaN among them answer nothing."""
    right: Array = (np.argmax(x, axis=-1) == numbers) & ~np.any(np.isnan(x), axis=-1)
    return right


def _one_hot_hits(x: Array, t: Array) -> Array:
    _check_same_shape(x, t)
    if x.shape[-1:] in ((), (1,)):
        raise UnsupportedError(
            "accuracy counts right classes; this network predicts numbers", fix="use loss(x, t)"
        )
    return _largest_is(x, np.argmax(t, axis=-1))


def _check_same_shape(x: Array, t: Array) -> None:
    if x.shape != t.shape:
        raise ShapeError(f"scores of shape {x.shape} and targets of shape {t.shape} must be of one shape")
