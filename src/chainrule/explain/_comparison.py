"""Gradients beside numerical derivatives: the graph is run again with an input moved a little both ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..graph import Node, Variable, central_difference, rebuild
from ..verify import InputCheck, compare
from ._backpropagation import Backpropagation, Index

_CLOSE = 1e-6  # of the largest gradient: what a central difference of a smooth function gets right
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
    return tuple(_compare_one(passes, node, index) for node in nodes)


def _compare_one(passes: Backpropagation, node: Node, index: Index | None) -> InputCheck:
    """A central difference; where it does not agree at once, all that `check_gradients` knows of kinks and noise."""
    variable = node.variable
    gradient = np.asarray(passes.gradients[variable], dtype=float)
    indices = _largest(gradient) if index is None else [index]
    value = np.asarray(variable._value)
    elements = np.array([value[i] for i in indices], dtype=np.float64)
    backprop = np.array([gradient[i] for i in indices])

    def run(moved: Any) -> Any:
        return _run(passes.graph.output, variable, _with(variable, indices, moved))

    with np.errstate(all="ignore"):
        numerical = central_difference(run, elements.copy())
    errors = np.abs(numerical - backprop)
    tolerances = _CLOSE * np.maximum(np.abs(backprop), np.abs(backprop).max())
    checked, place = f"{len(indices)} of {variable.size}", int(np.argmax(errors))
    if np.all(errors <= tolerances):
        return InputCheck(
            node.name, variable.shape, str(variable.dtype), "ok", checked, index=indices[place],
            max_absolute=float(errors[place]), numerical=float(numerical[place]), backprop=float(backprop[place]),
        )  # fmt: skip
    output = np.asarray(passes.graph.output._value)
    given = elements.astype(variable.dtype)
    names, rng = [node.name], np.random.default_rng(0)
    (check,) = compare(names, [given], [backprop], lambda values: run(values[0]), output, np.ones(()), rng)
    at = indices[check.index[0]] if check.index else None
    return replace(check, shape=variable.shape, index=at, checked=checked)


def _largest(gradient: Any) -> list[Index]:
    if gradient.size <= MOST:
        return list(np.ndindex(gradient.shape))
    sizes = np.abs(np.nan_to_num(gradient, nan=np.inf)).ravel()
    first = np.argsort(-sizes, kind="stable")[:MOST]
    return [tuple(map(int, np.unravel_index(at, gradient.shape))) for at in first]


def _with(variable: Variable, indices: Sequence[Index], elements: Any) -> Any:
    """A variable's value in float64 with other numbers in some places."""
    value = np.array(variable._value, dtype=np.float64)
    for index, element in zip(indices, elements, strict=True):
        value[index] = element
    return value if value.ndim else float(value)


def _run(output: Variable, moved: Variable, value: Any) -> Any:
    """The output in float64, with another value in the place of one variable."""

    def leaf(variable: Variable) -> Any:
        if variable.dtype == np.float32:
            return Variable(np.asarray(variable._value, dtype=np.float64))
        return variable

    return np.reshape(rebuild([output], leaf, instead={moved: Variable(value)})[output]._value, ())
