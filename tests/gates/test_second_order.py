"""Gradients of gradients: through the graph they are the central differences of the gradient."""

from __future__ import annotations

import math
from operator import attrgetter
from typing import Any

import numpy as np
import pytest

from chainrule.gates import ALL, Gate
from chainrule.graph import functions, grad, hessian
from tests.gates._examples import EXAMPLES, Example
from tests.gates._run import differentiated, places, run, upstream_for
from tests.gates._second import gradients_of_gradients

STEP = 1e-5
SMOOTH = [gate for gate in ALL.values() if gate.rules and gate.name != "astype"]


def _differences(gate: Gate, given: Example, upstream: Any, directions: list[Any]) -> list[Any]:
    """The same by central differences of what one backward pass gives, number by number."""
    upstream = np.array(upstream)
    arrays = [np.array(x) for x in given.inputs]
    moved = [arrays[i] for i in places(gate, arrays)]

    def directed() -> float:
        result = run(gate, Example(tuple(arrays), given.settings), upstream)
        return sum(float(np.sum(d * g)) for d, g in zip(directions, result.gradients, strict=True))

    found = []
    for x in [*moved, upstream]:
        slopes = np.zeros(x.shape)
        for index in np.ndindex(x.shape):
            middle = x[index]
            x[index] = middle + STEP
            above = directed()
            x[index] = middle - STEP
            slopes[index] = (above - directed()) / (2 * STEP)
            x[index] = middle
        found.append(slopes)
    return found


@pytest.mark.parametrize("gate", SMOOTH, ids=attrgetter("name"))
def test_gradients_of_gradients_are_differences_of_gradients(gate: Gate, rng: np.random.Generator) -> None:
    for given in EXAMPLES[gate.name]:
        upstream = np.array(upstream_for(gate, given, rng))
        upstream.flat[::3] = 0  # 0 must not hide how a gradient depends on what flows in
        directions = [rng.normal(size=x.shape) for x in differentiated(gate, given)]
        result = gradients_of_gradients(gate, given, upstream, directions)
        wanted = _differences(gate, given, upstream, directions)
        for gradient, right in zip(result, wanted, strict=True):
            np.testing.assert_allclose(gradient, right, rtol=1e-6, atol=1e-6)


SECOND_AT_0 = {
    "abs": 0.0,
    "erf": 0.0,
    "exp": 1.0,
    "gelu": math.sqrt(2 / math.pi),
    "log1p": -1.0,
    "relu": 0.0,
    "sigmoid": 0.0,
    "silu": 0.5,
    "softplus": 0.25,
    "square": 2.0,
    "tanh": 0.0,
}


@pytest.mark.parametrize("name", SECOND_AT_0)
def test_second_derivatives_at_zero_by_hand(name: str) -> None:
    second = grad(grad(functions.__dict__[name]))
    assert second(0.0) == pytest.approx(SECOND_AT_0[name], rel=1e-15)


def test_third_derivatives() -> None:
    third = grad(grad(grad(functions.sigmoid)))
    y = functions.sigmoid(0.3)
    slope = y * (1 - y)
    assert third(0.3) == pytest.approx(slope * (1 - 6 * slope), rel=1e-13)


@pytest.mark.parametrize(
    ("name", "x"),
    [("log", 2.0), ("sqrt", 2.0), ("log1p", 2.0), ("sigmoid", 0.0), ("softplus", 0.0)],
)
def test_a_weight_of_zero_has_its_mixed_derivatives(name: str, x: float) -> None:
    f = functions.__dict__[name]
    matrix = hessian(lambda p: p[0] * f(p[1]))(np.array([0.0, x]))
    np.testing.assert_allclose(matrix, [[0, grad(f)(x)], [grad(f)(x), 0]], rtol=1e-15)


def test_a_power_of_zero_has_its_mixed_derivatives() -> None:
    matrix = hessian(lambda p: p[0] ** p[1])(np.array([2.0, 0.0]))
    np.testing.assert_allclose(matrix, [[0, 1 / 2], [1 / 2, np.log(2) ** 2]], rtol=1e-15)


def test_a_quotient_has_its_mixed_derivatives() -> None:
    matrix = hessian(lambda p: p[0] / p[1])(np.array([0.0, 2.0]))
    np.testing.assert_allclose(matrix, [[0, -1 / 4], [-1 / 4, 0]], rtol=1e-15)
