"""The contract on memory: any layout will do, nothing is written into, nothing is handed out that a graph keeps."""

from __future__ import annotations

from itertools import combinations
from operator import attrgetter
from typing import Any

import numpy as np
import pytest

from chainrule.gates import ALL, Gate
from tests.gates._examples import EXAMPLES
from tests.gates._run import assert_close, call_rules, run, upstream_for

every_gate = pytest.mark.parametrize("gate", ALL.values(), ids=attrgetter("name"))


def _columns_first(x: Any) -> Any:
    return np.array(x, order="F")


def _backwards(x: Any) -> Any:
    """The same numbers with negative strides."""
    return np.flip(np.flip(x).copy())


def _with_gaps(x: Any) -> Any:
    """The same numbers with others between them."""
    return np.repeat(x, 2, axis=-1)[..., ::2] if np.ndim(x) else x


def _read_only(x: Any) -> Any:
    x = np.array(x)
    x.flags.writeable = False
    return x


@every_gate
@pytest.mark.parametrize("layout", [_columns_first, _backwards, _with_gaps, _read_only])
def test_the_memory_of_an_input_does_not_matter(gate: Gate, layout: Any, rng: np.random.Generator) -> None:
    for given in EXAMPLES[gate.name]:
        upstream = upstream_for(gate, given, rng)
        result = run(gate, given.map(layout), layout(upstream))
        assert_close(result, run(gate, given, upstream), rtol=1e-13, atol=1e-13)


@every_gate
def test_nothing_is_written_into_what_is_given(gate: Gate, rng: np.random.Generator) -> None:
    for given in EXAMPLES[gate.name]:
        upstream = np.asarray(upstream_for(gate, given, rng))
        arrays = [*given.inputs, upstream]
        before = [x.tobytes() for x in arrays]
        run(gate, given, upstream)
        assert [x.tobytes() for x in arrays] == before


@every_gate
def test_no_rule_writes_into_or_hands_out_what_a_graph_keeps(gate: Gate, rng: np.random.Generator) -> None:
    for given in EXAMPLES[gate.name]:
        dout = _read_only(upstream_for(gate, given, rng))
        frozen = given.map(_read_only)
        result, kept = call_rules(gate, np, frozen, dout)
        needed = [*frozen.inputs, result.value, *kept]
        for gradient in result.gradients:
            assert not any(np.shares_memory(gradient, array) for array in needed)


@every_gate
def test_gradients_of_leaves_belong_to_the_user(gate: Gate, rng: np.random.Generator) -> None:
    for given in EXAMPLES[gate.name]:
        upstream = upstream_for(gate, given, rng)
        result = run(gate, given, upstream)
        for one, other in combinations(result.gradients, 2):
            assert not np.shares_memory(one, other)
        for gradient in result.gradients:
            assert not any(np.shares_memory(gradient, x) for x in (*given.inputs, result.value, upstream))
            assert isinstance(gradient, np.generic) or gradient.flags.writeable
