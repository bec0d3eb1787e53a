"""How operators run gates."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ... import gates
from ...errors import UnsupportedError
from ...gates import Gate
from ...graph import Variable, apply, constant, quiet, run_gate


def call(gate: Gate, *inputs: Any, **settings: Any) -> Any:
    """Run a gate on variables and arrays. Whole numbers among themselves stay whole numbers, as ONNX has it.

    >>> from chainrule import gates
    >>> call(gates.add, np.array([1, 2], np.int8), np.array(3, np.int8))
    array([4, 5], dtype=int8)
    """
    if any(isinstance(i, Variable) or is_floating(i) for i in inputs):
        return apply(gate, *inputs, **settings)
    return quiet.run(run_gate, gate, tuple(map(constant, inputs)), settings)


class _Gates:
    """All gates by name, run by `call`: ``g.add(x, y)``."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in gates.ALL:
            raise AttributeError(f"there is no gate {name!r}", name=name, obj=self)
        return partial(call, gates.ALL[name])


g = _Gates()


def is_floating(value: Any) -> bool:
    """Whether a value holds floating-point numbers; those of Python take the precision of what they meet."""
    return not isinstance(value, bool | int) and getattr(value, "dtype", np.dtype(float)).kind == "f"


def numbers(value: Any, role: str) -> Any:
    """An array whose numbers decide something: shapes, axes, places. UnsupportedError if they come from the inputs."""
    if isinstance(value, Variable):
        raise UnsupportedError(
            f"its {role} depend on the numbers of the input, so no graph of gates can be recorded"
        )
    return np.asarray(value)


def whole(value: Any, role: str) -> tuple[int, ...]:
    """Whole numbers that decide something, as Python's; older files have them as attributes, newer ones as inputs."""
    array = numbers(value, role)
    if array.dtype.kind not in "iu" or array.ndim > 1:
        raise ValueError(f"its {role} are whole numbers, not {array.dtype} of shape {array.shape}")
    return tuple(array.reshape(-1).tolist())


def maybe_whole(value: Any, role: str = "axes") -> tuple[int, ...] | None:
    """`whole`, and None for what is left out."""
    return None if value is None else whole(value, role)
