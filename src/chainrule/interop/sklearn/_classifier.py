"""The classifier."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels
from sklearn.utils.validation import column_or_1d

from ...errors import ArgumentError, LabelError
from ._losses import Array, CrossEntropy, Loss, SumOverOutputs, binary_log_loss
from ._perceptron import Perceptron


class MLPClassifier(ClassifierMixin, Perceptron):  # type: ignore[misc]
    """scikit-learn's MLPClassifier, argument for argument, trained by chainrule; and what its users asked for besides.

    What scikit-learn has is described there, and has the same defaults and meaning here. New are:

    activation    a list gives each hidden layer its own; leaky_relu, elu, gelu, silu, softplus besides the four
    class_weight  None, "balanced", or weights by class, as elsewhere in scikit-learn
    dropout       the share of each hidden layer's numbers that training drops, or a list of shares; see
                  `chainrule.Dropout`. Not with lbfgs
    init          how weights begin: "glorot_uniform" as in scikit-learn, "glorot_normal", "he_normal",
                  "lecun_normal", or a function of (random state, inputs, outputs) that returns W and b
    callbacks     functions that are called with the estimator after each epoch; True from one of them ends training
    engine        "auto", "fused" (compiled), or "eager" (NumPy); auto compiles where the work is worth it

    Attributes besides scikit-learn's: ``network_`` (a `chainrule.Sequential` on the same arrays),
    ``validation_loss_curve_``, and ``early_stopped_`` (by partial_fit).

    >>> X, y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array(["no", "yes", "yes", "no"])
    >>> model = MLPClassifier((8,), "tanh", solver="lbfgs", random_state=1).fit(X, y)
    >>> model.predict(X)
    array(['no', 'yes', 'yes', 'no'], dtype='<U3')
    """

    _estimator_kind = "classifier"
    loss = "log_loss"

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        class_weight: Any = None,
        dropout: Any = 0.0,
        init: Any = "glorot_uniform",
        callbacks: Any = None,
        engine: str = "auto",
    ) -> None:
        super().__init__(
            hidden_layer_sizes,
            activation,
            solver=solver,
            alpha=alpha,
            batch_size=batch_size,
            learning_rate=learning_rate,
            learning_rate_init=learning_rate_init,
            power_t=power_t,
            max_iter=max_iter,
            shuffle=shuffle,
            random_state=random_state,
            tol=tol,
            verbose=verbose,
            warm_start=warm_start,
            momentum=momentum,
            nesterovs_momentum=nesterovs_momentum,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            beta_1=beta_1,
            beta_2=beta_2,
            epsilon=epsilon,
            n_iter_no_change=n_iter_no_change,
            max_fun=max_fun,
            dropout=dropout,
            init=init,
            callbacks=callbacks,
            engine=engine,
        )
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, X_val: Any = None, y_val: Any = None) -> Self:
        """Learn.

        X              rows of inputs: an array, a sparse matrix or a frame
        y              classes, shape (rows,); or for several labels at once 0 and 1, shape (rows, labels)
        sample_weight  of the rows
        X_val, y_val   a validation set of your own: its loss and score after each epoch are in
                       ``validation_loss_curve_`` and ``validation_scores_``, and early stopping goes by it
        returns        the estimator
        """
        return self._fit(X, y, sample_weight, (X_val, y_val), incremental=False)

    @available_if(Perceptron._has_epochs)  # type: ignore[untyped-decorator]
    def partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        classes: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
    ) -> Self:
        """Learn one epoch on these rows.

        classes  all there are, in the first call; not needed for several labels at once
        returns  the estimator

        With ``early_stopping`` the validation set is X_val and y_val, or a part of the first call's rows that is kept.
        When it stops, ``early_stopped_`` is True, the best weights are taken back, and further calls change nothing.
        """
        if not hasattr(self, "classes_"):
            if classes is None and not type_of_target(y).startswith("multilabel"):
                what = "classes must be passed on the first call to partial_fit."
                raise ArgumentError(what, fix="partial_fit(X, y, classes=[…]), all that there will ever be")
            self._take_classes(
                y if classes is None or type_of_target(y).startswith("multilabel") else classes
            )
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ArgumentError(
                f"`classes={classes!r}` is not the same as on last call to partial_fit, was: {self.classes_!r}"
            )
        return self._fit(X, y, sample_weight, (X_val, y_val), incremental=True)

    def predict(self, X: Any) -> Any:
        """The classes, shape (rows,); or 0 and 1, shape (rows, labels)."""
        found = self._outputs(X)
        return self._binarizer.inverse_transform(found.ravel() if self.n_outputs_ == 1 else found)

    def predict_proba(self, X: Any) -> Array:
        """The probabilities, shape (rows, classes), in the order of ``classes_``."""
        found = self._outputs(X)
        return np.hstack([1 - found, found]) if self.n_outputs_ == 1 else found

    def predict_log_proba(self, X: Any) -> Array:
        """The logarithms of `predict_proba`; −inf where a probability is 0."""
        with np.errstate(divide="ignore"):
            found: Array = np.log(self.predict_proba(X))
        return found

    def _take_classes(self, y: Any) -> None:
        self._binarizer = LabelBinarizer().fit(y)
        self.classes_ = self._binarizer.classes_

    def _prepare_targets(self, y: Any, *, first: bool, incremental: bool) -> int:
        check_classification_targets(y)
        y = _one_column(y)
        if not hasattr(self, "classes_") or (first and not incremental):
            self._take_classes(y)
        elif self.warm_start or incremental:
            classes = unique_labels(y)
            if not incremental and set(classes) != set(self.classes_):
                what = "warm_start can only be used where `y` has the same classes as in the previous call to fit."
                raise LabelError(f"{what} Previously got {self.classes_}, `y` has {classes}")
            if len(np.setdiff1d(classes, self.classes_)):
                what = "`y` has classes not in `self.classes_`."
                raise LabelError(f"{what} `self.classes_` has {self.classes_}. 'y' has {classes}.")
        kind = self._binarizer.y_type_
        return len(self.classes_) if kind in ("multiclass", "multilabel-indicator") else 1

    def _encoded(self, y: Any, dtype: Any) -> Array:
        y = _one_column(y)
        if self._binarizer.y_type_ == "multiclass":
            if len(strange := np.setdiff1d(y, self.classes_)):
                raise LabelError(f"`y` has classes not in `self.classes_`: {strange}")
            return np.asarray(np.searchsorted(self.classes_, y))
        found: Array = np.asarray(self._binarizer.transform(y))
        return found.astype(dtype)

    def _loss(self) -> Loss:
        if self._binarizer.y_type_ == "multiclass":
            return CrossEntropy()
        return SumOverOutputs(binary_log_loss, "logistic")

    def _row_weights(self, y: Any, weights: Array | None) -> Array | None:
        if self.class_weight is None:
            return weights
        of_classes: Array = compute_sample_weight(self.class_weight, _one_column(y))
        return of_classes if weights is None else (of_classes * weights).astype(weights.dtype)

    def _score_of(self, scores: Array, t: Array, weights: Array | None) -> float:
        return float(np.average(self._loss().hits(scores, t), weights=weights))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _one_column(y: Any) -> Any:
    return column_or_1d(y, warn=True) if getattr(y, "ndim", 1) == 2 and y.shape[1] == 1 else y
