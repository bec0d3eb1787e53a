"""scikit-learn's own checks of an estimator: all of them, no failure expected."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.estimator_checks import parametrize_with_checks

from chainrule.sklearn import MLPClassifier, MLPRegressor


@pytest.fixture(autouse=True)
def _global_random_numbers_are_put_back(sealed: None) -> Iterator[None]:
    """The checks fit estimators whose random_state is None, which stands for NumPy's global one."""
    state = np.random.get_state()  # noqa: NPY002
    yield
    np.random.set_state(state)  # noqa: NPY002


@parametrize_with_checks([MLPClassifier(max_iter=50), MLPRegressor(max_iter=50)])  # type: ignore[untyped-decorator]
def test_scikit_learns_checks(estimator: Any, check: Callable[[Any], None]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        check(estimator)
