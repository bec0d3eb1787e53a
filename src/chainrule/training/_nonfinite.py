"""Steps that gave NaN or inf: noticed, and refused with the place where it began."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, NoReturn

import numpy as np

from ..engines import Application, StepGraph, first_nonfinite
from ..errors import NonFiniteError
from ..graph import quiet


def all_finite(value: Any) -> bool:
    """Whether all numbers are finite, in one pass of a dot product; only where that overflows, a slow look."""
    flat = np.ravel(value)
    return isfinite(quiet.run(np.dot, flat, flat)) or bool(np.isfinite(flat).all())


def refuse(graph: StepGraph, values: Mapping[str, Any], step: int) -> NoReturn:
    """Raise with the place where NaN or inf first arose in a step, which the network does not hold yet.

    values  the inputs of the step
    step    its number
    """
    found = first_nonfinite(graph, values)
    if isinstance(found, Application):
        gate, variable, phase = found.gate.name, found.name, found.phase
        what = f"step {step}: the gate {gate} gave NaN or inf for {variable} in the {phase} pass"
        fix = "a smaller learning rate, or clip_norm=1.0"
        if step == 1 and phase == "forward":
            fix = "look at the data and the first parameters"
    else:
        gate, variable, phase = "input", str(found), "forward"
        what = f"step {step}: {variable} holds NaN or inf to begin with"
        fix = "look at the data" if variable in ("x", "t") else "look at the first parameters"
    raise NonFiniteError(what, gate=gate, variable=variable, phase=phase, step=step, fix=fix)
