"""The gradient of every loss, for one and several outputs, with and without weights and L2: right in every case.

Compared with PyTorch's where it is installed, and with numerical derivatives of the loss that the estimator reports.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("sklearn")
import sklearn.neural_network as theirs

from chainrule.errors import ArgumentError, GradientError, LabelError, ParseError, ShapeError
from chainrule.interop.sklearn._lbfgs import objective
from chainrule.interop.sklearn._rows import Rows
from chainrule.sklearn import MLPClassifier, MLPRegressor
from chainrule.verify import assert_gradients

REGRESSION = ("squared_error", "poisson", "absolute_error", "huber", "log_cosh", "(y_true - y_pred)**4")
CLASSES = ("binary", "classes", "labels")


def case(loss: str, outputs: int, is_weighted: bool, alpha: float, **settings: Any) -> tuple[Any, Rows]:
    """An estimator with weights, and rows, as `_fit` makes them."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(9, 4))
    weights = rng.uniform(0.2, 3, size=9) if is_weighted else None
    settings = {
        "hidden_layer_sizes": (5, 3),
        "activation": "tanh",
        "alpha": alpha,
        "random_state": 1,
        **settings,
    }
    model: Any
    if loss in CLASSES:
        y: Any = {
            "binary": rng.integers(0, 2, 9),
            "classes": np.arange(9) % 4,
            "labels": rng.integers(0, 2, (9, outputs)),
        }[loss]
        model = MLPClassifier(**settings)
    else:
        y = rng.uniform(0, 3, (9, outputs)) * (rng.random((9, outputs)) > 0.2)
        model = MLPRegressor(loss, delta=0.7, **settings)
    model.initialize(x, y if outputs > 1 or loss in CLASSES else y.ravel())
    return model, Rows(x, model._encoded(y, np.float64), weights)


def value_and_gradient(model: Any, rows: Rows) -> tuple[Callable[[Any], tuple[float, Any]], Any]:
    with model._runner_for(rows, None) as runner:
        evaluate = objective(model, rows, runner)
        at = np.concatenate([w.ravel() for w in (*model.coefs_, *model.intercepts_)])
        trained = runner.trained
    runner.trained = trained
    return evaluate, at


ALL = [
    *product(REGRESSION, (1, 2, 3, 5), (False, True), (0.0, 0.7)),
    *product(("labels",), (2, 5), (False, True), (0.0, 0.7)),
    *product(("binary", "classes"), (1,), (False, True), (0.0, 0.7)),
]


@pytest.mark.parametrize(("loss", "outputs", "is_weighted", "alpha"), ALL)
def test_the_gradient_is_that_of_the_reported_loss(
    loss: str, outputs: int, is_weighted: bool, alpha: float
) -> None:
    model, rows = case(loss, outputs, is_weighted, alpha)
    evaluate, at = value_and_gradient(model, rows)
    _, gradient = evaluate(at)
    gradient = gradient.copy()
    step = 1e-6
    for i in range(at.size):
        moved = [evaluate(at + sign * step * (np.arange(at.size) == i))[0] for sign in (1, -1)]
        assert (moved[0] - moved[1]) / (2 * step) == pytest.approx(gradient[i], rel=2e-5, abs=2e-7)


@given(
    loss=st.sampled_from([*REGRESSION, *CLASSES]),
    factor=st.floats(0.01, 100),
    alpha=st.floats(0, 10),
    times=st.lists(st.integers(0, 3), min_size=9, max_size=9).filter(any),
)
def test_what_weights_mean(loss: str, factor: float, alpha: float, times: list[int]) -> None:
    """Weights of whole numbers are rows repeated, and only their shares count beside alpha in proportion."""
    model, rows = case(loss, 2, False, alpha)
    again = np.repeat(np.arange(9), times)
    evaluate, at = value_and_gradient(model, rows[again])
    repeated = evaluate(at)
    evaluate, at = value_and_gradient(model, Rows(rows.x, rows.t, np.array(times, float)))
    weighted = evaluate(at)
    model.set_params(alpha=factor * alpha)
    evaluate, at = value_and_gradient(model, Rows(rows.x, rows.t, factor * np.array(times, float)))
    scaled = evaluate(at)
    for value, gradient in (weighted, scaled):
        assert value == pytest.approx(repeated[0], rel=1e-10)
        np.testing.assert_allclose(gradient, repeated[1], rtol=1e-9, atol=1e-12)


