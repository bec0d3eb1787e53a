"""chainrule's own functions of variables, whose gradients backprop finds."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from ...graph import Variable, gradients_of
from .._claim import Claim
from .._slopes import Array
from ._asked import result_of
from ._inputs import Inputs, check_something_is_claimed
from ._live import copied
from ._names import code_of, title_of

Function = Callable[..., Any]


class _Session:
    def __init__(self, f: Function, inputs: Inputs) -> None:
        self._f, self._inputs = copied(f), inputs
        self._variables: list[Variable] = []
        self._out: Any = None

    def forward(self, values: Sequence[Array]) -> Any:
        self._variables = list(map(Variable, self._inputs.native(values)))
        self._out = self._f(*self._inputs.filled(self._variables))
        return result_of(self._out, title_of(self._f))

    def backward(self, dout: Any) -> list[Any]:
        """The gradients; None where nothing flows, which claims that the gradient is 0."""
        if not isinstance(self._out, Variable):
            return [None] * len(self._variables)
        return gradients_of(self._out, self._variables, seed=dout)


def run_with_variables(f: Function, inputs: Inputs) -> Any:
    """What f returns for variables."""
    return copied(f)(*inputs.filled(list(map(Variable, inputs.native(inputs.values)))))


def claim_of_variables(f: Function, inputs: Inputs) -> Claim:
    """The claim of a function of variables: what `gradients_of` gives."""
    check_something_is_claimed(title_of(f), inputs.checked, inputs)
    return Claim(
        title_of(f),
        "function",
        inputs.checked_names,
        inputs.values,
        functools.partial(_Session, f, inputs),
        skipped=inputs.skipped,
        code=code_of(forward=f),
    )
