"""Every gate in a graph with one number at its end, for what must hold of all of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

import chainrule as cr
from chainrule import gates
from chainrule.verify._examples import examples

SEED = 20


class Case(NamedTuple):
    """One gate on one example."""

    gate: str
    number: int

    def __str__(self) -> str:
        return f"{self.gate}-{self.number}"

    def output(self) -> cr.Variable:
        """What the gate makes of the example, in a weighted sum: weights of one size would hide mistakes."""
        inputs, settings = examples(SEED)[self.gate][self.number]
        variables = [
            cr.Variable(x, name=f"in{i}")
            if isinstance(x, float) or (isinstance(x, np.ndarray) and x.dtype == float)
            else x
            for i, x in enumerate(inputs)
        ]
        made: cr.Variable = cr.apply(gates.ALL[self.gate], *variables, **settings)
        made.name = "made"
        weights = np.random.default_rng(SEED).uniform(0.5, 1.5, made.shape)
        weighted: cr.Variable = made * (weights if made.shape else float(weights))
        total: cr.Variable = cr.sum(weighted)
        return total if made.shape else weighted


CASES = [Case(name, i) for name, found in examples(SEED).items() for i in range(len(found))]
