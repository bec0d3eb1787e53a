"""Pairs of a function and the function of its gradients."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from chainrule.errors import ArgumentError, DTypeError, UnsupportedError
from chainrule.verify.claims import claim_of
from tests.verify.claims._agree import assert_right
from tests.verify.claims._book import numbers

optimize = pytest.importorskip("scipy.optimize")


def cubes(x: Any) -> Any:
    return np.sum(x**3)


def square(x: Any) -> Any:
    return x**2


def product(x: Any, y: Any) -> Any:
    return np.sum(x * y)


def affine_forward(x: Any, w: Any) -> Any:
    """As in CS231n."""
    return x @ w, (x, w)


def affine_backward(dout: Any, cache: Any) -> Any:
    x, w = cache
    return dout @ w.T, x.T @ dout


ONE, TWO = [numbers(3)], [numbers(3), numbers(3, seed=1)]


@pytest.mark.parametrize(
    ("f", "df", "inputs"),
    [
        (cubes, lambda x: 3 * x**2, ONE),
        (cubes, lambda x, eps=1e-9: 3 * x**2, ONE),
        (optimize.rosen, optimize.rosen_der, ONE),
        (np.tanh, lambda x: 1 - np.tanh(x) ** 2, ONE),
        (cubes, lambda x: [float(3 * e**2) for e in x], ONE),
        (product, lambda x, y: (y, x), TWO),
        (product, lambda x, y: {"dx": y, "y": x}, TWO),
        (product, lambda x, y: np.array([y, x]), [2.0, 3.0]),
    ],
)
def test_right_pairs_agree_with_differences(f: Any, df: Any, inputs: list[Any]) -> None:
    for claim in (claim_of((f, df), *inputs), claim_of(f, *inputs, gradient=df)):
        assert (claim.kind, claim.takes_dout, len(claim.names)) == ("pair", False, len(inputs))
        assert_right(claim)


@pytest.mark.parametrize(
    ("f", "df", "inputs"),
    [
        (square, lambda x, dout: 2 * x * dout, ONE),
        (square, lambda x, g: 2 * x * g, ONE),
        (square, lambda x, dout=1.0: 2 * x * dout, ONE),
        (square, lambda dout, x: 2 * x * dout, ONE),
        (affine_forward, affine_backward, [numbers(4, 3), numbers(3, 2)]),
    ],
)
def test_right_pairs_with_an_upstream_gradient(f: Any, df: Any, inputs: list[Any]) -> None:
    claim = claim_of((f, df), *inputs)
    assert (claim.takes_dout, len(claim.names)) == (True, len(inputs))
    assert_right(claim)


def test_a_wrong_pair_claims_what_is_wrong() -> None:
    claim = claim_of((lambda x: np.sum(x**2), lambda x: x), numbers(3))
    np.testing.assert_array_equal(claim.gradients(claim.values, 1.0)[0], numbers(3))
    with pytest.raises(AssertionError):
        assert_right(claim)


def test_the_names_and_code_of_a_pair() -> None:
    def f(weights: Any, rows: Any, labels: Any) -> Any:
        return np.sum((rows @ weights - labels) ** 2)

    def df(weights: Any, rows: Any, labels: Any) -> Any:
        return 2 * rows.T @ (rows @ weights - labels)

    claim = claim_of((f, df), numbers(3), numbers(4, 3), np.array([0, 1, 1, 0]))
    assert (claim.title, claim.names) == ("f", ("weights",))
    assert dict(claim.skipped) == {"rows": "no gradient claimed", "labels": "integers"}
    assert claim.code == {"forward": f, "gradient": df}
    assert_right(claim)
    assert claim_of((f, df), numbers(3), numbers(4, 3), np.zeros(4), names=["w", "x", "t"]).names == ("w",)


def test_gradients_behind_labels() -> None:
    """One gradient for each input that has one, wherever the labels stand; or None in their place."""
    t = np.array([0, 1, 1])
    for df in (lambda t, x, w: (w * t, x * t), lambda t, x, w: (None, w * t, x * t)):
        claim = claim_of((lambda t, x, w: np.sum(t * x * w), df), t, numbers(3), numbers(3, seed=1))
        assert claim.names == ("x", "w")
        assert_right(claim)


def test_methods_of_one_object_share_it_and_yours_stays() -> None:
    class Square:
        def value(self, x: Any) -> Any:
            self.x = x
            return x**2

        def slope(self, dout: Any) -> Any:
            return 2 * self.x * dout

    square = Square()
    claim = claim_of((square.value, square.slope), numbers(3))
    assert claim.takes_dout
    assert_right(claim)
    assert vars(square) == {}

    class Locked(Square):
        def __init__(self) -> None:
            self.lock = threading.Lock()

    locked = Locked()
    with pytest.raises(UnsupportedError, match="cannot be copied"):
        claim_of((locked.value, locked.slope), numbers(3))


def test_pairs_that_do_not_fit() -> None:
    x = numbers(3)
    with pytest.raises(ArgumentError, match="takes a, b, c, d; expected the 1 input, or these and dout"):
        claim_of((np.sum, lambda a, b, c, d: a), x)
    with pytest.raises(ArgumentError, match="returned 2 gradients for 1 inputs"):
        claim_of((np.sum, lambda x: (x, x)), x)
    with pytest.raises(ArgumentError, match="returned gradients of W; its inputs are x"):
        claim_of((lambda x: np.sum(x), lambda x: {"W": x}), x)
    with pytest.raises(UnsupportedError, match="returned a tuple of 3; expected one number or array"):
        claim_of((lambda x: (x, x, x), lambda x: x), x)
    with pytest.raises(UnsupportedError, match="returned an array of complex128"):
        claim_of((lambda x: x + 1j, lambda x: x), x)
    with pytest.raises(ArgumentError, match="gradient= belongs to a function"):
        claim_of(np.sum, x, gradient=3)  # type: ignore[arg-type]
    with pytest.raises(DTypeError, match=r"there are no inputs"):
        claim_of((lambda: 3.0, lambda: ()))
