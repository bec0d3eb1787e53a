"""The contract: what is true of every gate, of shapes and precisions, tried on every example."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import numpy as np
import pytest
from hypothesis import given as law
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

from chainrule.gates import ALL, Gate
from chainrule.graph import Variable, apply
from tests.gates._examples import ELEMENTWISE, EXAMPLES, Example, boolean
from tests.gates._run import assert_close, differentiated, run, upstream_for

every_gate = pytest.mark.parametrize("gate", ALL.values(), ids=attrgetter("name"))

OF_SEVERAL = [name for name in ELEMENTWISE if len(ELEMENTWISE[name]) > 1 and ALL[name].rules]
OF_NUMBERS = [name for name in ELEMENTWISE if boolean not in ELEMENTWISE[name]]


def test_every_gate_has_examples() -> None:
    assert set(EXAMPLES) == set(ALL)
    assert all(EXAMPLES.values())


# Shape and precision ---------------------------------------------------------------------------------


@every_gate
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_is_kept(gate: Gate, dtype: Any, rng: np.random.Generator) -> None:
    for example in EXAMPLES[gate.name]:
        given = example.astype(dtype)
        result = run(gate, given, upstream_for(gate, given, rng))
        kept = given.settings.get("dtype", dtype)
        assert result.value.dtype == (bool if gate.kind == "comparison" else kept)
        assert all(gradient.dtype == dtype for gradient in result.gradients)


@every_gate
def test_a_gradient_has_the_shape_of_its_input(gate: Gate, rng: np.random.Generator) -> None:
    for given in EXAMPLES[gate.name]:
        result = run(gate, given, upstream_for(gate, given, rng))
        inputs = differentiated(gate, given)
        assert len(result.gradients) == len(inputs)
        for x, gradient in zip(inputs, result.gradients, strict=True):
            assert gradient.shape == x.shape


@every_gate
def test_single_precision_gives_the_numbers_of_double(gate: Gate, rng: np.random.Generator) -> None:
    for given in EXAMPLES[gate.name]:
        single = given.astype(np.float32)
        double = single.astype(np.float64)
        upstream = upstream_for(gate, single, rng)
        result = run(gate, single, upstream)
        wanted = run(gate, double, upstream)
        assert_close(result, wanted, rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_python_numbers_give_python_numbers(name: str, rng: np.random.Generator) -> None:
    gate, options = ALL[name], EXAMPLES[name][-1].settings
    inputs = tuple(float(sample(rng, ())) for sample in ELEMENTWISE[name])
    numbers = Example(inputs, options)
    result = run(gate, numbers, 0.75)
    assert type(result.value) is (bool if gate.kind == "comparison" else float)
    assert all(type(gradient) is float for gradient in result.gradients)
    wanted = run(gate, numbers.map(np.array), 0.75)
    assert_close(result, wanted, rtol=1e-15)


@every_gate
def test_arrays_alone_give_a_plain_array(gate: Gate) -> None:
    for given in EXAMPLES[gate.name]:
        plain = apply(gate, *given.inputs, **given.settings)
        assert not isinstance(plain, Variable)
        result = run(gate, given, np.ones_like(plain))
        np.testing.assert_array_equal(result.value, plain)


# Broadcasting ----------------------------------------------------------------------------------------


def _summed_to(shape: tuple[int, ...], gradient: Any) -> Any:
    """What each element of `shape` gets, counted one by one."""
    size = int(np.prod(shape))
    owner = np.broadcast_to(np.arange(size).reshape(shape), gradient.shape)
    counted = np.bincount(owner.ravel(), weights=gradient.ravel(), minlength=size)
    return counted.reshape(shape)


@pytest.mark.parametrize("name", OF_SEVERAL)
@law(data=st.data(), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_broadcasting_is_repetition_and_its_gradient_the_sum(name: str, data: Any, seed: int) -> None:
    gate, samplers = ALL[name], ELEMENTWISE[name]
    strategy = mutually_broadcastable_shapes(
        num_shapes=len(samplers),
        min_side=0,
        max_side=3,
        max_dims=3,
    )
    drawn = data.draw(strategy)
    rng = np.random.default_rng(seed)
    pairs = zip(samplers, drawn.input_shapes, strict=True)
    small = Example(tuple(np.asarray(sample(rng, shape)) for sample, shape in pairs), {})
    whole = small.map(lambda x: np.broadcast_to(x, drawn.result_shape).copy())
    upstream = rng.normal(size=drawn.result_shape)
    result = run(gate, small, upstream)
    wanted = run(gate, whole, upstream)
    np.testing.assert_array_equal(result.value, wanted.value)
    shapes = [x.shape for x in differentiated(gate, small)]
    for shape, gradient, each in zip(shapes, result.gradients, wanted.gradients, strict=True):
        summed = _summed_to(shape, each)
        np.testing.assert_allclose(gradient, summed, rtol=1e-13, atol=1e-13)
