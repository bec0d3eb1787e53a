"""Part of the fifth pass: what needs no memory of its own, because it lies in that of something else.

What is concatenated is computed where the concatenation has it, and a gate for which all processes meet writes its
result over what it is given, when nobody reads that any more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from ...graph import Dimension
from .._node import Node
from ._group import Schedule
from ._units import Units, is_single, source

Places = dict[Node, tuple[Node, int]]
"""For each unit that lies within another one: which, and at which of its numbers it begins."""


def within(schedule: Schedule, elsewhere: Collection[Node], last: Mapping[Node, int]) -> Places:
    """Find what lies within what.

    elsewhere  units that lie somewhere else already
    last       the number of the statement that reads a unit last
    """
    units = schedule.units
    called = {source(a) for unit in units.order if unit.op == "call" for a in unit.args}
    alone = {u for u in units.order if u in elsewhere or u.op in ("call", "part", "concat") or is_single(u)}
    places: Places = {}
    for whole in units.order:
        if whole.op != "concat" or whole in elsewhere or len(whole.shape) != 1 or _varies(whole):
            continue
        for part, start in _parts(whole):
            if part in units and part not in alone and part not in called:
                places.setdefault(part, (whole, start))
    for number, statement in enumerate(schedule.statements):
        for unit in statement.units:
            if unit.op != "call" or unit.settings["gate"].kind != "collective" or unit in elsewhere:
                continue
            given = source(unit.args[0])
            here = [given, *(part for part, (whole, _) in places.items() if whole is given)]
            if given not in elsewhere and given not in places and _is_done(units, here, last, number):
                places[unit] = given, 0
    return places


def _parts(whole: Node) -> Iterator[tuple[Node, int]]:
    """Arguments of a concatenation that are all of a unit, each with where it begins."""
    start = 0
    for arg in whole.args:
        part = arg.args[0] if arg.op == "reshape" else arg
        if part is source(arg) and part.dtype == whole.dtype:
            yield part, start
        start += arg.shape[0]


def _is_done(units: Units, here: Collection[Node], last: Mapping[Node, int], number: int) -> bool:
    return all(unit in units and last.get(unit, number) <= number for unit in here)


def _varies(node: Node) -> bool:
    return any(isinstance(n, Dimension) for arg in (node, *node.args) for n in arg.shape)
