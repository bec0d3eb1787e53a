"""The eager engine: run the list with NumPy, one gate after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any

import numpy as np

from ..errors import ArgumentError, ShapeError
from ..graph import quiet, run_gate
from ._step import StepGraph

Step = Callable[[Mapping[str, Any]], dict[str, Any]]


def build(step: StepGraph) -> Step:
    """A function from the inputs of a step graph, by name, to its outputs, by name.

    It raises ArgumentError when an input is missing or unknown, ShapeError when one has another shape than it had when
    the step was recorded.

    >>> from chainrule.engines import trace
    >>> from chainrule.graph import functions as F
    >>> run = build(trace(lambda v: {"y": F.exp(v["x"])}, {"x": 1.0}))
    >>> run({"x": 0.0})
    {'y': 1.0}
    """
    last_use = {slot: number for number, a in enumerate(step.applications) for slot in a.inputs}
    stay = {*step.outputs.values(), *step.constants, *step.inputs.values()}
    program = []
    for number, a in enumerate(step.applications):
        take = _taker(a.inputs)
        # Dropped after their last use, so that memory is reused while it is still in the cache.
        done = [
            s for s in {*a.inputs, a.output, *a.kept} if last_use.get(s, number) == number and s not in stay
        ]
        program.append((a.gate, take, a.settings, a.output, a.kept, done))
    inputs, outputs = tuple(step.inputs.items()), tuple(step.outputs.items())
    empty: list[Any] = [None] * step.slots
    for slot, value in step.constants.items():
        empty[slot] = value

    def run(values: Mapping[str, Any]) -> dict[str, Any]:
        check_inputs(step, values)
        slots = empty.copy()
        for name, slot in inputs:
            slots[slot] = values[name]
        for gate, take, settings, output, kept, done in program:
            result = run_gate(gate, take(slots), settings)
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


def _taker(slots: tuple[int, ...]) -> Callable[[list[Any]], tuple[Any, ...]]:
    """What takes the values of some slots, as a tuple also where there is only one."""
    if len(slots) > 1:
        return itemgetter(*slots)
    first = slots[0]
    return lambda values: (values[first],)


def check_inputs(step: StepGraph, values: Mapping[str, Any]) -> None:
    """Refuse inputs that are not those a step was recorded for."""
    shapes = step.shapes
    if values.keys() != shapes.keys():
        missing, unknown = shapes.keys() - values.keys(), values.keys() - shapes.keys()
        said = [f"{', '.join(sorted(n))} {w}" for n, w in ((missing, "missing"), (unknown, "unknown")) if n]
        raise ArgumentError(f"the step takes {', '.join(shapes)}; of what was given, {' and '.join(said)}")
    for name, value in values.items():
        shape = value.shape if hasattr(value, "shape") else np.shape(value)
        if shape != shapes[name]:
            what = f"the step was recorded for {name} of shape {shapes[name]}; it has shape {shape}"
            raise ShapeError(what, fix="record a step for these shapes with trace")
