"""scikit-learn's update rules, to the letter: the same steps from the same gradients.

They differ from `chainrule.optimizers` where the two have a choice: here the velocity holds the learning rate it was
made with, and epsilon is added before the corrections of Adam, which are a part of the learning rate.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ...graph import functions as F
from ...optimizers import Optimizer


class Velocity(Optimizer):
    """v ← momentum · v − lr · dw,  w ← w + v,  or with Nesterov's momentum  w ← w + momentum · v − lr · dw.

    Without momentum there is no state: w ← w − lr · dw. ``key`` is what the rule depends on besides the rate of a step.

    source   scikit-learn, SGDOptimizer; Sutskever et al., ICML 2013
    """

    def __init__(self, lr: float, momentum: float, nesterov: bool) -> None:
        super().__init__(lr)
        self.momentum, self.nesterov = momentum, nesterov
        self.state_names = ("v",) if momentum else ()  # type: ignore[misc]
        self.key = (momentum, nesterov)

    def _rule(
        self, w: Any, dw: Any, state: Mapping[str, Any], lr: Any, step: Any
    ) -> tuple[Any, dict[str, Any]]:
        if not state:
            return w - lr * dw, {}
        v = self.momentum * state["v"] - lr * dw
        return w + (self.momentum * v - lr * dw if self.nesterov else v), {"v": v}


class Moments(Optimizer):
    """m ← beta_1 · m + (1 − beta_1) · dw,  v ← beta_2 · v + (1 − beta_2) · dw²,  w ← w − lr · m / (√v + epsilon).

    lr is `rate` of the step; ``key`` is what the rule depends on besides.

    source   Kingma, Ba, arXiv:1412.6980, end of section 2
    """

    state_names = ("m", "v")

    def __init__(self, lr: float, beta_1: float, beta_2: float, epsilon: float) -> None:
        super().__init__(lr)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon
        self.key = (beta_1, beta_2, epsilon)

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 1, with the corrections for the start of m and v at 0."""
        return self.lr * math.sqrt(1.0 - self.beta_2**step) / (1.0 - self.beta_1**step)

    def _rule(
        self, w: Any, dw: Any, state: Mapping[str, Any], lr: Any, step: Any
    ) -> tuple[Any, dict[str, Any]]:
        m = self.beta_1 * state["m"] + (1.0 - self.beta_1) * dw
        v = self.beta_2 * state["v"] + (1.0 - self.beta_2) * F.square(dw)
        return w - lr * m / (F.sqrt(v) + self.epsilon), {"m": m, "v": v}
