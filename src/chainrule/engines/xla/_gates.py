"""A step graph on JAX's tracers: the gates' own forward, one after the other."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from ...errors import UnsupportedError
from .._abstract import AbstractArray
from .._node import VIEWS
from .._step import Application, StepGraph
from ._namespace import xp

_PYTHONS = (bool, int, float)


class Outputs(NamedTuple):
    """The outputs of a step graph by name, and which of them are Python's numbers."""

    values: dict[str, Any]
    numbers: frozenset[str]


def outputs_of(step: StepGraph, values: Mapping[str, Any], numbers: Collection[str]) -> Outputs:
    """Run a step graph on inputs by name that are arrays or tracers of JAX.

    numbers  the inputs that stand for Python's numbers. These, and numbers made of them alone, are computed in float64
             and take the precision of the arrays that they meet, as with NumPy (NEP 50); JAX does this with numbers
             that it is given one by one, but not with those it takes out of an array
    raises   UnsupportedError for a gate whose forward JAX cannot trace
    """
    slots: dict[int, Any] = {slot: _constant(value) for slot, value in step.constants.items()}
    weak = {slot for slot, value in slots.items() if isinstance(value, _PYTHONS)}
    for name, slot in step.inputs.items():
        slots[slot] = values[name]
        if name in numbers:
            weak.add(slot)
    for a in step.applications:
        results = _applied(a, [slots[slot] for slot in a.inputs], [slot in weak for slot in a.inputs])
        made = (a.output, *a.kept)
        slots.update(zip(made, results if a.kept else (results,), strict=True))
        if weak.issuperset(a.inputs):
            weak.update(slot for slot in made if jnp.ndim(slots[slot]) == 0)
    found = {name: slots[slot] for name, slot in step.outputs.items()}
    return Outputs(found, frozenset(name for name, slot in step.outputs.items() if slot in weak))


def _applied(a: Application, inputs: list[Any], weak: list[bool]) -> Any:
    # JAX keeps float32 beside int64, where NumPy takes float64; labels and ids, in other gates, stay what they are.
    by_element = a.gate.kind == "elementwise"
    strong = [
        v.dtype
        for v, is_weak in zip(inputs, weak, strict=True)
        if not is_weak and (_is_float(v) or (by_element and v.dtype != bool))
    ]
    if strong:
        dtype = np.result_type(*strong)
        inputs = [
            v.astype(dtype) if (is_weak and _is_float(v)) or (by_element and _is_whole(v)) else v
            for v, is_weak in zip(inputs, weak, strict=True)
        ]
    settings = {name: _indexable(value) for name, value in a.settings.items()}
    try:
        return a.gate.forward(xp, *inputs, **settings)
    except Exception as problem:
        said = (str(problem).strip() or type(problem).__name__).splitlines()[0].rstrip(".")
        what = f"the xla engine cannot run the gate {a.gate.name} (for {a.name}): {said}"
        fix = (
            "engine='eager'; or write its forward with the functions of xp alone, and without `if` on numbers"
        )
        raise UnsupportedError(what, fix=fix) from problem


def _is_float(value: Any) -> bool:
    return not isinstance(value, _PYTHONS) and bool(jnp.issubdtype(value.dtype, jnp.floating))


def _is_whole(value: Any) -> bool:
    return not isinstance(value, _PYTHONS) and bool(jnp.issubdtype(value.dtype, jnp.integer))


def _indexable(setting: Any) -> Any:
    """A setting as JAX takes it: in an index, arrays in place of lists."""
    if isinstance(setting, list):
        return np.asarray(setting)
    if isinstance(setting, tuple) and any(isinstance(part, list) for part in setting):
        return tuple(map(_indexable, setting))
    return setting


def _constant(value: Any) -> Any:
    """The value of a constant; of arrays without numbers only those that are the same everywhere are constants."""
    if not isinstance(value, AbstractArray):
        return value
    node = value.node
    while node.op in VIEWS:
        node = node.args[0]
    number = node.settings["value"]
    return number if value.node.weak and not value.shape else np.full(value.shape, number, value.dtype)
