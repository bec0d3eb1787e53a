"""Where numbers went bad: the first gate application of a step whose result is not finite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..graph import quiet
from ._step import Application, StepGraph


def first_nonfinite(step: StepGraph, values: Mapping[str, Any]) -> Application | str | None:
    """Run a step slowly and look at every result.

    values   the inputs by name, as the engine got them
    returns  the name of an input that is not finite to begin with; else the first application whose result is not; else
             None

    >>> from chainrule.engines import trace
    >>> from chainrule.graph import functions as F
    >>> step = trace(lambda v: {"y": F.log(v["x"]) * 0.0}, {"x": 1.0})
    >>> first_nonfinite(step, {"x": 0.0}).gate.name
    'log'
    """
    for name, value in values.items():
        if not _is_finite(value):
            return name
    slots = dict(step.constants)
    slots.update({slot: values[name] for name, slot in step.inputs.items()})
    for a in step.applications:
        result = quiet.run(a.gate.forward, np, *(slots[i] for i in a.inputs), **a.settings)
        results = result if a.kept else (result,)
        slots.update(zip((a.output, *a.kept), results, strict=True))
        if not all(map(_is_finite, results)):
            return a
    return None


def _is_finite(value: Any) -> bool:
    return bool(np.all(np.isfinite(value)))
