"""Whether the arguments of an estimator are what they must be; scikit-learn asks for this in `fit`, not before."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np

from ...errors import ArgumentError
from ._initial import INITS
from ._model import ACTIVATIONS

_Rule = tuple[Callable[[Any], bool], str]


def _real(inside: Callable[[float], bool]) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, Real) and not isinstance(v, bool | np.bool_) and inside(float(v))


def _whole(v: Any) -> bool:
    return isinstance(v, Integral) and not isinstance(v, bool) and int(v) >= 1


def _one_of(*names: str) -> _Rule:
    return lambda v: isinstance(v, str) and v in names, f"one of {', '.join(names)}"


_POSITIVE: _Rule = _real(lambda v: 0 < v < math.inf), "a number > 0"
_NOT_NEGATIVE: _Rule = _real(lambda v: 0 <= v < math.inf), "a number ≥ 0"
_BELOW_ONE: _Rule = _real(lambda v: 0 <= v < 1), "a number in 0 ≤ … < 1"
_COUNT: _Rule = _whole, "a whole number ≥ 1"
_YES_OR_NO: _Rule = lambda v: isinstance(v, bool | np.bool_), "True or False"

_RULES: Mapping[str, _Rule] = {
    "solver": _one_of("lbfgs", "sgd", "adam"),
    "alpha": _NOT_NEGATIVE,
    "batch_size": (lambda v: v == "auto" if isinstance(v, str) else _whole(v), "'auto' or a whole number ≥ 1"),
    "learning_rate": _one_of("constant", "invscaling", "adaptive"),
    "learning_rate_init": _POSITIVE,
    "power_t": _NOT_NEGATIVE,
    "max_iter": _COUNT,
    "shuffle": _YES_OR_NO,
    "tol": _NOT_NEGATIVE,
    "warm_start": _YES_OR_NO,
    "momentum": (_real(lambda v: 0 <= v <= 1), "a number in 0 ≤ … ≤ 1"),
    "nesterovs_momentum": _YES_OR_NO,
    "early_stopping": _YES_OR_NO,
    "validation_fraction": _BELOW_ONE,
    "beta_1": _BELOW_ONE,
    "beta_2": _BELOW_ONE,
    "epsilon": _POSITIVE,
    "n_iter_no_change": (lambda v: _whole(v) or v == math.inf, "a whole number ≥ 1, or infinity"),
    "max_fun": _COUNT,
    "delta": _POSITIVE,
    "init": (lambda v: callable(v) or _one_of(*INITS)[0](v), f"one of {', '.join(INITS)}, or a function"),
    "callbacks": (
        lambda v: v is None or (isinstance(v, Iterable) and all(map(callable, v))),
        "None or a list of functions of the estimator",
    ),
}  # fmt: skip


def check_settings(settings: Mapping[str, Any]) -> None:
    """Refuse the first argument that is out of range.

    settings  arguments by name
    raises    ArgumentError
    """
    for name, (is_right, expected) in _RULES.items():
        if name in settings and not is_right(settings[name]):
            raise ArgumentError(f"{name} must be {expected}; it is {settings[name]!r:.80}")


def hidden_sizes(given: Any) -> tuple[int, ...]:
    """How many units each hidden layer has, from one number or several."""
    sizes = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else (given,)
    if not all(map(_whole, sizes)):
        # scikit-learn's words come first, for those who match them
        what = f"hidden_layer_sizes must be > 0, got {list(sizes)!r:.80}: whole numbers, one for each hidden layer"
        raise ArgumentError(what, fix="hidden_layer_sizes=(100, 50)")
    return tuple(map(int, sizes))


def hidden_rates(given: Any, layers: int, solver: str) -> tuple[float, ...]:
    """The rate of dropout behind each hidden layer, from one rate for all or one for each; none with lbfgs."""
    rates = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else (given,) * layers
    is_rate, expected = _BELOW_ONE
    if not all(map(is_rate, rates)) or len(rates) != layers:
        what = f"dropout must be {expected}, or one for each of {layers} hidden layers; it is {given!r:.80}"
        raise ArgumentError(what, fix="dropout=0.5, or dropout=[0.2, 0.5] with two hidden layers")
    if any(rates) and solver == "lbfgs":
        what = "dropout drops other numbers in each step, and lbfgs needs the same objective at all times"
        raise ArgumentError(what, fix='solver="adam" or "sgd"')
    return tuple(map(float, rates))


def hidden_activations(given: Any, layers: int) -> tuple[str, ...]:
    """The activation of each hidden layer by name, from one name for all or one for each."""
    names = (given,) if isinstance(given, str) else tuple(given) if isinstance(given, Iterable) else (given,)
    if not all(isinstance(name, str) and name in ACTIVATIONS for name in names):
        what = f"activation must be one of {', '.join(ACTIVATIONS)}, or a list of them; it is {given!r:.80}"
        raise ArgumentError(what)
    if isinstance(given, str):
        return names * layers
    if len(names) != layers:
        what = f"activation needs a name for each of {layers} hidden layers; it is {given!r:.80}"
        raise ArgumentError(what, fix='activation=["relu", "tanh"] with two hidden layers')
    return names
