"""One import line is changed and nothing else: the same numbers as scikit-learn's own classes."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")
import sklearn
import sklearn.neural_network as theirs
from scipy import sparse
from sklearn.datasets import load_diabetes, load_iris, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning

import chainrule.sklearn as ours

HAS_WEIGHTS = tuple(map(int, sklearn.__version__.split(".")[:2])) >= (1, 7)
KINDS = ("MLPClassifier", "MLPRegressor")


def data(name: str, dtype: Any = np.float64) -> tuple[Any, Any]:
    if name == "labels":
        x, y = make_multilabel_classification(60, 8, n_classes=4, random_state=0)
        return (x / 10).astype(dtype), y
    if name in ("three classes", "two classes"):
        x, y = load_iris(return_X_y=True)
        # Early stopping with names of classes fails in scikit-learn 1.6.
        names = np.array(["setosa", "versicolor", "virginica"] if HAS_WEIGHTS else [7, 8, 9])
        return ((x - x.mean(axis=0)) / x.std(axis=0)).astype(dtype), (
            names[y] if name == "three classes" else y > 0
        )
    x, y = load_diabetes(return_X_y=True)
    x, y = x[:120], y[:120] / 100
    return x.astype(dtype), (y if name == "one output" else np.column_stack([y, 2 - y, y * y]))


CLASSES = ("three classes", "two classes", "labels")
OUTPUTS = ("one output", "three outputs")


def pair(kind: str, x: Any, y: Any, weights: Any = None, **settings: Any) -> tuple[Any, Any]:
    """scikit-learn's class and ours, fitted with the same arguments."""
    fitted = []
    for module in (theirs, ours):
        model = getattr(module, kind)(**{"max_iter": 12, "random_state": 3, **settings})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            fitted.append(model.fit(x, y) if weights is None else model.fit(x, y, weights))
    return fitted[0], fitted[1]


def assert_same(their: Any, our: Any, x: Any, atol: float = 1e-12) -> None:
    for a, b in zip([*their.coefs_, *their.intercepts_], [*our.coefs_, *our.intercepts_], strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=atol)
    for name in ("n_iter_", "t_", "n_layers_", "n_outputs_", "out_activation_"):
        assert getattr(their, name) == getattr(our, name), name
    a, b = their.predict(x), our.predict(x)
    assert a.shape == b.shape
    if hasattr(their, "classes_"):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(their.classes_, our.classes_)
        np.testing.assert_allclose(their.predict_proba(x), our.predict_proba(x), rtol=0, atol=10 * atol)
        np.testing.assert_allclose(
            their.predict_log_proba(x), our.predict_log_proba(x), rtol=0, atol=1e5 * atol
        )
    else:
        np.testing.assert_allclose(a, b, rtol=0, atol=10 * atol)


@pytest.mark.parametrize("kind", KINDS)
def test_every_argument_has_the_same_default_and_place(kind: str) -> None:
    their, our = (
        [p for p in inspect.signature(getattr(m, kind)).parameters.values() if p.name in known]
        for m in (theirs, ours)
        for known in [inspect.signature(getattr(theirs, kind)).parameters]
    )
    assert [(p.name, p.default, p.kind) for p in our] == [(p.name, p.default, p.kind) for p in their]


@pytest.mark.parametrize("kind", KINDS)
def test_every_public_method_and_attribute_is_there(kind: str) -> None:
    name = "three classes" if kind == "MLPClassifier" else "one output"
    x, y = data(name)
    for settings in ({}, {"early_stopping": True}, {"solver": "lbfgs"}):
        their, our = pair(kind, x, y, **settings)
        public = {n for n in dir(their) if not n.startswith("_")}
        # Its regressor shows a partial_fit for lbfgs too, which then refuses.
        missing = public - set(dir(our)) - ({"partial_fit"} if "solver" in settings else set())
        assert not missing, settings


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("name", CLASSES + OUTPUTS)
def test_the_same_steps_with_the_same_random_state(name: str, solver: str, early_stopping: bool) -> None:
    x, y = data(name)
    kind = KINDS[name in OUTPUTS]
    their, our = pair(kind, x, y, solver=solver, early_stopping=early_stopping, batch_size=32)
    assert_same(their, our, x)
    if (
        name != "three outputs"
    ):  # whose loss scikit-learn divides by their number, and whose gradient it does not
        np.testing.assert_allclose(their.loss_curve_, our.loss_curve_, rtol=1e-10)
    if early_stopping:
        np.testing.assert_allclose(their.validation_scores_, our.validation_scores_, rtol=1e-10)
        assert their.best_validation_score_ == pytest.approx(our.best_validation_score_)


@pytest.mark.parametrize(
    "settings",
    [
        {"shuffle": False},
        {"momentum": 0.0},
        {"nesterovs_momentum": False},
        {"learning_rate": "invscaling", "learning_rate_init": 0.5},
        {"learning_rate": "adaptive", "tol": 1.0, "n_iter_no_change": 1, "max_iter": 30},
        {"alpha": 0.5, "activation": "tanh", "hidden_layer_sizes": (7, 5)},
        {"alpha": 0.0, "activation": "logistic", "hidden_layer_sizes": 6},
        {"activation": "identity", "hidden_layer_sizes": ()},
    ],
    ids=str,
)
def test_the_settings_of_sgd_mean_the_same(settings: dict[str, Any]) -> None:
    x, y = data("three classes")
    assert_same(*pair("MLPClassifier", x, y, solver="sgd", batch_size=40, **settings), x)


@pytest.mark.parametrize(
    "settings", [{"beta_1": 0.5, "beta_2": 0.9}, {"epsilon": 0.1}, {"tol": 10.0}], ids=str
)
def test_the_settings_of_adam_mean_the_same(settings: dict[str, Any]) -> None:
    x, y = data("two classes")
    assert_same(*pair("MLPClassifier", x, y, **settings), x)


