"""Variables: values in a computation graph, each with the gate application that made it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any, final

import numpy as np

from .. import gates
from ..errors import ArgumentError, DTypeError, GraphError, ShapeError, UnsupportedError
from ..gates import Gate
from ._notebook import Shown
from ._values import differentiable

next_number = count().__next__
_NOTHING: Mapping[str, Any] = {}


@final
class Variable(Shown):
    """A number or array whose gradient can be asked for.

    value    a float, or an array of float32 or float64. Python integers become floats; integer arrays are refused,
             since they have no gradient. An array is not copied: changing it in place changes the variable
    name     how it is called in tables, drawings and messages
    raises   DTypeError when the value has no gradient

    Attributes: ``value``, ``grad`` (of the last ``backward``, None when nothing flowed), ``name``, ``shape``,
    ``dtype``, ``ndim``, ``size``; ``gate`` and ``inputs`` say where it came from (None and () for a leaf); ``number``
    says when: applications are numbered in the order they are made.

    >>> x, m = Variable(100.0, name="x"), Variable(2, name="m")
    >>> z = x * m
    >>> z.backward()
    >>> z.value, x.grad, m.grad
    (200.0, 2.0, 100.0)
    """

    gate: Gate | None = None
    inputs: tuple[Any, ...] = ()  # variables, and constants as they are
    settings: Mapping[str, Any] = _NOTHING
    kept: tuple[Any, ...] = ()  # what the gate computed on its way, see `Gate.keeps`
    kept_of: tuple[Variable, int] | None = None
    name: str | None = None
    grad: Any = None
    number: int
    _value: Any
    _values: tuple[Any, ...] = ()  # of the inputs, as they were when the gate ran
    _watched: tuple[
        tuple[int, bytes], ...
    ] = ()  # which of them could be changed in place, and what they were

    def __init__(self, value: Any, name: str | None = None) -> None:
        self._value = value if type(value) is float else _checked(value)
        if name is not None:
            self.name = name
        self.number = next_number()

    @property
    def value(self) -> Any:
        """The number or array. A leaf may be given a new one, of the same shape."""
        if is_tracing():
            raise baked_in(f"the value of {describe(self)} was read", "compute with the variable itself")
        return self._value

    @value.setter
    def value(self, value: Any) -> None:
        if self.gate is not None:
            raise GraphError(
                f"{describe(self)} is the result of the gate {self.gate.name}; only the value of a leaf can be set",
                fix="set the value of an input and run the expression again",
            )
        value = _checked(value)
        if np.shape(value) != self.shape:
            what = f"{describe(self)} has shape {self.shape}; the new value has shape {np.shape(value)}"
            raise ShapeError(what, fix="make a new variable")
        self._value = value

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self._value)

    @property
    def dtype(self) -> Any:
        value = self._value
        return value.dtype if hasattr(value, "dtype") else np.dtype(type(value))

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.size(self._value))

    @property
    def T(self) -> Variable:
        return applied(gates.transpose, self)

    @property
    def mT(self) -> Variable:
        return applied(gates.matrix_transpose, self)

    def backward(self, seed: Any = None, *, accumulate: bool = False) -> None:
        """Set ``grad`` of every variable that this one depends on, itself included.

        seed        the upstream gradient, of this variable's shape; may be left out for a single number, then 1
        accumulate  add to the gradients that are there instead of replacing them
        raises      GraphError when a seed is needed, ShapeError when it does not fit, GraphError when an array
                    that the graph needs was changed in place; then no gradient is changed
        source      Linnainmaa, Taylor expansion of the accumulated rounding error, BIT 16 (1976)

        >>> x = Variable(3.0)
        >>> (x * x).backward()
        >>> x.grad
        6.0
        """
        if is_tracing():
            fix = "gradients_of(loss, parameters, as_graph=True)"
            raise baked_in(f"backward() of {describe(self)} was called", fix)
        set_gradients(self, seed, accumulate=accumulate)

    def sum(self, axis: Any = None, keepdims: bool = False) -> Variable:
        return applied(gates.sum, self, axis=axis, keepdims=keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Variable:
        return applied(gates.mean, self, axis=axis, keepdims=keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Variable:
        return applied(gates.max, self, axis=axis, keepdims=keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Variable:
        return applied(gates.min, self, axis=axis, keepdims=keepdims)

    def reshape(self, *shape: Any) -> Variable:
        return applied(gates.reshape, self, shape=shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes: Any) -> Variable:
        order = axes[0] if len(axes) == 1 else axes
        return applied(gates.transpose, self, axes=order or None)

    def __getitem__(self, index: Any) -> Variable:
        return applied(gates.getitem, self, index=index)

    def __setitem__(self, index: Any, value: Any) -> None:
        raise UnsupportedError(
            f"{describe(self)}[...] = ... would change a value that its graph still needs",
            fix="build the new array with np.where or np.concatenate",
        )

    def __len__(self) -> int:
        if not self.shape:
            raise UnsupportedError(f"{describe(self)} is a single number and has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator[Variable]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        if is_tracing():
            fix = "np.where(condition, x, y) chooses anew in each step"
            raise baked_in(f"{describe(self)} decided something in Python (if, and, or, not)", fix)
        if self.size != 1:
            what = f"{describe(self)} has shape {self.shape}: whether it holds is not one answer"
            raise ShapeError(
                what, fix="np.where(condition, x, y) chooses element by element; x.value.all() is one answer"
            )
        return bool(self._value)

    def __float__(self) -> float:
        raise UnsupportedError(
            f"float({describe(self)}) would lose the graph",
            fix="take .value, or use np.exp and the like instead of math.exp",
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise UnsupportedError(
            f"{describe(self)} cannot become a plain array without losing its graph",
            fix="np.stack([...]) makes one variable of several; take .value if plain numbers are meant",
        )

    def __dlpack__(self, **settings: Any) -> Any:
        raise UnsupportedError(
            f"{describe(self)} cannot become an array of another library without losing its graph",
            fix="take .value, which is an array that they all read",
        )

    def __dlpack_device__(self) -> Any:
        return self.__dlpack__()

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **settings: Any) -> Any:
        return call_ufunc(ufunc, method, inputs, settings)

    def __array_function__(self, function: Callable[..., Any], types: Any, args: Any, settings: Any) -> Any:
        return call_function(function, args, settings)

    def __repr__(self) -> str:
        value = repr(self._value).replace("\n", "\n" + " " * len("Variable("))
        name = f", name={self.name!r}" if self.name else ""
        return f"Variable({value}{name})"

    def __format__(self, spec: str) -> str:
        return format(self._value, spec) if spec else repr(self)

    __hash__ = object.__hash__

    def __neg__(self) -> Variable:
        return applied(gates.negate, self)

    def __pos__(self) -> Variable:
        return self

    def __abs__(self) -> Variable:
        return applied(gates.abs, self)

    def __invert__(self) -> Variable:
        return _bitwise(np.invert, self)

    # Operators in both directions. A NumPy array on the left reaches `__array_ufunc__` instead.
    def __add__(self, other: Any) -> Variable:
        return apply_two(gates.add, self, other)

    def __radd__(self, other: Any) -> Variable:
        return apply_two(gates.add, other, self)

    def __sub__(self, other: Any) -> Variable:
        return apply_two(gates.subtract, self, other)

    def __rsub__(self, other: Any) -> Variable:
        return apply_two(gates.subtract, other, self)

    def __mul__(self, other: Any) -> Variable:
        return apply_two(gates.multiply, self, other)

    def __rmul__(self, other: Any) -> Variable:
        return apply_two(gates.multiply, other, self)

    def __truediv__(self, other: Any) -> Variable:
        return apply_two(gates.divide, self, other)

    def __rtruediv__(self, other: Any) -> Variable:
        return apply_two(gates.divide, other, self)

    def __pow__(self, other: Any) -> Variable:
        return apply_two(gates.power, self, other)

    def __rpow__(self, other: Any) -> Variable:
        return apply_two(gates.power, other, self)

    def __matmul__(self, other: Any) -> Variable:
        return applied(gates.matmul, self, other)

    def __rmatmul__(self, other: Any) -> Variable:
        return applied(gates.matmul, other, self)

    # What is no number is unequal to every variable, as it is to everything else in Python (x == None).
    def __eq__(self, other: object) -> Variable:  # type: ignore[override]
        return _comparison(gates.equal, self, other)  # type: ignore[no-any-return]

    def __ne__(self, other: object) -> Variable:  # type: ignore[override]
        return _comparison(gates.not_equal, self, other)  # type: ignore[no-any-return]

    def __lt__(self, other: Any) -> Variable:
        return applied(gates.less, self, other)

    def __le__(self, other: Any) -> Variable:
        return applied(gates.less_equal, self, other)

    def __gt__(self, other: Any) -> Variable:
        return applied(gates.greater, self, other)

    def __ge__(self, other: Any) -> Variable:
        return applied(gates.greater_equal, self, other)

    def __and__(self, other: Any) -> Variable:
        return _bitwise(np.bitwise_and, self, other)

    def __or__(self, other: Any) -> Variable:
        return _bitwise(np.bitwise_or, self, other)

    __rand__, __ror__ = __and__, __or__


def variables(**values: Any) -> tuple[Variable, ...]:
    """Named variables, in the order given.

    values   numbers or arrays by name; Python integers become floats
    returns  one `Variable` for each

    >>> x, m, t = variables(x=100.0, m=2, t=1.1)
    >>> m
    Variable(2.0, name='m')
    """
    return tuple(Variable(value, name=name) for name, value in values.items())


def describe(value: Any) -> str:
    """What to call a value in a message."""
    if not isinstance(value, Variable):
        return "an array" if np.ndim(value) else repr(value)
    if value.name:
        return value.name
    return "a variable" if value.gate is None else f"the result of {value.gate.name}"


def _checked(value: Any) -> Any:
    if isinstance(value, Variable):
        raise ArgumentError(f"{describe(value)} is a variable already", fix="use it as it is, or its .value")
    return differentiable(value)


def _bitwise(ufunc: np.ufunc, *inputs: Any) -> Variable:
    out: Variable = ufunc(*inputs)  # by way of `__array_ufunc__`, which takes booleans only
    return out


def _comparison(gate: Gate, x: Variable, y: object) -> Any:
    try:
        return applied(gate, x, y)
    except DTypeError:
        return NotImplemented


# Last, because these need `Variable`: the methods above call them.
from ._backward import set_gradients  # noqa: E402
from ._numpy import call_function, call_ufunc  # noqa: E402
from ._recording import applied, apply_two, baked_in, is_tracing  # noqa: E402
