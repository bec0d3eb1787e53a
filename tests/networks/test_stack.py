"""A stack gives what a loop over its arrays gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.graph import functions as f
from chainrule.networks._stack import Stack
from tests.layers._close import assert_close

FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "operators": lambda x, y: 2 * x - y / 3 + x**2,
    "other side": lambda x, y: y - x,
    "comparison": lambda x, y: np.where(x < y, x, y),
    "where": lambda x, y: np.where(y > 0, x, 0.0),
    "maximum": lambda x, y: np.maximum(x, y),
    "sum": lambda x, y: np.sum(x * y),
    "sum of rows": lambda x, y: np.sum(x, axis=-1, keepdims=True) + y,
    "sum of columns": lambda x, y: np.sum(x, axis=0) * 2,
    "several axes": lambda x, y: np.mean(x, axis=(0, -1)),
    "smaller with larger": lambda x, y: np.sum(x, axis=0) + y,
    "largest": lambda x, y: np.max(x, axis=1),
    "smallest": lambda x, y: np.min(x),
    "like": lambda x, y: np.zeros_like(x) + np.ones_like(x),
    "reshape": lambda x, y: np.reshape(x, (x.shape[0] * x.shape[1],)) + 1,
    "matmul": lambda x, y: x @ np.asarray(y).T,
    "softmax": lambda x, y: f.softmax(x),
    "gate with a kept value": lambda x, y: f.softmax_with_loss(x, np.zeros(x.shape[0], int)),
    "gate of two": lambda x, y: f.mean_squared_error(x, y),
}


@pytest.mark.parametrize(
    "function",
    FUNCTIONS.values(),
    ids=FUNCTIONS,
)
@given(
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=20, deadline=None)
def test_it_is_a_loop(
    function: Callable[[Any, Any], Any], number: int, rows: int, columns: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    arrays = rng.normal(size=(number, rows, columns))
    other = rng.normal(size=(rows, columns))
    found = function(Stack(arrays), other)
    assert isinstance(found, Stack)
    each = np.stack([function(array, other) for array in arrays])
    assert found.arrays.shape == each.shape
    assert found.shape == each.shape[1:]
    assert_close(found.arrays, each)


def test_what_is_not_known_is_refused() -> None:
    stack: Any = Stack(np.ones((2, 3)))
    with pytest.raises(TypeError, match="sort"):
        np.sort(stack)
    with pytest.raises(TypeError, match="reduce"):
        np.add.reduce(stack)
