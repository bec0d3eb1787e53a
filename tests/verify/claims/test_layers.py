"""Layers written by hand: which gradients are found, under which names, and what is refused."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, DTypeError, UnsupportedError
from chainrule.verify._claim import Claim
from chainrule.verify.claims import claim_of
from tests.verify.claims._agree import assert_right
from tests.verify.claims._book import (
    Affine,
    BatchNorm,
    ListAffine,
    ListNet,
    Mul,
    Relu,
    Sigmoid,
    SoftmaxWithLoss,
    numbers,
)


def affine() -> Affine:
    return Affine(numbers(3, 2), numbers(2))


def test_the_parts_of_an_affine_layer() -> None:
    layer, x = affine(), numbers(4, 3, seed=1)
    claim = claim_of(layer, x)
    assert (claim.title, claim.kind, claim.names) == ("Affine", "layer", ("x", "W", "b"))
    assert (claim.parameters, claim.takes_dout, dict(claim.skipped)) == (2, True, {})
    assert claim.code == {"forward": Affine.forward, "backward": Affine.backward}
    np.testing.assert_array_equal(claim.value(claim.values), x @ layer.W + layer.b)
    dout = numbers(4, 2, seed=2)
    dx, dW, db = claim.gradients(claim.values, dout)
    mine: Any = cr.layers.Affine(layer.W, layer.b)
    mine.forward(x)
    np.testing.assert_allclose(dx, mine.backward(dout), rtol=1e-12)
    np.testing.assert_allclose(dW, mine.dW, rtol=1e-12)
    np.testing.assert_allclose(db, mine.db, rtol=1e-12)


@pytest.mark.parametrize(
    ("layer", "inputs", "names"),
    [
        (Sigmoid(), [numbers(2, 3)], ("x",)),
        (Relu(), [numbers(2, 3)], ("x",)),
        (Relu, [numbers(2, 3)], ("x",)),
        (Mul, [3.0, 4], ("x", "y")),
        (SoftmaxWithLoss(), [numbers(2, 3), np.array([0, 2])], ("x",)),
        (affine, [numbers(2, 3)], ("x", "W", "b")),
        (functools.partial(Affine, numbers(3, 2), numbers(2)), [numbers(2, 3)], ("x", "W", "b")),
        (ListAffine(numbers(3, 2), numbers(2)), [numbers(2, 3)], ("x", "params[0]", "params[1]")),
        (BatchNorm(numbers(3), numbers(3)), [numbers(5, 3)], ("x", "gamma", "beta")),
        (cr.layers.Affine(numbers(3, 2), numbers(2)), [numbers(2, 3)], ("x", "W", "b")),
        (cr.layers.SoftmaxWithLoss(), [numbers(2, 3), np.array([0, 2])], ("x",)),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_right_layers_agree_with_differences(layer: Any, inputs: list[Any], names: tuple[str, ...]) -> None:
    claim = claim_of(layer, *inputs)
    assert claim.kind == "layer"
    assert claim.names == names
    assert_right(claim)


def test_what_has_no_gradient_is_named_with_the_reason() -> None:
    labels = np.array([0, 2])
    assert dict(claim_of(SoftmaxWithLoss(), numbers(2, 3), labels).skipped) == {"t": "integers"}
    norm = claim_of(BatchNorm(numbers(3), numbers(3)), numbers(5, 3), True)
    assert dict(norm.skipped) == {"train_flg": "integers", "running_mean": "no gradient claimed"}

    class Distance:
        def forward(self, x: Any, t: Any) -> Any:
            self.difference = x - t
            return np.sum(self.difference**2)

        def backward(self, dout: Any) -> Any:
            return 2 * dout * self.difference

    x, t = numbers(3), numbers(3, seed=1)
    assert dict(claim_of(Distance, x, t).skipped) == {"t": "no gradient claimed"}
    assert dict(claim_of(Distance, x, t, targets=["t"]).skipped) == {"t": "target"}
    for targets in ([1], 1, "t"):
        assert dict(claim_of(Distance, x, t, targets=targets).skipped) == {"t": "target"}
    assert_right(claim_of(Distance, x, t))


def test_a_loss_whose_backward_takes_nothing() -> None:
    class Squares:
        def forward(self, x: Any) -> Any:
            self.x = x
            return np.sum(x**2)

        def backward(self) -> Any:
            return 2 * self.x

    claim = claim_of(Squares, numbers(3))
    assert not claim.takes_dout
    assert_right(claim)


class Forgetful(Affine):
    """Without the gradient of the bias; `running` is kept for other days, `scale` is used, and a constant."""

    def __init__(self, W: Any, b: Any) -> None:
        super().__init__(W, b)
        self.running, self.scale = numbers(2), 1 + numbers(2) ** 2

    def forward(self, x: Any) -> Any:
        return super().forward(x) * self.scale

    def backward(self, dout: Any) -> Any:
        dx = super().backward(dout * self.scale)
        del self.db
        return dx


def test_a_gradient_that_was_forgotten_is_missed_where_the_result_depends_on_the_value() -> None:
    layer, x = Forgetful(numbers(3, 2), numbers(2)), numbers(4, 3)
    claim = claim_of(layer, x)
    assert claim.names == ("x", "W", "b", "scale")
    assert dict(claim.skipped) == {"running": "no gradient claimed"}
    assert [g is None for g in claim.gradients(claim.values, np.ones((4, 2)))] == [False, False, True, True]
    claim = claim_of(layer, x, targets=["scale", "b"])
    assert claim.names == ("x", "W")
    assert dict(claim.skipped) == {"running": "no gradient claimed", "b": "constant", "scale": "constant"}
    layer.x = x  # called like the input: then that is meant
    assert dict(claim_of(layer, x, targets="x").skipped)["x"] == "target"


def test_arrays_of_a_layer_that_sets_no_gradient_are_constants_unless_called_like_parameters() -> None:
    class Filter:
        def __init__(self) -> None:
            self.kernel = numbers(2)

        def forward(self, x: Any) -> Any:
            return x * self.kernel

        def backward(self, dout: Any) -> Any:
            return dout * self.kernel

    class Stub(Filter):
        def __init__(self) -> None:
            self.kernel, self.W1 = 1.0, numbers(2)

        def forward(self, x: Any) -> Any:
            return x * self.W1

    x = numbers(3, 2)
    assert dict(claim_of(Filter, x).skipped) == {"kernel": "no gradient claimed"}
    assert claim_of(Stub, x).names == ("x", "W1")


def test_parameters_named_by_the_caller() -> None:
    class Scale:
        def __init__(self) -> None:
            self.weight = numbers(3)

        def forward(self, x: Any) -> Any:
            self.kept = x
            return x * self.weight

        def backward(self, dout: Any) -> Any:
            self.delta = np.sum(dout * self.kept, axis=0)
            return dout * self.weight

    x = numbers(2, 3)
    assert claim_of(Scale, x).names == ("x", "weight")
    assert claim_of(Scale, x).gradients([x, numbers(3)], x)[1] is None
    claim = claim_of(Scale, x, parameters={"weight": "delta"})
    assert claim.names == ("x", "weight")
    assert_right(claim)
    with pytest.raises(ArgumentError, match="Scale has no array of floats called gain; those it has: weight"):
        claim_of(Scale, x, parameters={"gain": "delta"})


@pytest.mark.parametrize(("gradient", "name"), [("grad_W", "W"), ("W_grad", "W"), ("dW", "W")])
def test_other_names_of_gradients(gradient: str, name: str) -> None:
    class Weighted:
        def __init__(self) -> None:
            self.W = numbers(3)

        def forward(self, x: Any) -> Any:
            self.x = x
            return x * self.W

        def backward(self, dout: Any) -> Any:
            setattr(self, gradient, np.sum(dout * self.x, axis=0))
            self.dx = dout * self.W  # kept too, but x is no parameter
            return self.dx

    used = Weighted()
    used.forward(numbers(2, 3, seed=5))
    used.backward(numbers(2, 3, seed=6))
    claim = claim_of(used, numbers(2, 3))
    assert claim.names == ("x", name)
    assert_right(claim)


def test_what_a_used_layer_keeps_is_no_parameter_and_a_changed_one_is() -> None:
    class Impatient(Affine):
        """Which keeps what is between, with its gradient, and makes its update itself."""

        def forward(self, x: Any) -> Any:
            self.z = super().forward(x)
            return np.tanh(self.z)

        def backward(self, dout: Any) -> Any:
            self.dz = dout * (1 - np.tanh(self.z) ** 2)
            self.dx = super().backward(self.dz)
            self.W = self.W - 0.1 * self.dW
            return self.dx

    used = Impatient(numbers(3, 2), numbers(2))
    used.forward(numbers(4, 3))
    used.backward(numbers(4, 2))
    claim = claim_of(used, numbers(4, 3))
    assert claim.names == ("x", "W", "b")
    assert_right(claim)


def test_dictionaries_of_parameters_and_numbers_as_parameters() -> None:
    class Line:
        def __init__(self) -> None:
            self.params = {"slope": numbers(3)}
            self.grads: dict[str, Any] = {}
            self.offset, self.momentum = 2.0, 0.9

        def forward(self, x: Any) -> Any:
            self.x = x
            return x * self.params["slope"] + self.offset

        def backward(self, dout: Any) -> Any:
            self.grads = {"slope": np.sum(dout * self.x, axis=0)}
            self.doffset = float(np.sum(dout))
            return dout * self.params["slope"]

    claim = claim_of(Line, numbers(2, 3))
    assert claim.names == ("x", "slope", "offset")
    assert not claim.skipped
    assert_right(claim)


def test_the_parameters_of_layers_inside() -> None:
    class Tower:
        def __init__(self) -> None:
            self.layers: list[Any] = [affine(), Sigmoid()]
            self.named = {"last": Affine(numbers(2, 2), numbers(2))}

        def forward(self, x: Any) -> Any:
            for layer in (*self.layers, *self.named.values()):
                x = layer.forward(x)
            return x

        def backward(self, dout: Any) -> Any:
            for layer in (*self.named.values(), *reversed(self.layers)):
                dout = layer.backward(dout)
            return dout

    claim = claim_of(Tower, numbers(4, 3))
    assert claim.names == ("x", "layers[0].W", "layers[0].b", "named['last'].W", "named['last'].b")
    assert_right(claim)


def test_a_network_of_the_second_volume() -> None:
    net = ListNet(numbers(3, 4), numbers(4))
    claim = claim_of(net, numbers(5, 3), np.array([0, 1, 2, 3, 0]))
    assert claim.names == ("x", "params[0]", "params[1]")
    assert_right(claim)


def test_the_two_methods_as_a_pair_are_the_layer() -> None:
    layer = affine()
    assert claim_of((layer.forward, layer.backward), numbers(4, 3)).names == ("x", "W", "b")
    assert claim_of(layer.forward, numbers(4, 3), gradient=layer.backward).kind == "layer"


def test_a_parameter_called_like_an_input() -> None:
    class Gain:
        def __init__(self) -> None:
            self.x = np.array([2.0])

        def forward(self, x: Any) -> Any:
            self.kept = x
            return x * self.x

        def backward(self, dout: Any) -> Any:
            self.dx = np.atleast_1d(np.sum(dout * self.kept))
            return dout * self.x

    claim = claim_of(Gain, numbers(3))
    assert claim.names == ("x", "self.x")
    assert_right(claim)


# Bad input


def test_what_forward_and_backward_must_be() -> None:
    class Two:
        def forward(self, x: Any) -> Any:
            return x, x

        def backward(self, dout: Any) -> Any:
            return dout

    class Cached(Two):
        def backward(self, dout: Any, cache: Any) -> Any:  # type: ignore[override]
            return dout

    class Many(Sigmoid):
        def backward(self, dout: Any) -> Any:
            return dout, dout, dout

    class Nothing(Sigmoid):
        def backward(self, dout: Any) -> Any:
            self.dx = super().backward(dout)  # and no return

    x = numbers(2)
    with pytest.raises(UnsupportedError, match=r"Two\.forward returned a tuple of 2; expected one number or"):
        claim_of(Two, x)
    with pytest.raises(ArgumentError, match=r"Cached\.backward takes dout, cache; expected the upstream"):
        claim_of(Cached, x)
    with pytest.raises(ArgumentError, match=r"Many\.backward returned 3 gradients for 1 inputs: x"):
        claim_of(Many, x)
    assert claim_of(Nothing, x).gradients([x], x) == [None]  # which the check finds wrong
    with pytest.raises(DTypeError, match=r"Relu has no gradient to be checked: x \(integers\)"):
        claim_of(Relu, np.array([1, 2]))
    with pytest.raises(ArgumentError, match="Affine is a class that needs W, b to make an object"):
        claim_of(Affine, x)


def test_names_and_targets_that_do_not_fit() -> None:
    x = numbers(2)
    assert claim_of(Relu, x, names=["score"]).names == claim_of(Relu, x, names="score").names == ("score",)
    for names in (["a", "b"], []):
        with pytest.raises(ArgumentError, match="for 1 inputs"):
            claim_of(Relu, x, names=names)
    with pytest.raises(ArgumentError, match="the target 't' is no input; these are x"):
        claim_of(Relu, x, targets=["t"])


def test_an_error_of_the_users_code_comes_through() -> None:
    claim: Claim | None = None
    with pytest.raises(ValueError, match="not aligned"):
        claim = claim_of(affine(), numbers(4, 5))
    assert claim is None
