"""Differences by one object: the same numbers as by new ones, and no state that passes for a slope."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import ArgumentError
from chainrule.verify import _checked
from chainrule.verify._claim import Claim, copies
from chainrule.verify._reused import Reused
from chainrule.verify.claims import claim_of
from tests.verify.claims._book import Affine, BatchNorm, Greedy, ListNet, TwoLayerNet, numbers

RNG_SEED = 20261126


class Counting(Affine):
    """Right gradients of what a new object does; a used one answers otherwise from some call on, or now and then."""

    calls = 0
    spoiled: Callable[[int], bool] = staticmethod(lambda calls: False)

    def forward(self, x: Any) -> Any:
        self.calls += 1
        return super().forward(x) + (0.001 * self.calls if self.spoiled(self.calls) else 0.0)


def counting(spoiled: Callable[[int], bool], rows: int = 4) -> tuple[Any, Any]:
    layer = Counting(numbers(3, 2), numbers(2))
    layer.spoiled = spoiled
    return layer, numbers(rows, 3)


def fresh_only(claim: Claim) -> Any:
    return None


def both_ways(monkeypatch: pytest.MonkeyPatch, *given: Any) -> tuple[Any, Any]:
    quick = cr.check_gradients(*given).to_dict()
    with monkeypatch.context() as patch:
        patch.setattr(_checked, "Reused", fresh_only)
        return quick, cr.check_gradients(*given).to_dict()


@pytest.mark.parametrize("kind", ["affine", "norm", "list", "net"])
def test_the_report_is_that_of_new_objects_to_the_last_bit(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    W, b, t = numbers(3, 2), numbers(2), np.array([0, 1, 1, 0])
    given: dict[str, tuple[Any, ...]] = {
        "affine": (Affine(W, b), numbers(4, 3)),
        "norm": (BatchNorm(numbers(3), numbers(3)), numbers(4, 3)),
        "list": (ListNet(W, b), numbers(4, 3), t),
        "net": (TwoLayerNet(numbers(3, 5), numbers(5), numbers(5, 2), b), numbers(4, 3), t),
    }
    quick, sure = both_ways(monkeypatch, *given[kind])
    assert quick["ok"]
    assert quick == sure


@pytest.mark.parametrize(
    "spoiled",
    [
        lambda calls: calls > 1,
        lambda calls: calls > 40,
        lambda calls: calls % 2 == 0,
        lambda calls: calls % 7 == 0,
        lambda calls: calls == 21,
    ],
    ids=["from the second", "late", "every other", "every seventh", "once"],
)
def test_what_only_used_objects_do_accuses_nobody_by_its_slopes(spoiled: Callable[[int], bool]) -> None:
    layer, x = counting(spoiled)
    claim = claim_of(layer, x)
    out = np.asarray(claim.value(claim.values))
    dout = np.ones(out.shape)
    claimed = claim.gradients(claim.values, dout)
    checks = _checked._compared(claim, claimed, out, dout, np.random.default_rng(RNG_SEED), None)
    assert [check.verdict for check in checks] == ["ok", "ok", "ok"]


def test_one_that_works_something_out_once_is_not_believed() -> None:
    class Stale(Affine):
        """It keeps W as it was in the first call, and claims the gradient that would be right for that."""

        kept: Any = None

        def forward(self, x: Any) -> Any:
            self.kept = self.W.copy() if self.kept is None else self.kept
            self.x = x
            return np.dot(x, self.kept) + self.b

        def backward(self, dout: Any) -> Any:
            dx = super().backward(dout)
            self.dW = np.zeros_like(self.W)
            return dx

    report = cr.check_gradients(Stale(numbers(3, 2), numbers(2)), numbers(4, 3))
    assert [(i.name, i.verdict) for i in report.inputs] == [("x", "ok"), ("W", "wrong"), ("b", "ok")]


def test_a_generator_of_its_own_is_no_reason_to_refuse() -> None:
    class Dropout:
        def __init__(self) -> None:
            self.rng = np.random.default_rng(RNG_SEED)

        def forward(self, x: Any) -> Any:
            self.mask = self.rng.random(x.shape) > 0.5
            return x * self.mask

        def backward(self, dout: Any) -> Any:
            return dout * self.mask

    claim = claim_of(Dropout(), numbers(4, 3))
    reused = Reused(claim)
    for scale in (1, 2, 3):
        values = [scale * value for value in claim.values]
        np.testing.assert_array_equal(reused(values), claim.value(values))
    assert not reused.holds()
    count = itertools.count()
    with pytest.raises(ArgumentError, match="two answers to one question"):
        cr.check_gradients((lambda x: x * next(count), lambda x: x), 1.0)


def test_one_that_refuses_a_second_call_is_made_anew() -> None:
    class Once(Affine):
        def forward(self, x: Any) -> Any:
            if self.x is not None:
                raise RuntimeError("forward was called before backward")
            return super().forward(x)

    claim = claim_of(Once(numbers(3, 2), numbers(2)), numbers(4, 3))
    reused = Reused(claim)
    for _ in range(3):
        np.testing.assert_array_equal(reused(claim.values), claim.value(claim.values))
    assert not reused.holds()


def test_results_do_not_change_when_the_object_runs_again() -> None:
    claim = claim_of((lambda x: x, lambda x, dout: dout), numbers(3))
    reused = Reused(claim)
    first = reused(claim.values)
    kept = first.copy()
    reused([2 * value for value in claim.values])
    np.testing.assert_array_equal(first, kept)


def test_what_the_object_writes_into_does_not_reach_the_next_call() -> None:
    claim = claim_of(Greedy(numbers(3, 2), numbers(2)), numbers(4, 3))
    reused, given = Reused(claim), copies(claim.values)
    for _ in range(9):
        np.testing.assert_array_equal(reused(given), claim.value(claim.values))
    assert reused.holds()
    for value, before in zip(given, claim.values, strict=True):
        np.testing.assert_array_equal(value, before)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_no_state_makes_right_code_wrong(start: int, every: int, seed: int) -> None:
    layer, _ = counting(lambda calls: calls >= start and calls % every == 0)
    claim = claim_of(layer, numbers(2, 3, seed=seed))
    if start == every == 1:
        return  # then new objects do so too, and it is no state
    out = np.asarray(claim.value(claim.values))
    dout = np.ones(out.shape)
    claimed = claim.gradients(claim.values, dout)
    checks = _checked._compared(claim, claimed, out, dout, np.random.default_rng(seed), None)
    assert [check.verdict for check in checks] == ["ok", "ok", "ok"]
