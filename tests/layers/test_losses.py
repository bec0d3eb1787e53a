"""Loss layers: the lesson's interface, both forms of labels, means over the rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.errors import LabelError, ShapeError, UnsupportedError
from chainrule.layers import (
    BinaryCrossEntropyWithLogits,
    LossLayer,
    MeanSquaredError,
    SoftmaxWithLoss,
    SquaredError,
)
from tests.layers._close import assert_close

LN3 = math.log(3)
X = np.array([[0.0, LN3], [LN3, 0.0]])  # probabilities ¼ ¾ and ¾ ¼
T = np.array([1, 1])


def test_softmax_with_loss_by_hand() -> None:
    layer = SoftmaxWithLoss()
    assert (layer.y, layer.t, layer.loss) == (None, None, None)
    loss = layer.forward(X, T)
    assert type(loss) is float
    assert loss == pytest.approx(
        (math.log(4 / 3) + math.log(4)) / 2,
        rel=1e-15,
    )
    assert layer.loss == loss
    assert layer.t is T
    assert_close(layer.y, [[0.25, 0.75], [0.75, 0.25]])
    assert_close(layer.backward(1), [[0.125, -0.125], [0.375, -0.375]])  # (y − t) / rows
    np.testing.assert_allclose(layer.backward(), layer.backward(1), rtol=0)


def test_the_upstream_gradient_is_not_forgotten() -> None:
    layer = SoftmaxWithLoss()
    layer.forward(X, T)
    assert_close(layer.backward(-3.0), -3 * layer.backward())


def test_y_is_the_users_own() -> None:
    layer = SoftmaxWithLoss()
    layer.forward(X, T)
    layer.y[:] = 0
    assert_close(layer.backward()[0], [0.125, -0.125])


@given(
    st.integers(1, 5),
    st.integers(1, 5),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=50, deadline=None)
def test_class_numbers_and_one_hot_rows_mean_the_same(rows: int, classes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, classes))
    t = rng.integers(classes, size=rows)
    for one_hot in (np.eye(classes)[t], np.eye(classes, dtype=np.int64)[t]):
        numbers = SoftmaxWithLoss()
        hot = SoftmaxWithLoss()
        assert numbers.forward(x, t) == pytest.approx(
            hot.forward(x, one_hot),
            rel=1e-13,
            abs=1e-15,
        )
        assert_close(numbers.backward(), hot.backward())
        np.testing.assert_array_equal(numbers.hits(x, t), hot.hits(x, one_hot))


def test_agreement_with_pytorch(rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch")
    x = rng.normal(size=(6, 4))
    probabilities = rng.dirichlet(np.ones(4), size=6)
    t = rng.integers(4, size=6)
    zero_one = rng.integers(2, size=(6, 4)).astype(float)
    functions = torch.nn.functional
    for layer, targets, theirs in (
        (SoftmaxWithLoss(), t, functions.cross_entropy),
        (SoftmaxWithLoss(), probabilities, functions.cross_entropy),
        (MeanSquaredError(), probabilities, functions.mse_loss),
        (BinaryCrossEntropyWithLogits(), zero_one, functions.binary_cross_entropy_with_logits),
    ):
        tensor = torch.tensor(x, requires_grad=True)
        loss = theirs(tensor, torch.tensor(targets))
        loss.backward()
        assert layer.forward(x, targets) == pytest.approx(loss.item(), rel=1e-12)
        assert_close(layer.backward(), tensor.grad.numpy(), 1e-10)


def test_squared_errors_by_hand() -> None:
    x = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    t = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    half = SquaredError()
    mean = MeanSquaredError()
    assert half.forward(x, t) == pytest.approx((13 / 2 + 1 / 2) / 2, rel=1e-15)
    assert mean.forward(x, t) == pytest.approx(14 / 6, rel=1e-15)
    assert_close(half.backward(), (x - t) / 2)
    assert_close(mean.backward(), (x - t) / 3)
    assert SquaredError().forward(x[0], t[0]) == pytest.approx(6.5, rel=1e-15)  # one row: the book's
    assert SquaredError().forward(220.0, 219.0) == 0.5  # the lesson's


@pytest.mark.parametrize(
    "layer", [SquaredError(), MeanSquaredError(), SoftmaxWithLoss(), BinaryCrossEntropyWithLogits()]
)
def test_a_loss_is_a_mean_over_the_rows(layer: LossLayer, rng: np.random.Generator) -> None:
    x = rng.normal(size=(4, 3))
    t = np.eye(3)[[0, 1, 2, 0]]
    each = [
        layer.forward(
            x[i : i + 1],
            t[i : i + 1],
        )
        for i in range(4)
    ]
    assert layer.forward(x, t) == pytest.approx(np.mean(each), rel=1e-13)
    twice = layer.forward(np.concatenate([x, x]), np.concatenate([t, t]))
    assert twice == pytest.approx(np.mean(each), rel=1e-13)


def test_extreme_scores_have_exact_losses() -> None:
    layer = SoftmaxWithLoss()
    assert layer.forward(np.array([[1e4, 0.0]]), np.array([1])) == 1e4
    np.testing.assert_array_equal(layer.backward(), [[1.0, -1.0]])
    assert BinaryCrossEntropyWithLogits().forward(np.array([-1e4]), np.array([1.0])) == 1e4


@pytest.mark.parametrize(
    ("t", "error", "message"),
    [
        ([0, 2], LabelError, "label 2 names no class: there are 2 classes, 0 to 1"),
        ([0, -1], LabelError, "label -1 names no class"),
        ([0.0, 1.0], LabelError, "class numbers must be integers, these are float64"),
        ([0, 1, 1], ShapeError, r"labels of shape \(3,\) do not fit scores of shape \(2, 2\)"),
        ([[0], [1]], ShapeError, r"labels of shape \(2, 1\) do not fit scores of shape \(2, 2\)"),
    ],
)
def test_labels_that_do_not_fit(t: Any, error: type[Exception], message: str) -> None:
    layer = SoftmaxWithLoss()
    with pytest.raises(error, match=message):
        layer.forward(X, np.array(t))
    with pytest.raises(error, match=message):
        layer.hits(X, np.array(t))


@pytest.mark.parametrize("layer", [SquaredError(), MeanSquaredError(), BinaryCrossEntropyWithLogits()])
def test_targets_of_another_shape(layer: LossLayer) -> None:
    for measure in (layer.forward, layer.hits):
        with pytest.raises(ShapeError, match=r"\(2, 2\) and targets of shape \(2,\) must be of one shape"):
            measure(X, T)


def test_hits() -> None:
    x = np.array([[3.0, 1.0, 2.0], [0.0, 5.0, 9.0], [np.nan, 0.0, 1.0]])
    assert SoftmaxWithLoss().hits(
        x,
        np.array([0, 1, 0]),
    ).tolist() == [True, False, False]
    assert MeanSquaredError().hits(
        x,
        np.eye(3)[[0, 1, 0]],
    ).tolist() == [True, False, False]
    yes = np.array([[0.1], [-0.1], [0.1], [np.nan], [np.nan]])
    t = np.array([[1.0], [0.0], [0.0], [0.0], [1.0]])
    assert BinaryCrossEntropyWithLogits().hits(yes, t).ravel().tolist() == [True, True, False, False, False]


@pytest.mark.parametrize("layer", [SquaredError(), MeanSquaredError()])
def test_numbers_are_not_right_or_wrong(layer: LossLayer) -> None:
    with pytest.raises(UnsupportedError, match="this network predicts numbers"):
        layer.hits(np.zeros((2, 1)), np.zeros((2, 1)))
