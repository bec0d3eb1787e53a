"""Arguments and data that cannot be right are refused with a sentence, in `fit` and not before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")
from chainrule.errors import ArgumentError, ChainruleError, LabelError
from chainrule.sklearn import MLPClassifier, MLPRegressor

X, Y = np.arange(20.0).reshape(10, 2), np.arange(10) % 2


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"solver": "newton"}, "solver must be one of lbfgs, sgd, adam; it is 'newton'"),
        ({"alpha": -1.0}, "alpha must be a number ≥ 0; it is -1.0"),
        ({"alpha": float("nan")}, "alpha must be a number ≥ 0; it is nan"),
        ({"batch_size": 0}, "batch_size must be 'auto' or a whole number ≥ 1; it is 0"),
        ({"batch_size": 2.5}, "batch_size must be 'auto' or a whole number ≥ 1; it is 2.5"),
        ({"learning_rate": "fast"}, "learning_rate must be one of constant, invscaling, adaptive"),
        ({"learning_rate_init": 0.0}, "learning_rate_init must be a number > 0; it is 0.0"),
        ({"max_iter": 0}, "max_iter must be a whole number ≥ 1; it is 0"),
        ({"max_iter": True}, "max_iter must be a whole number ≥ 1; it is True"),
        ({"shuffle": "no"}, "shuffle must be True or False; it is 'no'"),
        ({"momentum": 1.5}, "momentum must be a number in 0 ≤ … ≤ 1; it is 1.5"),
        ({"validation_fraction": 1.0}, "validation_fraction must be a number in 0 ≤ … < 1; it is 1.0"),
        ({"beta_1": 1.0}, "beta_1 must be a number in 0 ≤ … < 1; it is 1.0"),
        ({"epsilon": 0}, "epsilon must be a number > 0; it is 0"),
        ({"n_iter_no_change": 0}, "n_iter_no_change must be a whole number ≥ 1, or infinity; it is 0"),
        (
            {"init": "zeros"},
            "init must be one of glorot_uniform, glorot_normal, he_normal, lecun_normal, or a",
        ),
        ({"callbacks": [3]}, "callbacks must be None or a list of functions of the estimator"),
        ({"hidden_layer_sizes": (5, 0)}, r"hidden_layer_sizes must be > 0, got \[5, 0\]"),
        ({"hidden_layer_sizes": (5.0,)}, r"hidden_layer_sizes must be > 0, got \[5.0\]"),
        (
            {"activation": "step"},
            "activation must be one of identity, logistic, tanh, relu, .*; it is 'step'",
        ),
        ({"activation": ["relu", "tanh"]}, "activation needs a name for each of 1 hidden layers"),
        ({"activation": 3}, "activation must be one of .*, or a list of them; it is 3"),
        ({"engine": "gpu"}, "there is no engine 'gpu'"),
    ],
    ids=str,
)
def test_an_argument_out_of_range_is_named(settings: dict[str, Any], text: str) -> None:
    model = MLPClassifier(**{"random_state": 0, **settings})  # which says nothing yet
    with pytest.raises(ArgumentError, match=text):
        model.fit(X, Y)
    with pytest.raises(ArgumentError, match=text):
        MLPRegressor(**{"random_state": 0, **settings}).fit(X, Y)


@pytest.mark.parametrize("model", [MLPClassifier(random_state=0), MLPRegressor(random_state=0)])
def test_weights_that_are_all_zero_or_negative_are_refused(model: Any) -> None:
    with pytest.raises(ValueError, match="[Ss]ample weights"):
        model.fit(X, Y, np.zeros(10))
    with pytest.raises(ValueError, match="[Nn]egative"):
        model.fit(X, Y, -np.ones(10))


def test_a_mini_batch_without_weight_teaches_nothing() -> None:
    weights = np.r_[np.ones(5), np.zeros(5)]
    settings: dict[str, Any] = {
        "solver": "sgd",
        "shuffle": False,
        "batch_size": 5,
        "random_state": 0,
        "alpha": 1.0,
    }
    one = MLPRegressor(**settings).partial_fit(X / 20, Y, weights)
    other = MLPRegressor(**settings).partial_fit(X[:5] / 20, Y[:5])
    np.testing.assert_allclose(one.coefs_[0], other.coefs_[0], rtol=1e-12)


def test_classes_are_needed_in_the_first_partial_fit_and_stay_the_same() -> None:
    with pytest.raises(ArgumentError, match="classes must be passed on the first call to partial_fit"):
        MLPClassifier(random_state=0).partial_fit(X, Y)
    model = MLPClassifier(random_state=0).partial_fit(X, Y, classes=[0, 1])
    with pytest.raises(ArgumentError, match="is not the same as on last call to partial_fit"):
        model.partial_fit(X, Y, classes=[0, 1, 2])
    with pytest.raises(LabelError, match="`y` has classes not in `self.classes_`"):
        model.partial_fit(X, np.arange(10) % 3)


def test_a_warm_start_keeps_its_classes() -> None:
    model = MLPClassifier(random_state=0, warm_start=True).initialize(X, Y)
    with pytest.raises(LabelError, match="warm_start can only be used where `y` has the same classes"):
        model.fit(X, np.arange(10) % 3)


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_lbfgs_has_no_partial_fit(kind: Any) -> None:
    assert not hasattr(kind(solver="lbfgs"), "partial_fit")
    assert hasattr(kind(), "partial_fit")


def test_too_few_rows_to_hold_any_out() -> None:
    with pytest.raises(ArgumentError, match="The validation set is too small"):
        MLPRegressor(early_stopping=True, validation_fraction=0.1, random_state=0).fit(X, Y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_numbers_that_run_away_are_told() -> None:
    model = MLPRegressor(solver="sgd", learning_rate_init=1e300, max_iter=3, random_state=0)
    with pytest.raises(ArgumentError, match="Solver produced non-finite parameter weights") as caught:
        model.fit(X, Y)
    assert isinstance(caught.value, ChainruleError)
    assert "StandardScaler" in str(caught.value)
