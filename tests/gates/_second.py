"""Gradients of gradients through the graph, as users get them by nesting `grad`."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.gates import Gate
from chainrule.graph import apply, functions, grad
from tests.gates._examples import Example
from tests.gates._run import places


def gradients_of_gradients(gate: Gate, given: Example, upstream: Any, directions: list[Any]) -> list[Any]:
    """The gradients of Σ direction · (gradient of an input), for those inputs and for the upstream gradient."""
    mine = places(gate, given.inputs)
    wrt = tuple(range(len(mine)))

    def weighted(*leaves: Any) -> Any:
        *inputs, dout = leaves
        filled = list(given.inputs)
        for place, x in zip(mine, inputs, strict=True):
            filled[place] = x
        return functions.sum(apply(gate, *filled, **given.settings) * dout)

    def directed(*leaves: Any) -> Any:
        gradients = grad(weighted, wrt)(*leaves)
        pairs = zip(directions, gradients, strict=True)
        return sum(functions.sum(d * g) for d, g in pairs)

    second = grad(directed, (*wrt, len(wrt)))
    leaves = [given.inputs[place] for place in mine]
    return list(second(*leaves, np.asarray(upstream)))
