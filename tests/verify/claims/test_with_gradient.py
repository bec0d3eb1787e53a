"""Functions that return their value and their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.verify.claims import claim_of
from tests.verify.claims._agree import assert_right
from tests.verify.claims._book import numbers

optimize = pytest.importorskip("scipy.optimize")


def rosen_and_gradient(x: Any) -> Any:
    return optimize.rosen(x), optimize.rosen_der(x)


def test_a_function_as_scipy_takes_it_with_jac() -> None:
    x = numbers(4)
    claim = claim_of(rosen_and_gradient, x)
    assert (claim.title, claim.kind, claim.names) == ("rosen_and_gradient", "value and gradient", ("x",))
    assert not claim.takes_dout
    assert claim.value(claim.values) == optimize.rosen(x)
    np.testing.assert_array_equal(claim.gradients(claim.values, 1.0)[0], optimize.rosen_der(x))
    assert optimize.minimize(rosen_and_gradient, x, jac=True).success  # it is of SciPy's form
    assert_right(claim)


@pytest.mark.parametrize(
    ("f", "inputs"),
    [
        (
            lambda W, b: (float(np.sum(W**2) + np.sum(b)), (2 * W, np.ones_like(b))),
            [numbers(2, 3), numbers(3)],
        ),
        (
            lambda W, b: (np.sum(W**2) + np.sum(b), {"W": 2 * W, "db": np.ones_like(b)}),
            [numbers(2, 3), numbers(3)],
        ),
        (lambda x: (np.sum(np.multiply(x, x)), [2 * float(e) for e in x]), [numbers(2)]),
        (lambda x, y: (x * y, (y, x)), [2.0, 3.0]),
        (lambda x, y: (x * y, np.array([y, x])), [2.0, 3.0]),
        (lambda x: (x.reshape(1, -1) @ x.reshape(-1, 1), 2 * x), [numbers(3)]),
    ],
)
def test_forms_of_value_and_gradient(f: Any, inputs: list[Any]) -> None:
    claim = claim_of(f, *inputs)
    assert (claim.kind, len(claim.names)) == ("value and gradient", len(inputs))
    assert_right(claim)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_all_forms_of_one_function_claim_the_same(rows: int, columns: int, seed: int) -> None:
    x, w = numbers(rows, columns, seed=seed), numbers(columns, seed=seed + 1)

    def value(x: Any, w: Any) -> Any:
        return np.sum(np.tanh(x @ w))

    def slopes(x: Any, w: Any) -> Any:
        inner = 1 - np.tanh(x @ w) ** 2
        return np.outer(inner, w), x.T @ inner

    claims = [
        claim_of(value, x, w),
        claim_of((value, slopes), x, w),
        claim_of(lambda x, w: (value(x, w), slopes(x, w)), x, w),
        claim_of(lambda x, w: (value(x, w), dict(zip("xw", slopes(x, w), strict=True))), x, w),
    ]
    assert [claim.kind for claim in claims] == ["function", "pair", *["value and gradient"] * 2]
    for claim in claims:
        assert claim.names == ("x", "w")
        for found, expected in zip(claim.gradients(claim.values, 1.0), slopes(x, w), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
