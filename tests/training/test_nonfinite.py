"""What training says of a step that gave NaN or inf: the same on every engine, and nothing bad is overlooked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import NonFiniteError
from chainrule.training._nonfinite import is_good

NAN = np.nan


@pytest.mark.parametrize("engine", ["eager", "fused"])
def test_training_says_layer_inputs_and_why(engine: str) -> None:
    if cr.engines.available()[engine]:
        pytest.skip("numba is not installed")
    x = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
    net = cr.Sequential(cr.Affine(4, 8), cr.ReLU(), cr.Affine(8, 3), seed=0)
    with pytest.raises(NonFiniteError) as caught:
        cr.Trainer(net, cr.SGD(1e30), engine=engine).fit(x, np.arange(64) % 3, epochs=3)
    error = caught.value
    assert (error.step, error.gate, error.layer, error.phase) == (2, "matmul", "Affine2", "forward")
    assert "ReLU1 has numbers up to 7.73e+28, W2 has numbers up to 7.44e+28, all finite." in error.why
    assert "too large for float32, which ends at 3.4e38; in float64 it would be" in error.why
    assert f"\n  layer Affine2\n  why   {error.why}\n  fix   a smaller learning rate" in str(error)


@pytest.mark.parametrize("engine", ["eager", "fused"])
def test_a_rule_is_named_by_its_gate_in_training_too(engine: str) -> None:
    """A recorded step has no sqrt in its backward pass, but a division by 2 · √x: not what a person looks for."""
    if cr.engines.available()[engine]:
        pytest.skip("numba is not installed")

    class Root(cr.Layer):
        def compute(self, x: Any) -> Any:
            return np.sqrt(np.maximum(x, 0.0))

    net = cr.Sequential(cr.Affine(2, 3), Root(), cr.Affine(3, 2), seed=0, dtype=np.float64)
    net.params["b1"][...] = 0.0
    with cr.no_grad(), pytest.raises(NonFiniteError) as caught:
        cr.Trainer(net, cr.SGD(0.1), engine=engine).fit(np.zeros((4, 2)), np.array([0, 1, 0, 1]))
    error = caught.value
    assert (error.gate, error.phase, error.layer, error.step) == ("sqrt", "backward", "Root1", 1)
    assert "The slope of the square root at 0 is infinite" in error.why


def test_a_loss_that_becomes_nan_by_its_targets_is_explained() -> None:
    net = cr.Sequential(cr.Affine(2, 1), loss=cr.MeanSquaredError(), dtype=np.float64)
    t = np.array([[1.0], [NAN]])
    with pytest.raises(NonFiniteError, match="t holds NaN or inf to begin with") as caught:
        cr.Trainer(net, cr.SGD(0.1)).fit(np.ones((2, 2)), t)
    assert caught.value.why == "not finite: 1 of the 2 numbers of this mini-batch"


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_one_bad_number_anywhere_is_seen(data: st.DataObject) -> None:
    """Whatever stands beside it in the dot product: zeros, huge numbers whose products overflow, or the other sign."""
    sizes = data.draw(st.lists(st.sampled_from([1, 3, 3, 50]), min_size=1, max_size=6))
    fill = st.sampled_from([0.0, 1.0, -1.0, 3e38, 1e-30])
    held = [np.full(size, data.draw(fill), np.float32) for size in sizes]
    assert is_good(1.0, held)
    array = held[data.draw(st.integers(0, len(held) - 1))]
    array[data.draw(st.integers(0, array.size - 1))] = data.draw(st.sampled_from([NAN, np.inf, -np.inf]))
    assert not is_good(1.0, held)


@pytest.mark.parametrize("losses", [NAN, np.inf, np.array([1.0, NAN]), np.array([-np.inf])])
def test_a_loss_that_is_not_finite_is_seen_although_the_parameters_are(losses: Any) -> None:
    assert not is_good(losses, [np.ones(3)])
