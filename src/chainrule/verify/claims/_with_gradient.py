"""Functions that return ``(value, gradients)``, as ``scipy.optimize`` takes them with ``jac=True``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ...errors import ArgumentError
from .._claim import Claim
from .._slopes import Array
from ._asked import Asked, aligned, result_of
from ._inputs import Inputs, check_something_is_claimed
from ._live import copied
from ._names import code_of, title_of

Function = Callable[..., Any]


class _Session:
    def __init__(self, f: Function, inputs: Inputs) -> None:
        self._f, self._inputs = copied(f), inputs
        self._gradients: Any = None

    def forward(self, values: Sequence[Array]) -> Any:
        return result_of(_number(self.run(values)), title_of(self._f))

    def run(self, values: Sequence[Any]) -> Any:
        """The value that the function returns, for arrays or variables."""
        value, self._gradients = self._f(*self._inputs.call_with(values))
        return value

    def backward(self, dout: Any) -> list[Any]:
        """The gradients; no upstream gradient reaches the function."""
        return aligned(self._gradients, self._inputs, title_of(self._f))


def is_value_and_gradient(out: Any, inputs: Inputs) -> bool:
    """Whether a result is a number and what may be gradients, the first of the size or axes of its input."""
    if not (isinstance(out, tuple | list) and len(out) == 2 and _is_number(out[0]) and inputs.checked):
        return False
    try:
        gradients = aligned(out[1], inputs, "")
    except ArgumentError:
        return isinstance(out[1], Mapping | tuple)  # which `claim_of_value_and_gradient` will say
    pairs = zip(inputs.values, gradients, strict=True)
    x, first = next(((x, g) for x, g in pairs if g is not None), (inputs.values[0], None))
    return first is not None and (np.size(first) == x.size or np.ndim(first) == x.ndim)


def claim_of_value_and_gradient(f: Function, asked: Asked) -> Claim:
    """The claim of a function that returns ``(value, gradients)``.

    raises   ArgumentError when there are more gradients than inputs, or under other names
    """
    everything = asked.inputs_of(f)
    session = _Session(f, everything)
    with np.errstate(all="ignore"):
        session.forward(everything.values)
    inputs = everything.claimed(session.backward(1.0))
    check_something_is_claimed(title_of(f), inputs.checked, inputs)
    return Claim(
        title_of(f),
        "value and gradient",
        inputs.checked_names,
        inputs.values,
        functools.partial(_Session, f, inputs),
        takes_dout=False,
        skipped=inputs.skipped,
        code=code_of(forward=f),
        trace=lambda variables: _Session(f, inputs).run(variables),
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.ndarray | np.generic) and np.size(value) == 1


def _number(value: Any) -> Any:
    """SciPy takes a value of shape (1,) too, as comes from ``x.T @ A @ x``."""
    return np.reshape(value, ())[()] if np.ndim(value) else value
