"""What the estimators minimise, written with gates: the derivative of each loss is derived, none is written.

A loss is taken of the scores, the results of the last affine layer; what `predict` gives is a link function of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import numpy as np

from ...errors import ArgumentError, LabelError, ShapeError
from ...graph import Variable, parse
from ...graph import functions as F
from ...layers import BinaryCrossEntropyWithLogits, LossLayer, SoftmaxWithLoss, SquaredError
from ...verify import assert_gradients

Array: TypeAlias = np.ndarray[Any, Any]
Elementwise: TypeAlias = Callable[[Any, Any], Any]
Link: TypeAlias = Literal["identity", "exp", "logistic", "softmax"]

LINKS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {"identity": lambda s: s, "exp": F.exp, "logistic": F.sigmoid, "softmax": F.softmax}
)
"""From scores to what `predict` or `predict_proba` gives, by scikit-learn's names."""


class Loss(LossLayer):
    """A loss, a mean over the rows, for rows of equal weight or not.

    link   the name of the link function
    """

    link: Link

    def weighted(self, x: Any, t: Any, weights: Any) -> Any:
        """The mean over the rows of weight times loss.

        x        scores, shape (rows, outputs)
        t        targets
        weights  shape (rows, 1)
        """
        raise NotImplementedError

    def as_layer(self, outputs: int) -> LossLayer:
        """The same for rows of equal weight as a layer of chainrule, which can be saved, where there is one.

        outputs   how many scores a row has
        """
        return self


class CrossEntropy(Loss):
    """Softmax and cross-entropy, for one class out of several: −log p of the right class.

    >>> loss = CrossEntropy()
    >>> x, t = np.array([[0.0, 0.0], [0.0, 0.0]]), np.array([1, 0])
    >>> round(loss.compute(x, t), 6), round(loss.weighted(x, t, np.array([[2.0], [0.0]])), 6)
    (np.float64(0.693147), np.float64(0.693147))
    """

    link = "softmax"

    def compute(self, x: Any, t: Any) -> Any:
        return F.softmax_with_loss(x, t)

    def weighted(self, x: Any, t: Any, weights: Any) -> Any:
        # A row of weights, which the gate takes in place of a class number: the weight at the right class, 0 elsewhere.
        is_class = F.expand_dims(t, axis=-1) == np.arange(x.shape[-1])
        return F.softmax_with_loss(x, F.where(is_class, weights, 0.0))

    def hits(self, x: Array, t: Array) -> Array:
        right: Array = np.argmax(x, axis=-1) == t
        return right

    def as_layer(self, outputs: int) -> LossLayer:
        return SoftmaxWithLoss()


class SumOverOutputs(Loss):
    """A loss of each output by itself, summed over the outputs of a row.

    formula   of one output: from the score and the target to its loss
    link      the name of the link function

    >>> SumOverOutputs(squared_error).compute(np.array([[1.0, 2.0]]), np.array([[0.0, 0.0]]))
    np.float64(2.5)
    """

    def __init__(self, formula: Elementwise, link: Link = "identity") -> None:
        super().__init__()
        self.formula, self.link = formula, link

    def compute(self, x: Any, t: Any) -> Any:
        return F.multiply(F.mean(self.formula(x, t)), float(x.shape[-1]))

    def weighted(self, x: Any, t: Any, weights: Any) -> Any:
        return F.multiply(F.mean(F.multiply(self.formula(x, t), weights)), float(x.shape[-1]))

    def hits(self, x: Array, t: Array) -> Array:
        right: Array = np.all((x > 0) == (t > 0.5), axis=-1)
        return right

    def as_layer(self, outputs: int) -> LossLayer:
        if self.formula is squared_error:
            return SquaredError()
        if self.formula is binary_log_loss and outputs == 1:  # of several, that layer takes the mean
            return BinaryCrossEntropyWithLogits()
        return self


def binary_log_loss(s: Any, t: Any) -> Any:
    """−log p of the answer t, 1 or 0, for the score s of yes: log(1 + exp(∓s)), which cannot overflow."""
    return F.softplus(F.multiply(1.0 - 2.0 * t, s))


def squared_error(s: Any, t: Any) -> Any:
    """Half the squared error."""
    return 0.5 * F.square(s - t)


def absolute_error(s: Any, t: Any) -> Any:
    return F.abs(s - t)


