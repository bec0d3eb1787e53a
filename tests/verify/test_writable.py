"""Code that writes into arrays, on variables: what it means and its gradients, against NumPy and PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.graph import Variable, gradients_of
from chainrule.verify._writable import Writable, bare
from tests.verify.claims._book import BatchNorm, Relu, TwoLayerNet, numbers

torch = pytest.importorskip("torch")

RNG_SEED = 20261126


class HalfRelu(Relu):
    def backward(self, dout: Any) -> Any:
        return 0.5 * np.where(self.mask, 0, dout)


class NegatedNet(TwoLayerNet):
    def gradient(self, x: Any, t: Any) -> dict[str, Any]:
        found = super().gradient(x, t)
        return {**found, "W1": -found["W1"]}


class DoubledNorm(BatchNorm):
    def backward(self, dout: Any) -> Any:
        return 2 * super().backward(dout)


def test_the_relu_of_the_book() -> None:
    x = numbers(3, 4)
    right = cr.check_gradients(HalfRelu(), x).inputs[0].correct
    assert right is not None
    assert right.value == pytest.approx(2 * right.claimed, rel=1e-12)
    assert x[right.index] > 0
    assert right.gates == ("where",)
    assert right.rule == "where(condition, 0, x): dx = where(condition, 0, dout)"


def test_the_network_of_the_book() -> None:
    W1, b1, W2, b2 = numbers(3, 4), numbers(4), numbers(4, 3), numbers(3)
    x, t = numbers(5, 3), np.array([0, 1, 2, 0, 1])
    report = cr.check_gradients(NegatedNet(W1, b1, W2, b2), x, t)
    leaf = torch.tensor(W1, requires_grad=True)
    h = torch.relu(torch.tensor(x) @ leaf + torch.tensor(b1))
    torch.nn.functional.cross_entropy(h @ torch.tensor(W2) + torch.tensor(b2), torch.tensor(t)).backward()
    right = report.inputs[0].correct
    assert right is not None
    assert leaf.grad is not None
    assert right.value == pytest.approx(float(leaf.grad[right.index]), rel=1e-9)
    assert "where" in right.gates


def test_a_running_mean_is_no_obstacle() -> None:
    gamma, beta, x = numbers(3), numbers(3, seed=1), numbers(5, 3)
    layer = DoubledNorm(gamma, beta)
    report = cr.check_gradients(layer, x)
    right = report.inputs[0].correct
    assert right is not None
    assert right.value == pytest.approx(right.claimed / 2, rel=1e-6)
    assert not np.any(layer.running_mean)


Step = Callable[[Any, Any, Any], Any]
STEPS: dict[str, tuple[Any, Any]] = {}


def step(name: str) -> Callable[[Step], Step]:
    """One text for both: NumPy's ``copy`` and ``zeros_like`` are PyTorch's ``clone`` and ``zeros_like``."""

    def keep(f: Step) -> Step:
        STEPS[name] = (
            lambda x: f(x, lambda a: a.copy(), np.zeros_like),
            lambda x: f(x, lambda a: a.clone(), torch.zeros_like),
        )
        return f

    return keep


@step("mask")
def _mask(x: Any, copy: Any, zeros: Any) -> Any:
    y = copy(x)
    y[x <= 0] = 0
    return y


@step("leaky")
def _leaky(x: Any, copy: Any, zeros: Any) -> Any:
    y = copy(x)
    y[y < 0] *= 0.1
    return y


@step("shift")
def _shift(x: Any, copy: Any, zeros: Any) -> Any:
    y = zeros(x)
    y[1:] = x[:-1] * x[:-1]
    y[0] += x[0]
    return y


@step("column")
def _column(x: Any, copy: Any, zeros: Any) -> Any:
    y = copy(x)
    y[:, 0] = x[:, 1] * x[:, 2]
    y[:, 1:] -= x[:, :1]
    return y


@step("row for all")
def _row(x: Any, copy: Any, zeros: Any) -> Any:
    y = zeros(x)
    y[...] = x[0]
    y += x
    return y


@step("picked")
def _picked(x: Any, copy: Any, zeros: Any) -> Any:
    y = copy(x)
    y[[0, 2], [1, 0]] -= 1.5
    return y * x


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=4), st.integers(0, 2**32 - 1))
def test_values_are_those_of_numpy_and_gradients_those_of_pytorch(steps: list[str], seed: int) -> None:
    x, w = numbers(3, 3, seed=seed), numbers(3, 3, seed=seed + 1)
    leaf, tensor = Variable(x.copy()), torch.tensor(x, requires_grad=True)
    plain, written, theirs = x.copy(), Writable(leaf), tensor
    for name in steps:
        ours, other = STEPS[name]
        plain, written, theirs = ours(plain), ours(written), other(theirs)
    out = bare(np.sum(written * w))
    (theirs * torch.tensor(w)).sum().backward()
    np.testing.assert_allclose(bare(written).value, plain, rtol=1e-12)
    (gradient,) = gradients_of(out, [leaf])
    found = np.zeros((3, 3)) if gradient is None else gradient
    assert tensor.grad is not None
    np.testing.assert_allclose(found, tensor.grad.numpy(), rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(leaf.value, x)


def test_what_is_written_stays_in_all_places_that_hold_it() -> None:
    leaf = Variable(np.array([1.0, -2.0]))
    one = Writable(leaf)
    other, copied = one, one.copy()
    other += 1
    np.testing.assert_array_equal(bare(one).value, [2.0, -1.0])
    np.testing.assert_array_equal(bare(copied).value, [1.0, -2.0])
    np.testing.assert_array_equal(leaf.value, [1.0, -2.0])


def test_it_looks_like_an_array() -> None:
    x = Writable(Variable(numbers(3, 2)))
    assert (x.shape, x.ndim, len(x)) == ((3, 2), 2, 3)
    np.testing.assert_array_equal((x > 0).astype(float), (numbers(3, 2) > 0).astype(float))
    np.testing.assert_array_equal(bare(x.astype(float)).value, numbers(3, 2))
    np.testing.assert_allclose(bare(x.T @ x).value, numbers(3, 2).T @ numbers(3, 2))
    np.testing.assert_allclose(bare(np.stack([x, 2 * x])).value, np.stack([numbers(3, 2), 2 * numbers(3, 2)]))
    np.testing.assert_allclose([bare(row).value for row in x], numbers(3, 2))
    assert bool(x.sum() > 100) is False


@pytest.mark.parametrize(
    "lose", [np.asarray, np.array, lambda x: float(x[0, 0]), lambda x: np.zeros(2).__setitem__(0, x[0, 0])]
)
def test_nothing_makes_a_plain_array_of_it_unseen(lose: Any) -> None:
    with pytest.raises((TypeError, ValueError, AttributeError)):
        lose(Writable(Variable(numbers(3, 2))))


def test_an_update_that_does_not_fit_is_refused() -> None:
    small: Any = Writable(Variable(np.ones(2)))
    with pytest.raises(ValueError, match="another shape"):
        np.add(small, np.ones((3, 2)), out=small)
