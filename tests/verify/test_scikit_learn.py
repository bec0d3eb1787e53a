"""A wrong gradient in a library that many use is found, and its reason named (scikit-learn#8349, open since 2017)."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr

pytest.importorskip("sklearn")
from sklearn.neural_network import MLPRegressor


@pytest.mark.parametrize("outputs", [3, 5])  # with two it may as well be a factor of 2
def test_the_gradient_of_the_regressor_is_multiplied_by_the_number_of_outputs(outputs: int) -> None:
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(20, 4)), rng.normal(size=(20, outputs))
    settings = {"hidden_layer_sizes": (5,), "activation": "tanh", "solver": "lbfgs", "alpha": 0.0}
    network = MLPRegressor(**settings, max_iter=500, tol=1e-2, random_state=0)
    report = cr.check_gradients(network.fit(X, Y), X, Y)
    assert not report.ok
    first = report.diagnoses[0]
    assert (first.kind, first.facts["outputs"]) == ("n_outputs", outputs)
    for check in report.wrong:
        assert check.backprop / check.numerical == pytest.approx(outputs, rel=1e-5)
