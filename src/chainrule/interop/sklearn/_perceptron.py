"""What the two estimators share."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from ... import engines
from ...errors import ArgumentError, ShapeError
from ...layers import LossLayer
from ...networks import Sequential
from . import _epochs, _lbfgs
from ._descent import Descent
from ._initial import draw
from ._losses import LINKS, Array, Link, Loss
from ._model import Objective, hidden, network_of
from ._rows import Rows, dense, pieces, split
from ._runner import Runner, borrowed
from ._settings import check_settings, hidden_activations, hidden_rates, hidden_sizes
from ._watch import Watch, asked_to_stop

_WORTH_COMPILING = 1e10  # operations, about two seconds of them, from which on compiling a step pays


class Perceptron(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """See `MLPClassifier` and `MLPRegressor`."""

    _estimator_kind: ClassVar[str]
    coefs_: list[Array]
    intercepts_: list[Array]
    n_layers_: int
    n_outputs_: int
    out_activation_: Link
    n_iter_: int
    t_: int
    loss_curve_: list[float]
    validation_loss_curve_: list[float]
    validation_scores_: Any  # a list, or None without a validation set, as for scikit-learn's
    best_loss_: Any
    best_validation_score_: Any
    early_stopped_: bool
    _validation: Rows | None
    _optimizer: Descent

    def __init__(
        self,
        hidden_layer_sizes: Any,
        activation: Any,
        *,
        solver: str,
        alpha: float,
        batch_size: Any,
        learning_rate: str,
        learning_rate_init: float,
        power_t: float,
        max_iter: int,
        shuffle: bool,
        random_state: Any,
        tol: float,
        verbose: bool,
        warm_start: bool,
        momentum: float,
        nesterovs_momentum: bool,
        early_stopping: bool,
        validation_fraction: float,
        beta_1: float,
        beta_2: float,
        epsilon: float,
        n_iter_no_change: float,
        max_fun: int,
        dropout: Any,
        init: Any,
        callbacks: Any,
        engine: str,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.dropout = dropout
        self.init = init
        self.callbacks = callbacks
        self.engine = engine

    # What the two kinds differ in.

    def _loss(self) -> Loss:
        raise NotImplementedError

    def _encoded(self, y: Any, dtype: Any) -> Array:
        """Targets as the loss takes them."""
        raise NotImplementedError

    def _prepare_targets(self, y: Any, *, first: bool, incremental: bool) -> int:
        """Look at the targets of a call; how many outputs they need."""
        raise NotImplementedError

    def _score_of(self, scores: Array, t: Array, weights: Array | None) -> float:
        raise NotImplementedError

    def _row_weights(self, y: Any, weights: Array | None) -> Array | None:
        return weights

    # Fitting.

    def initialize(self, X: Any, y: Any) -> Self:
        """Everything that `fit` does before the first step: the weights are drawn, and nothing is learned.

        `predict`, `coefs_` and so on are there then. `partial_fit`, and `fit` with ``warm_start=True``, go on from
        here, with weights of your own if you put them into ``coefs_`` and ``intercepts_``.

        X, y     as for `fit`
        returns  the estimator
        """
        check_settings(self.get_params(deep=False))
        X, y = self._validated(X, y, reset=True)
        outputs = self._prepare_targets(y, first=True, incremental=False)
        self._random_state = check_random_state(self.random_state)
        self._start(X.shape[1], outputs, X.dtype)
        return self

    def _fit(
        self, X: Any, y: Any, sample_weight: Any, validation: tuple[Any, Any], *, incremental: bool
    ) -> Self:
        check_settings(self.get_params(deep=False))
        first = not hasattr(self, "coefs_") or not (self.warm_start or incremental)
        X, y = self._validated(X, y, reset=first)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, dtype=X.dtype, ensure_non_negative=True)
        outputs = self._prepare_targets(y, first=first, incremental=incremental)
        self._random_state = check_random_state(self.random_state)
        if first:
            self._start(X.shape[1], outputs, X.dtype)
        self._check_shapes(X.shape[1], outputs)
        rows = Rows(X, self._encoded(y, X.dtype), self._row_weights(y, sample_weight))
        if rows.weights is not None and not rows.total > 0:
            raise ArgumentError("all sample weights are 0: there is nothing to learn from")
        own = self._own_validation(*validation)
        if self.solver == "lbfgs":
            _lbfgs.minimise(self, rows, lambda: self._iteration_ends(own))
        else:
            self._descend(rows, own, incremental)
        if not all(np.isfinite(w).all() for w in (*self.coefs_, *self.intercepts_)):
            what = "Solver produced non-finite parameter weights. The inputs may be too large, or the learning rate"
            raise ArgumentError(what, fix="scale the inputs (StandardScaler), or learning_rate_init smaller")
        return self

    def _descend(self, rows: Rows, own: Rows | None, incremental: bool) -> None:
        """Run a stochastic solver."""
        if incremental and self.early_stopped_:
            return
        if not (incremental and hasattr(self, "_optimizer")):
            self._optimizer = Descent(self, self._params())
        validation = own
        if self.early_stopping and own is None:
            if incremental and self._validation is not None:
                validation = self._validation
            else:
                rows, validation = self._split(rows)
                # One set for all calls of partial_fit: scores on others could not be compared.
                self._validation = validation if incremental else None
        watch = Watch(self, validation, stops_early=self.early_stopping, incremental=incremental)
        _epochs.train(self, rows, watch, 1 if incremental else self.max_iter)
        if self.early_stopping and (self.early_stopped_ or not incremental):
            watch.go_back()

    def _iteration_ends(self, own: Rows | None) -> bool:
        """After an iteration of lbfgs: the curve of an own validation set, and callbacks."""
        if own is not None:
            self._validate(own)
        return asked_to_stop(self)

    def _validate(self, rows: Rows) -> tuple[float, float]:
        """Measure a validation set, and note its loss and score."""
        loss, score = self._measured(rows)
        self.validation_loss_curve_.append(loss)
        self.validation_scores_ = [*(self.validation_scores_ or ()), score]
        return loss, score

    def _validated(self, X: Any, y: Any, *, reset: bool) -> tuple[Any, Any]:
        dtype = (np.float64, np.float32) if reset else self.coefs_[0].dtype
        found: tuple[Any, Any] = validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            multi_output=True,
            y_numeric=self._estimator_kind == "regressor",
            dtype=dtype,
            order="C",  # here once, and not for each call of a compiled step
            reset=reset,
        )
        return found

    def _own_validation(self, X: Any, y: Any) -> Rows | None:
        if X is None and y is None:
            return None
        if X is None or y is None:
            raise ArgumentError("a validation set is X_val and y_val; one of them is missing")
        X, y = self._validated(X, y, reset=False)
        return Rows(X, self._encoded(y, X.dtype))

    def _split(self, rows: Rows) -> tuple[Rows, Rows]:
        """What is learned from, and what is held out."""
        # Of several outputs there is no one class to keep the shares of.
        by_class = self._estimator_kind == "classifier" and self.n_outputs_ == 1
        return split(rows, self.validation_fraction, self._random_state, by_class=by_class)

    def _start(self, inputs: int, outputs: int, dtype: Any) -> None:
        """Draw the weights, and set all attributes to their beginning."""
        sizes = (inputs, *hidden_sizes(self.hidden_layer_sizes), outputs)
        activations = self._activations()
        self._dropout()  # which refuses what it cannot be
        self.n_iter_ = self.t_ = 0
        self.n_outputs_, self.n_layers_ = outputs, len(sizes)
        self.out_activation_ = self._loss().link
        self.coefs_, self.intercepts_ = draw(self.init, self._random_state, sizes, activations, dtype)
        self._best = [w.copy() for w in (*self.coefs_, *self.intercepts_)]
        self._no_improvement_count = 0
        self._validation, self.early_stopped_ = None, False
        self.loss_curve_, self.validation_loss_curve_ = [], []
        self.best_loss_ = None if self.early_stopping else np.inf
        self.validation_scores_ = [] if self.early_stopping else None
        self.best_validation_score_ = -np.inf if self.early_stopping else None
        self.__dict__.pop("_optimizer", None)

    def _check_shapes(self, inputs: int, outputs: int) -> None:
        """Refuse to go on with weights of other sizes than asked for."""
        sizes = (inputs, *hidden_sizes(self.hidden_layer_sizes), outputs)
        shapes = [np.shape(w) for w in self.coefs_]
        wanted = list(zip(sizes, sizes[1:], strict=False))
        if shapes != wanted or [np.shape(b) for b in self.intercepts_] != [(n,) for n in sizes[1:]]:
            what = f"the weights have shapes {shapes}; {sizes} units need {wanted}"
            raise ShapeError(what, fix="warm_start=False, or coefs_ and intercepts_ of these shapes")
        dtype = np.result_type(*self.coefs_)
        for arrays in (self.coefs_, self.intercepts_):  # which a user may have put there
            arrays[:] = [np.require(w, dtype, ("C", "W", "O")) for w in arrays]

    # What runs.

    def _activations(self) -> tuple[str, ...]:
        return hidden_activations(self.activation, len(hidden_sizes(self.hidden_layer_sizes)))

    def _dropout(self) -> tuple[float, ...]:
        return hidden_rates(self.dropout, len(hidden_sizes(self.hidden_layer_sizes)), self.solver)

    def _names(self) -> list[str]:
        """The names of the weights in the network, in the order of coefs_ and then intercepts_."""
        layers = range(1, self.n_layers_)
        return [f"W{i}" for i in layers] + [f"b{i}" for i in layers]

    def _params(self) -> dict[str, Array]:
        return dict(zip(self._names(), (*self.coefs_, *self.intercepts_), strict=True))

    def _runner_for(self, rows: Rows, descent: Descent | None) -> AbstractContextManager[Runner]:
        """What runs the steps of a solver, or without one the gradient."""
        engine, is_weighted = self._engine_for(rows), rows.weights is not None
        loss, activations, dropout = self._loss(), self._activations(), self._dropout()
        shapes = tuple((w.shape, w.dtype) for w in (*self.coefs_, *self.intercepts_))
        rule = None if descent is None else descent.rule
        key = (
            engine,
            is_weighted,
            self._loss_key(),
            activations,
            dropout,
            shapes,
            rule and (type(rule), rule.key),
        )

        def make() -> Runner:
            # Only names and shapes matter here, so no estimator's weights are kept alive.
            empty = [np.broadcast_to(np.zeros((), dtype), shape) for shape, dtype in shapes]
            network = network_of(
                empty[: len(self.coefs_)], empty[len(self.coefs_) :], activations, dropout, loss
            )
            objective = Objective(network, loss, is_weighted)
            if rule is None:
                return Runner(objective.traced_gradient, engine)
            return Runner(lambda values: objective.traced_step(rule, values), engine)

        return borrowed(key, make, {**self._params(), **(descent.state if descent else {})})

    def _loss_key(self) -> Any:
        return self.out_activation_

    def _engine_for(self, rows: Rows) -> str:
        if self.engine == "xla":
            raise ArgumentError("estimators have no engine 'xla'", fix="cr.Trainer(…, engine='xla')")
        if self.engine != "auto":
            return engines.resolve(self.engine)
        epochs = self.max_iter + self.t_ / max(1, len(rows))
        work = 6.0 * len(rows) * epochs * sum(w.size for w in self.coefs_)
        return engines.resolve("auto", on_cpu=True) if work >= _WORTH_COMPILING else "eager"

    def _network(self, loss: LossLayer) -> Sequential:
        return network_of(self.coefs_, self.intercepts_, self._activations(), self._dropout(), loss)

    @property
    def network_(self) -> Sequential:
        """The network as one of chainrule's own, on the same arrays: to be drawn, explained, checked or saved.

        The loss in it is the mean loss of the rows, without L2.
        """
        check_is_fitted(self)
        return self._network(self._loss().as_layer(self.n_outputs_))

    def _scores(self, X: Any) -> Array:
        """The results of the last affine layer for rows that are checked."""
        network, params = self._network(self._loss()), self._params()
        return np.concatenate([network.compute(params, dense(X[part])) for part in pieces(X)])

    def _measured(self, rows: Rows) -> tuple[float, float]:
        """The mean loss of rows without L2, and their score."""
        loss, scores = self._loss(), self._scores(rows.x)
        if rows.weights is None:
            value = loss.compute(scores, rows.t)
        else:
            weights = rows.weights[:, np.newaxis] * (len(rows) / rows.total)
            value = loss.weighted(scores, rows.t, weights)
        is_finite = np.isfinite(scores).all()
        score = self._score_of(scores, rows.t, rows.weights) if is_finite else np.nan
        return float(value), float(score)

    def _outputs(self, X: Any) -> Array:
        """What the output layer gives, shape (rows, outputs)."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=self.coefs_[0].dtype, reset=False)
        return self._linked(self._scores(X))

    def _linked(self, scores: Array) -> Array:
        return np.asarray(LINKS[self.out_activation_](scores))

    def transform(self, X: Any) -> Array:
        """The hidden activations: what the last hidden layer gives, as features for other estimators.

        X        rows of inputs
        returns  shape (rows, units of the last hidden layer); X itself when there is no hidden layer
        """
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=self.coefs_[0].dtype, reset=False)
        weights = self.coefs_[:-1], self.intercepts_[:-1], self._activations()
        return np.concatenate([hidden(dense(X[part]), *weights) for part in pieces(X)])

    @property
    def _n_features_out(self) -> int:
        return int(self.coefs_[-1].shape[0])

    def _has_epochs(self) -> bool:
        if self.solver == "lbfgs":
            raise AttributeError(
                f"partial_fit is only available for the solvers sgd and adam, not {self.solver}"
            )
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