def pytorch_loss(torch: Any, loss: str, s: Any, t: Any) -> Any:
    """The loss of each row, from PyTorch's own functions."""
    functional = torch.nn.functional
    if loss == "classes":
        return functional.cross_entropy(s, t, reduction="none")
    each = {
        "binary": lambda: functional.binary_cross_entropy_with_logits(s, t, reduction="none"),
        "labels": lambda: functional.binary_cross_entropy_with_logits(s, t, reduction="none"),
        "squared_error": lambda: 0.5 * functional.mse_loss(s, t, reduction="none"),
        "poisson": lambda: (
            functional.poisson_nll_loss(s, t, log_input=True, reduction="none") + torch.xlogy(t, t) - t
        ),
        "absolute_error": lambda: functional.l1_loss(s, t, reduction="none"),
        "huber": lambda: functional.huber_loss(s, t, delta=0.7, reduction="none"),
        "log_cosh": lambda: torch.log(torch.cosh(s - t)),
        "(y_true - y_pred)**4": lambda: (t - s) ** 4,
    }[loss]()
    return each.sum(dim=1)


@pytest.mark.parametrize(("loss", "outputs", "is_weighted", "alpha"), ALL)
def test_loss_and_gradient_agree_with_pytorch(
    loss: str, outputs: int, is_weighted: bool, alpha: float
) -> None:
    torch = pytest.importorskip("torch")
    model, rows = case(loss, outputs, is_weighted, alpha)
    evaluate, at = value_and_gradient(model, rows)
    value, gradient = evaluate(at)

    ws = [torch.tensor(w.copy(), requires_grad=True) for w in model.coefs_]
    bs = [torch.tensor(b.copy(), requires_grad=True) for b in model.intercepts_]
    h = torch.tensor(rows.x)
    for i, (w, b) in enumerate(zip(ws, bs, strict=True)):
        h = h @ w + b
        h = torch.tanh(h) if i < len(ws) - 1 else h
    weights = torch.ones(len(rows)) if rows.weights is None else torch.tensor(rows.weights)
    each = pytorch_loss(torch, loss, h, torch.tensor(rows.t))
    total = ((weights * each).sum() + 0.5 * alpha * sum((w**2).sum() for w in ws)) / weights.sum()
    total.backward()
    assert value == pytest.approx(total.item(), rel=1e-12)
    expected = np.concatenate([p.grad.numpy().ravel() for p in (*ws, *bs)])
    np.testing.assert_allclose(gradient, expected, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("outputs", [2, 3, 5])
def test_scikit_learns_gradient_is_so_many_times_that_of_its_loss_and_ours_is_not(outputs: int) -> None:
    model, rows = case("squared_error", outputs, False, 0.0)
    evaluate, at = value_and_gradient(model, rows)
    value, gradient = evaluate(at)
    their = theirs.MLPRegressor(hidden_layer_sizes=(5, 3), activation="tanh", alpha=0.0)
    their.n_outputs_, their.n_layers_, their.out_activation_ = outputs, 4, "identity"
    their.coefs_, their.intercepts_ = model.coefs_, model.intercepts_
    nothing: list[Any] = [None] * 3
    weights = [None] if "sample_weight" in theirs.MLPRegressor._backprop.__code__.co_varnames else []
    their_value, their_coefs, _ = their._backprop(
        rows.x, rows.t, *weights, [rows.x, *nothing], list(nothing), list(nothing), list(nothing)
    )
    # The gradients are equal; the losses are not. Ours is the one whose gradient it is (see the test above).
    np.testing.assert_allclose(gradient[:20], np.ravel(their_coefs[0]), rtol=1e-12)
    assert value == pytest.approx(outputs * their_value, rel=1e-12)


@pytest.mark.parametrize("loss", [*REGRESSION, *CLASSES])
def test_check_gradients_takes_the_network_of_an_estimator(loss: str) -> None:
    model, rows = case(loss, 1 if loss in ("binary", "classes") else 2, False, 0.0)
    assert_gradients(model.network_, rows.x, rows.t)


def test_a_loss_of_your_own_is_the_same_as_text_and_as_a_function() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 3)), rng.normal(size=(30, 2))
    settings: dict[str, Any] = {"solver": "lbfgs", "max_iter": 10_000, "random_state": 0, "alpha": 0.01}
    losses = [
        "squared_error",
        "0.5 * (y_true - y_pred)**2",
        lambda y_true, y_pred: 0.5 * (y_true - y_pred) ** 2,
    ]
    found = [MLPRegressor(loss, (4,), "tanh", **settings).fit(x, y).predict(x) for loss in losses]
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], atol=1e-3)


