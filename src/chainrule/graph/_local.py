"""One gate application looked at alone: what it hands back to each input, and its local derivatives."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np

from ._backward import _seed, _walk, _walk_as_graph, gradients_of
from ._quiet import quiet
from ._recording import check_unchanged, new_variable, recording
from ._variable import Variable


def handed_back(variable: Variable, dout: Any) -> tuple[Any, ...]:
    """What the gate that made a variable hands back to each of its inputs: gradients before any are added up.

    variable  the result of a gate
    dout      the upstream gradient, of the variable's shape
    returns   for each input, in order, a gradient of its shape; None for constants and where nothing flows back
    raises    GraphError when an array that the rules need was changed in place

    >>> x = Variable(3.0)
    >>> handed_back(x * x, 1.0)
    (3.0, 3.0)
    """
    check_unchanged(variable)
    alone = _alone(variable)
    gradients = quiet.run(_walk, [alone], {alone: _seed(variable, dout)})
    return tuple(gradients.get(i) if isinstance(i, Variable) else None for i in alone.inputs)


def local_derivatives(variable: Variable, position: int, index: tuple[int, ...] = ()) -> Any:
    """The derivatives of all elements that a gate gave for one element of one of its inputs.

    A rule is linear in the upstream gradient; so what it makes of it, differentiated for the upstream gradient, is the
    local derivative, and the rule is the only place where that is written.

    variable  the result of a gate
    position  which of its inputs, a variable
    index     of the element, () of a number
    returns   an array of the variable's shape, or a float: ∂ variable / ∂ input[index]; None if nothing flows back
    raises    GraphError when an array that the rules need was changed in place
    source    the derivative of the transpose is the forward derivative: Christianson, Reverse accumulation and
              attractive fixed points, Optimization Methods and Software 3 (1994)

    >>> x = Variable(np.array([3.0, 4.0]))
    >>> local_derivatives(x * x, 0, (1,))
    array([0., 4.])
    """
    check_unchanged(variable)
    alone = _alone(variable)
    target = alone.inputs[position]
    if not isinstance(target, Variable):
        return None
    with recording(True):
        dout = new_variable(_seed(variable, np.ones(variable.shape)))
        gradients = {alone: dout}
        quiet.run(_walk_as_graph, [alone], gradients, {alone, target})
        if target not in gradients:
            return None
        element = gradients[target][index] if index else gradients[target]
        (found,) = gradients_of(element, [dout])
    return np.zeros(variable.shape) if found is None and variable.shape else 0.0 if found is None else found


def _alone(variable: Variable) -> Variable:
    """The same application, with inputs of its own: none of them a result, no two of them the same."""
    alone = copy(variable)
    values = zip(variable.inputs, variable._values, strict=True)
    alone.inputs = tuple(new_variable(value) if isinstance(i, Variable) else i for i, value in values)
    return alone
