"""Where numbers went bad: the first gate application of a step whose result is not finite."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ..gates import Gate
from ..graph import quiet, run_gate
from ._cause import Judged, Values, first_bad, forward_of, is_finite, judge
from ._step import Application, StepGraph

Phase = Literal["forward", "loss", "backward", "update"]

# As networks call their layers, the class with a number: Affine1.
_LAYER = re.compile(r"[A-Z]\w*[A-Za-z]\d+")


@dataclass(frozen=True, slots=True)
class InputState:
    """What a gate was given as one of its inputs.

    value       the number that the bad element was made of, where the gate works element by element
    low, high   the smallest and the largest of the finite numbers; None if there are none
    not_finite  how many are not finite
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    value: float | None
    low: float | None
    high: float | None
    not_finite: int

    @property
    def largest(self) -> float:
        """The largest size of a finite number."""
        return max(abs(self.low or 0.0), abs(self.high or 0.0))


@dataclass(frozen=True, slots=True)
class Place:
    """A gate whose result is not finite, or a value that was not to begin with.

    gate    None for what no gate made
    name    of the result; of a gradient ``d`` and the name of what it is for
    layer   that the gate belongs to, as far as names tell; empty otherwise
    result  what the gate gave
    given   what it was given, by name; of a rule the upstream gradient as well, called dout
    judged  why
    """

    gate: Gate | None
    name: str
    layer: str
    phase: Phase
    result: Any
    given: tuple[tuple[str, Any], ...]
    judged: Judged

    @property
    def index(self) -> tuple[int, ...]:
        """Of the first element that is not finite."""
        return first_bad(self.result)

    @property
    def count(self) -> int:
        """How many elements are not finite."""
        return int(np.sum(~np.isfinite(self.result)))

    def inputs(self) -> tuple[InputState, ...]:
        """The state of what the gate was given, once for each name."""
        by_element = self.gate is not None and self.gate.kind == "elementwise"
        index, shape = self.index, np.shape(self.result)

        def state(name: str, value: Any) -> InputState:
            array = np.asarray(value)
            finite = array[np.isfinite(array)]
            here = (
                array
                if array.size == 1
                else at_element(array, index, shape)
                if by_element and index
                else None
            )
            return InputState(
                name,
                array.shape,
                str(array.dtype),
                None if here is None else float(here.item()),
                float(finite.min()) if finite.size else None,
                float(finite.max()) if finite.size else None,
                array.size - finite.size,
            )

        return tuple(state(name, value) for name, value in dict(self.given).items())


def first_nonfinite(step: StepGraph, values: Mapping[str, Any]) -> Place | None:
    """Run a step slowly and find where what came out bad began.

    An infinity that a later gate did not take (the other branch of a ``where``) is not what is looked for: the search
    goes back from the outputs, along results that are not finite.

    values   the inputs by name, as the engine got them
    returns  the first application whose result is not finite and spoiled an output, or the input that did; None when
             all outputs are finite

    >>> from chainrule.engines import trace
    >>> from chainrule.graph import functions as F
    >>> step = trace(lambda v: {"y": F.log(v["x"]) * 0.0}, {"x": 1.0})
    >>> first_nonfinite(step, {"x": 0.0}).gate.name
    'log'
    """
    name_of = {slot: name for name, slot in step.inputs.items()}
    slots = {**step.constants, **{slot: values[name] for slot, name in name_of.items()}}
    made_by: dict[int, Application] = {}
    for a in step.applications:
        result = quiet.run(run_gate, a.gate, tuple(slots[i] for i in a.inputs), a.settings)
        slots.update(zip((a.output, *a.kept), result if a.kept else (result,), strict=True))
        made_by.update(dict.fromkeys((a.output, *a.kept), a))

    bad = {slot for slot, value in slots.items() if not is_finite(value)}
    found: set[int] = set()
    todo = [slot for slot in step.outputs.values() if slot in bad]
    while todo:
        slot = todo.pop()
        if slot in name_of:
            return Place(None, name_of[slot], "", "forward", slots[slot], (), Judged("input"))
        if slot in made_by and slot not in found:
            found.add(slot)
            todo += [i for i in made_by[slot].inputs if i in bad]
    if not found:
        return None
    first = min(found, key=lambda slot: step.applications.index(made_by[slot]))
    names = name_of | {slot: a.name for slot, a in made_by.items()}
    return _place(made_by[first], first, slots, names)


def _place(a: Application, bad: int, slots: Mapping[int, Any], names: Mapping[int, str]) -> Place:
    """
    bad  the slot of a result that is not finite, or of what the gate keeps beside it
    """
    result = slots[bad]
    given = tuple(slots[slot] for slot in a.inputs)
    called = given_names(a.gate, [names.get(slot) for slot in a.inputs])
    phase: Phase = a.phase  # type: ignore[assignment]
    judged = Judged("unknown")
    if bad == a.output:
        judged = judge_gate(forward_of(a.gate, a.settings), a.gate, given, result)
    return Place(
        a.gate, a.name, layer_in(a.name), phase, result, tuple(zip(called, given, strict=True)), judged
    )


def layer_in(name: str) -> str:
    """The name, if it is one that networks give to layers; otherwise nothing."""
    return name if _LAYER.fullmatch(name) else ""


def given_names(gate: Gate, names: Sequence[str | None]) -> list[str]:
    """What a gate's inputs are called: by their own names, or by those of the gate's parameters."""
    return [name or gate.inputs[0 if gate.variadic else position] for position, name in enumerate(names)]


def judge_gate(run: Callable[[Values], Any], gate: Gate, values: Values, result: Any) -> Judged:
    """`judge` at the first bad element; for a gate that works element by element, from the numbers there alone."""
    index = first_bad(result)
    if gate.kind == "elementwise" and index:
        here = tuple(at_element(value, index, np.shape(result)) for value in values)
        if all(part is not None for part in here):
            judged = judge(run, here, (0,) * len(index))
            if judged.cause != "unknown":
                return judged
    return judge(run, values, index)


def at_element(value: Any, index: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """The part of an input that an element of a result is made of, keeping its axes; None if that cannot be told."""
    if np.ndim(value) == 0:
        return value
    try:
        whole = np.broadcast_to(value, shape)
    except ValueError:
        return None
    return whole[tuple(slice(i, i + 1) for i in index)].copy()
