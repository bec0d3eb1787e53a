"""Forward and rules use the array API standard and nothing else: under array-api-strict they give NumPy's numbers."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import numpy as np
import pytest

from chainrule.gates import ALL, Gate
from tests.gates._examples import EXAMPLES, Example
from tests.gates._run import assert_close, call_rules, run, upstream_for

strict: Any = pytest.importorskip("array_api_strict")
Array = type(strict.asarray(0.0))


def _strict_setting(setting: Any) -> Any:
    """Settings as that namespace takes them: dtypes and indices of its own."""
    if setting in (np.float32, np.float64):
        return getattr(strict, np.dtype(setting).name)
    if isinstance(setting, list):
        return strict.asarray(setting)
    if isinstance(setting, slice):
        return setting, ...
    if isinstance(setting, tuple) and list in map(type, setting):
        return tuple(map(_strict_setting, setting))
    return setting


def _strict_example(given: Example) -> Example:
    settings = {}
    for name, setting in given.settings.items():
        settings[name] = _strict_setting(setting)
    return Example(tuple(map(strict.asarray, given.inputs)), settings)


def _is_in_the_standard(given: Example) -> bool:
    """The standard has no index of slices and arrays together."""
    index = str(given.settings.get("index"))
    return "slice" not in index or "[" not in index


every_gate = pytest.mark.parametrize("gate", ALL.values(), ids=attrgetter("name"))


@every_gate
def test_forward_and_rules_give_the_numbers_of_numpy(gate: Gate, rng: np.random.Generator) -> None:
    for given in filter(_is_in_the_standard, EXAMPLES[gate.name]):
        dout = np.asarray(upstream_for(gate, given, rng))
        wanted, wanted_kept = call_rules(gate, np, given.map(np.copy), dout)
        result, kept = call_rules(gate, strict, _strict_example(given), strict.asarray(dout))
        strictly = [result.value, *result.gradients, *kept]
        assert all(type(x) is Array for x in strictly)
        assert_close(result.map(np.asarray), wanted, rtol=1e-14, atol=1e-15)
        for numbers, right in zip(kept, wanted_kept, strict=True):
            np.testing.assert_allclose(np.asarray(numbers), right, rtol=1e-14)


@every_gate
def test_variables_hold_strict_arrays(gate: Gate, rng: np.random.Generator) -> None:
    for given in filter(_is_in_the_standard, EXAMPLES[gate.name]):
        upstream = np.asarray(upstream_for(gate, given, rng))
        wanted = run(gate, given, upstream)
        result = run(gate, _strict_example(given), strict.asarray(upstream))
        assert all(type(gradient) is Array for gradient in result.gradients)
        assert_close(result.map(np.asarray), wanted, rtol=1e-14, atol=1e-15)
