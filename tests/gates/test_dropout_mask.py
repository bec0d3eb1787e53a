"""The mask of dropout: what it is made of, that it is fair, and that it depends on the place alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.gates import murmur3


def mask(key: int = 1, step: float = 1, shape: tuple[int, ...] = (300, 200), rate: float = 0.5) -> Any:
    return cr.dropout_mask(np.array([key], np.uint32), step, shape=shape, rate=rate, dtype=np.float64)


def test_murmur3_is_that_of_scikit_learn() -> None:
    reference = pytest.importorskip("sklearn.utils").murmurhash3_32
    words = np.random.default_rng(3).integers(2**32, size=(4, 100), dtype=np.uint32)
    wanted = [reference(row[1:].tobytes(), seed=int(row[0]), positive=True) for row in words.T.copy()]
    assert murmur3(*words).tolist() == wanted


@given(rows=st.integers(1, 40), columns=st.integers(1, 40), more=st.integers(1, 9))
@settings(max_examples=20)
def test_a_mask_depends_on_the_place_alone(rows: int, columns: int, more: int) -> None:
    whole = mask(shape=(rows + more, columns))
    np.testing.assert_array_equal(mask(shape=(rows, columns)), whole[:rows])
    np.testing.assert_array_equal(mask(shape=(rows + more, columns, 1)).reshape(whole.shape), whole)


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.75])
def test_the_share_that_is_dropped_and_the_mean(rate: float) -> None:
    found = mask(rate=rate, shape=(1000, 1000))
    assert set(np.unique(found)) <= {0.0, 1 / (1 - rate)}
    # Five standard deviations of a million fair decisions.
    np.testing.assert_allclose((found == 0).mean(), rate, atol=5 * (rate * (1 - rate)) ** 0.5 / 1000)


def test_masks_of_other_steps_keys_rows_and_columns_have_nothing_to_do_with_each_other() -> None:
    """Correlations of independent signs are normal with standard deviation 1/√n: 6 of them is one in 10⁹."""
    of_steps = [mask(step=step).ravel() for step in range(1, 20)]
    of_keys = [mask(key=key).ravel() for key in range(20)]
    one = mask()
    for signs in (of_steps, of_keys, list(one), list(one.T)):
        correlations = np.corrcoef(signs) - np.eye(len(signs))
        assert np.abs(correlations).max() * len(signs[0]) ** 0.5 < 6


def test_a_mask_of_a_number() -> None:
    assert mask(shape=()).shape == ()
    assert {float(mask(step=step, shape=())) for step in range(20)} == {0.0, 2.0}
