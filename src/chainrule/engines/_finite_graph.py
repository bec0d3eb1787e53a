"""Where numbers went bad in a graph of variables: first in its values, then in its gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import gates
from ..graph import Variable, handed_back, quiet, reachable
from ._cause import Judged, forward_of, is_finite, is_float, rule_of
from ._finite import Phase, Place, given_names, judge_gate, layer_in
from ._step import _names


def first_in_graph(
    output: Variable, names: Mapping[Variable, str] | None = None, *, backward: bool = True
) -> Place | None:
    """Find where in a graph numbers went bad: in the order of the forward pass, then in that of the backward pass.

    An infinity that a later gate did not take (the other branch of a ``where``) is not what is looked for: the search
    goes back from the output, along results that are not finite.

    output    of the graph; the backward pass starts from ones
    names     of all its variables; without, what has no name is called like what it leads to
    backward  whether to look at the gradients too
    returns   the place, or None when all is finite
    raises    GraphError when an array that the rules need was changed in place

    >>> x = Variable(0.0, name="x")
    >>> first_in_graph(1 / x).judged.cause
    'zero'
    """
    order = reachable([output])[::-1]
    way = _names(order)
    layers = {v: layer_in(name) if v.gate else "" for v, name in way.items()}
    names = names or way
    found = _in_values(output, names, layers)
    return found or (_in_gradients(output, order, names, layers) if backward else None)


def _in_values(
    output: Variable, names: Mapping[Variable, str], layers: Mapping[Variable, str]
) -> Place | None:
    spoiled = _spoiled(output)

    def place(v: Variable) -> Place:
        inputs = tuple(zip(_input_names(v, names), v._values, strict=True))
        if v.gate is None:
            return Place(None, names[v], "", "forward", v._value, (), Judged("input"))
        phase: Phase = "loss" if v is output or v.gate.kind == "loss" else "forward"
        judged = judge_gate(forward_of(v.gate, v.settings), v.gate, v._values, v._value)
        return Place(v.gate, names[v], layers[v], phase, v._value, inputs, judged)

    for v in spoiled:  # NaN that came in
        if v.gate is None and np.isnan(v._value).any():
            return place(v)
        for name, value, i in zip(_input_names(v, names), v._values, v.inputs, strict=True):
            if not isinstance(i, Variable) and is_float(value) and np.isnan(value).any():
                return Place(None, name, "", "forward", value, (), Judged("input"))
    for v in spoiled:  # what a gate made of finite numbers
        if v.gate is not None and all(map(is_finite, v._values)):
            return place(v)
    for v in spoiled:  # NaN that a gate made of infinities
        if v.gate is not None and np.isnan(v._value).any():
            return place(v)
    return place(spoiled[0]) if spoiled else None  # infinities that came in


def _in_gradients(
    output: Variable, order: list[Variable], names: Mapping[Variable, str], layers: Mapping[Variable, str]
) -> Place | None:
    if output.gate is None or not is_float(output._value):
        return None
    one = 1.0 if type(output._value) is float else np.ones_like(output._value)
    gradients: dict[Variable, Any] = {output: one}
    for v in reversed(order):
        if v.gate is None or v not in gradients:
            continue
        dout = gradients[v]
        for position, gradient in enumerate(handed_back(v, dout)):
            if gradient is None:
                continue
            target = v.inputs[position]
            name = f"d{names[target]}"
            if not is_finite(gradient):
                inputs = tuple(zip((*_input_names(v, names), "dout"), (*v._values, dout), strict=True))
                judged = judge_gate(rule_of(v, position), v.gate, (*v._values, dout), gradient)
                return Place(v.gate, name, layers[v], "backward", gradient, inputs, judged)
            if target in gradients:
                parts = gradients[target], gradient
                gradients[target] = total = quiet.run(np.add, *parts)
                if not is_finite(total):
                    judged = judge_gate(forward_of(gates.add, {}), gates.add, parts, total)
                    both = tuple((name, part) for part in parts)
                    return Place(gates.add, name, layers[target], "backward", total, both, judged)
            else:
                gradients[target] = gradient
    return None


def _spoiled(output: Variable) -> list[Variable]:
    """The output if it is not finite, and all that leads to it through what is not finite, in order."""
    found = [] if is_finite(output._value) else [output]
    seen = set(found)
    for v in found:  # grows while it is walked
        for i in v.inputs:
            if isinstance(i, Variable) and i not in seen and not is_finite(i._value):
                seen.add(i)
                found.append(i)
    return sorted(found, key=lambda v: v.number)


def _input_names(v: Variable, names: Mapping[Variable, str]) -> list[str]:
    return (
        given_names(v.gate, [names[i] if isinstance(i, Variable) else None for i in v.inputs])
        if v.gate
        else []
    )
