"""The first pass: from gates to primitive operations, by running each gate's own forward on abstract arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .._abstract import AbstractArray, xp
from .._node import Node, in_order
from .._step import Application, StepGraph


@dataclass(frozen=True, slots=True)
class Program:
    """What a step computes, in primitive operations.

    outputs  by name
    origin   for the number of a node the gate application that it is a part of
    """

    outputs: Mapping[str, Node]
    origin: Mapping[int, Application]

    def nodes(self) -> list[Node]:
        """What the outputs need, in order."""
        return in_order(self.outputs.values())

    def rewritten(self, rewrite: Callable[[Node], Node]) -> Program:
        """The program with each node, its arguments rewritten before it, replaced by what `rewrite` says."""
        new: dict[Node, Node] = {}
        origin = dict(self.origin)
        for node in self.nodes():
            args = tuple(new[a] for a in node.args)
            changed = args != node.args
            new[node] = rewrite(node.with_args(args) if changed else node)
            if node.number in origin:
                origin.setdefault(new[node].number, origin[node.number])
        return Program({name: new[node] for name, node in self.outputs.items()}, origin)

    def replaced(self, by: Mapping[Node, Node]) -> Program:
        """The program with some nodes replaced by others, which may have nodes of this program as arguments."""
        new: dict[Node, Node] = {}
        for node in in_order(self.outputs.values(), by):
            node_now = by.get(node, node)
            args = tuple(new[a] for a in node_now.args)
            new[node] = node_now if args == node_now.args else node_now.with_args(args)
        return Program({name: new[node] for name, node in self.outputs.items()}, self.origin)

    def __str__(self) -> str:
        lines = [
            f"{node}  # {self.origin[node.number].name}" if node.number in self.origin else str(node)
            for node in self.nodes()
        ]
        return "\n".join([*lines, *(f"{name} = %{node.number}" for name, node in self.outputs.items())])


def lower(step: StepGraph, inputs: Mapping[str, Node]) -> Program:
    """The primitive operations of a step graph.

    inputs  what stands for each input, by name: a node with its shape and dtype
    """
    values: dict[int, Any] = {slot: AbstractArray(inputs[name]) for name, slot in step.inputs.items()}
    values.update(step.constants)
    origin: dict[int, Application] = {}
    seen = set(inputs.values())
    for a in step.applications:
        result = xp.run_gate(a.gate, tuple(values[slot] for slot in a.inputs), a.settings)
        results = result if a.kept else (result,)
        for slot, value in zip((a.output, *a.kept), results, strict=True):
            values[slot] = value
        new = [value.node for value in results if isinstance(value, AbstractArray)]
        while new:
            node = new.pop()
            if node not in seen:
                seen.add(node)
                origin[node.number] = a
                new.extend(node.args)
    return Program({name: values[slot].node for name, slot in step.outputs.items()}, origin)