def log_cosh(s: Any, t: Any) -> Any:
    """log cosh of the error: half its square near 0, its absolute value less log 2 far away. Cannot overflow."""
    size = F.abs(s - t)
    return size + F.log1p(F.exp(-2.0 * size)) - float(np.log(2.0))


def poisson(s: Any, t: Any) -> Any:
    """Half the Poisson deviance of a target t ≥ 0 from its expectation exp(s)."""
    seen = F.where(t > 0.0, t, 1.0)  # 0 · log 0 counts as 0
    return t * (F.log(seen) - s) - t + F.exp(s)


def huber(delta: float) -> Elementwise:
    """Half the squared error up to delta, delta times (the absolute error − ½ delta) beyond (Huber, 1964)."""

    def formula(s: Any, t: Any) -> Any:
        size = F.abs(s - t)
        inside = F.minimum(size, delta)
        return inside * (size - 0.5 * inside)

    return formula


REGRESSION: tuple[str, ...] = ("squared_error", "poisson", "absolute_error", "huber", "log_cosh")
"""The losses of a regressor by name."""


def regression_loss(loss: Any, delta: float) -> SumOverOutputs:
    """The loss that a user asked for.

    loss     one of `REGRESSION`; a formula of y_true and y_pred as text; or such a function, made of gates
    delta    of the Huber loss
    raises   ArgumentError, ParseError when it is none of these
    """
    known: dict[str, Elementwise] = {
        "squared_error": squared_error,
        "poisson": poisson,
        "absolute_error": absolute_error,
        "huber": huber(delta),
        "log_cosh": log_cosh,
    }
    if isinstance(loss, str) and loss in known:
        return SumOverOutputs(known[loss], "exp" if loss == "poisson" else "identity")
    return SumOverOutputs(_own(loss))


def _own(loss: Any) -> Elementwise:
    if callable(loss):
        return lambda s, t: loss(t, s)
    if not isinstance(loss, str):
        what = f"loss must be a name, a formula or a function; it is {loss!r:.80}"
        is_sizes = isinstance(loss, (tuple, list, int))  # what came first before scikit-learn 1.7
        raise ArgumentError(what, fix=f"hidden_layer_sizes={loss!r:.80}" if is_sizes else _HOW)
    if loss.isidentifier() and loss not in ("y_true", "y_pred"):
        raise ArgumentError(f"there is no loss {loss!r}; there are {', '.join(REGRESSION)}", fix=_HOW)
    expression = parse(loss)
    if unknown := set(expression.inputs) - {"y_true", "y_pred"}:
        what = f"the loss {loss!r} is a formula of y_true and y_pred; it has {', '.join(sorted(unknown))}"
        raise ArgumentError(what, fix=_HOW)
    takes_true = "y_true" in expression.inputs
    return lambda s, t: expression(y_pred=s, **({"y_true": t} if takes_true else {}))


_HOW = 'loss="huber", loss="(y_true - y_pred)**4", or a function of (y_true, y_pred)'


def check_own(loss: Any) -> None:
    """Refuse a loss of a user's own that is not one loss for each element, or whose derivative is not right.

    raises   ArgumentError, ParseError, ShapeError; GradientError when the derivative is not that of its values
    """
    if isinstance(loss, str) and loss in REGRESSION:
        return
    formula = _own(loss)
    predicted = np.array([[-1.3, 0.4], [0.9, 2.2], [0.1, -0.6]])
    target = np.array([[0.7, 0.3], [1.6, 0.5], [0.2, 1.1]])
    try:
        value = formula(Variable(predicted), target)
    except TypeError as problem:
        raise ArgumentError(f"the loss {loss!r:.80} cannot be computed: {problem}", fix=_HOW) from problem
    if np.shape(value.value if isinstance(value, Variable) else value) != predicted.shape:
        what = (
            f"the loss {loss!r:.80} gives shape {np.shape(value)} for predictions of shape {predicted.shape}"
        )
        raise ShapeError(what, fix="one loss for each element; the mean over the rows is taken for you")
    assert_gradients(lambda p: formula(p, target), predicted)


def check_counts(t: Array) -> None:
    """Refuse targets that no Poisson distribution gives."""
    if np.any(t < 0):
        raise LabelError(f"the Poisson loss is for targets ≥ 0; the smallest here is {t.min():g}")
