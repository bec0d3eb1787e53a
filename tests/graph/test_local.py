"""One gate application looked at alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import GraphError
from chainrule.graph import Variable, gradients_of, handed_back, local_derivatives
from chainrule.verify._examples import examples

SEED = 7


def upstream(out: Variable) -> Any:
    dout = np.random.default_rng(SEED).normal(size=out.shape)
    return dout.astype(out.dtype) if out.shape else float(dout)


def tolerance(out: Variable) -> float:
    return 1e-9 if out.dtype == np.float64 else 1e-6


CASES = [
    pytest.param(gate, example, id=f"{name}-{number}")
    for name, gate in cr.gates.ALL.items()
    if gate.rules
    for number, example in enumerate(examples(SEED).get(name, ()))
]


def applied(gate: cr.gates.Gate, example: Any) -> tuple[Variable, list[Any]]:
    inputs, chosen = example.astype(np.dtype(np.float64))
    variables = [Variable(i) if np.asarray(i).dtype.kind == "f" else i for i in inputs]
    return cr.apply(gate, *variables, **chosen), variables


@pytest.mark.parametrize(("gate", "example"), CASES)
def test_what_is_handed_back_is_the_gradient_of_each_input(gate: cr.gates.Gate, example: Any) -> None:
    out, inputs = applied(gate, example)
    dout = upstream(out)
    parts = handed_back(out, dout)
    for given, part in zip(inputs, parts, strict=True):
        if isinstance(given, Variable):
            (gradient,) = gradients_of(out, [given], seed=dout)
            if gradient is None:
                assert part is None
            else:
                np.testing.assert_array_equal(part, gradient)
        else:
            assert part is None


@pytest.mark.parametrize(("gate", "example"), CASES)
def test_local_derivatives_weighed_by_the_upstream_gradient_are_the_gradient(
    gate: cr.gates.Gate, example: Any
) -> None:
    out, inputs = applied(gate, example)
    dout = upstream(out)
    parts = handed_back(out, dout)
    for position, given in enumerate(inputs):
        if not isinstance(given, Variable):
            assert local_derivatives(out, position) is None
            continue
        for index in list(np.ndindex(given.shape))[:3]:
            local = local_derivatives(out, position, index)
            if parts[position] is None:
                assert local is None
            else:
                assert np.shape(local) == out.shape
                expected = np.asarray(parts[position])[index]
                np.testing.assert_allclose(np.sum(local * dout), expected, rtol=tolerance(out), atol=1e-12)


def test_two_uses_of_one_variable_stay_apart() -> None:
    x = Variable(3.0)
    assert handed_back(x * x, 2.0) == (6.0, 6.0)
    assert local_derivatives(x * x, 1) == 3.0


def test_the_derivatives_of_a_matrix_product_are_elements_of_the_other_factor() -> None:
    x, w = Variable(np.arange(6.0).reshape(2, 3)), Variable(np.ones((3, 2)))
    np.testing.assert_array_equal(local_derivatives(x @ w, 1, (1, 0)), [[1.0, 0.0], [4.0, 0.0]])


def test_no_gradient_and_no_variable_of_the_graph_is_touched() -> None:
    x = Variable(np.array([1.0, 2.0]))
    y = x * 3.0
    handed_back(y, np.ones(2))
    local_derivatives(y, 0, (0,))
    assert x.grad is None
    assert y.grad is None
    assert y.inputs[0] is x


def test_an_array_that_was_changed_in_place_is_refused() -> None:
    values = np.array([1.0, 2.0])
    x = Variable(values)
    y = x * x
    values[0] = 5.0
    with pytest.raises(GraphError, match="changed in place"):
        handed_back(y, np.ones(2))
    with pytest.raises(GraphError, match="changed in place"):
        local_derivatives(y, 0, (0,))
