"""Functions made from functions: gradients, Jacobians and Hessians, of any order by nesting."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from .. import gates
from ..errors import ArgumentError, GraphError
from . import functions as F
from ._backward import gradients_of, reachable
from ._recording import apply, is_recording, is_tracing, recording
from ._values import namespace_of
from ._variable import Variable


def value_and_grad(f: Callable[..., Any], wrt: int | tuple[int, ...] = 0) -> Callable[..., tuple[Any, Any]]:
    """A function that returns what f returns and its gradient, in one forward and one backward pass.

    f        a function of numbers and arrays, written with NumPy or chainrule's functions, that returns one number
    wrt      which positional argument the gradient is for, or several
    returns  a function with the arguments of f; it returns (value, gradient), a tuple of gradients for several `wrt`.
             A gradient has the shape of its argument, zeros where nothing flows. Where f uses variables from outside,
             both are variables that depend on those; within `no_grad` all is plain
    raises   GraphError when f does not return one number; DTypeError when an argument of `wrt` has no gradient

    >>> value_and_grad(lambda x, m: x * m)(100.0, 2.0)
    (200.0, 2.0)
    """
    positions = _positions(wrt)

    @wraps(f)
    def value_and_gradient(*args: Any, **settings: Any) -> tuple[Any, Any]:
        inputs, output, as_graph = _run(f, positions, args, settings)
        if np.size(_plain(output)) != 1:
            raise GraphError(
                f"the function returned shape {np.shape(output)}; a gradient needs one number",
                fix="use jacobian(f), or make it one number with np.sum or np.mean",
            )
        found = _gradients(output, inputs, as_graph)
        return output if as_graph else _plain(output), found[0] if isinstance(wrt, int) else tuple(found)

    return value_and_gradient


def grad(f: Callable[..., Any], wrt: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """A function that returns the gradient of f; see `value_and_grad`.

    >>> grad(lambda x: x**3)(2.0)
    12.0
    >>> grad(grad(lambda x: x**3))(2.0)
    12.0
    """
    both = value_and_grad(f, wrt)

    @wraps(f)
    def gradient(*args: Any, **settings: Any) -> Any:
        return both(*args, **settings)[1]

    return gradient


def jacobian(f: Callable[..., Any], wrt: int = 0) -> Callable[..., Any]:
    """A function that returns all partial derivatives of f, one backward pass for each element of its result.

    f        a function of numbers and arrays that returns one number or array
    wrt      which positional argument
    returns  a function with the arguments of f; its result has the shape of f's result followed by that of the argument

    >>> jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    positions = _positions(wrt)

    @wraps(f)
    def derivatives(*args: Any, **settings: Any) -> Any:
        (x,), output, as_graph = _run(f, positions, args, settings)
        shape = np.shape(output)
        rows = []
        for index in np.ndindex(shape):
            seed = np.zeros(shape)
            seed[index] = 1
            rows += _gradients(output, [x], as_graph, seed)
        if not shape:
            return rows[0]
        if not rows:
            return namespace_of((x._value,)).zeros(shape + x.shape, dtype=x.dtype)
        return F.reshape(F.stack(rows), shape + x.shape)

    return derivatives


def hessian(f: Callable[..., Any], wrt: int = 0) -> Callable[..., Any]:
    """A function that returns all second partial derivatives of f, of shape (*x.shape, *x.shape).

    >>> hessian(lambda x: np.sum(x * x * x))(np.array([1.0, 2.0]))
    array([[ 6.,  0.],
           [ 0., 12.]])
    """
    return jacobian(grad(f, wrt), wrt)


def _positions(wrt: Any) -> tuple[int, ...]:
    positions = tuple(wrt) if isinstance(wrt, tuple | list) else (wrt,)
    if not positions or any(not isinstance(p, int) or p < 0 for p in positions):
        raise ArgumentError(
            f"wrt={wrt!r} must be the number of a positional argument, counted from 0, or several"
        )
    if len(set(positions)) < len(positions):
        raise ArgumentError(f"wrt={wrt!r} names an argument twice")
    return positions


def _run(
    f: Callable[..., Any], positions: tuple[int, ...], args: tuple[Any, ...], settings: dict[str, Any]
) -> tuple[list[Variable], Any, bool]:
    """The arguments of interest as variables of their own, the result of f, and whether it depends on older variables.

    If it does, those are the caller's, and gradients are a part of the caller's graph.
    """
    given = list(args)
    inputs = []
    with recording(True):
        for position in positions:
            if position >= len(args):
                what = f"wrt={position}, but the function was called with {len(args)} positional arguments"
                raise ArgumentError(what)
            # A variable gets a stand-in, so that only the use made of it here is differentiated.
            argument = args[position]
            own = apply(gates.identity, argument) if isinstance(argument, Variable) else Variable(argument)
            given[position] = own
            inputs.append(own)
        output = f(*given, **settings)
    if not isinstance(output, Variable | int | float | np.ndarray | np.generic):
        raise GraphError(f"the function returned {type(output).__name__}; expected a number or an array")
    if not is_recording() or not isinstance(output, Variable):
        return inputs, output, False
    first = min(i.number for i in inputs)
    return inputs, output, is_tracing() or any(variable.number < first for variable in reachable([output]))


def _gradients(output: Any, inputs: list[Variable], as_graph: bool, seed: Any = None) -> list[Any]:
    if not isinstance(output, Variable):
        return [F.zeros_like(i) for i in inputs]
    with recording(True):
        found = gradients_of(output, inputs, seed=seed, as_graph=as_graph)
    return [F.zeros_like(i) if g is None else g for g, i in zip(found, inputs, strict=True)]


def _plain(value: Any) -> Any:
    return value._value if isinstance(value, Variable) else value
