"""scikit-learn's perceptrons, whose regressor has a wrong gradient with several outputs (its issue 8349)."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np
import pytest

from chainrule.errors import ArgumentError
from chainrule.verify.claims import claim_of
from tests.verify.claims._agree import assert_right, differences
from tests.verify.claims._book import numbers

pytest.importorskip("sklearn")
from sklearn.neural_network import MLPClassifier, MLPRegressor

X = numbers(6, 3)
SETTINGS: dict[str, Any] = {"hidden_layer_sizes": (4,), "activation": "tanh", "alpha": 0.1}


@pytest.mark.parametrize("labels", [[0, 1, 0, 1, 1, 0], [0, 1, 2, 0, 1, 2], list("aabbcc")])
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_a_classifier_is_right(labels: list[Any], solver: str) -> None:
    model = MLPClassifier(solver=solver, **SETTINGS)
    claim = claim_of(model, X, np.array(labels))
    assert (claim.title, claim.kind) == ("MLPClassifier", "scikit-learn")
    assert claim.names == ("coefs_[0]", "coefs_[1]", "intercepts_[0]", "intercepts_[1]")
    assert (claim.parameters, claim.takes_dout) == (4, False)
    assert claim.skipped["X"] == "no gradient claimed"
    assert claim.code == {"gradient": MLPClassifier._backprop}
    assert not hasattr(model, "coefs_")  # which is what fit would set
    assert_right(claim)


@pytest.mark.parametrize("outputs", [1, 2, 3, 5])
def test_a_regressors_gradient_is_its_number_of_outputs_times_the_right_one(outputs: int) -> None:
    targets = numbers(6, outputs, seed=2)
    settings = {**SETTINGS, "alpha": 0.0}  # the penalty would not be multiplied
    targets = targets[:, 0] if outputs == 1 else targets
    claim = claim_of(MLPRegressor(solver="lbfgs", random_state=1, **settings), X, targets)
    if outputs == 1:
        assert_right(claim)
    found = claim.gradients(claim.values, 1.0)
    for gradient, right in zip(found, differences(claim, 1.0), strict=True):
        np.testing.assert_allclose(gradient, outputs * right, rtol=1e-6, atol=1e-8)


def test_a_fitted_model_is_looked_at_where_it_is_and_stays_there() -> None:
    model = MLPRegressor(random_state=1, max_iter=3, **SETTINGS)
    y = numbers(6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, y)
    before = copy.deepcopy(vars(model))
    claim = claim_of(model, X, y)
    session = claim.open()
    for scale in (1, 2):
        session.forward([scale * value for value in claim.values])
        session.backward(1.0)
    for value, weights in zip(claim.values, (*model.coefs_, *model.intercepts_), strict=True):
        np.testing.assert_array_equal(value, weights)
        assert not np.shares_memory(value, weights)
    assert vars(model).keys() == before.keys()
    for old, new in zip(before["coefs_"], model.coefs_, strict=True):
        np.testing.assert_array_equal(old, new)
    assert_right(claim)


def test_it_needs_x_and_y() -> None:
    with pytest.raises(ArgumentError, match="MLPRegressor was given 1 inputs; expected X and y"):
        claim_of(MLPRegressor(), X)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        claim_of(MLPRegressor(), X, numbers(5))
