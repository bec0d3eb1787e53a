"""How weights begin."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from ...errors import ShapeError
from ._losses import Array

Draw: TypeAlias = Callable[[Any, int, int], tuple[Any, Any]]


def glorot_uniform(rng: np.random.RandomState, inputs: int, outputs: int) -> tuple[Array, Array]:
    """Uniform within ±√(6 / (inputs + outputs)), biases too: scikit-learn's own (Glorot, Bengio, 2010)."""
    return _uniform(rng, inputs, outputs, 6.0)


def _uniform(rng: np.random.RandomState, inputs: int, outputs: int, factor: float) -> tuple[Array, Array]:
    bound = math.sqrt(factor / (inputs + outputs))
    return rng.uniform(-bound, bound, (inputs, outputs)), rng.uniform(-bound, bound, outputs)


def _normal(variance: Callable[[int, int], float]) -> Draw:
    """A normal distribution, and biases of 0."""
    return lambda rng, inputs, outputs: (
        rng.normal(0.0, math.sqrt(variance(inputs, outputs)), (inputs, outputs)),
        np.zeros(outputs),
    )


INITS: Mapping[str, Draw] = MappingProxyType(
    {
        "glorot_uniform": glorot_uniform,
        "glorot_normal": _normal(lambda inputs, outputs: 2.0 / (inputs + outputs)),
        "he_normal": _normal(lambda inputs, outputs: 2.0 / inputs),
        "lecun_normal": _normal(lambda inputs, outputs: 1.0 / inputs),
    }
)
"""The initialisations by name; each draws W and b from a random state, for so many inputs and outputs."""


def draw(
    init: str | Draw, rng: np.random.RandomState, sizes: Sequence[int], activations: Sequence[str], dtype: Any
) -> tuple[list[Array], list[Array]]:
    """The weights and biases of all layers.

    init         a name in `INITS`, or a function such as they are
    sizes        of all layers, the inputs first
    activations  of the hidden layers
    raises       ShapeError when an own function gives other shapes
    """
    coefs, intercepts = [], []
    # The output layer is drawn as the hidden layer before it.
    behind = (*activations, *(activations[-1:] or ("identity",)))
    for inputs, outputs, activation in zip(sizes[:-1], sizes[1:], behind, strict=True):
        if init == "glorot_uniform" and activation == "logistic":
            w, b = _uniform(rng, inputs, outputs, 2.0)  # whose slope at 0 is small
        else:
            w, b = (INITS[init] if isinstance(init, str) else init)(rng, inputs, outputs)
        w, b = np.array(w, dtype, order="C"), np.array(b, dtype, order="C")
        if w.shape != (inputs, outputs) or b.shape != (outputs,):
            what = f"init gave W of shape {w.shape} and b of shape {b.shape} for {inputs} inputs and {outputs} outputs"
            raise ShapeError(what, fix=f"shapes ({inputs}, {outputs}) and ({outputs},)")
        coefs.append(w)
        intercepts.append(b)
    return coefs, intercepts
