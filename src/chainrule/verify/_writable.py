"""Variables that can be written into as arrays can: somebody's ``out[mask] = 0`` becomes a gate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ..graph import Variable, functions

_LIKE = (np.zeros_like, np.ones_like, np.full_like, np.empty_like)


class Writable(np.lib.mixins.NDArrayOperatorsMixin):
    """A place that holds a variable, and another one after something was written.

    A part of it that NumPy would make a view of is a value of its own here. So the result may differ from that for
    arrays, and whoever uses it compares the two.
    """

    def __init__(self, variable: Variable) -> None:
        self.variable = variable

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **settings: Any) -> Any:
        targets = settings.pop("out", None)
        found = wrapped(getattr(ufunc, method)(*bare(inputs), **bare(settings)))
        return found if targets is None else _into(targets[0], found)

    def __array_function__(self, function: Callable[..., Any], types: Any, args: Any, settings: Any) -> Any:
        if function is np.copy:
            return self.copy()
        found = function(*bare(args), **bare(settings))
        return Writable(Variable(found)) if function in _LIKE else wrapped(found)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise TypeError("it would lose its graph")

    def __getattr__(self, name: str) -> Any:
        """What else a variable has: its shape, its sum and so on."""
        found = getattr(self.variable, name)
        if not callable(found):
            return wrapped(found)
        return lambda *args, **settings: wrapped(found(*bare(args), **bare(settings)))

    def __len__(self) -> int:
        return len(self.variable)

    def __iter__(self) -> Iterator[Any]:
        return map(wrapped, self.variable)

    def __bool__(self) -> bool:
        return bool(self.variable)

    def __getitem__(self, index: Any) -> Writable:
        return Writable(self.variable[_plain(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        index, value = _plain(index), bare(value)
        places = np.zeros(self.variable.shape, dtype=bool)
        places[index] = True
        if np.ndim(value):
            part = self.variable[index].shape
            value = value if np.shape(value) == part else functions.broadcast_to(value, part)
            value = functions.scatter(value, index, self.variable.shape)
        self.variable = functions.where(places, value, self.variable)

    def copy(self, order: str = "C") -> Writable:
        return Writable(self.variable)

    def astype(self, dtype: Any, **settings: Any) -> Any:
        """Truth values as numbers, through which no gradient flows; numbers stay as they are."""
        value = self.variable.value
        is_float = np.asarray(value).dtype.kind == "f"
        return self.copy() if is_float else np.asarray(value).astype(dtype, **settings)


def _into(target: Any, found: Any) -> Any:
    """Write a result into an array, as ``y += x`` and ``out=`` do; into a plain one without its graph."""
    if not isinstance(target, Writable):
        target[...] = found.variable.value
    elif found.shape == target.shape:
        target.variable = found.variable
    else:
        raise ValueError("a result of another shape than the array it is written into")
    return target


def wrapped(value: Any) -> Any:
    return Writable(value) if isinstance(value, Variable) else value


def bare(value: Any) -> Any:
    """The same with the variables themselves, in containers too."""
    if isinstance(value, Writable):
        return value.variable
    if isinstance(value, list | tuple):
        return type(value)(map(bare, value))
    return {key: bare(part) for key, part in value.items()} if isinstance(value, Mapping) else value


def _plain(index: Any) -> Any:
    """An index without variables: a mask that was computed is one."""
    if isinstance(index, tuple):
        return tuple(map(_plain, index))
    found = bare(index)
    return found.value if isinstance(found, Variable) else found
