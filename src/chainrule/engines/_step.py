"""The step graph: a function of arrays, recorded as one list of gate applications.

What an engine receives is this list and nothing else: forward, backward and update are all gates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import GraphError
from ..gates import Gate
from ..graph import Variable, new_variable, reachable, tracing


@dataclass(frozen=True, slots=True)
class Application:
    """One gate applied to some slots.

    inputs  the slots of its inputs, in order
    output  the slot of its result
    kept    the slots of what it keeps (see `Gate.keeps`)
    name    what the result is, or is a part of, for messages: a parameter, a gradient, a layer
    phase   "forward", "backward" or "update"
    """

    gate: Gate
    inputs: tuple[int, ...]
    settings: Mapping[str, Any]
    output: int
    kept: tuple[int, ...]
    name: str
    phase: str

    def __str__(self) -> str:
        given = [f"%{i}" for i in self.inputs] + [f"{k}={v!r}" for k, v in self.settings.items()]
        kept = "".join(f", %{i}" for i in self.kept)
        return f"%{self.output}{kept} = {self.gate.name}({', '.join(given)})"


@dataclass(frozen=True, slots=True)
class StepGraph:
    """A list of gate applications on numbered slots.

    inputs     slot of each input, by name
    outputs    slot of each output, by name
    constants  values of the slots that never change
    shapes     shape of each input, by name
    dtypes     dtype of each input, by name; None for one of Python's numbers

    >>> from chainrule.graph import functions as F
    >>> print(trace(lambda v: {"y": F.exp(v["x"]) * 2.0}, {"x": 1.0}))
    inputs x=%0
    constants %2=2.0
    %1 = exp(%0)
    %3 = multiply(%1, %2)
    outputs y=%3
    """

    applications: tuple[Application, ...]
    inputs: Mapping[str, int]
    outputs: Mapping[str, int]
    constants: Mapping[int, Any]
    shapes: Mapping[str, tuple[int, ...]]
    dtypes: Mapping[str, np.dtype[Any] | None]
    slots: int

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield "inputs " + " ".join(f"{name}=%{slot}" for name, slot in self.inputs.items())
        if self.constants:
            yield "constants " + " ".join(
                f"%{slot}={_short(value)}" for slot, value in self.constants.items()
            )
        yield from map(str, self.applications)
        yield "outputs " + " ".join(f"{name}=%{slot}" for name, slot in self.outputs.items())


def _short(value: Any) -> str:
    return repr(value) if np.ndim(value) == 0 else f"array{np.shape(value)}"


def trace(
    function: Callable[[dict[str, Variable]], Mapping[str, Any]],
    inputs: Mapping[str, Any],
    phases: Callable[[], tuple[int, int]] | None = None,
) -> StepGraph:
    """Record what a function of named arrays does, as a list that runs on other arrays of the same shapes.

    The function runs once, on the inputs given, and is recorded even within `no_grad`.

    function  takes variables by name and returns variables by name; made of gates only
    inputs    arrays or numbers by name; labels and other integers are welcome here
    phases    called after `function`: the numbers of the last application of the forward and of the backward pass
    raises    GraphError when an output does not depend on any input, and when the function reads numbers out of a
              variable (``.value``, ``if x > 0:``, a variable as an index), which a list of gates cannot repeat
    """
    placeholders = {name: new_variable(value, name=name) for name, value in inputs.items()}
    with tracing():
        outputs = dict(function(dict(placeholders)))
    order = reachable(v for v in outputs.values() if isinstance(v, Variable))[::-1]
    _check_dependence(outputs, placeholders, order)
    last_forward, last_backward = phases() if phases else (max(v.number for v in outputs.values()),) * 2

    slot_of = {variable: slot for slot, variable in enumerate(placeholders.values())}
    constants: dict[int, Any] = {}
    constant_slots: dict[Any, int] = {}
    applications = []
    slots = len(slot_of)

    def new_slot() -> int:
        nonlocal slots
        slots += 1
        return slots - 1

    def slot_for(value: Any) -> int:
        if isinstance(value, Variable) and value in slot_of:
            return slot_of[value]
        constant = value._value if isinstance(value, Variable) else value
        key = repr(constant) if isinstance(constant, (int, float)) else id(constant)
        if key not in constant_slots:
            constant_slots[key] = new_slot()
            constants[constant_slots[key]] = constant
        return constant_slots[key]

    kept_slots: dict[tuple[Variable, int], int] = {}
    names = _names(order)
    for variable in order:
        if variable.gate is None or variable in slot_of:
            continue
        if variable.kept_of in kept_slots:  # computed on the way by the gate that kept it
            slot_of[variable] = kept_slots[variable.kept_of]
            continue
        given = tuple(slot_for(i) for i in variable.inputs)
        slot_of[variable] = output = new_slot()
        kept = tuple(new_slot() for _ in variable.kept)
        kept_slots.update({(variable, i): slot for i, slot in enumerate(kept)})
        phase = (
            "forward"
            if variable.number <= last_forward
            else "backward"
            if variable.number <= last_backward
            else "update"
        )
        applications.append(
            Application(variable.gate, given, variable.settings, output, kept, names[variable], phase)
        )
    return StepGraph(
        applications=tuple(applications),
        inputs={name: slot_of[variable] for name, variable in placeholders.items()},
        outputs={name: slot_for(variable) for name, variable in outputs.items()},
        constants=constants,
        shapes={name: np.shape(value) for name, value in inputs.items()},
        dtypes={name: getattr(value, "dtype", None) for name, value in inputs.items()},
        slots=slots,
    )


def _check_dependence(
    outputs: Mapping[str, Any], placeholders: Mapping[str, Variable], order: list[Variable]
) -> None:
    """Refuse outputs that would be the same in every run; `order` is all that they depend on, the oldest first."""
    dependent = set(placeholders.values())
    for variable in order:
        if any(isinstance(i, Variable) and i in dependent for i in variable.inputs):
            dependent.add(variable)
    for name, output in outputs.items():
        if not isinstance(output, Variable) or output not in dependent:
            raise GraphError(f"the output {name!r} does not depend on the inputs {', '.join(placeholders)}")


def _names(order: list[Variable]) -> dict[Variable, str]:
    """What each result is called: what has no name of its own is on the way to the next that has one."""
    names = {}
    goal = None
    for variable in reversed(order):
        goal = variable.name or goal
        names[variable] = goal or (variable.gate.name if variable.gate else "a constant")
    return names
