"""Modules, `autograd.Function`s and functions of PyTorch."""

from __future__ import annotations

import copy
import threading
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DTypeError, UnsupportedError
from chainrule.verify.claims import claim_of
from tests.verify.claims._agree import assert_right
from tests.verify.claims._book import Affine, numbers

torch: Any = pytest.importorskip("torch")


def linear(dtype: Any = None) -> Any:
    torch.manual_seed(7)
    return torch.nn.Linear(3, 2, dtype=dtype or torch.float64)


def test_a_module_claims_what_the_affine_layer_claims() -> None:
    module, x, dout = linear(), numbers(4, 3), numbers(4, 2, seed=1)
    claim = claim_of(module, x)
    assert (claim.title, claim.kind, claim.names) == ("Linear", "pytorch", ("input", "weight", "bias"))
    assert (claim.parameters, claim.takes_dout) == (2, True)
    assert claim.code == {"forward": torch.nn.Linear.forward}
    mine = Affine(module.weight.detach().numpy().T, module.bias.detach().numpy())
    np.testing.assert_allclose(claim.value(claim.values), mine.forward(x), rtol=1e-12)
    dx, dW, db = claim.gradients(claim.values, dout)
    np.testing.assert_allclose(dx, mine.backward(dout), rtol=1e-12)
    np.testing.assert_allclose(dW, mine.dW.T, rtol=1e-12)
    np.testing.assert_allclose(db, mine.db, rtol=1e-12)


@pytest.mark.parametrize(
    ("module", "inputs"),
    [
        (
            lambda: torch.nn.Sequential(linear(), torch.nn.ReLU(inplace=True), torch.nn.Linear(2, 1)),
            [numbers(4, 3)],
        ),
        (lambda: torch.nn.BatchNorm1d(3), [numbers(5, 3)]),
        (torch.nn.Sigmoid, [numbers(4)]),
        (torch.nn.CrossEntropyLoss, [numbers(4, 3), np.array([0, 1, 2, 0])]),
        (torch.nn.MSELoss, [numbers(4), numbers(4, seed=1)]),
        (lambda: torch.nn.functional.softplus, [torch.tensor([0.5, -1.0], dtype=torch.float64)]),
        (lambda: lambda x: torch.tanh(x) ** 2, [numbers(4)]),
        (lambda: lambda x, axis: torch.softmax(x, dim=axis), [torch.from_numpy(numbers(2, 3)), 1]),
    ],
    ids=["inplace", "batch norm", "sigmoid", "labels", "mse", "of a tensor", "of an array", "setting"],
)
def test_right_modules_agree_with_differences(module: Any, inputs: list[Any]) -> None:
    made = module()
    made = made.double() if isinstance(made, torch.nn.Module) else made
    claim = claim_of(made, *inputs)
    assert claim.kind == "pytorch"
    assert_right(claim)


def test_float32_and_its_look_in_float64() -> None:
    claim = claim_of(linear(torch.float32), numbers(4, 3))
    assert {value.dtype for value in claim.values} == {np.dtype(np.float32)}
    assert claim.value(claim.values).dtype == np.float32
    wide = [value.astype(np.float64) for value in claim.values]
    assert claim.value(wide).dtype == np.float64
    assert {gradient.dtype for gradient in claim.gradients(wide, np.ones((4, 2)))} == {np.dtype(np.float64)}
    assert_right(claim, rtol=1e-4, atol=1e-5)


class Cube(torch.autograd.Function):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, x: Any, power: Any) -> Any:
        ctx.save_for_backward(x)
        return x**power

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        (x,) = ctx.saved_tensors
        return 2 * dout * x**2, None  # it should be 3


@pytest.mark.parametrize("thing", [Cube, Cube.apply])
def test_a_function_with_a_gradient_by_hand(thing: Any) -> None:
    x = numbers(3)
    claim = claim_of(thing, x, 3)
    assert (claim.title, claim.names, dict(claim.skipped)) == (
        "Cube", ("x",), {"power": "integers"},
    )  # fmt: skip
    assert claim.code == {"forward": Cube.forward, "backward": Cube.backward}
    np.testing.assert_allclose(claim.value(claim.values), x**3)
    np.testing.assert_allclose(claim.gradients(claim.values, np.ones(3))[0], 2 * x**2)


def test_a_check_uses_one_thread_of_its_own_and_gives_the_others_back() -> None:
    seen: list[int] = []
    before = torch.get_num_threads()

    def f(x: Any) -> Any:
        seen.append(torch.get_num_threads())
        return torch.tanh(x)

    torch.set_num_threads(2)
    try:
        assert cr.check_gradients(f, torch.tensor([0.5, -1.0])).ok
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert seen[-1] == 1


def test_frozen_parameters_and_detached_inputs() -> None:
    module = linear()
    module.bias.requires_grad_(False)
    claim = claim_of(module, numbers(4, 3))
    assert (claim.names, dict(claim.skipped)) == (("input", "weight"), {"bias": "no gradient claimed"})

    class Detached(torch.nn.Module):  # type: ignore[misc]
        def forward(self, x: Any, y: Any) -> Any:
            return x * y.detach()

    claim = claim_of(Detached, numbers(2), numbers(2, seed=1))
    assert claim.names == ("x", "y")
    assert claim.gradients(claim.values, np.ones(2))[1] is None


def test_the_module_and_its_gradients_stay_as_they_are() -> None:
    module = torch.nn.BatchNorm1d(3).double()
    x = torch.from_numpy(numbers(5, 3)).requires_grad_()
    before, x_before = copy.deepcopy(module.state_dict()), x.detach().clone()
    claim = claim_of(module, x)
    session = claim.open()
    for scale in (1, 2):
        session.forward([scale * value for value in claim.values])
        session.backward(np.ones((5, 3)))
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())
    assert torch.equal(x_before, x)
    assert x.grad is None
    assert all(parameter.grad is None for parameter in module.parameters())


def test_modules_that_do_not_fit() -> None:
    class Two(torch.nn.Module):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return x, x

    with pytest.raises(UnsupportedError, match="Two returned tuple; expected one tensor"):
        claim_of(Two(), numbers(2))
    with pytest.raises(DTypeError, match=r"ReLU has no gradient to be checked: input \(integers\)"):
        claim_of(torch.nn.ReLU(), np.array([1, 2]))
    locked = linear()
    locked.lock = threading.Lock()
    with pytest.raises(UnsupportedError, match="Linear cannot be copied"):
        claim_of(locked, numbers(4, 3))


def test_chainrules_loss_and_pytorchs() -> None:
    scores, labels = numbers(4, 3), np.array([0, 1, 2, 0])
    one, two = (claim_of(f, scores, labels) for f in (cr.softmax_with_loss, torch.nn.CrossEntropyLoss()))
    assert one.value(one.values) == pytest.approx(float(two.value(two.values)))
    np.testing.assert_allclose(
        one.gradients(one.values, 2.0)[0], two.gradients(two.values, 2.0)[0], rtol=1e-12
    )
