"""The eager engine: run the list with NumPy, one gate after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any

import numpy as np

from ..graph import quiet
from ._step import StepGraph

Step = Callable[[Mapping[str, Any]], dict[str, Any]]


def build(step: StepGraph) -> Step:
    """A function from the inputs of a step graph, by name, to its outputs, by name.

    >>> from chainrule.engines import trace
    >>> from chainrule.graph import functions as F
    >>> run = build(trace(lambda v: {"y": F.exp(v["x"])}, {"x": 1.0}))
    >>> run({"x": 0.0})
    {'y': np.float64(1.0)}
    """
    last_use = {slot: number for number, a in enumerate(step.applications) for slot in a.inputs}
    stay = {*step.outputs.values(), *step.constants, *step.inputs.values()}
    program = []
    for number, a in enumerate(step.applications):
        take = itemgetter(*a.inputs) if len(a.inputs) > 1 else itemgetter(slice(a.inputs[0], a.inputs[0] + 1))
        # Dropped after their last use, so that memory is reused while it is still in the cache.
        done = [
            s for s in {*a.inputs, a.output, *a.kept} if last_use.get(s, number) == number and s not in stay
        ]
        program.append((a.gate.forward, take, a.settings, a.output, a.kept, done))
    inputs, outputs = tuple(step.inputs.items()), tuple(step.outputs.items())
    empty: list[Any] = [None] * step.slots
    for slot, value in step.constants.items():
        empty[slot] = value

    def run(values: Mapping[str, Any]) -> dict[str, Any]:
        slots = empty.copy()
        for name, slot in inputs:
            slots[slot] = values[name]
        for forward, take, settings, output, kept, done in program:
            result = forward(np, *take(slots), **settings)
            if kept:
                slots[output] = result[0]
                for slot, value in zip(kept, result[1:], strict=True):
                    slots[slot] = value
            else:
                slots[output] = result
            for slot in done:
                slots[slot] = None
        return {name: slots[slot] for name, slot in outputs}

    return lambda values: quiet.run(run, values)
