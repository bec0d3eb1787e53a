"""Update rules against PyTorch's, against hand-computed steps, and in the interface of the book."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from chainrule import optimizers
from chainrule.errors import ArgumentError, DTypeError, ShapeError
from chainrule.optimizers import BY_NAME, SGD, AdaGrad, Adam, AdamW, Momentum, Nesterov, Optimizer, RMSprop


def test_sgd_by_hand():
    params = {"w": np.array([1.0, -2.0])}
    SGD(lr=0.1).update(params, {"w": np.array([10.0, 5.0])})
    np.testing.assert_array_equal(params["w"], [0.0, -2.5])


def test_momentum_by_hand():
    params, momentum = {"w": np.array([1.0])}, Momentum(lr=0.1, momentum=0.5)
    momentum.update(params, {"w": np.array([1.0])})  # v = 1
    momentum.update(params, {"w": np.array([1.0])})  # v = 1.5
    np.testing.assert_allclose(params["w"], [1 - 0.1 - 0.15])


def test_l2_weight_decay_is_the_gradient_of_half_the_sum_of_squares():
    params = {"w": np.array([2.0])}
    SGD(lr=1.0, weight_decay=0.1).update(params, {"w": np.array([0.0])})
    np.testing.assert_allclose(params["w"], [2.0 - 0.1 * 2.0])


def test_update_changes_the_arrays_in_place():
    w = np.array([1.0])
    SGD(lr=1.0).update({"w": w}, {"w": np.array([1.0])})
    assert w[0] == 0.0


def _peers(torch):
    optim = torch.optim
    return {
        "sgd": (SGD(0.1), lambda p: optim.SGD(p, lr=0.1)),
        "sgd with L2": (SGD(0.1, weight_decay=0.01), lambda p: optim.SGD(p, lr=0.1, weight_decay=0.01)),
        "momentum": (Momentum(0.05), lambda p: optim.SGD(p, lr=0.05, momentum=0.9)),
        "nesterov": (
            Nesterov(0.05, weight_decay=0.01),
            lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
        ),
        "adagrad": (AdaGrad(0.1, weight_decay=0.01), lambda p: optim.Adagrad(p, lr=0.1, weight_decay=0.01)),
        "rmsprop": (RMSprop(0.01), lambda p: optim.RMSprop(p, lr=0.01)),
        "adam": (Adam(0.01), lambda p: optim.Adam(p, lr=0.01)),
        "adam with L2": (Adam(0.01, weight_decay=0.01), lambda p: optim.Adam(p, lr=0.01, weight_decay=0.01)),
        "adamw": (AdamW(0.01), lambda p: optim.AdamW(p, lr=0.01)),
    }


@pytest.mark.parametrize(
    "name",
    ["sgd", "sgd with L2", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adam with L2", "adamw"],
)
def test_100_steps_agree_with_pytorch(name, rng):
    torch = pytest.importorskip("torch")
    ours, make_peer = _peers(torch)[name]
    matrix, target, start = rng.normal(size=(8, 5)), rng.normal(size=8), rng.normal(size=5)

    peer_w = torch.tensor(start, requires_grad=True)
    peer = make_peer([peer_w])
    params = {"w": start.copy()}
    for _ in range(100):
        residual = matrix @ params["w"] - target
        ours.update(params, {"w": matrix.T @ residual / 8})
        peer.zero_grad()
        loss = ((torch.tensor(matrix) @ peer_w - torch.tensor(target)) ** 2).sum() / 16
        loss.backward()
        peer.step()
    np.testing.assert_allclose(params["w"], peer_w.detach().numpy(), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("kind", BY_NAME.values(), ids=BY_NAME)
def test_float32_stays_float32(kind):
    params = {"w": np.ones(3, dtype=np.float32)}
    optimizer = kind(0.1)
    optimizer.update(params, {"w": np.full(3, 0.5, dtype=np.float32)})
    assert params["w"].dtype == np.float32
    assert all(value.dtype == np.float32 for value in optimizer.state["w"].values())


@pytest.mark.parametrize("kind", BY_NAME.values(), ids=BY_NAME)
def test_config_makes_the_same_optimizer_again(kind):
    first = kind(0.123, weight_decay=0.25)
    assert kind(**first.config()).config() == first.config()
    assert "lr=0.123" in repr(first)


@pytest.mark.parametrize("kind", BY_NAME.values(), ids=BY_NAME)
def test_every_rule_descends(kind):
    params, optimizer = {"w": np.array([3.0, -2.0])}, kind(0.05)
    before = np.sum(params["w"] ** 2)
    for _ in range(50):
        optimizer.update(params, {"w": 2 * params["w"]})
    assert np.sum(params["w"] ** 2) < before


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: SGD(0), "lr must be a positive number; it is 0"),
        (lambda: SGD(float("nan")), "lr must be a positive number; it is nan"),
        (lambda: SGD(float("inf")), "lr must be a positive number; it is inf"),
        (lambda: SGD(0.1, weight_decay=-1), "weight_decay must be a number ≥ 0; it is -1"),
        (lambda: Momentum(momentum=1.0), "momentum must be in 0 ≤ momentum < 1; it is 1.0"),
        (lambda: Adam(beta1=1.5), "beta1 must be in 0 ≤ beta1 < 1; it is 1.5"),
        (lambda: RMSprop(eps=0), "eps must be a positive number; it is 0"),
    ],
)
def test_numbers_out_of_range_are_refused(make, text):
    with pytest.raises(ArgumentError) as problem:
        make()
    assert problem.value.what == text


def test_a_missing_gradient_changes_nothing():
    params = {"a": np.ones(2), "b": np.ones(2)}
    with pytest.raises(ArgumentError, match="there is no gradient for the parameter 'b'; grads has a"):
        SGD(0.1).update(params, {"a": np.ones(2)})
    np.testing.assert_array_equal(params["a"], 1)


def test_a_gradient_of_another_shape_is_refused():
    with pytest.raises(ShapeError, match=r"the gradient of w has shape \(3,\); w has \(2,\)"):
        SGD(0.1).update({"w": np.ones(2)}, {"w": np.ones(3)})


def test_every_optimizer_has_a_name():
    kinds = {v for v in vars(optimizers).values() if isinstance(v, type) and issubclass(v, Optimizer)}
    assert set(BY_NAME.values()) == kinds - {Optimizer}


@pytest.mark.parametrize(
    ("w", "gradient", "kind", "what"),
    [
        (
            np.ones(2, dtype=int),
            np.ones(2),
            DTypeError,
            "the parameter w is int64; an update needs an array of ",
        ),
        (
            [1.0, 2.0],
            np.ones(2),
            DTypeError,
            "the parameter w is no array but list; an update needs an array of ",
        ),
        (np.ones(2), np.ones(2) * 1j, DTypeError, "the gradient of w is complex128; real numbers are needed"),
        (np.ones(2), np.ones(3), ShapeError, "the gradient of w has shape (3,); w has (2,)"),
        (np.ones(3), np.ones(3), ShapeError, "the state v of w has shape (2,); w has (3,)"),
    ],
    ids=["integers", "list", "complex", "gradient", "state"],
)
def test_what_does_not_fit_changes_nothing(w, gradient, kind, what):
    optimizer = Momentum(0.1)
    optimizer.update({"w": np.ones(2)}, {"w": np.ones(2)})
    params = {"a": np.ones(2), "w": w}
    before, state = copy.deepcopy(params), copy.deepcopy(optimizer.state)
    with pytest.raises(kind) as problem:
        optimizer.update(params, {"a": np.ones(2), "w": gradient})
    assert problem.value.what.removesuffix("float32 or float64") == what
    assert optimizer.step == 1
    np.testing.assert_equal((params, optimizer.state), (before, state))


@pytest.mark.parametrize("kind", BY_NAME.values(), ids=BY_NAME)
def test_float64_gradients_and_rates_of_numpy_leave_float32_as_it_is(kind):
    optimizers = kind(0.1, weight_decay=0.01), kind(0.1, weight_decay=0.01)
    optimizers[1].lr = np.float64(0.1)
    gradient = np.array([0.1, -0.7, 3.0], dtype=np.float32)
    params = [{"w": np.ones(3, dtype=np.float32)} for _ in optimizers]
    for _ in range(3):
        optimizers[0].update(params[0], {"w": gradient})
        optimizers[1].update(params[1], {"w": gradient.astype(np.float64)})
    assert all(value.dtype == np.float32 for value in optimizers[1].state["w"].values())
    np.testing.assert_equal((params[1], optimizers[1].state), (params[0], optimizers[0].state))
