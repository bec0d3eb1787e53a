"""Values, gradients and gradients of gradients of every gate are PyTorch's, over random shapes that broadcast."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given as law
from hypothesis import settings
from hypothesis import strategies as st

from chainrule.gates import ALL
from tests.gates._examples import ELEMENTWISE, EXAMPLES, extreme_examples
from tests.gates._golden import read
from tests.gates._run import (
    assert_close,
    differentiated,
    run,
    upstream_for,
)
from tests.gates._second import gradients_of_gradients
from tests.gates._strategies import RANDOM
from tests.gates._torch import TWINS, reference, second_order

DIFFERENTIABLE = [name for name, gate in ALL.items() if gate.rules]


def test_every_gate_has_a_twin_and_random_examples() -> None:
    assert set(TWINS) == set(RANDOM) == set(ALL)


@pytest.mark.parametrize("name", ALL)
@law(data=st.data(), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_value_and_gradients_are_those_of_pytorch(name: str, data: Any, seed: int) -> None:
    gate, given = ALL[name], data.draw(RANDOM[name])
    upstream = upstream_for(gate, given, np.random.default_rng(seed))
    result, wanted = run(gate, given, upstream), reference(gate, given, upstream)
    assert_close(result, wanted, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_gradients_of_gradients_are_those_of_pytorch(name: str, rng: np.random.Generator) -> None:
    gate = ALL[name]
    for given in EXAMPLES[name]:
        upstream = upstream_for(gate, given, rng)
        directions = [rng.normal(size=x.shape) for x in differentiated(gate, given)]
        result = gradients_of_gradients(gate, given, upstream, directions)
        wanted = second_order(gate, given, upstream, directions)
        for gradient, right in zip(result, wanted, strict=True):
            np.testing.assert_allclose(gradient, right, rtol=1e-10, atol=1e-12)


def test_the_golden_vectors_are_what_pytorch_computes() -> None:
    for name, case in read().items():
        gate = ALL[name.partition("/")[0]]
        assert_close(case.result, reference(gate, case.given, case.upstream), rtol=1e-13, atol=1e-15)


# PyTorch takes the slope of NaN, and its sign, to be 0 or that of a negative number; here NaN stays visible.
OTHERWISE_FOR_NAN = {"abs", "clip", "leaky_relu", "sign"}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_extremes_are_those_of_pytorch_where_it_has_a_number(name: str, rng: np.random.Generator) -> None:
    gate = ALL[name]
    for given in extreme_examples(name, np.float64):
        if name in OTHERWISE_FOR_NAN:
            given = given.map(np.nan_to_num)
        upstream = upstream_for(gate, given, rng)
        result, wanted = run(gate, given, upstream), reference(gate, given, upstream)
        pairs = [(result.value, wanted.value), *zip(result.gradients, wanted.gradients, strict=True)]
        for numbers, right in pairs:
            known = ~np.isnan(right)
            np.testing.assert_allclose(numbers[known], right[known], rtol=1e-12, atol=2e-323)
