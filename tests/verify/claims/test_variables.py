"""Functions of variables, whose gradients backprop finds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.verify.claims import claim_of
from tests.verify.claims._agree import assert_right
from tests.verify.claims._book import numbers


def apples(x: Any, m: Any, t: Any) -> Any:
    return 0.5 * (x * m * t - 219) ** 2


def test_a_function_of_variables() -> None:
    claim = claim_of(apples, 100.0, 2, 1.1)
    assert (claim.title, claim.kind, claim.names) == ("apples", "function", ("x", "m", "t"))
    assert (claim.parameters, claim.takes_dout, claim.code) == (0, True, {"forward": apples})
    np.testing.assert_allclose(claim.gradients(claim.values, 1.0), [2.2, 110.0, 200.0])
    np.testing.assert_allclose(claim.gradients(claim.values, 2.0), [4.4, 220.0, 400.0])
    assert claim.value(claim.values) == pytest.approx(0.5)
    assert_right(claim)


def test_functions_of_numpy_and_of_chainrule() -> None:
    assert claim_of(np.tanh, numbers(3)).kind == "function"
    assert_right(claim_of(np.tanh, numbers(3)))
    claim = claim_of(cr.softmax_with_loss, numbers(2, 3), np.array([0, 2]))
    assert (claim.kind, dict(claim.skipped)) == (
        "function",
        {"t": "integers"},
    )
    assert_right(claim)
    assert claim_of(lambda *parts: np.concatenate(parts), [1.0], [2, 3]).names == ("parts[0]", "parts[1]")


def test_a_detached_path_keeps_its_name_and_claims_nothing() -> None:
    def detached(x: Any, y: Any) -> Any:
        return x * getattr(y, "value", y)

    claim = claim_of(detached, 2.0, 3.0)
    assert claim.names == ("x", "y")
    assert claim.gradients(claim.values, 1.0) == [3.0, None]
    constant = claim_of(lambda x: np.zeros(2), 2.0)
    assert (constant.kind, constant.gradients(constant.values, np.ones(2))) == ("function", [None])


def test_float32_stays_float32() -> None:
    claim = claim_of(np.exp, np.array([1, 2], np.float32))
    assert claim.values[0].dtype == np.float32
    assert claim.value(claim.values).dtype == np.float32
    assert claim.gradients(claim.values, np.ones(2))[0].dtype == np.float32
    assert claim.value([np.array([1.0, 2.0])]).dtype == np.float64
