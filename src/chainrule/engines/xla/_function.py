"""A step graph as one compiled function of arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np

from .._step import StepGraph
from ..eager import check_inputs
from ._devices import computing
from ._gates import outputs_of

Step = Callable[[Mapping[str, Any]], dict[str, Any]]


def build(step: StepGraph) -> Step:
    """A function from the inputs of a step graph, by name, to its outputs, by name; see `engines.eager.build`.

    Arrays are taken in the dtype that they had when the step was recorded; results are NumPy's.
    """
    numbers = {name for name, dtype in step.dtypes.items() if dtype is None}
    said: set[str] = set()  # the outputs that are Python's numbers, known once the step has been traced

    def function(values: Mapping[str, Any]) -> dict[str, Any]:
        outputs = outputs_of(step, values, numbers)
        said.update(outputs.numbers)
        return outputs.values

    compiled = jax.jit(function)

    def run(values: Mapping[str, Any]) -> dict[str, Any]:
        check_inputs(step, values)
        given = {name: np.array(value, step.dtypes[name] or np.float64) for name, value in values.items()}
        with computing():
            found = {name: np.array(value) for name, value in compiled(given).items()}
        return {
            name: value.item() if name in said else value if value.shape else value[()]
            for name, value in found.items()
        }

    return run
