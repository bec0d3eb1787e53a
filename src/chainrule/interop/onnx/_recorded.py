"""The graph of a network for any number of rows.

It is recorded twice, for two rows and for three, on arrays that have shapes and no numbers; what differs between the
two follows the rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...engines._abstract import AbstractArray
from ...engines._node import input_node
from ...errors import UnsupportedError
from ...gates import Gate
from ...graph import Variable, fitted, new_variable, reachable
from ...networks import Network
from ._writer import Shape


class Result(NamedTuple):
    """A value of a graph, and the gate that it comes from.

    inputs    for each the number of a result, or a constant
    settings  those that were chosen, and the others at their defaults
    shape     in which what follows the rows is a `Dimension`
    layer     that it belongs to
    leaf      its name if it is a parameter or the input; then there is no gate
    """

    gate: Gate | None
    inputs: tuple[tuple[int | None, Any], ...]
    settings: Mapping[str, Any]
    shape: Shape
    dtype: np.dtype[Any]
    layer: str
    leaf: str | None


INPUT = ""  # the leaf that is no parameter, whose name is the business of whoever writes the graph


def recorded(network: Network, ending: Any) -> list[Result]:
    """All values that the outputs of a network are made of, each after those that it needs.

    ending   a function of the scores, whose result is the last value
    raises   UnsupportedError when the graph is another one for another number of rows
    """
    two, three = (_run(network, ending, rows) for rows in (2, 3))
    if len(two) != len(three):
        raise _another("it has more gates for three rows than for two")
    return [_merged(a, b) for a, b in zip(two, three, strict=True)]


def dtype_of_inputs(network: Network) -> np.dtype[Any]:
    return network.dtype if network.embedding is None else np.dtype(np.int64)


def _run(network: Network, ending: Any, rows: int) -> list[Result]:
    def without_numbers(shape: tuple[int, ...], dtype: Any) -> Variable:
        return new_variable(AbstractArray(input_node("", shape, dtype)))

    leaves = {name: without_numbers(value.shape, value.dtype) for name, value in network.arrays.items()}
    x = without_numbers((rows, *network.input_shape), dtype_of_inputs(network))
    scores = network.compute(leaves, x)
    output = ending(scores)
    if not isinstance(output, Variable) or output.gate is None:
        raise UnsupportedError("the network does nothing to its input, so there is no graph to write")
    names = {variable: name for name, variable in leaves.items()} | {x: INPUT}
    order = reachable([output])
    layers, layer = {}, ""
    for variable in order:  # what has no name of its own is on the way to the next that has one
        layer = layer if variable.gate is None else variable.name or layer
        layers[variable] = layer
    order.reverse()
    place = {variable: number for number, variable in enumerate(order)}
    return [_result(variable, place, layers[variable], names.get(variable)) for variable in order]


def _result(variable: Variable, place: Mapping[Variable, int], layer: str, leaf: str | None) -> Result:
    inputs = tuple((place[i], None) if isinstance(i, Variable) else (None, i) for i in variable.inputs)
    gate = variable.gate
    settings = {**gate.defaults, **variable.settings} if gate else {}
    if gate is None and leaf is None:  # a constant that somebody made a variable of
        inputs = ((None, variable._value),)
    return Result(gate, inputs, settings, variable.shape, variable.dtype, layer, leaf)


def _merged(two: Result, three: Result) -> Result:
    if two.gate is not three.gate or two.leaf != three.leaf:
        raise _another("its gates are others for three rows than for two")
    return two._replace(
        inputs=_fitted(two.inputs, three.inputs),
        settings=_fitted(two.settings, three.settings),
        shape=_fitted(two.shape, three.shape),
    )


def _fitted(two: Any, three: Any) -> Any:
    """What was for two rows, with `Dimension`s where it is something else for three."""
    if isinstance(two, dict):
        return {name: _fitted(value, three[name]) for name, value in two.items()}
    if isinstance(two, slice):
        return slice(*_fitted((two.start, two.stop, two.step), (three.start, three.stop, three.step)))
    if isinstance(two, tuple | list):
        if len(two) != len(three):
            raise _another("it has other axes for three rows than for two")
        return tuple(_fitted(a, b) for a, b in zip(two, three, strict=True))
    if isinstance(two, np.ndarray) and not isinstance(three, Sequence):
        if not np.array_equal(two, three, equal_nan=two.dtype.kind == "f"):
            raise _another("it computes with an array that follows the number of rows")
        return two
    if two is three or two == three:
        return two
    if type(two) is int and type(three) is int:
        return fitted(two, three)
    raise _another(f"it computes with {two!r:.40} for two rows and with {three!r:.40} for three")


def _another(why: str) -> UnsupportedError:
    return UnsupportedError(f"the network is no one graph for every number of rows: {why}")
