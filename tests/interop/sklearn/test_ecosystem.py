"""Where estimators live: pipelines, searches, frames, copies, processes."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")
with suppress(ImportError):
    import polars  # noqa: F401  # here, since its import sets an environment variable, which no test may
import joblib
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from chainrule.sklearn import MLPClassifier, MLPRegressor


@pytest.fixture(autouse=True)
def _few_epochs_are_enough() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


X, Y = load_iris(return_X_y=True)
NAMES = ["sepal length", "sepal width", "petal length", "petal width"]


def classifier(**settings: Any) -> Any:
    return MLPClassifier(**{"hidden_layer_sizes": (6,), "max_iter": 5, "random_state": 0, **settings})


def test_a_pipeline_and_a_search_over_its_settings() -> None:
    pipeline = make_pipeline(StandardScaler(), classifier(solver="lbfgs", max_iter=60))
    assert cross_val_score(pipeline, X, Y, cv=3).mean() > 0.9
    grid = {"mlpclassifier__activation": ["tanh", "elu"], "mlpclassifier__alpha": [1e-4, 1e4]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(X, Y)
    assert search.best_params_["mlpclassifier__alpha"] == 1e-4
    assert search.score(X, Y) > 0.95


def test_a_search_in_threads_gives_what_one_thread_gives() -> None:
    grid = {"alpha": [1e-4, 1.0], "batch_size": [20, 50]}
    found = []
    for jobs in (1, 4):
        with joblib.parallel_config("threading"):
            search = GridSearchCV(classifier(), grid, cv=2, n_jobs=jobs).fit(X, Y)
        found.append(search.cv_results_["mean_test_score"])
    np.testing.assert_array_equal(*found)


def test_hidden_activations_are_features_in_a_pipeline() -> None:
    pipeline = make_pipeline(
        StandardScaler(), classifier(max_iter=50), MLPRegressor(max_iter=3, random_state=0)
    )
    assert pipeline.fit(X, Y).predict(X).shape == (150,)
    assert pipeline[-1].n_features_in_ == 6


def test_a_regressor_for_each_output() -> None:
    both = MultiOutputRegressor(MLPRegressor(max_iter=3, random_state=0)).fit(X, X[:, :2])
    assert both.predict(X).shape == (150, 2)


def test_kinds_and_tags() -> None:
    assert is_classifier(MLPClassifier())
    assert is_regressor(MLPRegressor())
    assert MLPClassifier().__sklearn_tags__().input_tags.sparse
    assert MLPClassifier().__sklearn_tags__().classifier_tags.multi_label


def test_a_clone_has_the_settings_and_nothing_learned() -> None:
    loss = lambda y_true, y_pred: (y_true - y_pred) ** 2  # noqa: E731
    model = MLPRegressor(loss, (4,), ["tanh"], max_iter=2, random_state=0).fit(X, Y)
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert copy.loss is loss
    assert not hasattr(copy, "coefs_")
    np.testing.assert_array_equal(copy.fit(X, Y).predict(X), model.predict(X))


@pytest.mark.parametrize("engine", ["eager", "fused"])
def test_joblib_keeps_an_estimator_and_it_learns_on_alike(engine: str, tmp_path: Path) -> None:
    if engine == "fused":
        pytest.importorskip("numba")
    model = classifier(engine=engine).partial_fit(X, Y, classes=[0, 1, 2])
    joblib.dump(model, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib")
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    for one in (model, loaded):
        one.partial_fit(X[:77], Y[:77])
    np.testing.assert_array_equal(loaded.coefs_[0], model.coefs_[0])


def test_an_estimator_that_goes_to_another_process_comes_back_the_same() -> None:
    file = io.BytesIO()
    joblib.dump(classifier(early_stopping=True).fit(X, Y), file)
    file.seek(0)
    assert (
        joblib.load(file).validation_scores_ == classifier(early_stopping=True).fit(X, Y).validation_scores_
    )


def test_pandas_frames_in_and_out() -> None:
    pandas = pytest.importorskip("pandas")
    frame, species = pandas.DataFrame(X, columns=NAMES), pandas.Series(Y).map({0: "a", 1: "b", 2: "c"})
    model = classifier().fit(frame, species)
    assert list(model.feature_names_in_) == NAMES
    assert set(model.predict(frame)) <= {"a", "b", "c"}
    np.testing.assert_array_equal(model.predict_proba(frame), classifier().fit(X, Y).predict_proba(X))
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[NAMES[::-1]])
    hidden = model.set_output(transform="pandas").transform(frame)
    assert isinstance(hidden, pandas.DataFrame)
    assert list(hidden.columns) == [f"mlpclassifier{i}" for i in range(6)]
    assert list(hidden.index) == list(frame.index)


def test_polars_frames_in_and_out() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(X, schema=NAMES)
    model = classifier().fit(frame, Y)
    np.testing.assert_array_equal(model.predict_proba(frame), classifier().fit(X, Y).predict_proba(X))
    hidden = model.set_output(transform="polars").transform(frame)
    assert isinstance(hidden, polars.DataFrame)
    assert hidden.shape == (150, 6)
    np.testing.assert_array_equal(hidden.to_numpy(), classifier().fit(X, Y).transform(X))


def test_without_scikit_learn_one_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import chainrule.sklearn as module
    from chainrule.errors import MissingExtraError

    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="needs the package scikit-learn") as caught:
        module.MLPClassifier  # noqa: B018
    assert caught.value.fix == "pip install 'chainrule[sklearn]'"
