"""The gates as functions of variables, arrays and numbers.

The module is at the same time the array namespace that rules are given in place of NumPy when gradients are to be
differentiated again, so it answers to the array API's names as well (``concat``, ``permute_dims``, …).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import gates
from ..gates import Gate
from ._recording import apply
from ._values import namespace_of
from ._variable import Variable

__all__ = [
    "abs", "add", "add_rows", "astype", "average_pool", "binary_cross_entropy_with_logits", "broadcast_to", "clip",
    "concatenate", "conv2d", "cos", "cross_entropy_error", "divide", "dropout_mask", "elu", "erf", "exp",
    "expand_dims", "expm1", "fold", "gelu", "getitem", "identity", "leaky_relu", "log", "log1p", "log_softmax",
    "logsumexp", "matmul", "matrix_transpose", "max", "max_pool", "maximum", "mean", "mean_squared_error", "min",
    "minimum", "multiply", "negate", "power", "relu", "reshape", "scatter", "sigmoid", "sign", "silu", "sin",
    "softmax", "softmax_with_loss", "softplus", "sqrt", "square", "squared_error", "stack", "subtract", "sum",
    "take_rows", "tanh", "transpose", "where", "windows",
]  # fmt: skip


Function = Callable[..., Any]


def _function(gate: Gate) -> Function:
    """The gate as a function: inputs first, then settings, by place or by name."""
    number, names = len(gate.inputs), frozenset(gate.settings)
    parameters = list(inspect.signature(gate.forward).parameters.values())[1:]
    signature = inspect.Signature(
        [p.replace(kind=p.POSITIONAL_OR_KEYWORD, annotation=p.empty) for p in parameters]
    )

    def function(*args: Any, **settings: Any) -> Any:
        if len(args) == number and settings.keys() <= names:
            return apply(gate, *args, **settings)
        try:
            given = signature.bind(*args, **settings).arguments
        except TypeError as problem:
            raise TypeError(f"{gate.name}{signature}: {problem}") from None
        inputs = [given.pop(i) for i in gate.inputs]
        return apply(gate, *inputs, **given)

    function.__name__ = function.__qualname__ = gate.name
    function.__doc__ = gate.doc
    function.__signature__ = signature  # type: ignore[attr-defined]
    return function


abs: Function = _function(gates.abs)
add: Function = _function(gates.add)
add_rows: Function = _function(gates.add_rows)
astype: Function = _function(gates.astype)
average_pool: Function = _function(gates.average_pool)
binary_cross_entropy_with_logits: Function = _function(gates.binary_cross_entropy_with_logits)
broadcast_to: Function = _function(gates.broadcast_to)
clip: Function = _function(gates.clip)
conv2d: Function = _function(gates.conv2d)
cos: Function = _function(gates.cos)
cross_entropy_error: Function = _function(gates.cross_entropy_error)
divide: Function = _function(gates.divide)
elu: Function = _function(gates.elu)
erf: Function = _function(gates.erf)
exp: Function = _function(gates.exp)
expand_dims: Function = _function(gates.expand_dims)
expm1: Function = _function(gates.expm1)
fold: Function = _function(gates.fold)
gelu: Function = _function(gates.gelu)
getitem: Function = _function(gates.getitem)
identity: Function = _function(gates.identity)
isfinite: Function = _function(gates.isfinite)
isnan: Function = _function(gates.isnan)
leaky_relu: Function = _function(gates.leaky_relu)
log: Function = _function(gates.log)
log1p: Function = _function(gates.log1p)
log_softmax: Function = _function(gates.log_softmax)
logsumexp: Function = _function(gates.logsumexp)
matmul: Function = _function(gates.matmul)
matrix_transpose: Function = _function(gates.matrix_transpose)
max: Function = _function(gates.max)
max_pool: Function = _function(gates.max_pool)
maximum: Function = _function(gates.maximum)
mean: Function = _function(gates.mean)
mean_squared_error: Function = _function(gates.mean_squared_error)
min: Function = _function(gates.min)
minimum: Function = _function(gates.minimum)
multiply: Function = _function(gates.multiply)
negate: Function = _function(gates.negate)
power: Function = _function(gates.power)
relu: Function = _function(gates.relu)
reshape: Function = _function(gates.reshape)
scatter: Function = _function(gates.scatter)
sigmoid: Function = _function(gates.sigmoid)
sign: Function = _function(gates.sign)
silu: Function = _function(gates.silu)
sin: Function = _function(gates.sin)
softmax: Function = _function(gates.softmax)
softmax_with_loss: Function = _function(gates.softmax_with_loss)
softplus: Function = _function(gates.softplus)
sqrt: Function = _function(gates.sqrt)
square: Function = _function(gates.square)
squared_error: Function = _function(gates.squared_error)
subtract: Function = _function(gates.subtract)
sum: Function = _function(gates.sum)
take_rows: Function = _function(gates.take_rows)
tanh: Function = _function(gates.tanh)
transpose: Function = _function(gates.transpose)
where: Function = _function(gates.where)
windows: Function = _function(gates.windows)


def concatenate(arrays: Sequence[Any], axis: int = 0) -> Any:
    return apply(gates.concatenate, *arrays, axis=axis)


def dropout_mask(
    key: Any, step: Any, first: Any = None, *, shape: tuple[int, ...], rate: float, dtype: Any
) -> Any:
    place = (key, step) if first is None else (key, step, first)
    return apply(gates.dropout_mask, *place, shape=shape, rate=rate, dtype=dtype)


dropout_mask.__doc__ = gates.dropout_mask.doc


def stack(arrays: Sequence[Any], axis: int = 0) -> Any:
    return apply(gates.stack, *arrays, axis=axis)


concatenate.__doc__, stack.__doc__ = gates.concatenate.doc, gates.stack.doc

# What rules also ask of an array namespace.
concat, permute_dims, pow, negative = concatenate, transpose, power, negate
isdtype = np.isdtype
float32, float64 = np.float32, np.float64


def scatter_add(y: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """The `scatter` gate under the name that `gates` looks for."""
    return apply(gates.scatter, y, index=index, shape=shape)


def zeros_like(x: Any) -> Any:
    """Zeros of the shape and dtype of x: a constant."""
    return full_like(x, 0.0)


def ones_like(x: Any) -> Any:
    """Ones of the shape and dtype of x: a constant."""
    return full_like(x, 1.0)


def full_like(x: Any, value: float) -> Any:
    """An array of one value, of the shape and dtype of x; a number for a number: a constant."""
    x = x._value if isinstance(x, Variable) else x
    return value if type(x) is float else namespace_of((x,)).full_like(x, value)


def arange(n: int) -> Any:
    """0, 1, …, n − 1: a constant."""
    return np.arange(n)
