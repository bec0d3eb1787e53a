"""What scikit-learn's users asked for and were refused."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")
from sklearn.datasets import load_iris, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning

import chainrule as cr
from chainrule.errors import ArgumentError, ShapeError
from chainrule.sklearn import MLPClassifier, MLPRegressor


@pytest.fixture(autouse=True)
def _few_epochs_are_enough() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def iris() -> tuple[Any, Any]:
    x, y = load_iris(return_X_y=True)
    return (x - x.mean(axis=0)) / x.std(axis=0), y


def forward(model: Any, x: Any, functions: list[Any]) -> Any:
    for w, b, function in zip(model.coefs_, model.intercepts_, functions, strict=False):
        x = function(x @ w + b)
    return x


# An activation for each layer.


def test_each_hidden_layer_has_its_own_activation() -> None:
    x, y = iris()
    model = MLPClassifier(
        (6, 5, 4),
        ["tanh", "relu", "elu"],
        max_iter=3,
        random_state=0,
    ).fit(x, y)
    elu = lambda v: np.where(v > 0, v, np.expm1(v))  # noqa: E731
    scores = forward(model, x, [np.tanh, lambda v: np.maximum(v, 0), elu, lambda v: v])
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict_proba(x), p, atol=1e-12)


@pytest.mark.parametrize("name", ["leaky_relu", "elu", "gelu", "silu", "softplus"])
def test_activations_that_scikit_learn_does_not_have_learn_too(name: str) -> None:
    x, y = iris()
    model = MLPClassifier(
        (10,),
        name,
        solver="lbfgs",
        max_iter=50,
        random_state=0,
    ).fit(x, y)
    assert model.score(x, y) > 0.95


# class_weight.


def test_a_class_weight_is_a_sample_weight() -> None:
    x, y = iris()
    weights = {0: 1.0, 1: 5.0, 2: 0.5}
    settings: dict[str, Any] = {
        "max_iter": 4,
        "random_state": 0,
    }
    one = MLPClassifier(class_weight=weights, **settings).fit(x, y, np.full(150, 2.0))
    other = MLPClassifier(**settings).fit(x, y, 2.0 * np.array([weights[c] for c in y]))
    np.testing.assert_array_equal(one.coefs_[0], other.coefs_[0])


def test_balanced_helps_the_rare_class() -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0, 1, (300, 2)), rng.normal(1.5, 1, (15, 2))])
    y = np.array(["common"] * 300 + ["rare"] * 15)
    settings: dict[str, Any] = {"solver": "lbfgs", "random_state": 0, "alpha": 1.0}
    found = {
        weight: (MLPClassifier((4,), class_weight=weight, **settings).fit(x, y).predict(x) == "rare")[
            300:
        ].mean()
        for weight in (None, "balanced")
    }
    assert found["balanced"] > found[None]


def test_whole_numbers_as_weights_are_rows_repeated() -> None:
    x, y = iris()
    times = np.arange(150) % 3
    settings: dict[str, Any] = {
        "solver": "lbfgs",
        "max_iter": 5,
        "random_state": 0,
    }
    weighted = MLPClassifier((5,), "tanh", **settings).fit(x, y, times)
    repeated = MLPClassifier((5,), "tanh", **settings).fit(np.repeat(x, times, axis=0), np.repeat(y, times))
    np.testing.assert_allclose(weighted.coefs_[0], repeated.coefs_[0], atol=1e-8)


# A validation set of one's own.


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_the_loss_and_score_of_an_own_validation_set_are_kept(solver: str) -> None:
    x, y = iris()
    model = MLPClassifier((5,), solver=solver, max_iter=6, random_state=0, alpha=0.5)
    model.fit(x[::2], y[::2], X_val=x[1::2], y_val=y[1::2])
    assert len(model.validation_loss_curve_) == len(model.validation_scores_) == model.n_iter_ == 6
    p = model.predict_proba(x[1::2])[np.arange(75), y[1::2]]
    assert model.validation_loss_curve_[-1] == pytest.approx(-np.log(p).mean())  # without L2
    assert model.validation_scores_[-1] == model.score(x[1::2], y[1::2])


def test_early_stopping_goes_by_the_own_validation_set() -> None:
    x, y = iris()
    model = MLPClassifier((5,), early_stopping=True, n_iter_no_change=3, max_iter=300, random_state=0)
    model.fit(x[::2], y[::2], X_val=x[1::2], y_val=y[1::2])
    assert model.n_iter_ < 300
    assert model.best_validation_score_ == max(model.validation_scores_) == model.score(x[1::2], y[1::2])
    assert model.t_ == 75 * model.n_iter_  # nothing was held out of the rows that are learned from


def test_a_regressor_has_a_validation_curve_too() -> None:
    x = np.linspace(-1, 1, 40)[:, np.newaxis]
    y = np.column_stack([x[:, 0] ** 2, x[:, 0]])
    model = MLPRegressor(
        "huber",
        max_iter=5,
        random_state=0,
    ).fit(x, y, X_val=x[:7], y_val=y[:7])
    error = np.abs(model.predict(x[:7]) - y[:7])
    each = np.where(error < 1, error**2 / 2, error - 0.5).sum(axis=1)
    assert model.validation_loss_curve_[-1] == pytest.approx(each.mean())


def test_half_a_validation_set_is_refused() -> None:
    with pytest.raises(ArgumentError, match="a validation set is X_val and y_val; one of them is missing"):
        MLPClassifier(
            random_state=0,
        ).fit(*iris(), X_val=np.zeros((2, 4)))


# Callbacks.


@pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
def test_callbacks_see_the_estimator_after_each_epoch_and_can_end_it(solver: str) -> None:
    seen: list[tuple[int, float]] = []

    def watch(model: Any) -> bool:
        seen.append((model.n_iter_, model.loss_))
        return bool(model.n_iter_ == 4)

    also: list[int] = []
    callbacks = [watch, lambda model: also.append(model.n_iter_)]
    model = MLPClassifier(
        (5,),
        solver=solver,
        callbacks=callbacks,
        random_state=0,
    ).fit(*iris())
    assert [n for n, _ in seen] == also == [1, 2, 3, 4]
    assert model.n_iter_ == 4
    assert seen[-1][1] == model.loss_ < seen[0][1]


@pytest.mark.parametrize("engine", ["eager", "fused"])
def test_ctrl_c_ends_training_and_keeps_what_is_learned(engine: str) -> None:
    if engine == "fused":
        pytest.importorskip("numba")

    def press(model: Any) -> None:
        if model.n_iter_ == 3:
            raise KeyboardInterrupt

    model = MLPClassifier((5,), callbacks=[press], engine=engine, random_state=0)
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        model.fit(*iris())
    assert model.n_iter_ == 3
    same = MLPClassifier((5,), max_iter=3, engine=engine, random_state=0).fit(*iris())
    np.testing.assert_array_equal(model.coefs_[0], same.coefs_[0])


# Hidden activations.


def test_transform_gives_the_last_hidden_layer() -> None:
    x, y = iris()
    model = MLPClassifier(
        (6, 3),
        ["tanh", "relu"],
        max_iter=3,
        random_state=0,
    ).fit(x, y)
    expected = forward(model, x, [np.tanh, lambda v: np.maximum(v, 0)])
    np.testing.assert_allclose(model.transform(x), expected, atol=1e-12)
    assert list(model.get_feature_names_out()) == ["mlpclassifier0", "mlpclassifier1", "mlpclassifier2"]


def test_without_a_hidden_layer_transform_gives_what_it_is_given() -> None:
    x, y = iris()
    model = MLPRegressor(
        hidden_layer_sizes=(),
        max_iter=2,
        random_state=0,
    ).fit(x, y)
    np.testing.assert_array_equal(model.transform(x), x)


# How weights begin.


@pytest.mark.parametrize(
    ("init", "variance"),
    [
        ("glorot_uniform", 2 / (400 + 300)),
        ("glorot_normal", 2 / (400 + 300)),
        ("he_normal", 2 / 400),
        ("lecun_normal", 1 / 400),
    ],
)
def test_weights_begin_as_asked(init: str, variance: float) -> None:
    model = MLPRegressor(hidden_layer_sizes=(300,), init=init, random_state=0)
    model.initialize(np.zeros((2, 400)), np.zeros(2))
    assert model.coefs_[0].std() == pytest.approx(variance**0.5, rel=0.02)
    assert abs(model.coefs_[0].mean()) < 4 * (variance / 120_000) ** 0.5
    assert (model.intercepts_[0] == 0).all() == (init != "glorot_uniform")


def test_a_function_of_ones_own_draws_the_weights() -> None:
    def ones(rng: Any, inputs: int, outputs: int) -> tuple[Any, Any]:
        return np.ones((inputs, outputs)), np.arange(outputs)

    model = MLPRegressor(hidden_layer_sizes=(3,), init=ones).initialize(np.zeros((2, 4)), np.zeros(2))
    np.testing.assert_array_equal(model.coefs_[0], np.ones((4, 3)))
    np.testing.assert_array_equal(model.intercepts_[0], [0, 1, 2])
    with pytest.raises(ShapeError, match=r"init gave W of shape \(2,\)"):
        MLPRegressor(init=lambda *_: (np.ones(2), 0)).initialize(np.zeros((2, 4)), np.zeros(2))


def test_initialised_without_fit_it_predicts_and_goes_on_from_there() -> None:
    x, y = iris()
    model = MLPClassifier((5,), max_iter=2, random_state=0, warm_start=True).initialize(x, y)
    assert (model.n_iter_, model.loss_curve_, model.predict(x).shape) == (0, [], (150,))
    own = [w + 0.25 for w in model.coefs_]
    model.coefs_ = [w.copy() for w in own]
    before = model.network_.evaluate(x, y)[0]
    model.set_params(shuffle=False, batch_size=150, alpha=0.0, max_iter=1)
    model.fit(x, y)
    assert model.loss_curve_ == [pytest.approx(before)]  # the loss at the weights that were put there
    assert not np.array_equal(model.coefs_[0], own[0])


def test_weights_of_other_sizes_are_not_gone_on_with() -> None:
    x, y = iris()
    model = MLPClassifier((5,), random_state=0, warm_start=True).initialize(x, y)
    model.set_params(hidden_layer_sizes=(6,))
    with pytest.raises(
        ShapeError, match=r"the weights have shapes \[\(4, 5\), \(5, 3\)\]; \(4, 6, 3\) units"
    ):
        model.fit(x, y)


# partial_fit.


def test_partial_fit_on_several_labels_is_fit_epoch_by_epoch() -> None:
    x, y = make_multilabel_classification(60, 8, n_classes=4, random_state=0)
    settings: dict[str, Any] = {
        "shuffle": False,
        "batch_size": 20,
        "random_state": 0,
    }
    whole = MLPClassifier((6,), max_iter=5, **settings).fit(x, y)
    parts = MLPClassifier((6,), **settings)
    for _ in range(5):
        parts.partial_fit(x, y)  # classes are not needed
    np.testing.assert_array_equal(parts.coefs_[0], whole.coefs_[0])
    np.testing.assert_array_equal(parts.predict(x), whole.predict(x))
    assert parts.loss_curve_ == whole.loss_curve_


@pytest.mark.parametrize("is_own", [False, True])
def test_partial_fit_stops_early(is_own: bool) -> None:
    x, y = iris()
    own = {"X_val": x[1::2], "y_val": y[1::2]} if is_own else {}
    model = MLPClassifier(
        (5,), early_stopping=True, n_iter_no_change=4, learning_rate_init=0.05, random_state=0
    )
    calls = 0
    while not getattr(model, "early_stopped_", False):
        model.partial_fit(x[::2], y[::2], classes=[0, 1, 2], **own)
        calls += 1
        assert calls < 200
    assert len(model.validation_scores_) == calls
    assert max(model.validation_scores_[-5:]) < model.best_validation_score_ + model.tol
    if is_own:
        assert model.score(x[1::2], y[1::2]) == model.best_validation_score_
    before = [w.copy() for w in model.coefs_]
    model.partial_fit(x, y, **own)
    np.testing.assert_array_equal(model.coefs_[0], before[0])


def test_partial_fit_keeps_one_validation_set_for_all_calls() -> None:
    x, y = iris()
    model = MLPClassifier((5,), early_stopping=True, random_state=0)
    model.partial_fit(x, y, classes=[0, 1, 2])
    held = model._validation
    assert held is not None
    assert len(held) == 15
    model.partial_fit(x, y)
    assert model._validation is held
    assert model.t_ == 135 + 150


# The network behind it.


def test_the_network_is_one_of_chainrules_own_on_the_same_arrays() -> None:
    x, y = iris()
    model = MLPClassifier(
        (5,),
        "tanh",
        max_iter=2,
        random_state=0,
    ).fit(x, y)
    net = model.network_
    assert isinstance(net, cr.Sequential)
    assert net.params["W1"] is model.coefs_[0]
    assert net.accuracy(x, y) == model.score(x, y)
    p = model.predict_proba(x)[np.arange(150), y]
    assert net.loss(x, y) == pytest.approx(-np.log(p).mean())
    assert [n.name for n in cr.graph.Graph(net.record(x[:2], y[:2])) if n.variable.gate is None][0] == "W1"


@pytest.mark.parametrize("kind", ["regression", "two classes", "three classes"])
def test_the_network_can_be_saved_and_answers_as_the_estimator(kind: str, tmp_path: Path) -> None:
    x, y = iris()
    settings: dict[str, Any] = {"hidden_layer_sizes": (5,), "max_iter": 2, "random_state": 0}
    if kind == "regression":
        model, t = MLPRegressor(**settings).fit(x, y), y[:, np.newaxis].astype(float)
        answers, loss = model.predict(x), 0.5 * ((model.predict(x) - y) ** 2).mean()
    else:
        y = np.minimum(y, 1) if kind == "two classes" else y
        model, t = MLPClassifier(**settings).fit(x, y), y if kind == "three classes" else y[:, np.newaxis]
        answers = model.predict_proba(x)
        loss = -np.log(answers[np.arange(150), y]).mean()
        answers = answers if kind == "three classes" else answers[:, 1]
    model.network_.save(tmp_path / "net")
    net = cr.load(tmp_path / "net")
    assert net.loss(x, t) == pytest.approx(loss)
    if kind != "regression":
        assert net.accuracy(x, t) == model.score(x, y)
    pytest.importorskip("onnx")
    model.network_.to_onnx(tmp_path / "net.onnx", probabilities=kind != "regression")
    again = cr.onnx.load(tmp_path / "net.onnx")
    np.testing.assert_allclose(np.squeeze(again.run(x)), answers, rtol=1e-12)
    assert again.loss(x, t) == pytest.approx(loss)
