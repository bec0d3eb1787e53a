"""The losses: the book's numbers, the extremes that its code gets wrong, and every way to get labels wrong."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

from chainrule.errors import ArgumentError, LabelError, ShapeError
from chainrule.gates import ALL, are_class_numbers
from chainrule.graph import Variable, functions
from chainrule.graph.functions import (
    binary_cross_entropy_with_logits,
    cross_entropy_error,
    mean_squared_error,
    softmax,
    softmax_with_loss,
    squared_error,
)
from tests.gates._examples import EXAMPLES
from tests.gates._run import run

LOSSES = [name for name, gate in ALL.items() if gate.kind == "loss"]
SAME_SHAPE = ["squared_error", "mean_squared_error", "binary_cross_entropy_with_logits"]


def loss_and_gradient(loss: Any, x: Any, t: Any) -> tuple[float, Any]:
    """A loss and its gradient for the first input."""
    variable = Variable(np.asarray(x, float))
    out = loss(variable, np.asarray(t))
    out.backward()
    return float(out.value), variable.grad


# The book's numbers (Saito, Deep Learning from Scratch, sections 4.2 and 5.6.3) ------------------------

GOOD = np.array([0.1, 0.05, 0.6, 0.0, 0.05, 0.1, 0.0, 0.1, 0.0, 0.0])
BAD = np.array([0.1, 0.05, 0.1, 0.0, 0.05, 0.1, 0.0, 0.6, 0.0, 0.0])
TWO = np.eye(10)[2]


@pytest.mark.parametrize(("y", "squared", "entropy"), [(GOOD, 0.0975, 0.510825), (BAD, 0.5975, 2.302584)])
def test_the_numbers_of_chapter_4(y: Any, squared: float, entropy: float) -> None:
    assert squared_error(y, TWO) == pytest.approx(squared, rel=1e-12)
    assert cross_entropy_error(y, TWO) == pytest.approx(entropy, abs=2e-6)  # it adds 1e-7 to y
    assert cross_entropy_error(y, 2) == pytest.approx(entropy, abs=2e-6)  # it adds 1e-7 to y


@pytest.mark.parametrize(
    ("y", "gradient"),
    [
        ([0.3, 0.2, 0.5], [0.3, -0.8, 0.5]),
        ([0.01, 0.99, 1e-300], [0.01, -0.01, 0]),
    ],
)
def test_softmax_with_loss_passes_on_the_difference_to_the_label(y: Any, gradient: Any) -> None:
    for t in ([0, 1, 0], 1):
        _, dx = loss_and_gradient(softmax_with_loss, np.log(y), t)
        np.testing.assert_allclose(dx, gradient, atol=1e-15)


def test_a_batch_is_its_rows() -> None:
    rows = np.array([[0.3, 2.9, 4.0], [1010.0, 1000.0, 990.0]])
    np.testing.assert_array_equal(softmax(rows), [softmax(row) for row in rows])
    np.testing.assert_allclose(softmax(rows).sum(axis=1), [1, 1], rtol=1e-15)
    np.testing.assert_allclose(softmax(rows[0]), [0.01821127, 0.24519181, 0.73659691], atol=1e-8)


def test_losses_are_means_over_all_rows() -> None:
    x, t = np.zeros((2, 5, 4)), np.zeros((2, 5), dtype=int)
    loss, dx = loss_and_gradient(softmax_with_loss, x, t)
    assert loss == pytest.approx(math.log(4), rel=1e-15)
    np.testing.assert_allclose(dx[0, 0], [-0.075, 0.025, 0.025, 0.025], rtol=1e-15)


@pytest.mark.parametrize("name", LOSSES)
def test_what_flows_in_scales_the_gradient(name: str, rng: np.random.Generator) -> None:
    for given in EXAMPLES[name]:
        factor = np.asarray(rng.normal())
        scaled = run(ALL[name], given, factor).gradients
        plain = run(ALL[name], given, np.asarray(1.0)).gradients
        for gradient, one in zip(scaled, plain, strict=True):
            np.testing.assert_allclose(gradient, factor * one, rtol=1e-14)


def test_weights_of_a_row_need_not_sum_to_1() -> None:
    x = np.log([0.25, 0.75])
    loss, dx = loss_and_gradient(softmax_with_loss, x, [2.0, 1.0])
    assert loss == pytest.approx(-2 * math.log(0.25) - math.log(0.75), rel=1e-15)
    np.testing.assert_allclose(dx, [3 * 0.25 - 2, 3 * 0.75 - 1], rtol=1e-14)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_in_single_precision_keeps_its_digits(name: str, rng: np.random.Generator) -> None:
    x, t = rng.normal(size=(200_000, 2)), rng.random((200_000, 2))
    if name == "cross_entropy_error":
        x = softmax(x)
    single, double = (functions.__dict__[name](x.astype(d), t.astype(d)) for d in (np.float32, np.float64))
    assert float(single) == pytest.approx(float(double), rel=5e-7)


# Extremes --------------------------------------------------------------------------------------------


def test_a_loss_of_200_is_200() -> None:
    x = np.array([200.0, 0.0])
    loss, dx = loss_and_gradient(softmax_with_loss, x, 1)
    assert loss == 200
    np.testing.assert_allclose(dx, [1, -1], rtol=1e-15)
    assert -math.log(softmax(x)[1] + 1e-7) == pytest.approx(16.118, abs=1e-3)  # the book's


def test_the_gradient_of_a_confident_network_is_the_slope_of_its_loss() -> None:
    x, step = np.array([-12.0, 0.0, 1.0]), np.array([1e-5, 0, 0])
    _, dx = loss_and_gradient(softmax_with_loss, x, 0)
    slope = (softmax_with_loss(x + step, 0) - softmax_with_loss(x - step, 0)) / 2e-5
    assert slope == pytest.approx(dx[0], rel=1e-9)
    assert dx[0] == pytest.approx(-0.99999835, abs=1e-8)


@pytest.mark.parametrize("t", [2, [0, 0, 1], [0.0, 0.0, 1.0]])
def test_a_masked_class_has_no_part_in_loss_and_gradient(t: Any) -> None:
    loss, dx = loss_and_gradient(softmax_with_loss, [0.0, -np.inf, np.log(3)], t)
    assert loss == pytest.approx(-math.log(0.75), rel=1e-15)
    np.testing.assert_allclose(dx, [0.25, 0, -0.25], rtol=1e-15)


def test_a_masked_class_that_is_the_right_one_is_infinitely_wrong() -> None:
    loss, dx = loss_and_gradient(softmax_with_loss, [0.0, -np.inf], 1)
    assert loss == np.inf
    np.testing.assert_array_equal(dx, [1, -1])


@pytest.mark.parametrize("t", [1, [0.0, 1.0]])
def test_a_probability_of_0_costs_only_the_right_class(t: Any) -> None:
    assert loss_and_gradient(cross_entropy_error, [1.0, 0.0], t)[0] == np.inf
    loss, dy = loss_and_gradient(cross_entropy_error, [0.0, 1.0], t)
    assert loss == 0
    np.testing.assert_array_equal(dy, [0, -1])


BINARY = """
    x       t     loss    gradient
    1000    1     0       0
    1000    0     1000    1
    -1000   0     0       0
    -1000   1     1000    -1
    1000    0.25  750     0.75
    -1000   0.25  250     -0.25
    inf     1     0       0
    inf     0     inf     1
    -inf    0     0       0
    -inf    1     inf     -1
    nan     1     nan     nan
