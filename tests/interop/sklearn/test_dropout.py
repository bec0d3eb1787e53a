"""Dropout behind the hidden layers of the estimators."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

import chainrule as cr
from chainrule import engines
from chainrule.errors import ArgumentError
from chainrule.sklearn import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def data() -> tuple[Any, Any]:
    X = np.random.default_rng(1).normal(size=(60, 4))
    return X, (X[:, 0] > X[:, 1]).astype(int)


@pytest.mark.parametrize("engine", ["eager", "fused"])
def test_the_first_loss_is_that_of_the_masked_network(engine: str) -> None:
    if reason := engines.available()[engine]:
        pytest.skip(reason)
    X, y = data()
    settings = {"dropout": [0.25, 0.5], "solver": "sgd", "alpha": 0.0, "batch_size": 60, "shuffle": False}
    model = MLPRegressor(hidden_layer_sizes=(6, 5), max_iter=1, random_state=0, engine=engine, **settings)
    model.initialize(X, y)
    weights = [(W.copy(), b.copy()) for W, b in zip(model.coefs_, model.intercepts_, strict=True)]
    model.fit(X, y)
    h = X
    for number, rate in enumerate((0.25, 0.5)):
        W, b = weights[number]
        key = model._optimizer.state[f"key{number + 1}"]
        h = np.maximum(h @ W + b, 0)
        h = h * cr.dropout_mask(key, 1, shape=h.shape, rate=rate, dtype=np.float64)
    scores = (h @ weights[2][0] + weights[2][1]).ravel()
    np.testing.assert_allclose(model.loss_curve_[0], np.mean((scores - y) ** 2) / 2, rtol=1e-12)
    assert [type(layer).__name__ for layer in model.network_.layers.values()].count("Dropout") == 2
    np.testing.assert_allclose(model.network_.predict(X).ravel(), model.predict(X), rtol=1e-12)


def test_a_pickled_estimator_goes_on_with_the_same_masks_and_a_seed_gives_the_same() -> None:
    X, y = data()
    model = MLPClassifier((8,), dropout=0.5, random_state=3).partial_fit(X, y, classes=[0, 1])
    same = MLPClassifier((8,), dropout=0.5, random_state=3).partial_fit(X, y, classes=[0, 1])
    copy = pickle.loads(pickle.dumps(model))  # what joblib does for users; nothing of ours reads pickles
    for each in (model, same, copy):
        each.partial_fit(X, y)
        np.testing.assert_array_equal(each.coefs_[0], model.coefs_[0])


def test_without_dropout_no_random_number_is_drawn_for_it() -> None:
    X, y = data()
    fits = [MLPClassifier((8,), max_iter=3, random_state=3, dropout=d).fit(X, y) for d in (0.0, [0.0])]
    np.testing.assert_array_equal(fits[0].coefs_[0], fits[1].coefs_[0])
    assert not any(name.startswith("key") for name in fits[0]._optimizer.state)


@pytest.mark.parametrize("dropout", [1.0, -0.1, [0.1, 0.1], "half", None])
def test_a_rate_that_is_none(dropout: Any) -> None:
    with pytest.raises(
        ArgumentError, match=r"dropout must be a number in 0 ≤ … < 1, or one for each of 1 hidden"
    ):
        MLPClassifier((8,), dropout=dropout).fit(*data())


def test_lbfgs_needs_the_same_objective_at_all_times() -> None:
    with pytest.raises(
        ArgumentError, match="dropout drops other numbers in each step, and lbfgs needs the same"
    ):
        MLPClassifier((8,), dropout=0.1, solver="lbfgs").fit(*data())
