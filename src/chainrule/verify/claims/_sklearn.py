"""scikit-learn's multi-layer perceptrons. Their claim is the gradient that their solvers use.

It is found as scikit-learn's own test of it does, by ``_backprop``, which every solver calls.
"""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import ArgumentError
from .._claim import Claim
from .._slopes import Array
from ._asked import Asked, plain
from ._live import copied
from ._names import code_of, title_of


class _Session:
    def __init__(self, model: Any, x: Array, y: Array) -> None:
        self._model, self._x, self._y = copied(model), x, y
        self._gradients: list[Any] = []

    def forward(self, values: Sequence[Array]) -> Any:
        """The loss. `_backprop` finds the gradients at once, so they are kept."""
        layers = len(values) // 2
        self._model.coefs_, self._model.intercepts_ = list(values[:layers]), list(values[layers:])
        x = self._x.astype(np.result_type(*values))
        backprop = self._model._backprop
        weights = [None] if "sample_weight" in inspect.signature(backprop).parameters else []
        nothing: list[Any] = [None] * layers
        loss, of_coefs, of_intercepts = backprop(
            x, self._y, *weights, [x, *nothing], list(nothing), list(nothing), list(nothing)
        )
        self._gradients = [*of_coefs, *of_intercepts]
        return loss

    def backward(self, dout: Any) -> list[Any]:
        """The gradients; no upstream gradient reaches `_backprop`."""
        return list(map(plain, self._gradients))


def is_perceptron(thing: Any) -> bool:
    """Whether something is an MLPClassifier or MLPRegressor; without scikit-learn there are none."""
    module = sys.modules.get("sklearn.neural_network")
    return module is not None and isinstance(thing, module.MLPClassifier | module.MLPRegressor)


def claim_of_perceptron(model: Any, asked: Asked) -> Claim:
    """The claim of an estimator, at the weights that it has; one that is not fitted is fitted for one iteration.

    raises   ArgumentError when the inputs are not X and y
    """
    if len(asked.inputs) != 2:
        what = f"{title_of(model)} was given {len(asked.inputs)} inputs; expected X and y"
        raise ArgumentError(what, fix="the data that it is fitted to")
    inputs = asked.inputs_of(model.fit).unclaimed()
    own = copied(model)
    if not hasattr(own, "coefs_"):
        _fit_a_little(own, *inputs.given)
    x, y = own._validate_input(*inputs.given, incremental=True, reset=False)
    y = y.reshape(len(y), -1)
    values = (*(w.copy() for w in own.coefs_), *(b.copy() for b in own.intercepts_))
    layers = range(len(own.coefs_))
    names = (*(f"coefs_[{i}]" for i in layers), *(f"intercepts_[{i}]" for i in layers))
    return Claim(
        title_of(model),
        "scikit-learn",
        names,
        values,
        lambda: _Session(own, x, y),
        len(names),
        False,
        inputs.skipped,
        code_of(gradient=type(model)._backprop),
    )


def _fit_a_little(model: Any, x: Any, y: Any) -> None:
    """One iteration, from a fixed seed unless the model has one, so that it gets weights."""
    seed = 0 if model.random_state is None else model.random_state
    model.set_params(max_iter=1, early_stopping=False, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that one iteration is not enough
        model.fit(x, y)
