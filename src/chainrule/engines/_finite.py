"""Where numbers went bad: the first gate application of a step whose result is not finite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..graph import quiet, run_gate
from ._step import Application, StepGraph


def first_nonfinite(step: StepGraph, values: Mapping[str, Any]) -> Application | str | None:
    """Run a step slowly and find where what came out bad began.

    An infinity that a later gate did not take (the other branch of a ``where``) is not what is looked for: the search
    goes back from the outputs, along results that are not finite.

    values   the inputs by name, as the engine got them
    returns  the first application whose result is not finite and spoiled an output; or the name of the input that did;
             None when all outputs are finite

    >>> from chainrule.engines import trace
    >>> from chainrule.graph import functions as F
    >>> step = trace(lambda v: {"y": F.log(v["x"]) * 0.0}, {"x": 1.0})
    >>> first_nonfinite(step, {"x": 0.0}).gate.name
    'log'
    """
    name_of = {slot: name for name, slot in step.inputs.items()}
    slots = {**step.constants, **{slot: values[name] for slot, name in name_of.items()}}
    made_by: dict[int, int] = {}
    for number, a in enumerate(step.applications):
        result = quiet.run(run_gate, a.gate, tuple(slots[i] for i in a.inputs), a.settings)
        slots.update(zip((a.output, *a.kept), result if a.kept else (result,), strict=True))
        made_by.update(dict.fromkeys((a.output, *a.kept), number))

    bad = {slot for slot, value in slots.items() if not np.all(np.isfinite(value))}
    found = []
    todo = [slot for slot in step.outputs.values() if slot in bad]
    while todo:
        slot = todo.pop()
        if slot in name_of:
            return name_of[slot]
        if slot not in made_by or made_by[slot] in found:
            continue
        found.append(made_by[slot])
        todo += [i for i in step.applications[made_by[slot]].inputs if i in bad]
    return step.applications[min(found)] if found else None