@pytest.mark.parametrize("name", [*CLASSES, "one output"])
def test_lbfgs_goes_the_same_way_from_the_same_start(name: str) -> None:
    x, y = data(name)
    their, our = pair(KINDS[name in OUTPUTS], x, y, solver="lbfgs", alpha=0.1, max_iter=8)
    assert_same(their, our, x, atol=1e-8)
    assert their.loss_ == pytest.approx(our.loss_, rel=1e-9)


@pytest.mark.skipif(not HAS_WEIGHTS, reason="scikit-learn has sample weights and this loss since 1.7")
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
@pytest.mark.parametrize("name", [*CLASSES, *OUTPUTS])
def test_sample_weights_mean_the_same(name: str, solver: str) -> None:
    x, y = data(name)
    if solver == "lbfgs" and name == "three outputs":
        pytest.skip("where scikit-learn's gradient is wrong (its issue 8349)")
    weights = np.arange(len(x)) % 3 + 0.5
    their, our = pair(
        KINDS[name in OUTPUTS], x, y, weights, solver=solver, batch_size=50, alpha=0.3, max_iter=6
    )
    assert_same(their, our, x, atol=1e-8 if solver == "lbfgs" else 1e-12)


@pytest.mark.skipif(not HAS_WEIGHTS, reason="scikit-learn has sample weights and this loss since 1.7")
@pytest.mark.parametrize("name", OUTPUTS)
def test_the_poisson_loss_is_the_same(name: str) -> None:
    x, y = data(name)
    y = np.abs(y) * (np.arange(len(y)).reshape(-1, *[1] * (y.ndim - 1)) % 5 > 0)  # zeros among them
    their, our = pair("MLPRegressor", x, y, loss="poisson")
    assert_same(their, our, x)
    np.testing.assert_allclose(their.loss_curve_, our.loss_curve_, rtol=1e-10)


@pytest.mark.parametrize("name", ["three classes", "three outputs"])
def test_the_same_predictions_from_the_same_weights(name: str) -> None:
    x, y = data(name)
    their, our = pair(KINDS[name in OUTPUTS], x, y, max_iter=1)
    rng = np.random.default_rng(5)
    for i in range(2):
        their.coefs_[i] = our.coefs_[i] = rng.normal(size=their.coefs_[i].shape)
        their.intercepts_[i] = our.intercepts_[i] = rng.normal(size=their.intercepts_[i].shape)
    assert_same(their, our, x)
    assert their.score(x, y) == our.score(x, y)


@pytest.mark.parametrize("form", [sparse.csr_matrix, sparse.csc_matrix, sparse.csr_array, sparse.coo_array])
def test_sparse_inputs_give_what_dense_ones_give(form: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from chainrule.interop.sklearn import _rows, _runner

    monkeypatch.setattr(_rows, "_PIECE_BYTES", 1000)
    monkeypatch.setattr(_runner, "_DENSE_BYTES", 1000)  # so that there are several pieces
    x, y = data("three classes")
    x = x * (x > 0)
    for solver in ("adam", "lbfgs"):
        _, dense = pair("MLPClassifier", x, y, solver=solver, max_iter=5)
        their, our = pair("MLPClassifier", form(x), y, solver=solver, max_iter=5)
        assert_same(their, our, form(x), atol=1e-9)
        np.testing.assert_allclose(our.coefs_[0], dense.coefs_[0], rtol=0, atol=1e-9)
        np.testing.assert_allclose(our.transform(form(x)), dense.transform(x), atol=1e-9)


def test_float32_stays_float32() -> None:
    x, y = data("three classes", np.float32)
    their, our = pair("MLPClassifier", x, y)
    assert {w.dtype for w in (*our.coefs_, *our.intercepts_)} == {np.dtype(np.float32)}
    assert our.predict_proba(x).dtype == their.predict_proba(x).dtype == np.float32
    assert_same(their, our, x, atol=1e-5)


@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("name", [*CLASSES, "one output"])
def test_partial_fit_and_warm_start_go_on_alike(name: str, solver: str) -> None:
    x, y = data(name)
    kind = KINDS[name in OUTPUTS]
    models = [getattr(m, kind)(solver=solver, random_state=1, batch_size=30) for m in (theirs, ours)]
    for model in models:
        extra = {"classes": np.unique(y)} if name in CLASSES else {}
        if name == "labels":
            extra = {"classes": np.arange(4)}
        for start in (0, 20, 10):
            model.partial_fit(x[start : start + 40], y[start : start + 40], **extra)
    assert_same(models[0], models[1], x)
    for model in models:
        model.set_params(warm_start=True, max_iter=3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(x, y)
            model.fit(x, y)
    assert_same(models[0], models[1], x)
    np.testing.assert_allclose(models[0].loss_curve_, models[1].loss_curve_, rtol=1e-10)


def test_what_scikit_learn_warns_of_is_warned_of() -> None:
    x, y = data("three classes")
    for solver in ("adam", "lbfgs"):
        with pytest.warns(ConvergenceWarning, match="1"):
            ours.MLPClassifier(solver=solver, max_iter=1, random_state=0).fit(x, y)
    with pytest.warns(UserWarning, match="it is going to be clipped"):
        ours.MLPClassifier(batch_size=1000, random_state=0).partial_fit(x, y, classes=np.unique(y))


def test_verbose_says_what_scikit_learn_says(capsys: pytest.CaptureFixture[str]) -> None:
    x, y = data("three classes")
    pair("MLPClassifier", x, y, verbose=True, max_iter=3)
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 6
    assert said[:3] == said[3:]