def test_the_mean_and_the_median_of_a_constant_are_found_by_their_losses() -> None:
    y = np.array([0.0, 0.0, 0.0, 1.0, 10.0])
    x = np.zeros((5, 1))
    settings: dict[str, Any] = {"solver": "lbfgs", "random_state": 0, "alpha": 0.0, "tol": 1e-8}
    for loss, expected in {"squared_error": 2.2, "poisson": 2.2, "(y_true - y_pred)**2": 2.2}.items():
        assert MLPRegressor(loss, (), **settings).fit(x, y).predict(x[:1]) == pytest.approx(
            expected, abs=1e-4
        )
    for loss in ("absolute_error", "huber"):  # the Huber loss: between them, within delta of the median
        found = MLPRegressor(loss, (), delta=0.1, **settings).fit(x, y).predict(x[:1])
        assert found == pytest.approx(0.0, abs=0.11)


@pytest.mark.parametrize(
    ("loss", "error", "text"),
    [
        ("hinge", ArgumentError, "there is no loss 'hinge'"),
        ("(y_true - x)**2", ArgumentError, "is a formula of y_true and y_pred; it has x"),
        ("(y_true - ", ParseError, "ends"),
        (3, ArgumentError, "loss must be a name, a formula or a function; it is 3"),
        (lambda t, s: ((t - s) ** 2).sum(), ShapeError, "gives shape"),
        (lambda t: t, ArgumentError, "cannot be computed"),
    ],
    ids=["name", "other names", "unfinished", "number", "not elementwise", "one argument"],
)
def test_a_loss_that_is_none_is_refused(loss: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text.replace("(", r"\(").replace("*", r"\*")):
        MLPRegressor(loss).fit([[0.0], [1.0]], [0.0, 1.0])


def test_a_loss_whose_derivative_is_wrong_is_refused() -> None:
    from chainrule.gates import Gate
    from chainrule.graph import apply

    wrong = Gate(
        "wrong",
        symbol="w",
        en="wrong",
        ko="틀림",
        forward=lambda xp, x: x * x,
        wrt={"x": lambda dout, x: dout * x},
    )
    with pytest.raises(GradientError):
        MLPRegressor(lambda t, s: apply(wrong, s - t)).fit([[0.0], [1.0]], [0.0, 1.0])


def test_negative_counts_are_refused() -> None:
    with pytest.raises(LabelError, match="the Poisson loss is for targets ≥ 0; the smallest here is -1"):
        MLPRegressor("poisson", random_state=0).fit([[0.0], [1.0]], [-1.0, 1.0])