"""


@pytest.mark.parametrize("row", BINARY.strip().splitlines()[1:])
def test_binary_cross_entropy_far_out(row: str) -> None:
    x, t, loss, gradient = map(float, row.split())
    found, dx = loss_and_gradient(binary_cross_entropy_with_logits, [x], [t])
    np.testing.assert_array_equal(found, loss)
    np.testing.assert_array_equal(dx, [gradient])


def test_small_binary_losses_keep_their_digits() -> None:
    loss, _ = loss_and_gradient(binary_cross_entropy_with_logits, [40.0], [1.0])
    assert loss == pytest.approx(math.exp(-40), rel=1e-15, abs=0)


def test_python_numbers() -> None:
    assert squared_error(220.0, 219.0) == 0.5
    assert mean_squared_error(220.0, 219) == 1
    assert binary_cross_entropy_with_logits(1000.0, 1) == 0


# Labels ----------------------------------------------------------------------------------------------

SCORES = np.log([[0.5, 0.25, 0.25], [0.2, 0.2, 0.6]])


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int32, np.int64, np.uint64])
def test_class_numbers_are_integers_of_any_size(dtype: Any) -> None:
    t = np.array([0, 2], dtype)
    wanted = -(math.log(0.5) + math.log(0.6)) / 2
    assert softmax_with_loss(SCORES, t) == pytest.approx(wanted, rel=1e-15)
    assert cross_entropy_error(softmax(SCORES), t) == pytest.approx(wanted, rel=1e-14)


def test_there_may_be_more_classes_than_the_dtype_of_labels_has_numbers() -> None:
    assert softmax_with_loss(np.zeros((1, 300)), np.array([255], np.uint8)) == pytest.approx(math.log(300))


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32, np.float64])
def test_one_hot_rows_are_numbers_of_any_kind(dtype: Any) -> None:
    t = np.array([[1, 0, 0], [0, 0, 1]], dtype)
    _, dx = loss_and_gradient(softmax_with_loss, SCORES, t)
    _, wanted = loss_and_gradient(softmax_with_loss, SCORES, [0, 2])
    np.testing.assert_allclose(dx, wanted, rtol=1e-14)


def test_the_form_of_labels_is_told_by_axes_and_never_by_sizes() -> None:
    x = np.zeros((3, 1))  # one class: as many class numbers as scores
    numbers, rows = np.array([0, 0, 0]), np.array([[1.0], [1.0], [1.0]])
    assert are_class_numbers(x, numbers)
    assert not are_class_numbers(x, rows)
    for t in (numbers, rows):
        loss, dx = loss_and_gradient(softmax_with_loss, x, t)
        assert loss == 0
        np.testing.assert_array_equal(dx, np.zeros((3, 1)))


@pytest.mark.parametrize("name", ["softmax_with_loss", "cross_entropy_error"])
@pytest.mark.parametrize(
    ("t", "kind", "what", "fix"),
    [
        (
            np.array([0.0, 2.0]),
            LabelError,
            "class numbers must be integers, these are float64",
            "t.astype(int) if these are class numbers",
        ),
        (
            np.array([True, False]),
            LabelError,
            "class numbers must be integers, these are bool",
            "t.astype(int) if these are class numbers",
        ),
        (
            np.array([0, -1]),
            LabelError,
            "label -1 names no class: there are 3 classes, 0 to 2",
            None,
        ),
        (
            np.array([3, 0], np.uint8),
            LabelError,
            "label 3 names no class: there are 3 classes, 0 to 2",
            None,
        ),
        (
            np.array([0, 1, 2]),
            ShapeError,
            "labels of shape (3,) do not fit scores of shape (2, 3); expected class numbers of shape (2,), "
            "or a row of weights for each row, shape (2, 3)",
            None,
        ),
        (
            np.eye(3),
            ShapeError,
            "labels of shape (3, 3) do not fit scores of shape (2, 3); expected class numbers of shape (2,), "
            "or a row of weights for each row, shape (2, 3)",
            None,
        ),
        (
            np.array([[0], [1]]),
            ShapeError,
            "labels of shape (2, 1) do not fit scores of shape (2, 3); expected class numbers of shape (2,), "
            "or a row of weights for each row, shape (2, 3)",
            None,
        ),
    ],
)
def test_labels_that_do_not_fit_are_refused(name: str, t: Any, kind: Any, what: str, fix: str | None) -> None:
    with pytest.raises(kind, match=re.escape(what)) as caught:
        functions.__dict__[name](softmax(SCORES), t)
    assert caught.value.fix == fix


@pytest.mark.parametrize("t", [-1, 3])
def test_a_single_label_out_of_range_is_refused(t: int) -> None:
    with pytest.raises(LabelError, match=f"^label {t} names no class: there are 3 classes, 0 to 2"):
        softmax_with_loss(SCORES[0], t)


def test_a_single_number_has_no_classes() -> None:
    with pytest.raises(ShapeError, match=r"^labels of shape \(\) do not fit scores of shape \(\)"):
        softmax_with_loss(1.0, 0)


@pytest.mark.parametrize("y", [SCORES, softmax(SCORES) * 1.1, [[1.5, -0.5, 0], [0, 0, 1]], np.zeros((2, 3))])
def test_cross_entropy_error_refuses_scores(y: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        cross_entropy_error(np.asarray(y), np.array([0, 2]))
    assert caught.value.what == "cross_entropy_error needs probabilities: every row ≥ 0 with sum 1"
    assert caught.value.fix == "softmax_with_loss(x, t) takes scores as they are"


def test_cross_entropy_error_takes_probabilities_moved_to_measure_a_gradient() -> None:
    y = softmax(SCORES)
    y[0, 0] += 1e-4
    assert np.isfinite(cross_entropy_error(y, np.array([0, 2])))


@pytest.mark.parametrize("name", SAME_SHAPE)
def test_targets_are_never_broadcast(name: str) -> None:
    what = "predictions of shape (4, 1) and targets of shape (4,) must be of one shape"
    with pytest.raises(ShapeError, match=re.escape(what)) as caught:
        functions.__dict__[name](np.zeros((4, 1)), np.zeros(4))
    assert caught.value.fix == "reshape one of them; broadcasting would compare every row with every other"
