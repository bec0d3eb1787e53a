"""Gradients beside numerical derivatives: the graph is run again with an input moved a little both ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..graph import Node, Variable, rebuild
from ..verify import InputCheck, compare
from ._backpropagation import Backpropagation, Index

MOST = 12  # elements of an array that are compared; of a larger one, those with the largest gradients


def compare_with_differences(
    passes: Backpropagation, nodes: Sequence[Node], index: Index | None = None
) -> tuple[InputCheck, ...]:
    """The gradients of some inputs beside numerical derivatives.

    nodes    leaves, or other values of the graph, that have a gradient
    index    of the element to compare, if it is one alone; else all are, or the `MOST` with the largest gradients
    returns  for each of them what was found, as `check_gradients` says it
    source   Saito, Deep Learning from Scratch, section 4.3.1
    """
    output = passes.graph.output
    unmoved = rebuild([output], lambda leaf: Variable(_in_float64(passes.values[leaf])))
    return tuple(_compare_one(passes, unmoved, node, index) for node in nodes)


def _compare_one(
    passes: Backpropagation, unmoved: Mapping[Variable, Any], node: Node, index: Index | None
) -> InputCheck:
    """unmoved  the same graph in float64"""
    variable, output = node.variable, passes.graph.output
    gradient = np.ravel(passes.gradients[variable])
    places = _largest(gradient) if index is None else [int(np.ravel_multi_index(index, variable.shape))]
    elements = np.ravel(passes.values[variable])[places]
    behind = _behind(passes, variable)
    fixed = {v: still for v, still in unmoved.items() if v not in behind}

    def run(inputs: Sequence[Any]) -> Any:
        moved = np.array(unmoved[variable]._value)
        moved.flat[places] = inputs[0]
        now = rebuild([output], lambda leaf: leaf, instead={**fixed, variable: Variable(_in_float64(moved))})
        return np.reshape(now[output]._value, ())

    given = ([node.name], [elements], [gradient[places]])
    rng = np.random.default_rng(0)
    (check,) = compare(*given, run, np.asarray(output._value), np.ones(()), rng)
    at = None if check.index is None else np.unravel_index(places[check.index[0]], variable.shape)
    return replace(
        check,
        shape=variable.shape,
        index=None if at is None else tuple(map(int, at)),
        checked=f"{len(places)} of {variable.size}",
    )


def _in_float64(value: Any) -> Any:
    return np.asarray(value, dtype=np.float64) if np.ndim(value) else float(value)


def _largest(gradient: Any) -> list[int]:
    """Where the largest ones are; all of them if there are few."""
    if gradient.size <= MOST:
        return list(range(gradient.size))
    sizes = np.abs(np.nan_to_num(gradient, nan=np.inf))
    return list(map(int, np.argsort(-sizes, kind="stable")[:MOST]))


def _behind(passes: Backpropagation, variable: Variable) -> set[Variable]:
    """All that has to be computed anew when a variable moves, itself included."""
    behind = {variable}
    for node in passes.graph:
        if any(isinstance(i, Variable) and i in behind for i in node.variable.inputs):
            behind.add(node.variable)
    return behind
