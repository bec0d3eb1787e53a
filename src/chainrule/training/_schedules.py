"""Learning-rate schedules: from the number of a step to a factor of the learning rate."""

from __future__ import annotations

import math
from collections.abc import Callable

from ..errors import ArgumentError

Schedule = Callable[[int], float]


def constant() -> Schedule:
    """The same rate at every step.

    >>> constant()(1000)
    1.0
    """
    return lambda step: 1.0


def step_decay(every: int, factor: float = 0.1) -> Schedule:
    """The rate multiplied by `factor` after every so many steps.

    >>> schedule = step_decay(every=100, factor=0.5)
    >>> schedule(100), schedule(101)
    (1.0, 0.5)
    """
    if every < 1 or not factor > 0:
        raise ArgumentError(f"step_decay needs every ≥ 1 and factor > 0; got every={every}, factor={factor}")
    return lambda step: factor ** ((step - 1) // every)


def cosine(steps: int, *, warmup: int = 0, last: float = 0.0) -> Schedule:
    """Up in a line for `warmup` steps, then down along half a cosine to `last` at step number `steps`.

    source   Loshchilov, Hutter, arXiv:1608.03983, equation 5

    >>> schedule = cosine(100, warmup=10)
    >>> schedule(5), schedule(10), round(schedule(100), 12)
    (0.5, 1.0, 0.0)
    """
    if not 0 <= warmup < steps:
        raise ArgumentError(f"cosine needs 0 ≤ warmup < steps; got warmup={warmup}, steps={steps}")

    def factor(step: int) -> float:
        if step < warmup:
            return step / warmup
        along = min(1.0, (step - warmup) / (steps - warmup))
        return last + (1 - last) * (1 + math.cos(math.pi * along)) / 2

    return factor
