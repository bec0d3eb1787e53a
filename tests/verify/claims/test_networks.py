"""Networks with `loss`, `gradient` and `params`: the lesson's, and chainrule's own."""

from __future__ import annotations

import copy
import threading
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, UnsupportedError
from chainrule.verify.claims import claim_of
from tests.verify.claims._agree import assert_right
from tests.verify.claims._book import TwoLayerNet, numbers

X, T = numbers(5, 3), np.array([0, 1, 0, 1, 1])


def arrays(dtype: Any = np.float64) -> list[Any]:
    return [numbers(*shape).astype(dtype) for shape in ((3, 4), (4,), (4, 2), (2,))]


def test_a_network_of_the_lesson() -> None:
    net = TwoLayerNet(*arrays())
    claim = claim_of(net, X, T)
    assert (claim.title, claim.kind) == ("TwoLayerNet", "network")
    assert claim.names == ("W1", "b1", "W2", "b2")
    assert (claim.parameters, claim.takes_dout) == (4, False)
    assert dict(claim.skipped) == {"x": "no gradient claimed", "t": "integers"}
    assert claim.code == {"forward": TwoLayerNet.loss, "gradient": TwoLayerNet.gradient}
    assert claim.value(claim.values) == net.loss(X, T)
    assert_right(claim)


def test_chainrules_own_network_claims_the_same() -> None:
    mine = cr.TwoLayerNet(3, 4, 2, seed=0, dtype=np.float64)
    for key, value in zip(("W1", "b1", "W2", "b2"), arrays(), strict=True):
        mine.params[key] = value
    claim, other = claim_of(mine, X, T), claim_of(TwoLayerNet(*arrays()), X, T)
    assert (claim.kind, claim.names) == ("network", other.names)
    assert claim.value(claim.values) == pytest.approx(other.value(other.values))
    pairs = zip(claim.gradients(claim.values, 1.0), other.gradients(other.values, 1.0), strict=True)
    for one, two in pairs:
        np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-12)
    moved = [value + 1 for value in claim.values]
    assert claim.value(moved) == pytest.approx(other.value(moved))
    assert_right(claim)


@pytest.mark.parametrize("kind", [TwoLayerNet, lambda *own: cr.Sequential(*chain(own))])
def test_float64_values_are_computed_in_float64(kind: Any) -> None:
    claim = claim_of(kind(*arrays(np.float32)), X.astype(np.float32), T)
    assert {value.dtype for value in claim.values} == {np.dtype(np.float32)}
    values = [value.astype(np.float64) for value in claim.values]
    assert {gradient.dtype for gradient in claim.gradients(values, 1.0)} == {np.dtype(np.float64)}
    moved = [value.copy() for value in values]
    moved[0][0, 0] += 1e-10
    assert claim.value(moved) != claim.value(values)


def chain(own: tuple[Any, ...]) -> list[Any]:
    W1, b1, W2, b2 = own
    return [cr.layers.Affine(W1, b1), cr.layers.ReLU(), cr.layers.Affine(W2, b2)]


def test_the_network_stays_as_it_is_and_a_session_keeps_its_state() -> None:
    net = TwoLayerNet(*arrays())
    net.gradient(X, T)
    before = copy.deepcopy(net)
    claim = claim_of(net, X, T)
    session = claim.open()
    for scale in (1.0, 2.0, 1.0):
        values = [scale * value for value in claim.values]
        loss = session.forward(values)
        assert loss == claim.value(values)
        for one, two in zip(session.backward(1.0), claim.gradients(values, 1.0), strict=True):
            np.testing.assert_array_equal(one, two)
    for key, value in before.params.items():
        np.testing.assert_array_equal(net.params[key], value)
        assert net.params["W1"] is net.layers["Affine1"].W
    np.testing.assert_array_equal(net.layers["Affine1"].dW, before.layers["Affine1"].dW)
    np.testing.assert_array_equal(net.layers["Affine1"].x, before.layers["Affine1"].x)


def test_a_parameter_without_gradient_is_missed_where_the_loss_depends_on_it() -> None:
    class Partly(TwoLayerNet):
        def gradient(self, x: Any, t: Any) -> dict[str, Any]:
            found = super().gradient(x, t)
            del found["b2"]
            return found

    network = Partly(*arrays())
    network.params["unused"] = np.ones(2)
    claim = claim_of(network, X, T)
    assert claim.names == ("W1", "b1", "W2", "b2")
    assert claim.skipped["unused"] == "no gradient claimed"
    assert claim.gradients(claim.values, 1.0)[3] is None
    assert claim_of(network, X, T, targets="b2").skipped["b2"] == "constant"


def test_networks_that_do_not_fit() -> None:
    class Other(TwoLayerNet):
        found: Any = {"w": 1.0}

        def gradient(self, x: Any, t: Any) -> Any:
            return self.found

    expected = "expected a dictionary with W1, b1, W2, b2, as in params"
    with pytest.raises(ArgumentError, match=rf"Other\.gradient returned w; {expected}"):
        claim_of(Other(*arrays()), X, T)
    Other.found = numbers(3)
    with pytest.raises(ArgumentError, match=rf"Other\.gradient returned ndarray; {expected}"):
        claim_of(Other(*arrays()), X, T)
    with pytest.raises(ArgumentError, match="the parameters of TwoLayerNet are those in its params"):
        claim_of(TwoLayerNet(*arrays()), X, T, parameters={"W1": "dW1"})
    locked = TwoLayerNet(*arrays())
    locked.lock = threading.Lock()  # type: ignore[attr-defined]
    with pytest.raises(UnsupportedError, match="TwoLayerNet cannot be copied"):
        claim_of(locked, X, T)
    assert claim_of(lambda: TwoLayerNet(*arrays()), X, T).kind == "network"


def test_a_network_that_has_run_is_checked_too() -> None:
    """Its layers remember the run, with the gates in it."""
    net = cr.TwoLayerNet(4, 3, 2, seed=0)
    x, t = np.random.default_rng(0).normal(size=(5, 4)), np.array([0, 1, 0, 1, 1])
    net.predict(x)
    remembered = net.layers["Affine1"].out
    assert cr.check_gradients(net, x, t).ok
    np.testing.assert_array_equal(net.layers["Affine1"].out, remembered)
