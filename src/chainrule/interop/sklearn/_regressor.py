"""The regressor."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import column_or_1d

from ._losses import Array, Loss, check_counts, check_own, regression_loss
from ._perceptron import Perceptron


class MLPRegressor(RegressorMixin, Perceptron):  # type: ignore[misc]
    """scikit-learn's MLPRegressor, argument for argument, trained by chainrule; and what its users asked for besides.

    What scikit-learn has is described there, and has the same defaults and meaning here, with one exception: the loss
    of several outputs is their sum, as its gradient always was, and not their mean (scikit-learn#8349). New are:

    loss        "absolute_error", "huber" and "log_cosh" besides "squared_error" and "poisson"; your own as a formula,
                ``"(y_true - y_pred)**4"``, or as a function of (y_true, y_pred) made of gates, for each element. Its
                derivative is derived, and checked against its values before training begins
    delta       where the Huber loss goes from squares to absolute values
    activation, dropout, init, callbacks, engine, and the attributes ``network_``, ``validation_loss_curve_`` and
                ``early_stopped_``: see `MLPClassifier`

    >>> X = np.linspace(-1, 1, 50)[:, np.newaxis]
    >>> model = MLPRegressor("huber", (10,), "tanh", solver="lbfgs", random_state=0).fit(X, X[:, 0] ** 2)
    >>> model.score(X, X[:, 0] ** 2) > 0.99
    True
    """

    _estimator_kind = "regressor"

    def __init__(
        self,
        loss: Any = "squared_error",
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
        delta: float = 1.0,
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
        self.loss = loss
        self.delta = delta

    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, X_val: Any = None, y_val: Any = None) -> Self:
        """Learn.

        X              rows of inputs: an array, a sparse matrix or a frame
        y              targets, shape (rows,) or (rows, outputs)
        sample_weight  of the rows
        X_val, y_val   a validation set of your own, see `MLPClassifier.fit`
        returns        the estimator
        """
        return self._fit(X, y, sample_weight, (X_val, y_val), incremental=False)

    @available_if(Perceptron._has_epochs)  # type: ignore[untyped-decorator]
    def partial_fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, X_val: Any = None, y_val: Any = None
    ) -> Self:
        """Learn one epoch on these rows; for early stopping see `MLPClassifier.partial_fit`."""
        return self._fit(X, y, sample_weight, (X_val, y_val), incremental=True)

    def predict(self, X: Any) -> Array:
        """The predictions, shape (rows,) or (rows, outputs)."""
        found = self._outputs(X)
        return found.ravel() if found.shape[1] == 1 else found

    def _prepare_targets(self, y: Any, *, first: bool, incremental: bool) -> int:
        check_own(self.loss)
        if y.ndim == 2 and y.shape[1] == 1:
            column_or_1d(y, warn=True)
        return 1 if y.ndim == 1 else int(y.shape[1])

    def _encoded(self, y: Any, dtype: Any) -> Array:
        t: Array = np.asarray(y).astype(dtype).reshape(len(y), -1)
        if isinstance(self.loss, str) and self.loss == "poisson":
            check_counts(t)
        return t

    def _loss(self) -> Loss:
        return regression_loss(self.loss, float(self.delta))

    def _loss_key(self) -> Any:
        return self.loss, self.delta

    def _score_of(self, scores: Array, t: Array, weights: Array | None) -> float:
        return float(r2_score(t, self._linked(scores), sample_weight=weights))
