"""The fifth pass: where every result lies. What is not needed any more gives its memory to what comes.

Most results never get any: they live in a variable of the loop that computes and uses them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._node import Node, Shape
from ._group import Big, Loop, Schedule, Single, reduction_kind
from ._index import accesses
from ._names import free_name
from ._units import Units, domain, is_single, source
from ._within import within


@dataclass(frozen=True, slots=True)
class Array:
    """Memory that the emitted function is given.

    name   of the parameter
    kind   "input", "constant", "output", "buffer" (its numbers matter within a step only) or "parts" (one for each
           thread: of a sum, or of a mini-batch a row at a time)
    slot   buffers with the same number lie in the same memory, at different times
    whole  the buffer in which it lies, from its number `start` on, if it has no memory of its own
    given  the name of the input that it holds when a step begins
    value  of a constant
    """

    name: str
    shape: Shape
    dtype: np.dtype[np.generic]
    kind: str
    slot: int | None = None
    whole: Array | None = None
    start: int = 0
    given: str | None = None
    value: Any = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Placement:
    """What `place` finds.

    arrays  of the units, inputs and constants that lie in memory
    numbers  what inputs that are numbers are called
    outputs  for each output the array that holds it after a step
    copies  what is copied into an output at the end: it was computed elsewhere, because the input that it replaces was
            needed to the end, or it is asked for twice
    """

    schedule: Schedule
    arrays: Mapping[Node, Array]
    numbers: Mapping[Node, str]
    outputs: Mapping[str, Array]
    copies: tuple[tuple[Node, Array], ...]


def in_memory(shape: Shape) -> Shape:
    """The shape as it lies in memory: a single number has one axis."""
    return shape or (1,)


def place(schedule: Schedule, names: Mapping[Node, str]) -> Placement:
    """Give memory to what needs it.

    names  of units and inputs
    """
    units = schedule.units
    arrays: dict[Node, Array] = {}
    for leaf in _leaves(units):
        shape, given, value = in_memory(leaf.shape), leaf.settings.get("name"), leaf.settings.get("value")
        arrays[leaf] = Array(names[leaf], shape, leaf.dtype, leaf.op, given=given, value=value)
    outputs: dict[str, Array] = {}
    copies: list[tuple[Node, Array]] = []
    taken = set(names.values())
    by_name = {
        leaf.settings["name"]: array
        for leaf, array in arrays.items()
        if leaf.op == "input" and not leaf.settings.get("gathered")
    }
    for unit, leaf in schedule.replaces.items():
        arrays[unit] = arrays[leaf]
    for name, unit in units.program.outputs.items():
        replaced = by_name.get(name)
        if replaced is not None and (replaced.shape, replaced.dtype) != (in_memory(unit.shape), unit.dtype):
            replaced = None  # what does not fit there only has the same name
        if replaced is not None and arrays.get(unit) is replaced:
            outputs[name] = replaced
        elif replaced is None and unit not in arrays:
            arrays[unit] = outputs[name] = Array(names[unit], in_memory(unit.shape), unit.dtype, "output")
        else:
            outputs[name] = replaced or Array(
                free_name(name, taken), in_memory(unit.shape), unit.dtype, "output"
            )
            copies.append((unit, outputs[name]))
            taken.add(outputs[name].name)
    copied = {unit for unit, _ in copies}
    needed = _needed(schedule) | copied
    last = _last_uses(schedule, copied)
    places = within(schedule, {*arrays, *copied}, last)
    for unit, (whole, _) in places.items():
        last[whole] = max(last.get(unit, 0), last[whole])
    # What is written over all of something else is what one looks for there.
    called = {whole: names[unit] for unit, (whole, _) in places.items() if unit.shape == whole.shape}
    free: dict[tuple[str, str], list[int]] = {}
    slots = 0
    for number, statement in enumerate(schedule.statements):
        here = [places.get(u, (u, 0))[0] for u in statement.units if u in needed]
        made = [u for u in dict.fromkeys(here) if u not in arrays]
        dying = [u for u, use in last.items() if use == number and u in arrays and arrays[u].kind == "buffer"]
        for unit in made:
            key = _key(unit)
            if free.get(key):  # never that of an array which the same loop reads: LLVM would not vectorise it
                slot = free[key].pop()
            else:
                slot, slots = slots, slots + 1
            name = called.get(unit, names[unit])
            arrays[unit] = Array(name, in_memory(unit.shape), unit.dtype, "buffer", slot)
        for unit in dying + [u for u in made if last.get(u, number) == number]:
            given_back = arrays[unit].slot
            assert given_back is not None
            free.setdefault(_key(unit), []).append(given_back)
    for unit, (whole, start) in places.items():
        arrays[unit] = _part(names[unit], unit, arrays[whole], start)
    numbers = {leaf: name for leaf, name in names.items() if leaf.op == "input" and leaf.weak}
    return Placement(schedule, arrays, numbers, outputs, tuple(copies))


def _part(name: str, unit: Node, whole: Array, start: int) -> Array:
    shape = in_memory(unit.shape)
    if shape == whole.shape:  # what a gate writes over all that it is given
        return whole
    return Array(name, shape, unit.dtype, "buffer", whole.slot, whole, start)


def _key(unit: Node) -> tuple[str, str]:
    """Equal for arrays of which one fits into the memory of the other, for every number of rows."""
    return str(unit.dtype), repr(math.prod(unit.shape))


def _leaves(units: Units) -> list[Node]:
    read = {r for reads in units.reads.values() for r in reads}
    leaves = [r for r in read if r.op == "constant" or (r.op == "input" and not r.weak)]
    return sorted(leaves, key=lambda leaf: leaf.number)


def _needed(schedule: Schedule) -> set[Node]:
    """The units that must lie in memory."""
    units, needed = schedule.units, set()
    for statement in schedule.statements:
        for unit in statement.units:
            if isinstance(statement, Big):
                needed.add(unit)
                needed.update(r for r in units.reads[unit] if r in units and _in_place_of(unit, r))
            elif isinstance(statement, Single):
                needed.update(r for r in units.reads[unit] if r in units and not is_single(r))
            else:
                needed.update(_read_from_memory(units, statement, unit))
                if reduction_kind(unit) in ("some", "placed"):
                    needed.add(unit)
    return needed


def _in_place_of(unit: Node, read: Node) -> bool:
    """Whether a statement of its own reads this from memory: all but the scalars of a product."""
    return unit.op != "gemm" or any(source(a) is read for a in unit.args[:2]) or not is_single(read)


def _read_from_memory(units: Units, loop: Loop, unit: Node) -> Iterator[Node]:
    for read, place in accesses(units, unit):
        read = source(read)
        if read not in units or is_single(read):
            continue
        inside = read in loop.level
        in_row = inside and len(domain(read)) > 1 and reduction_kind(read) == ""
        if not inside or (in_row and loop.level[read] < loop.level[unit]) or place in ("any", "in row"):
            yield read


def _last_uses(schedule: Schedule, to_the_end: set[Node]) -> dict[Node, int]:
    """The number of the last statement that reads each unit; those without reader are missing."""
    units = schedule.units
    last = {}
    for number, statement in enumerate(schedule.statements):
        for unit in statement.units:
            last.update(dict.fromkeys((r for r in units.reads[unit] if r in units), number))
    last.update(dict.fromkeys(to_the_end, len(schedule.statements)))
    return last
