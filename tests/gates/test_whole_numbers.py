"""Whole numbers: gates compute with floats where uint8 would overflow, and labels cost no precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.engines import eager, trace
from chainrule.errors import ArgumentError
from chainrule.graph import Variable, functions, new_variable

WHOLE = [np.uint8, np.int8, np.int32, np.int64]
LOSSES = [
    "softmax_with_loss",
    "cross_entropy_error",
    "binary_cross_entropy_with_logits",
    "mean_squared_error",
]


@pytest.mark.parametrize("dtype", WHOLE)
def test_gates_of_whole_numbers_do_not_overflow(dtype: Any) -> None:
    one, many, row = np.array([1], dtype), np.array([50], dtype), np.array([[1, 5, 3]], dtype)
    assert cr.mean_squared_error(one, many) == 49**2
    np.testing.assert_array_equal(one - cr.add(many, 100), [-149])
    np.testing.assert_array_equal(cr.clip(row, 0.5, 2.5), [[1, 2.5, 2.5]])
    wanted = np.exp(row.astype(float)) / np.exp(row.astype(float)).sum()
    np.testing.assert_allclose(cr.softmax(row), wanted, rtol=1e-15)
    assert cr.softmax_with_loss(row, [1]) == pytest.approx(-np.log(wanted[0, 1]), rel=1e-14)


def test_what_only_moves_counts_or_compares_stays_whole() -> None:
    x = np.array([3, 5], np.uint8)
    assert cr.reshape(x, (2, 1)).dtype == np.uint8
    assert cr.where(np.array([True, False]), 1, 0).tolist() == [1, 0]
    assert np.asarray(cr.sum(x > 3)).dtype.kind in "iu"
    assert cr.astype(x, np.float32).dtype == np.float32


def test_a_recorded_step_converts_too() -> None:
    x = np.array([200, 250], np.uint8)
    step = eager.build(trace(lambda v: {"y": functions.multiply(v["x"], v["x"])}, {"x": x}))
    np.testing.assert_array_equal(step({"x": x})["y"], [40000, 62500])


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64])
def test_whole_targets_keep_the_precision_of_the_scores(name: str, dtype: Any) -> None:
    x, t = np.array([[0.25, 0.75], [0.5, 0.5]], np.float32), np.eye(2, dtype=dtype)
    loss = getattr(cr, name)
    assert loss(x, t).dtype == np.float32
    assert loss(x, t) == loss(x, t.astype(np.float32))


@pytest.mark.parametrize("name", ["softmax_with_loss", "cross_entropy_error"])
def test_a_label_may_be_a_python_number(name: str) -> None:
    y = Variable(np.array([0.2, 0.3, 0.5]))
    getattr(cr, name)(y, 1).backward()
    again = Variable(y.value)
    getattr(cr, name)(again, np.array(1)).backward()
    np.testing.assert_array_equal(y.grad, again.grad)
    assert y.grad[1] < 0


@pytest.mark.parametrize("name", ["softmax_with_loss", "cross_entropy_error"])
def test_class_numbers_have_no_gradient(name: str) -> None:
    y, t = Variable(np.array([[0.2, 0.3, 0.5]])), new_variable(np.array([1]))
    getattr(cr, name)(y, t).backward()
    assert t.grad is None
    assert y.grad is not None


def test_arrays_are_not_joined_without_an_axis() -> None:
    with pytest.raises(ArgumentError, match="axis=None is none") as caught:
        np.concatenate([Variable(np.ones(2)), np.ones((1, 2))], axis=None)
    assert caught.value.fix == "reshape each to (-1,) first, and leave axis out"
