"""JAX: functions of its arrays. Their claim is what ``jax.vjp`` gives."""

from __future__ import annotations

import contextlib
import functools
import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...errors import UnsupportedError
from .._claim import Claim
from .._slopes import Array
from ._asked import Asked
from ._inputs import Inputs, check_something_is_claimed, is_jax
from ._names import code_of, title_of
from ._with_gradient import claim_of_value_and_gradient, is_value_and_gradient

Function = Callable[..., Any]


class _Session:
    def __init__(self, f: Function, inputs: Inputs) -> None:
        self._f, self._inputs = f, inputs
        self._values: list[Array] = []

    def forward(self, values: Sequence[Array]) -> Any:
        self._values = list(values)
        with _precision_of(values):
            out = self._of_checked(*map(sys.modules["jax"].numpy.asarray, values))
            if not is_jax(out):
                what = f"{title_of(self._f)} returned {type(out).__name__}; expected one of JAX's arrays"
                raise UnsupportedError(what, fix="check a function that returns one array")
            return np.array(out)

    def backward(self, dout: Any) -> list[Any]:
        jax = sys.modules["jax"]
        with _precision_of(self._values):
            out, pull_back = jax.vjp(self._of_checked, *map(jax.numpy.asarray, self._values))
            return list(map(np.array, pull_back(jax.numpy.asarray(dout, out.dtype))))

    def _of_checked(self, *values: Any) -> Any:
        return self._f(*self._inputs.filled(values))


def with_arrays(f: Function) -> Function:
    """The same function for NumPy's arrays, which are its results too, computed in the precision of its inputs."""
    jax = sys.modules["jax"]

    def of_jax(leaf: Any) -> Any:
        return jax.numpy.asarray(leaf) if isinstance(leaf, np.ndarray) else leaf

    def of_numpy(leaf: Any) -> Any:
        return np.array(leaf) if is_jax(leaf) else leaf

    @functools.wraps(f)
    def run(*inputs: Any) -> Any:
        with _precision_of([leaf for leaf in jax.tree.leaves(inputs) if isinstance(leaf, np.ndarray)]):
            return jax.tree.map(of_numpy, f(*jax.tree.map(of_jax, inputs)))

    return run


def is_of_jax(thing: Any, asked: Asked) -> bool:
    """A function compiled or with a rule of its own by JAX, or anything that is called with JAX's arrays."""
    jax = sys.modules.get("jax")
    if jax is None or not callable(thing):
        return False
    kinds = (type(jax.jit(abs)), jax.custom_vjp, jax.custom_jvp)
    return isinstance(thing, kinds) or any(map(is_jax, jax.tree.leaves(asked.inputs)))


def claim_of_jax(f: Function, asked: Asked) -> Claim:
    """The claim of a function of JAX's arrays. Python's whole numbers are settings, such as an axis.

    float64 is computed in float64, whatever JAX is set to outside of the check. One that returns a value and its
    gradients, as ``jax.value_and_grad`` makes it, is taken at its word.
    raises   UnsupportedError when it returns anything but one array
    """
    inputs = asked.inputs_of(f).with_whole_numbers(asked.inputs)
    check_something_is_claimed(title_of(f), inputs.checked, inputs)
    open_session = functools.partial(_Session, f, inputs)
    as_given = with_arrays(f)(*inputs.call_with(inputs.values))
    if is_value_and_gradient(as_given, inputs):
        return claim_of_value_and_gradient(with_arrays(f), asked)
    open_session().forward(inputs.values)  # what it refuses, it refuses here
    code = code_of(forward=f, backward=getattr(f, "bwd", None))
    return Claim(
        title_of(f),
        "jax",
        inputs.checked_names,
        inputs.values,
        open_session,
        skipped=inputs.skipped,
        code=code,
    )


def _precision_of(values: Sequence[Array]) -> contextlib.AbstractContextManager[Any]:
    """JAX set to float64 for a while, where values are float64; otherwise as it is set."""
    if all(value.dtype != np.float64 for value in values):
        return contextlib.nullcontext()
    jax = sys.modules["jax"]
    # Newer versions have it at the top.
    place = jax if hasattr(jax, "enable_x64") else importlib.import_module("jax.experimental")
    manager: contextlib.AbstractContextManager[Any] = place.enable_x64(True)
    return manager
