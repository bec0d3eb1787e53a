"""The stochastic solvers between two epochs: learning rate, state, and what to do when nothing improves."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._losses import Array
from ._rules import Moments, Velocity

_SMALLEST_RATE = 1e-6


class Descent:
    """The solver "sgd" or "adam" of an estimator, with its state between two steps.

    rule   the update rule
    state  arrays by name, such as W1.v
    step   how many steps were taken
    rate   the learning rate of the next epoch (of Adam without its corrections)
    """

    def __init__(self, estimator: Any, params: dict[str, Array]) -> None:
        est = estimator
        self.rate = float(est.learning_rate_init)
        self.rule: Velocity | Moments
        if est.solver == "sgd":
            self.rule = Velocity(self.rate, float(est.momentum), bool(est.nesterovs_momentum))
        else:
            self.rule = Moments(self.rate, float(est.beta_1), float(est.beta_2), float(est.epsilon))
        self.state = {
            f"{name}.{kind}": np.zeros_like(w) for name, w in params.items() for kind in self.rule.state_names
        }
        for number, _ in enumerate(filter(None, est._dropout()), start=1):  # as the network calls its keys
            self.state[f"key{number}"] = est._random_state.randint(2**32, size=1, dtype=np.uint32)
        self.step = 0
        self._schedule = est.learning_rate if est.solver == "sgd" else "constant"
        self._power_t = float(est.power_t)

    def numbers(self, steps: int) -> dict[str, Array]:
        """The learning rates and the numbers of the next steps, which count as taken."""
        first, self.step = self.step + 1, self.step + steps
        numbers = np.arange(first, first + steps, dtype=np.float64)
        if isinstance(self.rule, Moments):
            return {
                "lr": np.array([self.rule.rate(step) for step in range(first, first + steps)]),
                "step": numbers,
            }
        return {"lr": np.full(steps, self.rate), "step": numbers}

    def epoch_ends(self, rows_seen: int) -> None:
        if self._schedule == "invscaling":
            self.rate = self.rule.lr / (rows_seen + 1) ** self._power_t

    def gives_up(self) -> str | None:
        """What to say when nothing improved for long; None where a smaller learning rate was taken instead."""
        if self._schedule != "adaptive":
            return "Stopping."
        if self.rate <= _SMALLEST_RATE:
            return "Learning rate too small. Stopping."
        self.rate /= 5.0
        return None
