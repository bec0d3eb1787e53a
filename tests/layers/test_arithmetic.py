"""The lesson's apples, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays, mutually_broadcastable_shapes

from chainrule.layers import AddLayer, MulLayer

NUMBERS = st.floats(-1e3, 1e3)


def test_apples_and_tax() -> None:
    """220 won; a won more for an apple costs 2.2 more, an apple more 110, tax by one whole 200."""
    apples = MulLayer()
    tax = MulLayer()
    price = tax.forward(apples.forward(100, 2), 1.1)
    assert price == pytest.approx(220, rel=1e-15)
    d_apples, d_tax = tax.backward(1)
    d_apple, d_number = apples.backward(d_apples)
    assert (d_apples, d_tax) == (1.1, 200)
    assert (d_apple, d_number) == pytest.approx((2.2, 110), rel=1e-15)
    assert (apples.x, apples.y) == (100, 2)


def test_apples_and_oranges() -> None:
    """The book's larger shop, section 5.4.2: 2 apples of 100 and 3 oranges of 150, with 10 % tax."""
    apples = MulLayer()
    oranges = MulLayer()
    sum_ = AddLayer()
    tax = MulLayer()
    price = tax.forward(
        sum_.forward(apples.forward(100, 2), oranges.forward(150, 3)),
        1.1,
    )
    d_sum, d_tax = tax.backward(1)
    d_apples, d_oranges = sum_.backward(d_sum)
    assert price == pytest.approx(715, rel=1e-15)
    assert apples.backward(d_apples) == pytest.approx((2.2, 110), rel=1e-15)
    assert oranges.backward(d_oranges) == pytest.approx((3.3, 165), rel=1e-15)
    assert d_tax == 650


def test_before_the_first_forward() -> None:
    assert MulLayer().x is None
    assert MulLayer().y is None


@given(st.data(), mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3))
@settings(max_examples=50, deadline=None)
def test_gradients_have_the_shapes_of_their_inputs(data: st.DataObject, shapes: object) -> None:
    one, other = shapes.input_shapes  # type: ignore[attr-defined]
    x, y = (data.draw(arrays(np.float64, shape, elements=NUMBERS)) for shape in (one, other))
    for layer, dx_each, dy_each in ((AddLayer(), 1.0, 1.0), (MulLayer(), y, x)):
        out = layer.forward(x, y)
        dout = data.draw(arrays(np.float64, np.shape(out), elements=NUMBERS))
        dx, dy = layer.backward(dout)
        assert (np.shape(dx), np.shape(dy)) == (one, other)
        assert np.sum(dx) == pytest.approx(np.sum(dout * dx_each), rel=1e-9, abs=1e-6)
        assert np.sum(dy) == pytest.approx(np.sum(dout * dy_each), rel=1e-9, abs=1e-6)
