"""What the caller of `claim_of` gave, and the answers of the code that he asks about."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import ArgumentError, UnsupportedError
from ...graph import Variable
from ._inputs import Inputs, inputs_of
from ._names import check_number, input_names
from ._trees import matched, positions


@dataclass(frozen=True)
class Asked:
    """The arguments of `claim_of` behind the thing itself."""

    inputs: tuple[Any, ...]
    names: Sequence[str] | None = None
    parameters: Mapping[str, str] | None = None
    targets: Collection[int | str] = ()

    def inputs_of(
        self, function: Callable[..., Any], known: Sequence[str] = (), own: Collection[str] = ()
    ) -> Inputs:
        """Our own copies, named by the caller or like the parameters of the function that takes them.

        known   what they are called where the signature does not tell, if there are as many
        own     names that the object has for arrays of its own, which targets may be too
        raises  ArgumentError when the function takes another number of them
        """
        check_number(function, len(self.inputs))
        names = self.names
        if names is None:
            number = len(self.inputs)
            names = known if len(known) == number else input_names(function, number)
        targets = [target for target in self.targets if target in names or target not in own]
        return inputs_of(self.inputs, names, targets)

    def constants_of(self, own: Collection[str], inputs: Inputs) -> list[str]:
        """Which of an object's own arrays the caller named among the targets."""
        return [name for name in own if name in self.targets and name not in inputs.arguments]


def result_of(out: Any, title: str) -> Any:
    """A result as one number or array of real numbers; UnsupportedError for anything else."""
    value = out.value if isinstance(out, Variable) else out
    is_one = isinstance(value, int | float | np.ndarray | np.generic)
    if is_one and np.asarray(value).dtype.kind in "biuf":
        return value
    what = f"{title} returned {_described(value)}; expected one number or array of real numbers"
    fix = "check a function that returns one of its parts, or their weighted sum"
    if value is None:
        fix = "end it with return and the result"
    elif _is_of_numbers(value):
        fix = "return np.array(…) of it, or one of its parts"
    raise UnsupportedError(what, fix=fix)


def _is_of_numbers(value: Any) -> bool:
    """Whether nested lists could be an array."""
    if isinstance(value, list | tuple):
        return all(map(_is_of_numbers, value))
    return isinstance(value, int | float | np.generic)


def aligned(gradients: Any, inputs: Inputs, title: str) -> list[Any]:
    """What somebody's code returned as gradients, one for each input that is checked, None where there is none.

    gradients  an array for the first argument; a tuple or list for all arguments, for the first ones, or for those
               that have a gradient; a dictionary by names, ``x`` or ``dx``, or by those in an argument; or None
    raises     ArgumentError when there are more than arguments, or under other names
    """
    of_arguments = _by_argument(gradients, inputs, title)
    pairs = zip(inputs.arguments.values(), of_arguments, strict=True)
    found = dict(pair for tree, gradient in pairs for pair in matched(tree, gradient))
    return [plain(found[i]) for i in inputs.checked]


def _by_argument(gradients: Any, inputs: Inputs, title: str) -> list[Any]:
    arguments = list(inputs.arguments.items())
    checked = [name for name, tree in arguments if not set(positions(tree)).isdisjoint(inputs.checked)]
    if isinstance(gradients, Mapping):
        return _by_name(gradients, inputs, title)
    several = isinstance(gradients, tuple | list) and not _is_one(gradients, checked, inputs)
    given = list(gradients) if several or is_one_for_each(gradients, inputs) else [gradients]
    if len(given) > len(arguments):
        in_words = ", ".join(inputs.arguments)
        what = f"{title} returned {len(given)} gradients for {len(arguments)} inputs: {in_words}"
        raise ArgumentError(what, fix="one gradient for each input, in their order")
    # There may be none for labels, wherever these stand.
    names = checked if len(given) == len(checked) else list(inputs.arguments)
    found = dict(zip(names, given, strict=False))
    return [found.get(name) for name, _ in arguments]


def is_one_for_each(gradients: Any, inputs: Inputs) -> bool:
    """Whether a gradient is a vector, and the inputs are as many numbers: ``(2.0, 3.0)`` and ``array([3., 2.])``."""
    values = inputs.values
    are_numbers = len(values) > 1 and all(value.ndim == 0 for value in values)
    return are_numbers and isinstance(gradients, np.ndarray) and gradients.shape == (len(values),)


def plain(gradient: Any) -> Any:
    """A gradient that nobody changes later: a number, or an array of its own; ArgumentError if it is neither."""
    value = gradient.value if isinstance(gradient, Variable) else gradient
    if value is None or isinstance(value, int | float):
        return value
    try:
        array = np.array(value)
    except ValueError:  # a list of arrays of different shapes
        array = np.array(None)
    if array.dtype.kind not in "biuf":
        what = f"a gradient is {_described(value)}; expected one number or array of real numbers"
        raise ArgumentError(what, fix="one array for each input")
    return array


def _by_name(gradients: Mapping[Any, Any], inputs: Inputs, title: str) -> list[Any]:
    found = {name: gradients.get(name, gradients.get(f"d{name}")) for name in inputs.arguments}
    for name, tree in inputs.arguments.items():  # or it is the gradient of one argument, by the same keys
        if isinstance(tree, dict) and found[name] is None:
            has_its_keys = any(gradient is not None for _, gradient in matched(tree, gradients))
            found[name] = gradients if has_its_keys else None
    if gradients and all(gradient is None for gradient in found.values()):
        what = f"{title} returned gradients of {', '.join(map(str, gradients))}"
        raise ArgumentError(f"{what}; its inputs are {', '.join(inputs.names)}", fix="names=(...)")
    return list(found.values())


def _is_one(gradients: Sequence[Any], checked: Sequence[str], inputs: Inputs) -> bool:
    """Whether a tuple or list is the gradient of one argument: ``[-2.0, 6.0]``, or of a list of parameters."""
    first = next(iter(inputs.arguments.values()), None)
    if isinstance(first, list | tuple):
        return len(gradients) == len(first)
    are_numbers = all(isinstance(g, int | float | np.generic) for g in gradients)
    return isinstance(gradients, list) and len(checked) == 1 and len(gradients) > 0 and are_numbers


def _described(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, np.ndarray | np.generic):
        return f"an array of {value.dtype}"
    return f"{type(value).__name__}"
