"""Functions made from functions: gradients, Jacobians and Hessians, of any order by nesting."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from .. import gates
from ..errors import ArgumentError, GraphError
from ._backward import gradients_of, reachable
from ._variable import Variable, apply


def value_and_grad(f: Callable[..., Any], wrt: int | tuple[int, ...] = 0) -> Callable[..., tuple[Any, Any]]:
    """A function that returns what f returns and its gradient, in one forward and one backward pass.

    f        a function of numbers and arrays, written with NumPy or chainrule's functions, that returns one number
    wrt      which positional argument the gradient is for, or several
    returns  a function with the arguments of f; it returns (value, gradient), a tuple of gradients for several `wrt`.
             A gradient has the shape of its argument, zeros where nothing flows
    raises   GraphError when f does not return one number; DTypeError when an argument of `wrt` has no gradient

    >>> value_and_grad(lambda x, m: x * m)(100.0, 2.0)
    (200.0, 2.0)
    """
    positions = (wrt,) if isinstance(wrt, int) else tuple(wrt)

    @wraps(f)
    def value_and_gradient(*args: Any, **settings: Any) -> tuple[Any, Any]:
        inputs, output = _run(f, positions, args, settings)
        if isinstance(output, Variable) and output.size != 1:
            raise GraphError(
                f"the function returned shape {output.shape}; a gradient needs one number",
                fix="use jacobian(f), or make it one number with np.sum or np.mean",
            )
        found = _gradients(output, inputs)
        value = output if _in_graph(output, inputs) else _plain(output)
        return value, found[0] if isinstance(wrt, int) else tuple(found)

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

    f        a function of numbers and arrays that returns one array
    wrt      which positional argument
    returns  a function with the arguments of f; its result has the shape of f's result followed by that of the argument

    >>> jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    @wraps(f)
    def derivatives(*args: Any, **settings: Any) -> Any:
        inputs, output = _run(f, (wrt,), args, settings)
        shape = np.shape(output._value if isinstance(output, Variable) else output)
        rows = []
        for index in np.ndindex(shape):
            seed = np.zeros(shape)
            seed[index] = 1
            rows.append(_gradients(output, inputs, seed=seed)[0])
        if not rows:
            return np.zeros(shape + inputs[0].shape)
        if not shape:
            return rows[0]
        if any(isinstance(row, Variable) for row in rows):
            stacked = apply(gates.stack, *rows)
            return apply(gates.reshape, stacked, shape=shape + inputs[0].shape)
        return np.reshape(np.stack(rows), shape + inputs[0].shape)

    return derivatives


def hessian(f: Callable[..., Any], wrt: int = 0) -> Callable[..., Any]:
    """A function that returns all second partial derivatives of f, of shape (*x.shape, *x.shape).

    >>> hessian(lambda x: np.sum(x * x * x))(np.array([1.0, 2.0]))
    array([[ 6.,  0.],
           [ 0., 12.]])
    """
    return jacobian(grad(f, wrt), wrt)


def _run(
    f: Callable[..., Any], positions: tuple[int, ...], args: tuple[Any, ...], settings: dict[str, Any]
) -> tuple[list[Variable], Any]:
    """The arguments of interest as variables of their own, and the result of f."""
    for position in positions:
        if not 0 <= position < len(args):
            raise ArgumentError(f"wrt={position}, but the function was called with {len(args)} positional arguments")
    given = list(args)
    inputs = []
    for position in positions:
        # An argument that is a variable already gets a stand-in, so that only the use made of it here is differentiated.
        argument = args[position]
        own = apply(gates.identity, argument) if isinstance(argument, Variable) else Variable(argument)
        given[position] = own
        inputs.append(own)
    output = f(*given, **settings)
    if not isinstance(output, Variable) and not isinstance(output, int | float | np.ndarray | np.generic):
        raise GraphError(f"the function returned {type(output).__name__}; expected a number or an array")
    return inputs, output


def _in_graph(output: Any, inputs: list[Variable]) -> bool:
    """Whether the result depends on older variables, the caller's: then gradients are a part of the caller's graph."""
    if not isinstance(output, Variable):
        return False
    first = min(i.number for i in inputs)
    return any(variable.number < first for variable in reachable([output]))


def _gradients(output: Any, inputs: list[Variable], seed: Any = None) -> list[Any]:
    if not isinstance(output, Variable):
        return [_zeros_like(i) for i in inputs]
    as_graph = _in_graph(output, inputs)
    found = gradients_of(output, inputs, seed=seed, as_graph=as_graph)
    return [_zeros_like(i) if g is None else g if as_graph else _own(g) for g, i in zip(found, inputs, strict=True)]


def _zeros_like(variable: Variable) -> Any:
    return 0.0 if type(variable._value) is float else np.zeros_like(variable._value)


def _own(gradient: Any) -> Any:
    """A gradient that shares no memory with the graph."""
    shared = type(gradient) is np.ndarray and (gradient.base is not None or not gradient.flags.writeable)
    return gradient.copy() if shared else gradient


def _plain(value: Any) -> Any:
    return value._value if isinstance(value, Variable) else value
