"""A graph of many gates, drawn in groups: stretches of the forward pass, and inputs that are called alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from ...graph import Graph, Node, Variable
from ...words import Words
from ._from_graph import Closed, Parts
from ._symbols import symbol_of

MOST_NODES = 150  # that are drawn one by one

_STRETCHES = 12
_MOST_INPUTS = 24  # that are drawn one by one in a graph that is not
_MOST_SYMBOLS = 4  # that are named below a group


def parts_of(graph: Graph, say: Words) -> Parts:
    """How a graph is drawn: gate by gate, unless there are too many.

    Gates are grouped by depth, their longest way from an input. No line leads back from a deeper group to one that is
    less deep, so the groups are a graph without circles like that of the gates.
    """
    if len(graph) <= MOST_NODES:
        return Parts()
    stretch_of = _stretches(graph)
    closed: dict[Variable, str] = {}
    groups: dict[str, Closed] = {}
    for nodes in _by(graph, stretch_of).values():
        if len(nodes) > 1:
            name = say("stretch", first=nodes[0].name, last=nodes[-1].name)
            closed |= {node.variable: name for node in nodes}
            groups[name] = Closed("group", say("gates", count=len(nodes)), _symbols(nodes))
    for name, nodes in _inputs(graph, stretch_of).items():
        closed |= {node.variable: name for node in nodes}
        groups[name] = Closed("leaf", say("inputs", count=len(nodes)))
    return Parts(closed, groups)


def _stretches(graph: Graph) -> Mapping[Variable, int]:
    """The stretch of each gate, and of each leaf that of its first use."""
    depth: dict[Variable, int] = {}
    for node in graph:
        before = [depth[v] for v in node.variable.inputs if isinstance(v, Variable)]
        depth[node.variable] = 1 + max(before) if before else 0
    deepest = max(depth.values())
    count = min(_STRETCHES, deepest)
    stretch_of = {v: (d - 1) * count // deepest for v, d in depth.items() if d}
    for node in graph:
        for v in node.variable.inputs:
            if isinstance(v, Variable) and v.gate is None:
                stretch_of[v] = min(stretch_of.get(v, count), stretch_of[node.variable])
    return stretch_of


def _by(graph: Graph, stretch_of: Mapping[Variable, int]) -> Mapping[int, list[Node]]:
    found: defaultdict[int, list[Node]] = defaultdict(list)
    for node in graph:
        if node.variable.gate is not None:
            found[stretch_of[node.variable]].append(node)
    return found


def _inputs(graph: Graph, stretch_of: Mapping[Variable, int]) -> Mapping[str, list[Node]]:
    """Inputs of the same stretch that are called alike but for a number; if these are many kinds, all of a stretch."""
    leaves = [node for node in graph if node.variable.gate is None]
    if len(leaves) <= _MOST_INPUTS:
        return {}
    alike: defaultdict[tuple[int, str], list[Node]] = defaultdict(list)
    for node in leaves:
        alike[stretch_of[node.variable], node.name.rstrip("0123456789")].append(node)
    if len(alike) > _MOST_INPUTS:
        together: defaultdict[tuple[int, str], list[Node]] = defaultdict(list)
        for (stretch, _), nodes in alike.items():
            together[stretch, ""] += nodes
        alike = together
    return {f"{nodes[0].name} … {nodes[-1].name}": nodes for nodes in alike.values() if len(nodes) > 1}


def _symbols(nodes: Iterable[Node]) -> str:
    symbols = list(dict.fromkeys(symbol_of(node.variable)[0] for node in nodes))
    return "  ".join([*symbols[:_MOST_SYMBOLS], *(["…"] if len(symbols) > _MOST_SYMBOLS else [])])
