"""The compiled step gives what the eager one gives, and is chosen where the work is worth compiling for."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("numba")
pytest.importorskip("scipy")
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from chainrule import engines
from chainrule.interop.sklearn._rows import Rows
from chainrule.sklearn import MLPClassifier, MLPRegressor


@pytest.fixture(autouse=True)
def _few_epochs_are_enough() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


RNG = np.random.default_rng(3)
X = RNG.normal(size=(53, 4))
T = RNG.integers(0, 3, 53)
Y = RNG.uniform(0, 2, (53, 2))
WEIGHTS = RNG.uniform(0, 2, 53)


def both(kind: Any, y: Any, weights: Any = None, x: Any = X, **settings: Any) -> tuple[Any, Any]:
    settings = {"hidden_layer_sizes": (5,), "max_iter": 3, "batch_size": 10, "random_state": 0, **settings}
    eager, fused = (kind(engine=engine, **settings).fit(x, y, weights) for engine in ("eager", "fused"))
    return eager, fused


def assert_alike(eager: Any, fused: Any, rtol: float = 1e-9) -> None:
    for a, b in zip([*eager.coefs_, *eager.intercepts_], [*fused.coefs_, *fused.intercepts_], strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol)
    np.testing.assert_allclose(eager.loss_, fused.loss_, rtol=rtol)


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["equal", "weighted"])
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_a_classifier(solver: str, weights: Any) -> None:
    assert_alike(*both(MLPClassifier, T, weights, solver=solver), rtol=1e-7)


@pytest.mark.parametrize("loss", ["poisson", "huber", "log_cosh", "abs(y_true - y_pred)**1.5"])
def test_a_regressor_with_weights(loss: str) -> None:
    assert_alike(*both(MLPRegressor, Y, WEIGHTS, loss=loss, alpha=0.3))


def test_labels_in_float32_from_sparse_inputs() -> None:
    x = sparse.csr_array((X * (X > 0)).astype(np.float32))
    eager, fused = both(MLPClassifier, (Y > 1).astype(int), x=x, activation=["gelu"], solver="sgd")
    assert fused.coefs_[0].dtype == np.float32
    assert_alike(eager, fused, rtol=1e-4)


def test_auto_compiles_only_what_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    model = MLPClassifier((5,), max_iter=3, random_state=0).fit(X, T)
    rows = Rows(X, T)
    monkeypatch.setattr(engines._choice, "_FASTEST_FIRST", ("fused", "eager"))
    assert model._engine_for(rows) == "eager"
    model.set_params(max_iter=10**7)
    assert model._engine_for(rows) == "fused"


def test_one_compiled_step_serves_several_estimators_and_holds_none_of_their_weights() -> None:
    import gc
    import weakref

    from chainrule.interop.sklearn import _runner

    _runner._idle.clear()
    one, _ = (MLPClassifier((5,), max_iter=1, engine="fused", random_state=s).fit(X, T) for s in (0, 1))
    (idle,) = _runner._idle.values()
    assert len(idle) == 1
    held = weakref.ref(one.coefs_[0])
    del one, _
    gc.collect()
    assert held() is None
