"""What a gate is given to be proved: which inputs are symbols, and of which shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..errors import UnsupportedError
from ..gates import Gate


class Symbols(NamedTuple):
    """Stands for an input (or setting) made of symbols: real numbers, or positive ones."""

    shape: tuple[int, ...] = ()
    positive: bool = False


class Setup(NamedTuple):
    """One way to run a gate: `Symbols` or constants for each input and setting.

    label    what is special about it, for people
    formula  whether the textbook formula is meant for it; none is meant for class numbers
    """

    inputs: tuple[Any, ...]
    settings: Mapping[str, Any]
    label: str = ""
    formula: bool = True


def _setup(*inputs: Any, label: str = "", formula: bool = True, **settings: Any) -> Setup:
    return Setup(inputs, settings, label, formula)


_NUMBER, _POSITIVE = Symbols(), Symbols(positive=True)
_PAIR, _POSITIVES, _SQUARE = Symbols((2,)), Symbols((2,), positive=True), Symbols((2, 2))
_CLASS = np.array(1)

# Everything that is not one symbol for each input and setting.
_SETUPS: Mapping[str, tuple[Setup, ...]] = {
    # A power of a negative number is real for whole exponents only, and the rule asks whether it has a plain number.
    "power": (
        _setup(_POSITIVE, _NUMBER),
        _setup(_NUMBER, 3, label="y is 3"),
        _setup(_POSITIVE, -1.5, label="y is -1.5"),
    ),
    "where": tuple(_setup(truth, _NUMBER, _NUMBER, label=f"condition is {truth}") for truth in (True, False)),
    "clip": (
        _setup(_NUMBER, low=_NUMBER, high=None, label="without high"),
        _setup(_NUMBER, low=None, high=_NUMBER, label="without low"),
        _setup(_NUMBER, low=_NUMBER, high=_NUMBER),
    ),
    "matmul": (_setup(_SQUARE, _SQUARE),),
    **dict.fromkeys(["sum", "mean", "max", "min", "logsumexp", "softmax", "log_softmax"], (_setup(_PAIR),)),
    **dict.fromkeys(["squared_error", "mean_squared_error"], (_setup(_PAIR, _PAIR),)),
    "binary_cross_entropy_with_logits": (
        _setup(Symbols((1,)), Symbols((1,))),
        _setup(_PAIR, np.array([0.25, 1.0]), label="t is [1/4, 1]"),
    ),
    "softmax_with_loss": (
        _setup(_PAIR, _CLASS, label="t is a class number", formula=False),
        _setup(_PAIR, _POSITIVES, label="t is weights"),
    ),
    "cross_entropy_error": (
        _setup(_POSITIVES, _CLASS, label="t is a class number", formula=False),
        _setup(_POSITIVES, _POSITIVES, label="t is weights"),
    ),
}


def setups_of(gate: Gate) -> tuple[Setup, ...]:
    """The ways to run a gate that together make its proof.

    raises   UnsupportedError when there is none
    """
    if gate.name in _SETUPS:
        return _SETUPS[gate.name]
    if gate.kind != "elementwise" or gate.variadic:
        what = f"prove takes elementwise gates and some others, not {gate.name}, which is of the kind {gate.kind}"
        raise UnsupportedError(what, fix="check_gradients takes every gate")
    return (Setup((_NUMBER,) * len(gate.inputs), dict.fromkeys(gate.settings, _NUMBER)),)
