"""The inputs that somebody gave: our own copies, and which of them have a gradient."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ...errors import ArgumentError, DTypeError
from ...graph import Variable
from .._slopes import Array
from ._trees import Tree, flatten, positions, rebuilt

# Why something is not checked: keys of the catalogue of words.
INTEGERS = "integers"
NOT_REAL = "not real numbers"
TARGET = "target"
CONSTANT = "constant"
UNCLAIMED = "no gradient claimed"


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


@dataclass(frozen=True)
class Inputs:
    """All inputs in the order they are given. An argument may hold several, as a dictionary of parameters does.

    names      of all
    given      our own copies of all; of Python's numbers and lists floats and arrays
    arguments  the names of the arguments, and which inputs each is made of
    checked    positions of the inputs that have a gradient
    skipped    for each of the others why it is not checked
    """

    names: tuple[str, ...]
    given: tuple[Any, ...]
    arguments: Mapping[str, Tree]
    checked: tuple[int, ...] = ()
    skipped: dict[str, str] = field(default_factory=dict)

    def with_whole_numbers(self, given: Sequence[Any]) -> Inputs:
        """Python's whole numbers as they were given: settings, such as an axis, that have no gradient."""
        pairs = zip(self.arguments, given, strict=True)
        leaves = [leaf for name, value in pairs for leaf in flatten(name, value)[2]]
        whole = {i for i, leaf in enumerate(leaves) if isinstance(leaf, int) and not isinstance(leaf, bool)}
        values = tuple(leaves[i] if i in whole else value for i, value in enumerate(self.given))
        checked = tuple(i for i in self.checked if i not in whole)
        reasons = {self.names[i]: INTEGERS for i in whole if i in self.checked}
        return replace(self, given=values, checked=checked, skipped={**self.skipped, **reasons})

    @property
    def checked_names(self) -> tuple[str, ...]:
        return tuple(self.names[i] for i in self.checked)

    @property
    def values(self) -> tuple[Array, ...]:
        """Of what is checked, as arrays."""
        return tuple(np.array(self.given[i], order="C") for i in self.checked)

    def native(self, values: Sequence[Any]) -> list[Any]:
        """Other values of what is checked, as the code expects them: numbers where numbers were given."""
        pairs = zip(self.checked, values, strict=True)
        return [
            float(value)
            if isinstance(self.given[i], float) and isinstance(value, np.ndarray | np.generic)
            else value
            for i, value in pairs
        ]

    def filled(self, values: Sequence[Any], constant: Callable[[Any], Any] = _copy) -> list[Any]:
        """All arguments, those inputs that are checked with other values.

        constant  what the code gets for one of the other inputs; a copy unless told otherwise
        """
        found = dict(zip(self.checked, values, strict=True))
        leaves = [found[i] if i in found else constant(value) for i, value in enumerate(self.given)]
        return [rebuilt(tree, leaves) for tree in self.arguments.values()]

    def call_with(self, values: Sequence[Any]) -> list[Any]:
        """What to call the code with."""
        return self.filled(self.native(values))

    def claimed(self, gradients: Sequence[Any]) -> Inputs:
        """Without those that turned out to get no gradient.

        gradients  for each that is checked, None where there is none
        """
        pairs = list(zip(self.checked, gradients, strict=True))
        reasons = {self.names[i]: UNCLAIMED for i, gradient in pairs if gradient is None}
        kept = tuple(i for i, gradient in pairs if gradient is not None)
        return replace(self, checked=kept, skipped={**self.skipped, **reasons})

    def unclaimed(self) -> Inputs:
        """None of them gets a gradient."""
        return self.claimed([None] * len(self.checked))


def inputs_of(given: Sequence[Any], names: Sequence[str], targets: Collection[int | str] = ()) -> Inputs:
    """Copies of what was given.

    given    numbers, arrays, lists of numbers, tensors, and dictionaries and lists of these; anything else is handed on
             as it is
    names    of all
    targets  names or positions of inputs that the others are compared with
    raises   ArgumentError when there are not as many names, or a target is no input
    """
    if len(names) != len(given) or len(set(names)) != len(names):
        what = f"names={tuple(names)!r} for {len(given)} inputs"
        raise ArgumentError(what, fix="one name for each input, none of them twice")
    for target in targets:
        if target not in names and target not in range(len(given)):
            there_are = ", ".join(names) or "there are none"
            raise ArgumentError(f"the target {target!r} is no input; these are {there_are}")
    trees: dict[str, Tree] = {}
    all_names: list[str] = []
    values: list[Any] = []
    for name, value in zip(names, given, strict=True):
        trees[name], its_names, leaves = flatten(name, value, len(values))
        all_names += its_names
        values += map(own, leaves)
    reasons = [_reason(value) for value in values]
    for i, name in enumerate(names):
        if i in targets or name in targets:
            for position in positions(trees[name]):
                reasons[position] = TARGET
    checked = tuple(i for i, reason in enumerate(reasons) if reason is None)
    skipped = {name: reason for name, reason in zip(all_names, reasons, strict=True) if reason is not None}
    return Inputs(tuple(all_names), tuple(values), trees, checked, skipped)


def own(value: Any) -> Any:
    """A value of our own: in C order, sharing no memory. Python's whole numbers stand for floats."""
    if isinstance(value, Variable):
        raise ArgumentError("an input is a variable already; a check makes its own", fix="give its .value")
    if isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return float(value)
    if isinstance(value, list | tuple):
        return _of_list(value)
    if is_tensor(value):
        return np.array(value.detach().cpu().numpy(), order="C")
    if isinstance(value, np.ndarray) or is_jax(value):
        return np.array(value, order="C")
    return value


def is_tensor(value: Any) -> bool:
    """Whether a value is one of PyTorch's tensors; without PyTorch there are none."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def is_jax(value: Any) -> bool:
    """Whether a value is one of JAX's arrays; without JAX there are none."""
    jax = sys.modules.get("jax")
    return jax is not None and isinstance(value, jax.Array)


def is_float(value: Any) -> bool:
    """Whether a value is a floating-point number or an array of them."""
    return isinstance(value, float) or (
        isinstance(value, np.ndarray | np.generic) and value.dtype.kind == "f"
    )


def check_something_is_claimed(title: str, claimed: Collection[Any], inputs: Inputs) -> None:
    """Refuse what has no gradient at all: there would be nothing to check."""
    if not claimed:
        reasons = ", ".join(f"{name} ({reason})" for name, reason in inputs.skipped.items())
        what = f"{title} has no gradient to be checked: {reasons or 'there are no inputs'}"
        raise DTypeError(
            what, fix="x.astype(float), or parameters={'W': 'dW'} for gradients under other names"
        )


def _of_list(value: Sequence[Any]) -> Any:
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        return value
    if array.dtype.kind == "O":
        return value
    return array.astype(np.float64) if array.dtype.kind in "iu" else array


def _reason(value: Any) -> str | None:
    """Why a value has no gradient, or None if it has one."""
    if is_float(value):
        return None
    dtype = np.dtype(bool) if isinstance(value, bool) else getattr(value, "dtype", None)
    return INTEGERS if isinstance(dtype, np.dtype) and dtype.kind in "biu" else NOT_REAL
