"""Sessions of layers: state, precision, memory, and that nobody's object changes."""

from __future__ import annotations

import copy
import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.errors import UnsupportedError
from chainrule.verify._claim import copies
from chainrule.verify.claims import claim_of
from tests.verify.claims._agree import assert_right
from tests.verify.claims._book import Affine, BatchNorm, Greedy, ListAffine, ListNet, Relu, numbers


def test_one_session_runs_several_times_and_keeps_its_state() -> None:
    class Accumulating(Affine):
        def backward(self, dout: Any) -> Any:
            before = 0 if self.dW is None else self.dW
            dx = super().backward(dout)
            self.dW = before + self.dW
            return dx

    claim = claim_of(Accumulating(numbers(3, 2), numbers(2)), numbers(4, 3))
    dout = numbers(4, 2, seed=2)
    session = claim.open()
    found = []
    for values in (claim.values, claim.values, [2 * value for value in claim.values]):
        session.forward(copies(values))
        found.append(session.backward(dout.copy())[1])
    once = claim.gradients(claim.values, dout)[1]
    np.testing.assert_allclose(found[0], once)
    np.testing.assert_allclose(found[1], 2 * once)
    np.testing.assert_allclose(found[2], 4 * once)  # x is twice as large, and dW follows x
    np.testing.assert_array_equal(claim.gradients(claim.values, dout)[1], once)  # nothing of it is left


def test_gradients_handed_out_do_not_change_later() -> None:
    claim = claim_of(ListAffine(numbers(3, 2), numbers(2)), numbers(4, 3))
    session = claim.open()
    session.forward(copies(claim.values))
    first = session.backward(np.ones((4, 2)))
    kept = copies(first)
    session.forward([3 * value for value in claim.values])
    session.backward(np.ones((4, 2)))
    for before, after in zip(kept, first, strict=True):
        np.testing.assert_array_equal(before, after)


def test_a_session_sees_what_it_is_given_overwritten() -> None:
    claim = claim_of(Relu, numbers(2, 3))
    session, dout = claim.open(), np.ones((2, 3))
    session.forward(copies(claim.values))
    session.backward(dout)
    np.testing.assert_array_equal(dout == 0, claim.values[0] <= 0)

    claim = claim_of(Greedy(numbers(3, 2), numbers(2)), numbers(4, 3))
    given = copies(claim.values)
    claim.open().forward(given)
    np.testing.assert_array_equal(given[0], 2 * claim.values[0])
    np.testing.assert_array_equal(given[1], claim.values[1] + 1)
    np.testing.assert_array_equal(given[2], claim.values[2])


@pytest.mark.parametrize("other", [np.float32, np.float64])
def test_values_of_another_precision_are_computed_in_it(other: Any) -> None:
    given = np.float64 if other is np.float32 else np.float32
    layer = Affine(numbers(3, 2).astype(given), numbers(2).astype(given))
    claim = claim_of(layer, numbers(4, 3).astype(given))
    assert {value.dtype for value in claim.values} == {np.dtype(given)}
    values = [value.astype(other) for value in claim.values]
    assert claim.value(values).dtype == other
    assert [g.dtype for g in claim.gradients(values, np.ones((4, 2), other))] == [other] * 3


# Nobody's object changes


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["affine", "norm", "list", "net"]))
def test_the_object_and_the_inputs_stay_as_they_are(seed: int, kind: str) -> None:
    W, b, x = numbers(3, 2, seed=seed), numbers(2, seed=seed), numbers(4, 3, seed=seed)
    makers: dict[str, Any] = {
        "affine": lambda: Affine(W, b),
        "norm": lambda: BatchNorm(numbers(3, seed=seed), numbers(3, seed=seed)),
        "list": lambda: ListAffine(W, b),
        "net": lambda: ListNet(W, b),
    }
    thing = makers[kind]()
    inputs = (x, np.array([0, 1, 1, 0])) if kind == "net" else (x,)
    before, x_before = copy.deepcopy(vars(thing)), x.copy()
    claim = claim_of(thing, *inputs)
    for scale in (1, 2):
        session = claim.open()
        out = session.forward([scale * value for value in claim.values])
        session.backward(np.ones_like(out) if np.ndim(out) else 1.0)
    assert_same(vars(thing), before)
    np.testing.assert_array_equal(x, x_before)
    assert all(not np.shares_memory(value, given) for value in claim.values for given in (x, W, b))


def assert_same(one: Any, other: Any) -> None:
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        one, other = list(one.values()), list(other.values())
    if isinstance(one, list):
        for a, b in zip(one, other, strict=True):
            assert_same(a, b)
    elif hasattr(one, "__dict__"):
        assert_same(vars(one), vars(other))
    else:
        np.testing.assert_array_equal(one, other)


class Locked(Affine):
    """Of which there is no deep copy."""

    def __init__(self) -> None:
        super().__init__(numbers(3, 2), numbers(2))
        self.lock = threading.Lock()


def test_what_cannot_be_copied_is_refused_unless_it_can_be_made_anew() -> None:
    x = numbers(4, 3)
    with pytest.raises(UnsupportedError, match="Locked cannot be copied .*, and a check must not change"):
        claim_of(Locked(), x)
    for factory in (Locked, lambda: Locked()):
        claim = claim_of(factory, x)
        assert claim.names == ("x", "W", "b")
        assert_right(claim)
