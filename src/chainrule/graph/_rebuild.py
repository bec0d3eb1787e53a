"""The same graph once more: on other leaves, or with other gates in the places of its gates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ._backward import reachable
from ._recording import apply, recording
from ._variable import Variable

Application = Callable[..., Any]
_NOTHING: Mapping[Variable, Any] = {}


def rebuild(
    outputs: Iterable[Variable],
    leaf: Callable[[Variable], Any],
    application: Application = apply,
    *,
    instead: Mapping[Variable, Any] = _NOTHING,
) -> dict[Variable, Any]:
    """Run the gates that led to some outputs again, in their order.

    outputs      variables, with the past that they were recorded with
    leaf         what stands for a leaf now: a variable, itself or another
    application  what stands for a gate applied to what stands for its inputs: ``application(gate, *inputs,
                 **settings)``, the gate itself unless told otherwise
    instead      what stands for variables that are no leaves, and need not be computed
    returns      for each variable what stands for it now. Names are kept where a variable stands for a variable

    >>> x = Variable(3.0, name="x")
    >>> y = x * x
    >>> now = rebuild([y], lambda leaf: Variable(4.0, name=leaf.name))
    >>> now[y], now[x]
    (Variable(16.0), Variable(4.0, name='x'))
    """
    now: dict[Variable, Any] = {}
    with recording(True):
        for variable in reversed(reachable(outputs)):
            gate = variable.gate
            if variable in instead:
                now[variable] = instead[variable]
            elif gate is None:
                now[variable] = leaf(variable)
            else:
                inputs = [now[i] if isinstance(i, Variable) else i for i in variable.inputs]
                result = now[variable] = application(gate, *inputs, **variable.settings)
                if variable.name and isinstance(result, Variable) and result.name is None:
                    result.name = variable.name
    return now
