"""What things are called in the emitted text: as in the network and the lesson, W1, Affine1, dW1."""

from __future__ import annotations

import keyword
import re
from collections.abc import Container, Mapping

from .._node import Node
from ._plain import PLAIN_NAMES
from ._units import Units, source

# What the emitted text already means something else by: its variables, what only compiled text calls, and the rest.
RESERVED = frozenset(
    "i j k l m n o p q r s each rows thread threads flags calls first last clock addresses numbers record steps step "
    "array_at call_gate tick ticks range bool bool_ max min".split()
) | frozenset(PLAIN_NAMES)


# What a result is called that has no name of its own, by the operation.
CALLED = {
    "sum": "total", "max": "largest", "min": "smallest", "add": "total", "subtract": "difference",
    "multiply": "product", "divide": "quotient", "negative": "negated", "power": "raised", "gemm": "product",
    "matmul": "product", "matmul_total": "total",
}  # fmt: skip


def names_of(units: Units) -> Mapping[Node, str]:
    """A name for every unit and input, each another one."""
    program = units.program
    last_of = {a.name: a for a in program.origin.values()}
    result_of = {}
    for node in program.nodes():
        if node.number in program.origin:
            result_of[id(program.origin[node.number])] = source(node)  # the last of its nodes is its result
    taken = set(RESERVED)
    names: dict[Node, str] = {}

    def give(node: Node, wanted: str) -> None:
        names[node] = free_name(wanted, taken)
        taken.add(names[node])

    for reads in units.reads.values():
        for leaf in sorted(reads, key=lambda leaf: leaf.number):
            if leaf.op in ("input", "constant") and leaf not in names:
                give(leaf, leaf.settings.get("name", "constant"))
    outputs = {node: name for name, node in program.outputs.items()}
    for node, name in outputs.items():
        if name not in taken:
            give(node, name)
    for unit in units.order:
        if unit in names:
            continue
        application = program.origin.get(unit.number)
        if application is None:
            give(unit, _plain(unit))
        elif last_of[application.name] is application and result_of[id(application)] is unit:
            give(unit, application.name)
        else:
            give(unit, f"{application.name}_{CALLED.get(unit.op, unit.op)}")
    return names


def free_name(wanted: str, taken: Container[str]) -> str:
    """A name like the one that is wanted, which means nothing else yet."""
    name = re.sub(r"\W", "_", wanted)
    name = f"_{name}" if re.match(r"\d|(first|last)(_|$)", name) else name  # those are the ends of shares
    if name not in taken and name not in RESERVED and not keyword.iskeyword(name):
        return name
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def _plain(unit: Node) -> str:
    node = unit
    while node.op != "input" and node.args:
        node = node.args[0]
    return f"{node.settings['name']}_batch" if node.settings.get("gathered") else unit.op
