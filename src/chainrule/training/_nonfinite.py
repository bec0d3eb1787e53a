"""Steps that gave NaN or inf: noticed, and refused with the place where it began."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any, NoReturn

import numpy as np
from numpy import vdot

from ..engines import StepGraph, first_nonfinite
from ..engines._finite import Place
from ..engines._finite_graph import first_in_graph
from ..engines._finite_words import SUBJECT, hint_of, states
from ..errors import NonFiniteError
from ..graph import Variable
from ..graph._recording import recording
from ..words import words
from ._step import Network, arrays_of, training_loss

_SMALLER = "a smaller learning rate, or clip_norm=1.0"


def is_good(losses: Any, held: Iterable[Any]) -> bool:
    """Whether steps went well: their losses are finite, and so are the parameters and the state behind them.

    A dot product looks at all of two arrays in one pass, since 0 · ∞ and ∞ − ∞ are NaN; only where that overflows, a
    slow look. A parameter is often followed by state of its size.
    """
    if not (isfinite(losses) if type(losses) is float else np.isfinite(losses).all()):
        return False
    todo = iter(held)
    for v in todo:
        w = next(todo, v)
        quick = isfinite(vdot(v, w)) if v.size == w.size else isfinite(vdot(v, v)) and isfinite(vdot(w, w))
        if not quick and not (np.isfinite(v).all() and np.isfinite(w).all()):
            return False
    return True


def refuse(network: Network, graph: StepGraph, values: Mapping[str, Any], step: int) -> NoReturn:
    """Raise with the place where NaN or inf first arose in a step, which the network does not hold yet.

    graph   the step as a list of gates
    values  its inputs
    step    its number
    """
    place = _place(network, graph, values)
    if place is None:
        what = f"step {step}: NaN or inf, though the same gates one by one give finite numbers"
        raise NonFiniteError(what, gate="step", variable="loss", phase="forward", step=step, fix=_SMALLER)
    if place.gate is None:
        what = f"step {step}: {place.name} holds NaN or inf to begin with"
        is_data = place.name in ("x", "t")
        fix = "look at the data" if is_data else "look at the first parameters"
        where = " of this mini-batch" if is_data else ""
        why = f"not finite: {place.count} of the {np.size(place.result)} numbers{where}"
        raise NonFiniteError(
            what, gate="input", variable=place.name, phase="forward", step=step, fix=fix, why=why
        )
    gate, phase = place.gate.name, "forward" if place.phase == "loss" else place.phase
    what = f"step {step}: the gate {gate} gave NaN or inf for {place.name} in the {phase} pass"
    fix = "look at the data and the first parameters" if step == 1 and phase == "forward" else _SMALLER
    say = words("en", SUBJECT)
    why = f"{states(place, say)}. {hint_of(place, say)}"
    raise NonFiniteError(
        what, gate=gate, variable=place.name, phase=phase, step=step, layer=place.layer, fix=fix, why=why
    )


def _place(network: Network, graph: StepGraph, values: Mapping[str, Any]) -> Place | None:
    """In the gates of the network where they show it: a step has the parts of a rule instead, each a gate."""
    found = first_nonfinite(graph, values)
    if found is None or found.gate is None or found.phase == "update":
        return found
    with recording(True):
        arrays = {name: Variable(values[name], name=name) for name in network.params}
        arrays |= {name: values[name] for name in arrays_of(network).keys() - arrays.keys()}
        loss, _ = training_loss(network, arrays, values["x"], values["t"], values["step"])
        loss.name = loss.name or "loss"
    return first_in_graph(loss) or found
