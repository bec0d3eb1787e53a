"""Random functions made of gates, with inputs on which kinks are hit exactly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from chainrule.graph import functions as F

ONE: list[Callable[[Any], Any]] = [
    F.relu,
    F.abs,
    F.leaky_relu,
    lambda x: F.clip(x, low=-1.0, high=1.0),
    lambda x: F.elu(x, alpha=2.0),
    F.tanh,
    F.softplus,
    F.square,
    F.negate,
    lambda x: F.max(x, axis=-1, keepdims=True),
    lambda x: F.sum(x, axis=0, keepdims=True),
]
TWO: list[Callable[[Any, Any], Any]] = [
    F.add,
    F.subtract,
    F.multiply,
    F.maximum,
    F.minimum,
    lambda x, y: F.where(np.greater(x, y), x, 2 * y),
]


def random_graph(
    seed: int, instead: Mapping[Callable[[Any], Any], Callable[[Any], Any]] | None = None
) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """A function of two arrays, and whole and half numbers to call it with.

    instead  functions to be used in place of others
    """
    rng = np.random.default_rng(seed)
    steps = [(int(rng.integers(len(ONE))), int(rng.integers(len(TWO))), rng.random(2)) for _ in range(6)]
    x = rng.choice([-1.0, -0.5, 0.0, 0.5, 1.0], (2, 3))
    y = rng.choice([-1.0, 0.0, 1.0], 3)

    def graph(x: Any, y: Any) -> Any:
        values = [x, y]
        for one, two, (first, second) in steps:
            left = values[int(first * len(values))]
            right = values[int(second * len(values))]
            function = ONE[one] if instead is None else instead.get(ONE[one], ONE[one])
            values.append(TWO[two](function(left), right))
        return values[-1]

    return graph, (x, y)
